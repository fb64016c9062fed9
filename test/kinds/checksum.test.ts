import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64Url } from '../../src/kinds/base64url.ts';
import { base62Digit, endsWithItsCrc, readBase62 } from '../../src/kinds/checksum.ts';
import { marvin32 } from '../../src/kinds/marvin.ts';
import { SEED } from '../support/builders.ts';
import { githubClassicValue, npmTokenValue } from '../support/tokens.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const RUNS = { seed: SEED, numRuns: 2000 };

describe('endsWithItsCrc', () => {
  const chance = fc.uint8Array({ minLength: 30, maxLength: 30 });

  it('is true of what GitHub and npm make, whatever the thirty characters are', () => {
    fc.assert(
      fc.property(chance, (random) => {
        expect(endsWithItsCrc(bytes(npmTokenValue(() => random)), 4)).toBe(true);
        expect(endsWithItsCrc(bytes(githubClassicValue('ghp_', () => random)), 4)).toBe(true);
      }),
      RUNS,
    );
  });

  it('is padded with zeros where the sum is small', () => {
    // The sum of one in 62 needs five digits or fewer.
    const short = Array.from({ length: 4000 }, (_, index) => {
      const random = Uint8Array.from({ length: 30 }, (_, at) => (index >> (at % 12)) * 7 + at);
      return npmTokenValue(() => random);
    }).filter((token) => token[34] === '0');
    expect(short.length).toBeGreaterThan(10);
    for (const token of short) expect(endsWithItsCrc(bytes(token), 4)).toBe(true);
  });

  it('is false as soon as one character is another', () => {
    const place = fc.integer({ min: 4, max: 39 });
    const digit = fc.integer({ min: 0, max: 61 }).map(base62Digit);
    fc.assert(
      fc.property(chance, place, digit, (random, at, other) => {
        const token = bytes(npmTokenValue(() => random));
        fc.pre(token[at] !== other);
        token[at] = other;
        expect(endsWithItsCrc(token, 4)).toBe(false);
      }),
      RUNS,
    );
  });

  it.each([
    ['cut off', -1],
    ['cut in the middle', -20],
    ['empty', -40],
  ])('is false of what is %s', (_, end) => {
    expect(endsWithItsCrc(bytes(npmTokenValue()).slice(0, end), 4)).toBe(false);
  });

  it('is false of what is longer', () => {
    expect(endsWithItsCrc(bytes(`${npmTokenValue()}0`), 4)).toBe(false);
  });
});

describe('readBase62', () => {
  it('reads what its digits write', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 61 }), { maxLength: 6 }), (digits) => {
        const value = digits.reduce((sum, digit) => sum * 62 + digit, 0);
        expect(readBase62(Uint8Array.from(digits, base62Digit))).toBe(value);
      }),
      RUNS,
    );
  });

  it.each(['-', '_', ' ', '0a:', '/', '@', '[', '`', '{'])('knows no number %j', (text) => {
    expect(readBase62(bytes(text))).toBeUndefined();
  });

  it('counts in the order of GitHub', () => {
    expect(['0', '9', 'A', 'Z', 'a', 'z', '10'].map((text) => readBase62(bytes(text)))).toEqual([
      0, 9, 10, 35, 36, 61, 62,
    ]);
    expect(crc32('')).toBe(0);
  });
});

describe('decodeBase64Url', () => {
  it('gives back what Node encodes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (original) => {
        const text = bytes(Buffer.from(original).toString('base64url'));
        expect(decodeBase64Url(text)).toEqual(original);
      }),
      RUNS,
    );
  });

  it.each(['A', 'AAAAA', 'AA=', 'AA==', 'A+A/', 'AA A', 'AA\n', 'ÄÄ'])('is none: %j', (text) => {
    expect(decodeBase64Url(bytes(text))).toBeUndefined();
  });
});

describe('marvin32', () => {
  // From the tests of .NET and of microsoft/security-utilities (MarvinShared.cs); its 32 bits are both halves of these, one XOR the other.
  it.each([
    ['af', 0x48e73fc7, 0x7d75ddc1],
    ['e70f', 0xb5f6e1fc, 0x485dbff8],
    ['37f495', 0xf0b07c78, 0x9b8cf7e8],
    ['153fb79826', 0xe6c08c6d, 0xa2afa997],
  ])('answers as Microsoft’s does for %s', (hex, high, low) => {
    expect(marvin32(Buffer.from(hex, 'hex'), [0x001b_dbcc, 0x004f_b61a])).toBe((high ^ low) >>> 0);
  });

  it('changes with every byte and with its seed', () => {
    const seed = [1, 2] as const;
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 70 }), fc.nat(), (original, place) => {
        const other = original.slice();
        const at = place % other.length;
        other[at] = (other[at] ?? 0) ^ 1;
        const sum = marvin32(original, seed);
        expect(sum).toBeGreaterThanOrEqual(0);
        expect(marvin32(other, seed)).not.toBe(sum);
        expect(marvin32(original, [2, 1])).not.toBe(sum);
      }),
      RUNS,
    );
  });
});
