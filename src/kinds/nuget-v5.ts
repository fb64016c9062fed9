import { addDays } from '../domain/calendar.ts';
import { decodeBase64Url, sextetOf } from './base64url.ts';
import { base62Digit, readBase62 } from './checksum.ts';
import { marvin32 } from './marvin.ts';

/** What a NuGet key of version 5 says of itself. Instants are UTC. */
export interface NugetV5 {
  /** To the minute; undefined: that is no date. */
  readonly allocatedAt: Date | undefined;
  readonly expiresAt: Date | undefined;
  readonly lifetimeMinutes: number;
  /** The installation that made it: `P` is nuget.org. */
  readonly environment: string;
  /** `S` is made by trusted publishing. */
  readonly type: string;
  readonly checksumIsRight: boolean;
}

const LENGTH = 84;
const SUMMED = 80;
const SIGNATURE_AT = 52;
const YEAR_AT = 58;
const PLATFORM_AT = 60;
const ENVIRONMENT_AT = 62;
const DAY_AT = 69;
const TYPE_AT = 72;
const LIFETIME_AT = 73;
const PROVIDER_AT = 76;
const FIRST_YEAR = 2024;
const MINUTES_PER_UNIT = 5;
const MINUTES_PER_DAY = 1440;

/**
 * Whether a key has the marks of version 5 of NuGet, wherever its other characters come from.
 *
 * Source: NuGet/NuGetGallery, src/NuGetGallery.Services/Authentication/ApiKeyV5.cs.
 */
export function isNugetV5(key: Uint8Array): boolean {
  return (
    key.length === LENGTH &&
    isAt(key, SIGNATURE_AT, 'JQQJ99') &&
    isAt(key, PLATFORM_AT, 'N5') &&
    isAt(key, PROVIDER_AT, 'NUGT')
  );
}

/** @param key of letters and digits, which `isNugetV5` has passed */
export function readNugetV5(key: Uint8Array): NugetV5 {
  // One digit counts A to Z, a to z, 0 to 9, as base64 does; several count 0 to 9, A to Z, a to z.
  const lifetimeMinutes = MINUTES_PER_UNIT * (readBase62(key.subarray(LIFETIME_AT, PROVIDER_AT)) ?? 0);
  const allocatedAt = allocation(key);
  return {
    allocatedAt,
    expiresAt: allocatedAt && addDays(allocatedAt, lifetimeMinutes / MINUTES_PER_DAY),
    lifetimeMinutes,
    environment: characterAt(key, ENVIRONMENT_AT),
    type: characterAt(key, TYPE_AT),
    checksumIsRight: endsWithItsMarvin(key),
  };
}

function allocation(key: Uint8Array): Date | undefined {
  const digit = (at: number) => sextetOf(key[at] ?? 0) ?? 99;
  const [year, month] = [FIRST_YEAR + digit(YEAR_AT), digit(YEAR_AT + 1)];
  const [day, hour, minute] = [1 + digit(DAY_AT), digit(DAY_AT + 1), digit(DAY_AT + 2)];
  const instant = new Date(Date.UTC(year, month, day, hour, minute));
  // A day that its month does not have would become one of the next.
  const isOne = month < 12 && instant.getUTCMonth() === month && hour < 24 && minute < 60;
  return isOne ? instant : undefined;
}

/** `Default0` as a number, of which this is the low and this the high word: IdentifiableSecrets.cs, VersionTwoChecksumSeed. */
const SEED = [0x756c_7430, 0x4465_6661] as const;

/**
 * The last four characters: the first four of six digits in base 62, filled up with zeros behind, of the four bytes of its Marvin32
 * taken from the least on. What is summed are the bytes of which the rest is the base64.
 */
function endsWithItsMarvin(key: Uint8Array): boolean {
  const bytes = decodeBase64Url(key.subarray(0, SUMMED));
  if (!bytes) return false;
  const digits = digitsOf(swapped(marvin32(bytes, SEED)));
  bytes.fill(0);
  return key.subarray(SUMMED).every((byte, index) => byte === (digits[index] ?? base62Digit(0)));
}

function swapped(word: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, word, true);
  return view.getUint32(0);
}

function digitsOf(value: number): readonly number[] {
  const rest = Math.floor(value / 62);
  return [...(rest > 0 ? digitsOf(rest) : []), base62Digit(value % 62)];
}

function characterAt(key: Uint8Array, at: number): string {
  return String.fromCharCode(key[at] ?? 0);
}

function isAt(key: Uint8Array, at: number, text: string): boolean {
  return Array.from(text).every((character, index) => key[at + index] === character.charCodeAt(0));
}
