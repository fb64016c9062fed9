import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  lineFormat,
  MAX_SECRET_BYTES,
  singleLineProblems,
  sizeProblems,
  textProblems,
  trimAscii,
} from '../../src/kinds/format.ts';
import { SEED } from '../support/builders.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('trimAscii', () => {
  it.each([
    ['  token\t', 'token'],
    ['\r\ntoken\r\n', 'token'],
    ['token', 'token'],
    ['to ken', 'to ken'],
    [' \t\r\n', ''],
    ['', ''],
  ])('makes %j into %j', (text, expected) => {
    expect(Buffer.from(trimAscii(bytes(text))).toString()).toBe(expected);
  });

  it.each(['\u00a0token', 'token\u200b', '\ufefftoken', 'token\u2028', '\u0000token', '\u000btoken'])(
    'keeps what a person cannot see, so that it is told: %j',
    (text) => expect(Buffer.from(trimAscii(bytes(text))).toString()).toBe(text),
  );

  it('gives a view of the same bytes: no second copy has to be wiped', () => {
    const original = bytes(' token ');
    expect(trimAscii(original).buffer).toBe(original.buffer);
  });
});

describe('sizeProblems', () => {
  it.each([
    [0, ['nothing was pasted']],
    [1, []],
    [MAX_SECRET_BYTES, []],
    [MAX_SECRET_BYTES + 1, ['it is larger than GitHub stores (49152 bytes)']],
  ])('says of %i bytes: %j', (length, problems) => {
    expect(sizeProblems(new Uint8Array(length))).toEqual(problems);
  });
});

describe('sizeProblems of blanks', () => {
  it.each(['sizeProblems', 'textProblems'] as const)('says that there is nothing else (%s)', (name) => {
    const check = { sizeProblems, textProblems: (token: Uint8Array) => textProblems(token, '') }[name];
    for (const blank of [' ', '\n', '\t \v\f\r\n'])
      expect(check(bytes(blank))).toEqual([expect.stringContaining('nothing but blanks')]);
    expect(check(bytes(' \n.'))).toEqual([]);
  });
});

describe('textProblems', () => {
  it.each([
    ['text', 'a line\nand another\r\n\ttoo'],
    ['text beyond ASCII', 'Schlüssel für Ada'],
  ])('says nothing of %s', (_, text) => expect(textProblems(bytes(text), 'give text')).toEqual([]));

  it.each([
    [
      'bytes that are no UTF-8',
      Uint8Array.of(0x61, 0xff, 0x62),
      'it is binary, and text is needed: give text',
    ],
    ['the byte 0', Uint8Array.of(0x61, 0x00, 0x62), 'it is binary, and text is needed: give text'],
    [
      'a key in DER',
      Uint8Array.of(0x30, 0x05, 0x02, 0x01, 0x00, 0x30, 0x00),
      'it is binary (a private key (DER)), and text is needed: give text',
    ],
    ['nothing', new Uint8Array(), 'nothing was pasted'],
    ['too much', new Uint8Array(MAX_SECRET_BYTES + 1), 'it is larger than GitHub stores (49152 bytes)'],
  ])('says of %s what is wrong', (_, value, problem) => {
    expect(textProblems(value, 'give text')).toEqual([problem]);
  });
});

describe('lineFormat', () => {
  const check = lineFormat({
    kind: 'widget-token',
    what: 'a widget token',
    pattern: /^w?[a-z0-9_]{10,60}$/,
    expected: 'a widget token is ten letters or more: this is not',
    likely: (text) => (text.startsWith('old') ? 'this is an old one' : undefined),
  });

  it.each([
    ['what fits', 'abcdefghijk', []],
    ['what does not', 'abc', ['a widget token is ten letters or more: this is not']],
    ['what it knows itself', 'oldabcdefghijk', ['this is an old one']],
    [
      'the mark of another, which fits too',
      'npm_abcdefghijk',
      ['this is an npm token, not a widget token: treat it as exposed and revoke it at its issuer'],
    ],
    ['what is no secret', 'ssh-ed25519 AAAA', ['this is an SSH public key, not a widget token']],
    [
      'a key of several lines',
      '-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----',
      ['this is a private key (PEM), not a widget token: treat it as exposed and revoke it at its issuer'],
    ],
  ])('says of %s: %j', (_, text, problems) => expect(check(bytes(text))).toEqual(problems));

  it('names a hidden character before anything else about a token', () => {
    expect(check(bytes('npm_abc defghijk'))[0]).toContain('position 8 of 16 bytes');
  });

  it('looks at nothing that is too large', () => {
    expect(check(new Uint8Array(MAX_SECRET_BYTES + 1).fill(0x61))).toEqual([
      'it is larger than GitHub stores (49152 bytes)',
    ]);
  });
});

describe('singleLineProblems', () => {
  it.each([
    ['', 'nothing was pasted'],
    ['ab cd', 'position 3 of 5 bytes'],
    ['abcd\u00a0', 'position 5 of 6 bytes'],
    ['\ufeffabcd', 'position 1 of 7 bytes'],
    ['ab\u200bcd', 'position 3 of 7 bytes'],
    ['ab\ncd', 'position 3 of 5 bytes'],
    ['ab\u0000cd', 'position 3 of 5 bytes'],
    ['ab\u007fcd', 'position 3 of 5 bytes'],
    ['"abcd"', 'paste only the token'],
    ["'abcd'", 'paste only the token'],
    ['`abcd`', 'paste only the token'],
    ['TOKEN=abcd', 'paste only the token'],
    ['token = "abcd"', 'paste only the token'],
    ['export TOKEN="abcd"\n', 'paste only the token'],
    ['a'.repeat(MAX_SECRET_BYTES + 1), 'larger than GitHub stores'],
  ])('says of %j: %s', (text, words) => {
    const problems = singleLineProblems(bytes(text));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(words);
  });

  it.each(['abcd', '!', '~', '!ab~', 'npm_abc', 'pypi-AgEIcHlwaS5vcmc=='])('says nothing of %s', (text) => {
    expect(singleLineProblems(bytes(text))).toEqual([]);
  });

  it('never repeats what was pasted', () => {
    const marked = fc
      .tuple(fc.string({ unit: 'binary', maxLength: 8 }), fc.string({ unit: 'binary', maxLength: 8 }))
      .map(([before, after]) => `${before}Zq7Xw9Kv${after}`);
    fc.assert(
      fc.property(marked, (text) => {
        expect(singleLineProblems(bytes(text)).join('\n')).not.toContain('Zq7Xw9Kv');
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });
});
