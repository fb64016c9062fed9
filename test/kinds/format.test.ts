import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asAscii, recognise, singleLineProblems, trimAscii } from '../../src/kinds/format.ts';
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

describe('asAscii', () => {
  it('keeps the length in bytes, so that nothing matches across foreign ones', () => {
    expect(asAscii(bytes('cio\u200babc'))).toBe('cio???abc');
  });
});

describe('recognise', () => {
  it.each([
    [`cio${'a1'.repeat(16)}`, 'crates-io-token'],
    ['cio_tp_abcdef', 'crates-io-trusted'],
    ['ghp_abcdef', 'github-token'],
    ['gho_abcdef', 'github-token'],
    ['ghs_abcdef', 'github-token'],
    ['ghr_abcdef', 'github-token'],
    ['ghu_abcdef', 'github-token'],
    ['github_pat_abcdef', 'github-token'],
    ['npm_abcdef', 'npm-token'],
    ['pypi-AgEIcHlwaS5vcmc', 'pypi-token'],
    ['-----BEGIN PRIVATE KEY-----', 'pem'],
  ])('knows %s as %s', (text, kind) => expect(recognise(text)?.kind).toBe(kind));

  it.each(['', 'cio', `cio${'a'.repeat(31)}`, `cio${'a'.repeat(33)}`, 'GHP_abc', 'xghp_abc', 'secret'])(
    'does not know %j',
    (text) => expect(recognise(text)).toBeUndefined(),
  );
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
