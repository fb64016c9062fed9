import { hash, pbkdf2 } from 'node:crypto';
import { setImmediate as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const runPbkdf2 = promisify(pbkdf2);

/**
 * How many rounds may be spent on one file, so that a number in it cannot keep the process busy for hours: some seconds, which the end
 * of the process waits for too, since Node waits for its threads. openssl and Windows write about 2,000 a derivation, NSS up to 600,000.
 */
export const MAX_ROUNDS = 10_000_000;

/** PKCS#12's own rounds are called one by one, which takes some four times as long as PBKDF2's. */
const COST_OF_OWN = 4;

/** And so are those of SHA-384 and SHA-512 with PBKDF2 more than those of the shorter ones. */
const COST_OF_WIDE = 3;

export interface Rounds {
  left: number;
}

/** Whether so many more may be spent, which they are then. */
function spend(rounds: Rounds, count: number): boolean {
  if (!(count >= 1 && count <= rounds.left)) return false;
  rounds.left -= count;
  return true;
}

interface Salted {
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** Name of the hash as Node has it: `sha256`. */
  readonly digest: string;
  /** Bytes that are wanted. */
  readonly length: number;
}

/** PBKDF2 (RFC 8018 §5.2), beside the event loop. Undefined: too many rounds. */
export async function derivePbkdf2(
  password: Uint8Array,
  { salt, iterations, digest, length }: Salted,
  rounds: Rounds,
): Promise<Uint8Array | undefined> {
  const blocks = Math.ceil(length / hash(digest, '', 'buffer').length);
  return spend(rounds, iterations * blocks * (isWide(digest) ? COST_OF_WIDE : 1))
    ? runPbkdf2(password, salt, iterations, length, digest)
    : undefined;
}

/** What the derived bytes are for (RFC 7292 appendix B.3). */
export const PURPOSE = { key: 1, iv: 2, mac: 3 } as const;

/** After so many rounds others have their turn: some 20 ms. */
const ROUNDS_A_TURN = 20_000;

/**
 * PKCS#12's own derivation (RFC 7292 appendix B.2). Undefined: too many rounds.
 *
 * @param password as `passwordForPkcs12` gives it
 */
export async function derivePkcs12(
  password: Uint8Array,
  { salt, iterations, digest, length, purpose }: Salted & { readonly purpose: number },
  rounds: Rounds,
): Promise<Uint8Array | undefined> {
  const block = isWide(digest) ? 128 : 64;
  const input = Buffer.concat([repeat(salt, block), repeat(password, block)]);
  const derived = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    if (!spend(rounds, COST_OF_OWN * iterations)) return undefined;
    let piece = hash(digest, Buffer.concat([Buffer.alloc(block, purpose), input]), 'buffer');
    for (let round = 1; round < iterations; round++) {
      if (round % ROUNDS_A_TURN === 0) await pause();
      piece = hash(digest, piece, 'buffer');
    }
    at += piece.copy(derived, at);
    addToBlocks(input, repeat(piece.subarray(0, block), block).subarray(0, block));
    piece.fill(0);
  }
  input.fill(0);
  return derived;
}

function isWide(digest: string): boolean {
  return digest === 'sha384' || digest === 'sha512';
}

/** The bytes as often as it takes to fill whole blocks; empty stays empty. */
function repeat(bytes: Uint8Array, block: number): Buffer {
  const size = block * Math.ceil(bytes.length / block);
  return size === 0 ? Buffer.alloc(0) : Buffer.alloc(size, bytes);
}

/** Adds the number and one to each block, as large numbers, first byte first. */
function addToBlocks(blocks: Buffer, number: Uint8Array): void {
  for (let start = 0; start < blocks.length; start += number.length) {
    let carry = 1;
    for (let at = number.length - 1; at >= 0; at--) {
      carry += (blocks[start + at] ?? 0) + (number[at] ?? 0);
      blocks[start + at] = carry & 0xff;
      carry >>= 8;
    }
  }
}

/** UTF-16, first byte first, with two zero bytes at its end (RFC 7292 appendix B.1). */
export function passwordForPkcs12(password: Uint8Array): Uint8Array {
  const isAscii = password.every((byte) => byte < 0x80);
  // A string of it could not be wiped, so only what is not ASCII becomes one.
  const units = isAscii ? password : Buffer.from(new TextDecoder().decode(password), 'utf16le').swap16();
  if (!isAscii) return Buffer.concat([units, Buffer.alloc(2)]);
  const wide = Buffer.allocUnsafe(2 * units.length + 2).fill(0);
  units.forEach((byte, index) => {
    wide[2 * index + 1] = byte;
  });
  return wide;
}
