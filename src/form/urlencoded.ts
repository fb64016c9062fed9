import type { Fields, SecretName } from './sent.ts';
import { asciiText, MAX_NAME_BYTES, ownBytes, Sent } from './sent.ts';

const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;

/**
 * Parses application/x-www-form-urlencoded (URL standard §5.1) strictly, as bytes, and overwrites `body`.
 *
 * @param asked the secret fields that the page has, each of which must be there
 * @returns undefined for an unknown, missing or repeated field, or a broken percent escape
 */
export function parseUrlencoded(body: Uint8Array, asked: readonly SecretName[]): Fields | undefined {
  const sent = new Sent(asked);
  try {
    for (const { name, value } of split(body)) {
      const decoded = decode(value);
      if (!decoded || !sent.take(name, decoded)) return sent.discard();
    }
    return sent.end();
  } finally {
    body.fill(0);
  }
}

function* split(body: Uint8Array): Generator<{ name: string; value: Uint8Array }> {
  let start = 0;
  while (start <= body.length) {
    const next = body.indexOf(AMPERSAND, start);
    const end = next < 0 ? body.length : next;
    const pair = body.subarray(start, end);
    const equals = pair.indexOf(EQUALS);
    // What has no name as short as ours (such as a token alone) must not be turned into text.
    const name = equals < 0 || equals > MAX_NAME_BYTES ? '' : asciiText(pair.subarray(0, equals));
    yield { name, value: pair.subarray(equals + 1) };
    start = end + 1;
  }
}

/** @returns bytes with a store of their own, or undefined when a `%` is not followed by two hexadecimal digits */
function decode(value: Uint8Array): Uint8Array | undefined {
  const decoded = ownBytes(value.length);
  let length = 0;
  for (let at = 0; at < value.length; at++) {
    const byte = value[at] ?? 0;
    if (byte === PERCENT) {
      const high = hexDigit(value[at + 1]);
      const low = hexDigit(value[at + 2]);
      if (high < 0 || low < 0) {
        decoded.fill(0);
        return undefined;
      }
      decoded[length++] = high * 16 + low;
      at += 2;
    } else {
      decoded[length++] = byte === PLUS ? SPACE : byte;
    }
  }
  return decoded.subarray(0, length);
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
