import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readBody } from '../../src/form/body.ts';

describe('readBody', () => {
  function arriving(chunks: readonly Buffer[], complete: boolean): IncomingMessage {
    return Object.assign(Readable.from(chunks, { objectMode: false }), {
      complete,
    }) as unknown as IncomingMessage;
  }

  describe('when the body comes in pieces', () => {
    it('returns it whole, and overwrites the pieces', async () => {
      const chunks = [Buffer.from('token='), Buffer.from('abc')];
      const body = await readBody(arriving(chunks, true), 9);
      expect(body?.toString()).toBe('token=abc');
      expect(Buffer.concat(chunks).equals(Buffer.alloc(9))).toBe(true);
    });
  });

  describe('when the sender goes away before the end', () => {
    it('returns undefined', async () => {
      const request = arriving([Buffer.from('token=')], false);
      request.once('data', () => request.destroy(new Error('gone')));
      expect(await readBody(request, 9)).toBeUndefined();
    });
  });
});
