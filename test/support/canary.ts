import { createHash } from 'node:crypto';

/** Every shape in which a secret could leak. The last: twelve characters of it in a row, in any of the shapes that keep their order. */
export const ENCODINGS = [
  'raw',
  'reversed',
  'base64',
  'base64url',
  'hex',
  'HEX',
  'percent',
  'JSON escapes',
  'UTF-16LE',
  'UTF-16BE',
  'quoted-printable',
  'HTML entities',
  'SHA-256',
  'a part of it',
] as const;

export type Encoding = (typeof ENCODINGS)[number];

/** So many characters in a row are a leak. */
const PART = 12;
/** So many bytes in whole groups of three hold any part of twelve, wherever the groups begin. */
const BASE64_PART = 9;

export interface Hit {
  /** Name of the canary. */
  readonly canary: string;
  readonly encoding: Encoding;
}

interface Pattern extends Hit {
  readonly bytes: Buffer;
}

/** Looks for all canaries in all encodings in one pass over the bytes. */
export class CanarySearch {
  /** By the first four bytes; `#first` rules most places out before the map is asked. */
  readonly #patterns = new Map<number, Pattern[]>();
  readonly #first = new Uint8Array(65_536);

  /** @param text at least twelve characters of ASCII */
  add(canary: string, text: string): void {
    if (text.length < PART) throw new Error(`the canary "${canary}" is too short to be told from chance`);
    for (const [encoding, bytes] of formsOf(text)) {
      const key = bytes.readUInt32BE(0);
      this.#patterns.set(key, [...(this.#patterns.get(key) ?? []), { canary, encoding, bytes }]);
      this.#first[slot(key)] = 1;
    }
  }

  /** What stands in `bytes`, each pair once. */
  find(bytes: Uint8Array): readonly Hit[] {
    const hits = new Map<string, Hit>();
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let key = 0;
    for (let end = 0; end < text.length; end++) {
      key = ((key << 8) | (text[end] ?? 0)) >>> 0;
      if (this.#first[slot(key)] === 0 || end < 3) continue;
      for (const { canary, encoding, bytes: wanted } of this.#patterns.get(key) ?? []) {
        const start = end - 3;
        if (text.compare(wanted, 0, wanted.length, start, Math.min(text.length, start + wanted.length)) === 0)
          hits.set(`${canary} ${encoding}`, { canary, encoding });
      }
    }
    return [...hits.values()].filter(
      ({ canary, encoding }) => encoding !== 'a part of it' || !hits.has(`${canary} raw`),
    );
  }
}

function slot(key: number): number {
  return Math.imul(key, 0x9e3779b1) >>> 16;
}

function formsOf(text: string): readonly (readonly [Encoding, Buffer])[] {
  const parts = windows(text, PART);
  const inHex = (part: string) => Buffer.from(part, 'latin1').toString('hex');
  const groups = windows(text, BASE64_PART).map((part) => Buffer.from(part, 'latin1'));
  const escaped = (prefix: string, suffix = '') => [
    ...parts.map((part) => inHex(part).replace(/../g, `${prefix}$&${suffix}`)),
    ...parts.map((part) => inHex(part).toUpperCase().replace(/../g, `${prefix}$&${suffix}`)),
  ];
  const digest = createHash('sha256').update(text, 'latin1').digest();
  const forms: Readonly<Record<Encoding, readonly (string | Buffer)[]>> = {
    raw: [text],
    reversed: windows([...text].reverse().join(''), PART),
    base64: groups.map((group) => group.toString('base64')),
    base64url: groups.map((group) => group.toString('base64url')),
    hex: parts.map(inHex),
    HEX: parts.map((part) => inHex(part).toUpperCase()),
    percent: escaped('%'),
    'JSON escapes': escaped('\\u00'),
    'UTF-16LE': parts.map((part) => Buffer.from(part, 'utf16le')),
    'UTF-16BE': parts.map((part) => Buffer.from(part, 'utf16le').swap16()),
    'quoted-printable': escaped('='),
    'HTML entities': [...escaped('&#x', ';'), ...parts.map((part) => part.replace(/./g, decimalEntity))],
    'SHA-256': [
      digest,
      digest.toString('hex'),
      digest.toString('hex').toUpperCase(),
      digest.toString('base64'),
    ],
    'a part of it': parts,
  };
  return ENCODINGS.flatMap((encoding) =>
    [...new Set(forms[encoding])].map(
      (form) => [encoding, typeof form === 'string' ? Buffer.from(form, 'latin1') : form] as const,
    ),
  );
}

function decimalEntity(character: string): string {
  return `&#${character.charCodeAt(0)};`;
}

function windows(text: string, size: number): string[] {
  return Array.from({ length: text.length - size + 1 }, (_, start) => text.slice(start, start + size));
}

/** Where and in which encodings a token stands in `sinks`. */
export function findLeaks(token: string, sinks: ReadonlyMap<string, Uint8Array>): readonly string[] {
  const search = new CanarySearch();
  search.add('token', token);
  return [...sinks].flatMap(([sink, bytes]) =>
    search.find(bytes).map(({ encoding }) => `${sink}: ${encoding}`),
  );
}
