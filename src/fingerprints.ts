import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Places, World } from './app.ts';
import { AppError } from './domain/error.ts';
import type { Fingerprints } from './rotate/rotation.ts';

const KEY_BYTES = 32;
/** Enough to tell two tokens apart, and too little to be worth anything else: 64 bits. */
const MAC_CHARACTERS = 16;
const ID_CHARACTERS = 8;

export function fingerprintKeyPath({ dataDir }: Pick<Places, 'dataDir'>): string {
  return join(dataDir, 'fingerprint.key');
}

/**
 * Recognises a token that was pasted before, by HMAC-SHA-256 (RFC 2104) cut short under a key that lies beside the database and
 * in no copy of it. Without that key nobody can tell which token a database knew. The text of a fingerprint names its key, so
 * that one made under a lost key is `unknown` and not `different`.
 *
 * @throws AppError storage when the key can be neither read nor made
 */
export function openFingerprints(
  places: Pick<Places, 'dataDir'>,
  { randomBytes }: Pick<World, 'randomBytes'>,
): Fingerprints {
  const path = fingerprintKeyPath(places);
  const key = readKey(path) ?? makeKey(path, randomBytes);
  const id = createHash('sha256').update('fingerprint key').update(key).digest('hex').slice(0, ID_CHARACTERS);
  return {
    of: (token) => {
      const mac = createHmac('sha256', key).update(token.reveal()).digest('hex');
      return `${id}.${mac.slice(0, MAC_CHARACTERS)}`;
    },
    isComparable: (fingerprint) => fingerprint?.split('.')[0] === id,
    compare: compareFingerprints,
  };
}

export function compareFingerprints(
  a: string | undefined,
  b: string | undefined,
): 'same' | 'different' | 'unknown' {
  const [idA, macA] = a?.split('.') ?? [];
  const [idB, macB] = b?.split('.') ?? [];
  if (!macA || !macB || idA !== idB) return 'unknown';
  const [bytesA, bytesB] = [Buffer.from(macA), Buffer.from(macB)];
  if (bytesA.length !== bytesB.length) return 'unknown';
  return timingSafeEqual(bytesA, bytesB) ? 'same' : 'different';
}

function readKey(path: string): Buffer | undefined {
  let key: Buffer;
  try {
    key = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw unusable(
      path,
      `cannot be read (${code ?? 'unknown'})`,
      `make it readable for this user: chmod 600 ${path}`,
    );
  }
  if (key.length !== KEY_BYTES)
    throw unusable(
      path,
      `has ${key.length} bytes, not ${KEY_BYTES}`,
      'restore it, or move it away: a new one is made',
    );
  if ((statSync(path).mode & 0o077) !== 0) throw unusable(path, 'can be read by others', `chmod 600 ${path}`);
  return key;
}

function makeKey(path: string, randomBytes: World['randomBytes']): Buffer {
  const key = randomBytes(KEY_BYTES);
  const draft = `${path}.${process.pid}`;
  try {
    const file = openSync(draft, 'w', 0o600);
    try {
      writeSync(file, key);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    // Whole or not at all, and never over another's.
    linkSync(draft, path);
    return key;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Another process was quicker: its key is the one.
    const theirs = code === 'EEXIST' ? readKey(path) : undefined;
    if (theirs) return theirs;
    throw unusable(
      path,
      `cannot be made (${code ?? 'unknown'})`,
      'make room, or make the folder writable for this user',
    );
  } finally {
    rmSync(draft, { force: true });
  }
}

function unusable(path: string, what: string, hint: string): AppError {
  return new AppError('storage', `the key that recognises tokens, "${path}", ${what}`, { hints: [hint] });
}
