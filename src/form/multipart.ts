import type { Fields, SecretName } from './sent.ts';
import { asciiText, MAX_NAME_BYTES, ownBytes, Sent } from './sent.ts';

const NEW_LINE = '\r\n';
/** A file name of 255 characters, as long as file systems allow, in UTF-8 or escaped by a browser. */
const MAX_FILE_NAME_BYTES = 1_024;
/** RFC 6838 §4.2: a type and a subtype of up to 127 characters each. */
const MAX_TYPE_BYTES = 255;

/**
 * Parses multipart/form-data (RFC 7578, RFC 2046 §5.1.1) as bytes, and overwrites `body`. Only what browsers write is
 * taken: nothing before the first boundary and behind the last, no other header, no parameter, no nested parts. The nonce
 * is the last part, so that a body that was cut short anywhere is refused.
 *
 * @param asked the secret fields that the page has, each of which must be there
 * @returns undefined for anything else
 */
export function parseMultipart(
  body: Buffer,
  boundary: string,
  asked: readonly SecretName[],
): Fields | undefined {
  const sent = new Sent(asked);
  try {
    return takeParts(body, boundary, sent) ? sent.end() : sent.discard();
  } finally {
    body.fill(0);
  }
}

function takeParts(body: Buffer, boundary: string, sent: Sent): boolean {
  const delimiter = Buffer.from(`${NEW_LINE}--${boundary}`, 'latin1');
  const scan = new Scan(body);
  if (!scan.skip(`--${boundary}`)) return false;
  // Whatever else stands behind the boundary, it is not ours to guess what was meant.
  while (scan.skip(NEW_LINE)) {
    const end = body.indexOf(delimiter, scan.at);
    if (end < 0 || sent.has('nonce')) return false;
    if (!takePart(body.subarray(scan.at, end), sent)) return false;
    scan.at = end + delimiter.length;
  }
  return scan.skip(`--${NEW_LINE}`) && scan.isAtEnd;
}

function takePart(part: Uint8Array, sent: Sent): boolean {
  const scan = new Scan(part);
  if (!scan.skip('Content-Disposition: form-data; name="')) return false;
  const name = scan.takeQuoted(MAX_NAME_BYTES);
  if (!name) return false;
  if (scan.skip('; filename="')) return takeFile(asciiText(name), scan, sent);
  // A file cannot be sent as a text, nor the other way round.
  if (!scan.skip(`${NEW_LINE}${NEW_LINE}`) || asciiText(name) === 'file') return false;
  return sent.take(asciiText(name), scan.rest());
}

// What the file is called is skipped: it is nobody's business, and never becomes text.
function takeFile(name: string, scan: Scan, sent: Sent): boolean {
  const fileName = scan.takeQuoted(MAX_FILE_NAME_BYTES);
  if (name !== 'file' || !fileName || !scan.skip(`${NEW_LINE}Content-Type: `)) return false;
  if (!isSingleType(scan.takeLine(MAX_TYPE_BYTES)) || !scan.skip(NEW_LINE)) return false;
  const content = scan.rest();
  if (fileName.length > 0) return sent.take(name, content);
  // HTML standard, "constructing the entry list": where none was chosen, an empty one without a name is sent.
  return content.length === 0 && sent.take(name, undefined);
}

function isSingleType(line: Uint8Array | undefined): boolean {
  const type = line && asciiText(line);
  return (
    type !== undefined &&
    /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}$/.test(type) &&
    !/^multipart\//i.test(type)
  );
}

const QUOTE = 0x22;
const RETURN = 0x0d;

/** Reads bytes from the left to the right. */
class Scan {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at === this.#bytes.length;
  }

  /** Goes on behind `text` (ASCII), if that is what comes. */
  skip(text: string): boolean {
    for (let index = 0; index < text.length; index++)
      if (this.#bytes[this.at + index] !== text.charCodeAt(index)) return false;
    this.at += text.length;
    return true;
  }

  /** What stands before the closing quote, which is skipped. */
  takeQuoted(most: number): Uint8Array | undefined {
    const taken = this.#takeUntil(QUOTE, most);
    if (taken) this.at += 1;
    return taken;
  }

  /** What stands before the end of the line, which is skipped. */
  takeLine(most: number): Uint8Array | undefined {
    const taken = this.#takeUntil(RETURN, most);
    return taken && this.skip(NEW_LINE) ? taken : undefined;
  }

  /** A copy of everything that is left, in a store of its own. */
  rest(): Buffer {
    const rest = this.#bytes.subarray(this.at);
    const own = ownBytes(rest.length);
    own.set(rest);
    return own;
  }

  #takeUntil(end: number, most: number): Uint8Array | undefined {
    const start = this.at;
    for (let at = start; at <= start + most; at++) {
      const byte = this.#bytes[at] ?? 0;
      if (byte === end) {
        this.at = at;
        return this.#bytes.subarray(start, at);
      }
      if (byte < 0x20 || byte === 0x7f) return undefined;
    }
    return undefined;
  }
}
