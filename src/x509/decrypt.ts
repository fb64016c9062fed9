import { createDecipheriv } from 'node:crypto';
import type { Element } from './der.ts';
import { childrenOf, identifierOf, integerOf, octetsOf, SEQUENCE } from './der.ts';
import type { Rounds } from './derive.ts';
import { derivePbkdf2, derivePkcs12, PURPOSE, passwordForPkcs12 } from './derive.ts';

/** Why something could not be opened. */
export type Obstacle = 'wrong-password' | 'unsupported' | 'too-many-rounds' | 'damaged';

/** A password in both of the forms that the algorithms want. */
export interface Password {
  readonly plain: Uint8Array;
  readonly wide: Uint8Array;
}

export function asPassword(plain: Uint8Array): Password {
  return { plain, wide: passwordForPkcs12(plain) };
}

/**
 * Decrypts a private key or a part of a PKCS#12: PBES2 with PBKDF2 and AES or triple DES (RFC 8018), and PKCS#12's own three that are
 * in use (RFC 7292 appendix C). What it returns is the caller's to wipe.
 *
 * @param algorithm AlgorithmIdentifier
 */
export async function decrypt(
  algorithm: Element | undefined,
  ciphertext: Uint8Array | undefined,
  password: Password,
  rounds: Rounds,
): Promise<Uint8Array | Obstacle> {
  const [identifier, parameters] = childrenOf(algorithm);
  if (!ciphertext || !parameters) return 'damaged';
  const name = identifierOf(identifier);
  if (name === PBES2) return decryptPbes2(parameters, ciphertext, password.plain, rounds);
  const old = PKCS12_CIPHERS[name];
  return old ? decryptOld(old, { parameters, ciphertext }, password.wide, rounds) : 'unsupported';
}

const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const HMAC_SHA1 = '1.2.840.113549.2.7';

const PSEUDORANDOM: Readonly<Record<string, string>> = {
  [HMAC_SHA1]: 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};

interface Cipher {
  readonly name: string;
  /** Bytes of its key. */
  readonly length: number;
}

const CIPHERS: Readonly<Record<string, Cipher>> = {
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', length: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', length: 24 },
  '2.16.840.1.101.3.4.1.42': { name: 'aes-256-cbc', length: 32 },
  '1.2.840.113549.3.7': { name: 'des-ede3-cbc', length: 24 },
};

const PKCS12_CIPHERS: Readonly<Record<string, Cipher>> = {
  '1.2.840.113549.1.12.1.3': { name: 'des-ede3-cbc', length: 24 },
  '1.2.840.113549.1.12.1.5': { name: 'rc2', length: 16 },
  '1.2.840.113549.1.12.1.6': { name: 'rc2', length: 5 },
};

async function decryptPbes2(
  parameters: Element,
  ciphertext: Uint8Array,
  password: Uint8Array,
  rounds: Rounds,
): Promise<Uint8Array | Obstacle> {
  const [derivation, encryption] = childrenOf(parameters);
  const [derivationName, derivationParameters] = childrenOf(derivation);
  const [cipherName, iv] = childrenOf(encryption);
  const cipher = CIPHERS[identifierOf(cipherName)];
  if (identifierOf(derivationName) !== PBKDF2 || !cipher) return 'unsupported';
  const [salt, iterations, ...rest] = childrenOf(derivationParameters);
  // Between them the length of the key may stand, which the cipher says too.
  const prf = childrenOf(rest.find(({ tag }) => tag === SEQUENCE))[0];
  const digest = PSEUDORANDOM[prf ? identifierOf(prf) : HMAC_SHA1];
  if (!digest) return 'unsupported';
  const salted = saltedOf(salt, iterations, { digest, length: cipher.length });
  const start = octetsOf(iv);
  if (!salted || !start) return 'damaged';
  const key = await derivePbkdf2(password, salted, rounds);
  return key ? decipher(cipher, { key, iv: start }, ciphertext) : 'too-many-rounds';
}

async function decryptOld(
  cipher: Cipher,
  { parameters, ciphertext }: { readonly parameters: Element; readonly ciphertext: Uint8Array },
  password: Uint8Array,
  rounds: Rounds,
): Promise<Uint8Array | Obstacle> {
  const [salt, iterations] = childrenOf(parameters);
  const salted = saltedOf(salt, iterations, { digest: 'sha1', length: cipher.length });
  if (!salted) return 'damaged';
  const key = await derivePkcs12(password, { ...salted, purpose: PURPOSE.key }, rounds);
  const iv = await derivePkcs12(password, { ...salted, length: 8, purpose: PURPOSE.iv }, rounds);
  if (!key || !iv) return 'too-many-rounds';
  return cipher.name === 'rc2'
    ? decipherRc2({ key, iv }, ciphertext)
    : decipher(cipher, { key, iv }, ciphertext);
}

function saltedOf(
  salt: Element | undefined,
  iterations: Element | undefined,
  wanted: { readonly digest: string; readonly length: number },
) {
  const [bytes, count] = [octetsOf(salt), integerOf(iterations)];
  return bytes && count ? { salt: bytes, iterations: count, ...wanted } : undefined;
}

interface KeyAndIv {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

function decipher({ name }: Cipher, { key, iv }: KeyAndIv, ciphertext: Uint8Array): Uint8Array | Obstacle {
  try {
    const stream = createDecipheriv(name, key, iv);
    const [start, end] = [stream.update(ciphertext), stream.final()];
    const clear = Buffer.concat([start, end]);
    start.fill(0);
    end.fill(0);
    return clear;
  } catch {
    // Its padding is wrong, which is all that shows of a wrong key; or a length in the file is.
    return 'wrong-password';
  } finally {
    key.fill(0);
  }
}

/**
 * RC2 is what Windows, macOS and `openssl -legacy` lock the certificates of a PKCS#12 with, and OpenSSL 3 as Node has it does not know
 * it. The library works on strings, which cannot be wiped: the key of this one part, never the password, and what the part holds, which
 * as a rule are certificates.
 */
async function decipherRc2({ key, iv }: KeyAndIv, ciphertext: Uint8Array): Promise<Uint8Array | Obstacle> {
  const [{ default: rc2 }, { default: util }] = await Promise.all([
    import('node-forge/lib/rc2.js'),
    import('node-forge/lib/util.js'),
  ]);
  try {
    const stream = rc2.createDecryptionCipher(binary(key), 8 * key.length);
    stream.start(binary(iv));
    stream.update(util.createBuffer(binary(ciphertext)));
    return stream.finish() ? Buffer.from(stream.output.getBytes(), 'latin1') : 'wrong-password';
  } catch {
    return 'wrong-password';
  } finally {
    key.fill(0);
  }
}

function binary(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
