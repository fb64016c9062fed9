import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Encoding } from '../support/canary.ts';
import { CanarySearch, ENCODINGS } from '../support/canary.ts';

const TOKEN = 'cioA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6';
const PART = 12;

/** Written anew for this test, character by character, so that a fault of the search's own encoders shows. */
const ENCODE: Readonly<Record<Encoding, (text: string) => Buffer>> = {
  raw: (text) => Buffer.from(text),
  reversed: (text) => Buffer.from(text).reverse(),
  base64: (text) => Buffer.from(btoa(text)),
  base64url: (text) => Buffer.from(Buffer.from(text).toString('base64url')),
  hex: (text) => each(text, (code) => code.toString(16)),
  HEX: (text) => each(text, (code) => code.toString(16).toUpperCase()),
  percent: (text) => each(text, (code) => `%${code.toString(16).toUpperCase()}`),
  'JSON escapes': (text) => each(text, (code) => `\\u${code.toString(16).padStart(4, '0')}`),
  'UTF-16LE': (text) => each(text, (code) => `${String.fromCharCode(code)}\0`),
  'UTF-16BE': (text) => each(text, (code) => `\0${String.fromCharCode(code)}`),
  'quoted-printable': (text) => each(text, (code) => `=${code.toString(16).toUpperCase()}`),
  'HTML entities': (text) => each(text, (code) => `&#${code};`),
  'SHA-256': (text) => Buffer.from(createHash('sha256').update(text).digest('hex')),
  'a part of it': (text) => Buffer.from(text.slice(7, 7 + PART)),
};
/** What else is in use for the same. */
const ALSO: readonly (readonly [Encoding, (text: string) => Buffer])[] = [
  ['percent', (text) => each(text, (code) => `%${code.toString(16)}`)],
  ['JSON escapes', (text) => each(text, (code) => `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`)],
  ['HTML entities', (text) => each(text, (code) => `&#x${code.toString(16)};`)],
  ['SHA-256', (text) => createHash('sha256').update(text).digest()],
  ['SHA-256', (text) => Buffer.from(createHash('sha256').update(text).digest('base64'))],
];
/** These are of the whole token, or of a text of which it is a part no more. */
const WHOLE_ONLY: readonly Encoding[] = ['SHA-256', 'raw'];

function each(text: string, encode: (code: number) => string): Buffer {
  return Buffer.from([...text].map((character) => encode(character.charCodeAt(0))).join(''), 'latin1');
}

function found(bytes: Uint8Array): readonly Encoding[] {
  const search = new CanarySearch();
  search.add('token', TOKEN);
  return search.find(bytes).map(({ encoding }) => encoding);
}

describe('I15: a token that was left in any encoding', () => {
  it.each([...ENCODINGS.map((encoding) => [encoding, ENCODE[encoding]] as const), ...ALSO])(
    'is found as %s, at any offset, whatever stands around it',
    (encoding, encode) => {
      for (const before of ['', 'a', 'ab', 'abc', '\u0000']) {
        const text =
          WHOLE_ONLY.includes(encoding) || encoding === 'a part of it' ? TOKEN : `${before}${TOKEN}z`;
        const around = Buffer.concat([Buffer.from(before), encode(text), Buffer.from('z')]);
        expect(found(around)).toContain(encoding);
      }
    },
  );

  it.each(ENCODINGS.filter((encoding) => !WHOLE_ONLY.includes(encoding)))(
    'is found as %s in any twelve characters of it',
    (encoding) => {
      const encode = encoding === 'a part of it' ? ENCODE.raw : ENCODE[encoding];
      for (let start = 0; start + PART <= TOKEN.length; start++)
        for (const before of ['', '~', '~~'])
          expect(found(encode(`${before}${TOKEN.slice(start, start + PART)}~~`))).toContain(encoding);
    },
  );

  it('is not found in eleven characters of it, or in what has nothing of it', () => {
    const eleven = Array.from({ length: TOKEN.length - 10 }, (_, start) => TOKEN.slice(start, start + 11));
    expect(found(Buffer.from(eleven.join('~')))).toEqual([]);
    expect(found(Buffer.alloc(4096, 'c'))).toEqual([]);
    expect(found(new Uint8Array())).toEqual([]);
  });
});
