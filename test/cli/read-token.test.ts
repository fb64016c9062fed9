import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readToken } from '../../src/cli/read-token.ts';
import type { Shape } from '../../src/kinds/kind.ts';

const ON = '\x1b[?2004h';
const OFF = '\x1b[?2004l';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** A terminal that is typed at, with a clock that is moved by hand; `log` is what it was told, in order. */
async function reading(ahead?: string) {
  const log: string[] = [];
  const stopped = new AbortController();
  const input = new PassThrough();
  const setRawMode = (raw: boolean) => void log.push(raw ? 'raw' : 'cooked');
  const terminal = Object.assign(input, { isTTY: true, setRawMode }) as unknown as ReadStream;
  const screen = {
    prompt: (text: string) => void log.push(text.trim() === '' ? 'end' : 'prompt'),
    control: (sequence: string) => void log.push(sequence),
  };
  const token = readToken(terminal as typeof process.stdin, screen, stopped.signal);
  const outcome = token.then(
    (secret) => (secret ? Buffer.from(secret.reveal()).toString() : undefined),
    (error: Error) => error.message,
  );
  const settled = async () => {
    for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  };
  if (ahead !== undefined) input.write(ahead);
  await settled();
  // So long what was typed before is waited for.
  vi.advanceTimersByTime(50);
  await settled();
  return {
    log,
    outcome,
    input,
    stop: () => stopped.abort(),
    isRaw: () => !log.includes('cooked'),
    type: async (text: string) => {
      input.write(text);
      await settled();
    },
    pass: async (ms: number) => {
      vi.advanceTimersByTime(ms);
      await settled();
    },
  };
}

describe('readToken', () => {
  it('says of a directory that it is one', async () => {
    const fd = openSync('/', 'r');
    const input = Object.assign(new PassThrough(), { fd }) as unknown as typeof process.stdin;
    const screen = { prompt: () => undefined, control: () => undefined };
    const token = readToken(input, screen, new AbortController().signal);
    await expect(token).rejects.toThrow('standard input is a directory');
    closeSync(fd);
  });
});

describe('readToken on a terminal', () => {
  it('is in raw mode, with pastes marked, from before it asks until after it has read', async () => {
    const { log, outcome, type, pass } = await reading();
    await type('abc\r');
    await pass(200);
    expect(await outcome).toBe('abc');
    expect(log).toEqual(['raw', ON, 'prompt', OFF, 'cooked', 'end']);
  });

  it('throws away what was typed before it asked, and says so', async () => {
    const { log, outcome, type, pass } = await reading('shown, and perhaps cut off\r');
    await type('abc\r');
    await pass(200);
    expect(await outcome).toBe('abc');
    expect(log).toEqual(['raw', 'prompt', ON, 'prompt', OFF, 'cooked', 'end']);
  });

  describe('when a paste is not marked', () => {
    it('reads on until nothing has come for 200 ms, and refuses what comes', async () => {
      const { outcome, type, pass, isRaw } = await reading();
      await type('first\r');
      await pass(199);
      await type('second\r');
      await pass(199);
      expect(isRaw()).toBe(true);
      await type('third\r');
      await pass(200);
      expect([isRaw(), await outcome]).toEqual([false, expect.stringContaining('more than one line')]);
    });
  });

  describe('when a paste is marked', () => {
    it('reads on until its end, also over a slow line', async () => {
      const { outcome, type, pass, isRaw } = await reading();
      await type('\x1b[200~first\r');
      await pass(2_999);
      await type('second\r');
      await pass(2_999);
      expect(isRaw()).toBe(true);
      await type('third\r\x1b[201~');
      expect([isRaw(), await outcome]).toEqual([false, expect.stringContaining('more than one line')]);
    });

    it('does not wait for an end that never comes', async () => {
      const { outcome, type, pass } = await reading();
      await type('\x1b[200~abc\r');
      await pass(3_000);
      expect(await outcome).toBe('abc');
    });
  });

  describe('when it is stopped within a paste', () => {
    it.each(['Ctrl-C', 'a signal'])('reads the rest away first (%s)', async (how) => {
      const { outcome, type, pass, isRaw, stop } = await reading();
      await type('\x1b[200~abc');
      if (how === 'Ctrl-C') await type('\x03');
      else stop();
      await type('rest\r');
      expect(isRaw()).toBe(true);
      await type('\x1b[201~');
      await pass(200);
      expect([isRaw(), await outcome]).toEqual([false, undefined]);
    });
  });

  describe('when the terminal goes away', () => {
    it('ends at once, without a token', async () => {
      const { outcome, input } = await reading();
      input.end();
      expect(await outcome).toBeUndefined();
    });
  });
});

describe('readToken of a pipe', () => {
  const LIMIT = 49_152;

  async function piped(bytes: Uint8Array, shape: Shape): Promise<Buffer> {
    const input = new PassThrough();
    // A copy: what comes is overwritten.
    input.end(Buffer.from(bytes));
    const screen = { prompt: () => undefined, control: () => undefined };
    const token = await readToken(
      input as unknown as typeof process.stdin,
      screen,
      new AbortController().signal,
      shape,
    );
    if (!token) throw new Error('it was stopped');
    return Buffer.from(token.reveal());
  }
  const text = async (written: string, shape: Shape) => (await piped(Buffer.from(written), shape)).toString();

  it.each([
    ['line', ' \tabc \r\n', 'abc'],
    ['any', ' abc \n', ' abc '],
    ['any', 'abc\r\n', 'abc'],
    ['any', 'abc\n\n', 'abc\n\n'],
    ['any', 'one\ntwo\n', 'one\ntwo\n'],
    ['any', 'one\rtwo\n', 'one\rtwo\n'],
    ['any', '\n', ''],
    ['text', 'one\r\ntwo\r\n', 'one\r\ntwo\r\n'],
    ['text', 'one\n', 'one\n'],
    ['file', '\n abc\n', '\n abc\n'],
  ] as const)('keeps what belongs to it, as %s of %j', async (shape, written, kept) => {
    expect(await text(written, shape)).toBe(kept);
  });

  it.each(['file', 'text', 'any'] as const)('keeps every byte of what is no text, as %s', async (shape) => {
    const bytes = Buffer.concat([Uint8Array.from([0x30, 0x82, 0]), randomBytes(300), Buffer.from('\n')]);
    expect((await piped(bytes, shape)).equals(bytes)).toBe(true);
  });

  it.each([
    ['file', LIMIT],
    ['text', LIMIT],
  ] as const)('takes a %s of %d bytes and refuses one more', async (shape, length) => {
    const bytes = randomBytes(length + 1);
    expect((await piped(bytes.subarray(0, length), shape)).equals(bytes.subarray(0, length))).toBe(true);
    await expect(piped(bytes, shape)).rejects.toThrow('larger than GitHub stores as a secret');
  });

  it('takes a line of 49,152 bytes with its line end, and refuses one byte more', async () => {
    expect(await text(`${'a'.repeat(LIMIT)}\r\n`, 'any')).toHaveLength(LIMIT);
    await expect(text(`${'a'.repeat(LIMIT + 1)}\n`, 'any')).rejects.toThrow('49152 bytes');
  });
});
