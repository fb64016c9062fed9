import { isUtf8 } from 'node:buffer';
import { MAX_SECRET_BYTES } from './format.ts';
import type { Kind } from './kind.ts';

/** What a workflow does to get back what was given. */
export const DECODING = 'the workflow decodes it with `base64 -d`';

/** As many bytes as GitHub stores once they are encoded. */
export const MOST_TO_ENCODE = (MAX_SECRET_BYTES / 4) * 3;

// RFC 4648 §4.
const LETTERS = new TextEncoder().encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const PADDING = 0x3d;
/** V8 keeps smaller arrays within its own heap, and moves them without wiping what it leaves behind. */
const OUTSIDE_HEAP = 128;

/**
 * How these bytes are stored. A secret of GitHub is text (docs.github.com, "Storing Base64 binary blobs as secrets"), so that what is
 * none is encoded where its kind may be that, also undeclared.
 *
 * @param declared `encoding` of the credential
 */
export function storedEncoding(
  { shape }: Pick<Kind, 'shape'>,
  declared: 'base64' | undefined,
  bytes: Uint8Array,
): 'base64' | undefined {
  return declared ?? (shape === 'file' && !isText(bytes) ? 'base64' : undefined);
}

/** Why these bytes cannot be stored so, each naming the next step. Their own size is the format's to judge. */
export function encodingProblems(bytes: Uint8Array, encoding: 'base64' | undefined): readonly string[] {
  if (!encoding) {
    if (isText(bytes)) return [];
    return [
      `it is no text, and a secret of GitHub holds text alone: with \`encoding: base64\` in the configuration it is stored encoded, and ${DECODING}`,
    ];
  }
  const encoded = encodedLength(bytes.length);
  if (encoded <= MAX_SECRET_BYTES) return [];
  return [
    `its ${bytes.length} bytes are ${encoded} once they are base64-encoded, and GitHub stores ${MAX_SECRET_BYTES}: leave out what the release does not need, such as certificates of the chain`,
  ];
}

/** Whether it is UTF-8 without a NUL byte, which no variable of a workflow can hold. */
export function isText(bytes: Uint8Array): boolean {
  return isUtf8(bytes) && !bytes.includes(0);
}

export function encodedLength(length: number): number {
  return Math.ceil(length / 3) * 4;
}

/** Base64 on one line, with padding (RFC 4648 §4), without a string in between: that could not be wiped. */
export function encodeBase64(bytes: Uint8Array): Uint8Array {
  const length = encodedLength(bytes.length);
  const encoded = new Uint8Array(Math.max(length, OUTSIDE_HEAP)).subarray(0, length);
  let to = 0;
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    encoded[to++] = letter(group >> 18);
    encoded[to++] = letter(group >> 12);
    encoded[to++] = left > 1 ? letter(group >> 6) : PADDING;
    encoded[to++] = left > 2 ? letter(group) : PADDING;
  }
  return encoded;
}

function letter(bits: number): number {
  return LETTERS[bits & 63] ?? 0;
}
