import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeBase64,
  encodedLength,
  encodingProblems,
  isText,
  storedEncoding,
} from '../../src/kinds/encode.ts';
import { SEED } from '../support/builders.ts';

const DER = Uint8Array.from([0x30, 0x82, 0x01, 0x0a, 0x00, 0xff]);
const PEM = new TextEncoder().encode('-----BEGIN CERTIFICATE-----\n');

describe('encodeBase64', () => {
  it('writes what Node itself writes, for any bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(bytes, (one) => {
        expect(Buffer.from(encodeBase64(one)).toString()).toBe(Buffer.from(one).toString('base64'));
      }),
      { seed: SEED },
    );
  });

  it.each([0, 1, 2, 3, 4, 36_864])('writes as many bytes for %d as it says', (length) => {
    expect(encodeBase64(new Uint8Array(length))).toHaveLength(encodedLength(length));
  });

  it('keeps what it writes outside the heap of V8, also where it is short', () => {
    expect(encodeBase64(DER).buffer.byteLength).toBeGreaterThan(64);
  });

  it('leaves what it is given as it is', () => {
    const bytes = randomBytes(100);
    const before = Buffer.from(bytes);
    encodeBase64(bytes);
    expect(bytes.equals(before)).toBe(true);
  });
});

describe('storedEncoding', () => {
  it.each([
    ['a file that is no text', 'file', undefined, DER, 'base64'],
    ['a file that is text', 'file', undefined, PEM, undefined],
    ['a file that is text, declared', 'file', 'base64', PEM, 'base64'],
    ['a token, declared', 'line', 'base64', PEM, 'base64'],
    ['a text', 'text', undefined, PEM, undefined],
    ['bytes of an unknown kind, which nobody declared', 'any', undefined, DER, undefined],
  ] as const)('is right for %s', (_, shape, declared, bytes, expected) => {
    expect(storedEncoding({ shape }, declared, bytes)).toBe(expected);
  });
});

describe('encodingProblems', () => {
  it('takes as many bytes as GitHub stores once they are encoded, and names the numbers for one more', () => {
    expect(encodingProblems(new Uint8Array(36_864), 'base64')).toEqual([]);
    expect(encodingProblems(new Uint8Array(36_865), 'base64')).toEqual([
      expect.stringContaining('its 36865 bytes are 49156 once they are base64-encoded'),
    ]);
  });

  it('refuses to store as text what is none, and says how it can be stored', () => {
    expect(encodingProblems(DER, undefined)).toEqual([expect.stringContaining('`encoding: base64`')]);
    expect(encodingProblems(PEM, undefined)).toEqual([]);
  });
});

describe('isText', () => {
  it.each([
    ['nothing', '', true],
    ['UTF-8 of several bytes', 'pass\u00e9 \u{1f511}', true],
    ['a NUL byte', 'a\0b', false],
  ])('answers %s', (_, text, expected) => {
    expect(isText(new TextEncoder().encode(text))).toBe(expected);
  });

  it('answers no for half a character', () => {
    expect(isText(Uint8Array.from([0xc3]))).toBe(false);
  });
});
