import { isAscii } from 'node:buffer';

/** GitHub's limit for a secret: 48 KB of UTF-8 (docs.github.com, "Secrets reference"). */
export const MAX_SECRET_BYTES = 49_152;

/**
 * The token as ASCII; other bytes become `?`, so that no pattern matches across them, and positions stay those of the bytes. Of what is
 * larger than GitHub stores one byte more than that: no pattern runs on megabytes. The string cannot be wiped: patterns need one.
 */
export function asAscii(token: Uint8Array): string {
  const bytes = Buffer.from(token.buffer, token.byteOffset, Math.min(token.length, MAX_SECRET_BYTES + 1));
  if (isAscii(bytes)) return bytes.toString('latin1');
  const copy = Buffer.from(bytes);
  for (let at = 0; at < copy.length; at++) if ((copy[at] ?? 0) > 0x7f) copy[at] = QUESTION_MARK;
  const text = copy.toString('latin1');
  copy.fill(0);
  return text;
}

const QUESTION_MARK = 0x3f;

/** Drops what a clipboard or a terminal adds at both ends: ASCII space, tab, CR and LF. Anything else is kept and judged. */
export function trimAscii(token: Uint8Array): Uint8Array {
  let start = 0;
  let end = token.length;
  while (start < end && isBlank(token[start])) start++;
  while (end > start && isBlank(token[end - 1])) end--;
  return token.subarray(start, end);
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}
