import { isText } from './encode.ts';

const LF = 0x0a;
const CR = 0x0d;

/** Without the LF or CRLF at its end; a view of the same bytes. */
export function withoutLastBreak(bytes: Uint8Array): Uint8Array {
  if (bytes.at(-1) !== LF) return bytes;
  return bytes.subarray(0, bytes.at(-2) === CR ? -2 : -1);
}

/** Of a file that may be a line as well: one line loses what ends it; several lines, and what is no text, keep every byte. */
export function withoutLineEnd(bytes: Uint8Array): Uint8Array {
  const line = withoutLastBreak(bytes);
  return line.includes(LF) || line.includes(CR) || !isText(bytes) ? bytes : line;
}
