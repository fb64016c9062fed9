import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import type { Reading } from '../../src/kinds/kind.ts';

// Every call makes a fresh value of the right form. None of them was ever issued by anybody.

/** A handed-in source of chance: so many bytes, each of any value. */
export type Chance = (length: number) => Uint8Array;

const DIGITS = '0123456789';
const CAPITALS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const SMALL = 'abcdefghijklmnopqrstuvwxyz';
/** In the order in which GitHub and npm count: 0 to 9, A to Z, a to z. */
const BASE62 = DIGITS + CAPITALS + SMALL;
const BASE32 = `${SMALL}234567`;

export function cratesIoTokenValue(chance: Chance = randomBytes): string {
  return `cio${lettersOf(BASE62, 32, chance)}`;
}

export function npmTokenValue(chance: Chance = randomBytes): string {
  return checked('npm_', chance);
}

/** @param prefix also `gho_`, `ghu_`, `ghs_` or `ghr_`, which are made in the same way */
export function githubClassicValue(prefix = 'ghp_', chance: Chance = randomBytes): string {
  return checked(prefix, chance);
}

export function githubFineGrainedValue(chance: Chance = randomBytes): string {
  return `github_pat_11${lettersOf(DIGITS + CAPITALS, 20, chance)}_${lettersOf(BASE62, 59, chance)}`;
}

/** @param caveats as PyPI writes them: `[1, ['widgets']]`; none: one for a user, as for a token of the whole account */
export function pypiTokenValue(caveats: readonly unknown[] = [[3, randomUUID()]]): string {
  return `pypi-${Buffer.from(macaroonOf('pypi.org', caveats)).toString('base64url')}`;
}

/** A NuGet key of the old form: base32 of "v4" and ten bytes, then of sixteen bytes, in small letters. */
export function nugetV4Value(chance: Chance = randomBytes): string {
  return `oy2${lettersOf(SMALL.slice(0, 16), 1, chance)}${lettersOf(BASE32, 42, chance)}`;
}

export interface NugetV5 {
  /** Its seconds are left out. */
  readonly allocatedAt: Date;
  /** A multiple of five. */
  readonly lifetimeMinutes: number;
  /** `P` is nuget.org. */
  readonly environment?: string;
  /** `L` lives long, `S` is made by trusted publishing. */
  readonly type?: string;
}

/** A NuGet key of the new form, as ApiKeyV5.cs of NuGetGallery lays it out. */
export function nugetV5Value(
  { allocatedAt, lifetimeMinutes, environment = 'P', type = 'L' }: NugetV5,
  chance: Chance = randomBytes,
): string {
  // Single digits count A to Z, a to z, 0 to 9; numbers of several count 0 to 9, A to Z, a to z.
  const digit = (value: number) => (CAPITALS + SMALL + DIGITS)[value] ?? '?';
  const body = [
    lettersOf(BASE62, 52, chance),
    'JQQJ99',
    digit(allocatedAt.getUTCFullYear() - 2024),
    digit(allocatedAt.getUTCMonth()),
    `N5${environment}`,
    `00${lettersOf(BASE62, 4, chance)}`,
    digit(allocatedAt.getUTCDate() - 1),
    digit(allocatedAt.getUTCHours()),
    digit(allocatedAt.getUTCMinutes()),
    type,
    base62(Math.round(lifetimeMinutes / 5)).padStart(3, '0'),
    'NUGT',
  ].join('');
  return body + marvinDigits(body);
}

/**
 * A macaroon of version 2 in its packed form, signed as libmacaroons signs (HMAC-SHA-256 over the identifier and then each caveat,
 * each with the signature before it as the key).
 */
export function macaroonOf(
  location: string,
  caveats: readonly unknown[],
  { identifier = randomUUID() as string, key = randomBytes(32) as Uint8Array } = {},
): Uint8Array {
  const written = caveats.map((caveat) => (typeof caveat === 'string' ? caveat : JSON.stringify(caveat)));
  const rootKey = hmac(Buffer.from('macaroons-key-generator'), key);
  const signature = [identifier, ...written].reduce((last, text) => hmac(last, text), rootKey);
  return Buffer.concat([
    Buffer.of(2),
    packet(1, location),
    packet(2, identifier),
    Buffer.of(0),
    ...written.flatMap((text) => [packet(2, text), Buffer.of(0)]),
    Buffer.of(0),
    packet(6, signature),
  ]);
}

function packet(type: number, content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.of(type, ...varint(bytes.length)), bytes]);
}

function varint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

function hmac(key: Uint8Array, text: string | Uint8Array): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** Thirty letters or digits, and their CRC-32 in six more. */
function checked(prefix: string, chance: Chance): string {
  const body = lettersOf(BASE62, 30, chance);
  return prefix + body + base62(crc32(body)).padStart(6, '0');
}

/** Bit by bit, to be independent of the library that the product uses. */
function crc32(text: string): number {
  let crc = 0xffffffff;
  for (const byte of Buffer.from(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** The first four digits of its Marvin32, whose bytes are read from the lowest on; in 64-bit words, to be independent of the product. */
function marvinDigits(body: string): string {
  const bytes = Buffer.concat([Buffer.from(body, 'base64'), Buffer.of(0x80, 0, 0, 0)]);
  const mask = 0xffff_ffffn;
  const rotate = (word: bigint, by: bigint) => ((word << by) | (word >> (32n - by))) & mask;
  let [low, high] = [BigInt(Buffer.from('ult0').readUInt32BE()), BigInt(Buffer.from('Defa').readUInt32BE())];
  for (let at = 0; at <= bytes.length; at += 4) {
    low = (low + (at < bytes.length ? BigInt(bytes.readUInt32LE(at)) : 0n)) & mask;
    for (const [left, right] of [
      [20n, 9n],
      [27n, 19n],
    ] as const) {
      high ^= low;
      low = (rotate(low, left) + high) & mask;
      high = rotate(high, right);
    }
  }
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(Number(low ^ high));
  return base62(sum.readUInt32BE()).padEnd(6, '0').slice(0, 4);
}

function base62(value: number): string {
  const rest = Math.floor(value / 62);
  return (rest > 0 ? base62(rest) : '') + (BASE62[value % 62] ?? '');
}

/** Not quite even where the alphabet does not divide 256, which is no matter here. */
function lettersOf(alphabet: string, length: number, chance: Chance): string {
  return Array.from(chance(length), (byte) => alphabet[byte % alphabet.length]).join('');
}

/** Bytes of a fixed sequence, for tests that have to give the same each time. */
export function chanceOf(seed: number): Chance {
  let count = 0;
  return (length) => {
    const key = `${seed}/${count++}`;
    return Uint8Array.from({ length }, (_, at) => hmac(Buffer.from(key), String(at))[0] ?? 0);
  };
}

/** The first four characters in a row of `secret` that stand in `said`; undefined: none do. */
export function leakedRun(said: string, secret: string): string | undefined {
  return Array.from({ length: Math.max(0, secret.length - 3) }, (_, at) => secret.slice(at, at + 4)).find(
    (run) => said.includes(run),
  );
}

/** What a reading tells a person, all of it. */
export function toldBy({ says, problems, warnings }: Reading): string {
  return [...says.map(({ label, text }) => `${label}: ${text}`), ...problems, ...warnings].join('\n');
}
