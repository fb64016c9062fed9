// BER and DER (X.690), as far as certificates, keys and PKCS#12 need them. Never throws: what cannot be read has no children.

export interface Element {
  /** The first byte: class, whether it is made of others, and number. Numbers above 30 do not occur here. */
  readonly tag: number;
  readonly content: Uint8Array;
  /** Header, content and, where its length was left open, its end. */
  readonly size: number;
}

export const SEQUENCE = 0x30;
const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;
const CONSTRUCTED = 0x20;
const OPEN_LENGTH = 0x80;
/** Far more than any real file has. */
const MAX_DEPTH = 40;

/** The element that these bytes begin with; undefined: they do not begin with a whole one. */
export function readElement(bytes: Uint8Array, depth = 0): Element | undefined {
  const [tag, first] = bytes;
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f || depth > MAX_DEPTH)
    return undefined;
  if (first === OPEN_LENGTH) return tag & CONSTRUCTED ? readOpen(tag, bytes, depth) : undefined;
  const digits = first < OPEN_LENGTH ? 0 : first & 0x7f;
  if (digits > 4 || bytes.length < 2 + digits) return undefined;
  const length =
    digits === 0 ? first : bytes.subarray(2, 2 + digits).reduce((sum, byte) => sum * 256 + byte, 0);
  const size = 2 + digits + length;
  return size > bytes.length ? undefined : { tag, content: bytes.subarray(2 + digits, size), size };
}

/** Of BER alone, as Mozilla's NSS writes it: it ends with two zero bytes. */
function readOpen(tag: number, bytes: Uint8Array, depth: number): Element | undefined {
  let at = 2;
  while (bytes[at] !== 0 || bytes[at + 1] !== 0) {
    const inner = readElement(bytes.subarray(at), depth + 1);
    if (!inner) return undefined;
    at += inner.size;
  }
  return { tag, content: bytes.subarray(2, at), size: at + 2 };
}

/** What it is made of; empty where that cannot be read whole. */
export function childrenOf(element: Element | undefined): readonly Element[] {
  return element && element.tag & CONSTRUCTED ? readAll(element.content) : [];
}

/** Elements one after the other; empty where something else stands among them. */
function readAll(bytes: Uint8Array): readonly Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const element = readElement(bytes.subarray(at));
    if (!element) return [];
    found.push(element);
    at += element.size;
  }
  return found;
}

/** The bytes of an OCTET STRING, also of one in pieces, and whatever number it was given in its place. */
export function octetsOf(element: Element | undefined): Uint8Array | undefined {
  if (!element || element.tag === SEQUENCE) return undefined;
  if (!(element.tag & CONSTRUCTED)) return element.content;
  const pieces = childrenOf(element);
  return pieces.length > 0 && pieces.every(({ tag }) => tag === OCTET_STRING)
    ? Buffer.concat(pieces.map(({ content }) => content))
    : undefined;
}

/** An object identifier in its usual form, `1.2.840.113549.1.7.1`; empty where it is none. */
export function identifierOf(element: Element | undefined): string {
  if (element?.tag !== OBJECT_IDENTIFIER) return '';
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of element.content) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte & 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first = 0, ...rest] = arcs;
  const root = Math.min(Math.floor(first / 40), 2);
  return [root, first - root * 40, ...rest].join('.');
}

/** A number of up to six bytes that is not negative; undefined where it is none. */
export function integerOf(element: Element | undefined): number | undefined {
  if (element?.tag !== 0x02 || element.content.length === 0 || element.content.length > 6) return undefined;
  return (element.content[0] ?? 0) & 0x80
    ? undefined
    : element.content.reduce((sum, byte) => sum * 256 + byte, 0);
}
