import { crc32 } from 'node:zlib';

const BODY_LENGTH = 30;
const SUM_LENGTH = 6;

/**
 * Whether the last six characters are the CRC-32 of the thirty before them, in base 62 and padded with zeros: so GitHub and npm
 * make their tokens, to be told from chance.
 *
 * Source: github.blog, 2021-04-05, "Behind GitHub's new authentication token formats", and 2021-09-23 for npm; which characters
 * are summed, and the order of the digits: value_github_check.py of Samsung/CredSweeper.
 *
 * @param prefixLength of what stands before those thirty-six characters
 */
export function endsWithItsCrc(token: Uint8Array, prefixLength: number): boolean {
  const body = token.subarray(prefixLength, prefixLength + BODY_LENGTH);
  const sum = token.subarray(prefixLength + BODY_LENGTH);
  return sum.length === SUM_LENGTH && readBase62(sum) === crc32(body);
}

/** A number in digits of 0-9, A-Z and a-z, the greatest first. @returns undefined where other characters are among them */
export function readBase62(digits: Uint8Array): number | undefined {
  let value = 0;
  for (const byte of digits) {
    const digit = digitOf(byte);
    if (digit === undefined) return undefined;
    value = value * 62 + digit;
  }
  return value;
}

/** The digits of `readBase62`, by their value. */
export function base62Digit(value: number): number {
  if (value < 10) return ZERO + value;
  return value < 36 ? CAPITAL_A + value - 10 : SMALL_A + value - 36;
}

const ZERO = 0x30;
const CAPITAL_A = 0x41;
const SMALL_A = 0x61;

function digitOf(byte: number): number | undefined {
  if (byte >= ZERO && byte < ZERO + 10) return byte - ZERO;
  if (byte >= CAPITAL_A && byte < CAPITAL_A + 26) return byte - CAPITAL_A + 10;
  if (byte >= SMALL_A && byte < SMALL_A + 26) return byte - SMALL_A + 36;
  return undefined;
}
