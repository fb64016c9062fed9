import { createHash } from 'node:crypto';

/** The encodings in which a token could leak; each is searched for in every shape that it can take. */
export const ENCODINGS = [
  'raw',
  'reversed',
  'base64',
  'base64url',
  'hex',
  'HEX',
  'percent',
  'json',
  'utf16le',
  'utf16be',
  'quoted-printable',
  'html entities',
  'sha256',
  'any 12 characters',
] as const;

export type Encoding = (typeof ENCODINGS)[number];

const PART = 12;

/** Every shape of every encoding. Of base64 only the groups of three that hold nothing but token, in each of the three phases. */
export function shapesOf(token: string): ReadonlyMap<Encoding, readonly Buffer[]> {
  const raw = Buffer.from(token);
  const each = (shape: (byte: number) => string) => [Buffer.from([...raw].map(shape).join(''))];
  const phases = [0, 1, 2].map((phase) => {
    const inner = raw.subarray(phase === 0 ? 0 : 3 - phase);
    return inner.subarray(0, inner.length - (inner.length % 3)).toString('base64');
  });
  const hex = raw.toString('hex');
  const sha256 = createHash('sha256').update(raw).digest();
  const parts = Array.from({ length: Math.max(0, token.length - PART + 1) }, (_, start) =>
    Buffer.from(token.slice(start, start + PART)),
  );
  return new Map<Encoding, readonly Buffer[]>([
    ['raw', [raw]],
    ['reversed', [Buffer.from([...token].reverse().join(''))]],
    ['base64', phases.map((text) => Buffer.from(text))],
    ['base64url', phases.map((text) => Buffer.from(text.replaceAll('+', '-').replaceAll('/', '_')))],
    ['hex', [Buffer.from(hex)]],
    ['HEX', [Buffer.from(hex.toUpperCase())]],
    ['percent', [...each((byte) => `%${hexOf(byte).toUpperCase()}`), ...each((byte) => `%${hexOf(byte)}`)]],
    ['json', each((byte) => `\\u00${hexOf(byte)}`)],
    ['utf16le', [Buffer.from(token, 'utf16le')]],
    ['utf16be', [Buffer.from(token, 'utf16le').swap16()]],
    ['quoted-printable', [...each((byte) => `=${hexOf(byte).toUpperCase()}`), ...broken(raw)]],
    ['html entities', [...each((byte) => `&#${byte};`), ...each((byte) => `&#x${hexOf(byte)};`)]],
    ['sha256', [sha256, Buffer.from(sha256.toString('hex')), Buffer.from(sha256.toString('base64'))]],
    ['any 12 characters', parts],
  ]);
}

/** A soft line break of quoted-printable in the middle of it (RFC 2045 §6.7). */
function broken(raw: Buffer): readonly Buffer[] {
  const half = raw.length >> 1;
  return [Buffer.concat([raw.subarray(half - 8, half), Buffer.from('=\r\n'), raw.subarray(half, half + 8)])];
}

function hexOf(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** Where and in which encoding a token stands in `sinks`. */
export function findLeaks(token: string, sinks: ReadonlyMap<string, Buffer>): readonly string[] {
  const shapes = shapesOf(token);
  return [...sinks].flatMap(([sink, bytes]) =>
    [...shapes]
      .filter(([, shape]) => shape.some((one) => bytes.includes(one)))
      .map(([encoding]) => `${sink}: ${encoding}`),
  );
}
