import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/domain/secret.ts';

const TEXT = 'cioMarkedCanaryMarkedCanaryMarked12';

function aSecret(): Secret {
  return new Secret(new TextEncoder().encode(TEXT));
}

describe('Secret', () => {
  describe('when something prints it', () => {
    it.each<[string, (secret: Secret) => string]>([
      ['String()', (secret) => String(secret)],
      ['a template', (secret) => `${secret}`],
      ['a join', (secret) => ['', secret].join('')],
      ['JSON', (secret) => JSON.stringify({ secret })],
      ['util.inspect', (secret) => inspect(secret, { showHidden: true, depth: 9 })],
      ['util.inspect of its holder', (secret) => inspect({ deep: [secret] }, { showHidden: true, depth: 9 })],
      ['util.format', (secret) => format('%s %o %O %j', secret, secret, secret, secret)],
      ['an error about it', (secret) => inspect(new Error('boom', { cause: secret }))],
      ['its names', (secret) => JSON.stringify([Object.keys(secret), Object.getOwnPropertyNames(secret)])],
      ['its values', (secret) => JSON.stringify(Object.entries(secret))],
      ['a structured clone', (secret) => inspect(structuredClone(secret), { showHidden: true })],
      ['a spread copy', (secret) => inspect({ ...secret }, { showHidden: true })],
    ])('%s shows nothing of it', (_name, print) => {
      const printed = print(aSecret());
      expect(printed).not.toContain('Canary');
      expect(printed).not.toContain(Buffer.from(TEXT).toString('hex').slice(0, 12));
      expect(printed).not.toMatch(/\b99\D+105\D+111\b/);
    });
  });

  describe('when it is asked for', () => {
    it('gives the bytes, and their number', () => {
      expect(Buffer.from(aSecret().reveal()).toString()).toBe(TEXT);
      expect(aSecret().length).toBe(TEXT.length);
    });
  });

  describe('when it is wiped', () => {
    it('overwrites the very bytes it was given', () => {
      const bytes = new TextEncoder().encode(TEXT);
      new Secret(bytes).wipe();
      expect(bytes).toEqual(new Uint8Array(TEXT.length));
    });
  });
});
