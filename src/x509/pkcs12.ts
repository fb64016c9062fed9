import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Obstacle, Password } from './decrypt.ts';
import { asPassword, decrypt } from './decrypt.ts';
import type { Element } from './der.ts';
import { childrenOf, identifierOf, integerOf, octetsOf, readElement, SEQUENCE } from './der.ts';
import type { Rounds } from './derive.ts';
import { derivePkcs12, MAX_ROUNDS, PURPOSE } from './derive.ts';

/** What a PKCS#12 holds (RFC 7292), opened. */
export interface Opened {
  /** In DER. */
  readonly certificates: readonly Uint8Array[];
  /** PKCS#8 in DER, not encrypted: the caller's to wipe. */
  readonly keys: readonly Uint8Array[];
  /** Whether a password was needed, and not the empty one. */
  readonly locked: boolean;
}

/**
 * Opens one on bytes alone, but for what `decrypt` says of RC2.
 *
 * @param given its password in UTF-8; undefined: none was given
 * @returns why not: `missing-password`; `needless-password`: it is opened by the empty one, and not by this one
 */
export async function openPkcs12(
  bytes: Uint8Array,
  given: Uint8Array | undefined,
): Promise<Opened | Obstacle | 'missing-password' | 'needless-password'> {
  const [, safe, mac] = childrenOf(readElement(bytes));
  const [type, content] = childrenOf(safe);
  if (identifierOf(type) !== DATA) return identifierOf(type) === '' ? 'damaged' : 'unsupported';
  const signed = octetsOf(childrenOf(content)[0]);
  if (!signed) return 'damaged';
  const rounds = { left: MAX_ROUNDS };
  const password = mac ? await findPassword(mac, signed, { given, rounds }) : asPassword(given ?? NONE);
  if (typeof password === 'string') return password;
  const opening = new Opening(password, rounds);
  const obstacle = await opening.readSafe(signed);
  password.wide.fill(0);
  if (obstacle === undefined) return opening.result(mac !== undefined);
  opening.wipe();
  return !given && obstacle === 'wrong-password' ? 'missing-password' : obstacle;
}

/** Whether these bytes are one, opened or not. */
export function isPkcs12(element: Element | undefined): boolean {
  const [version, safe] = childrenOf(element);
  const type = identifierOf(childrenOf(safe)[0]);
  return integerOf(version) === 3 && type.startsWith('1.2.840.113549.1.7.');
}

const NONE = new Uint8Array();
const DATA = '1.2.840.113549.1.7.1';
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6';
const BAGS = '1.2.840.113549.1.12.10.1';
const X509_CERTIFICATE = '1.2.840.113549.1.9.22.1';
const MAX_NESTED = 4;

const DIGESTS: Readonly<Record<string, { readonly digest: string; readonly length: number }>> = {
  '1.3.14.3.2.26': { digest: 'sha1', length: 20 },
  '2.16.840.1.101.3.4.2.4': { digest: 'sha224', length: 28 },
  '2.16.840.1.101.3.4.2.1': { digest: 'sha256', length: 32 },
  '2.16.840.1.101.3.4.2.2': { digest: 'sha384', length: 48 },
  '2.16.840.1.101.3.4.2.3': { digest: 'sha512', length: 64 },
};

/** The password that the checksum over all of it agrees with. */
async function findPassword(
  mac: Element,
  signed: Uint8Array,
  { given, rounds }: { readonly given: Uint8Array | undefined; readonly rounds: Rounds },
): Promise<Password | Obstacle | 'missing-password' | 'needless-password'> {
  // No password is written in two ways: as the empty text with its two zero bytes (openssl), and as nothing at all (Windows).
  const empty = [asPassword(NONE), { plain: NONE, wide: NONE }];
  const asGiven = given ? asPassword(given) : undefined;
  for (const password of asGiven ? [asGiven, ...empty] : empty) {
    const agreed = await agrees(mac, signed, { password, rounds });
    if (agreed === true) return asGiven && password !== asGiven ? 'needless-password' : password;
    password.wide.fill(0);
    if (agreed !== false) return agreed;
  }
  return given ? 'wrong-password' : 'missing-password';
}

async function agrees(
  mac: Element,
  signed: Uint8Array,
  { password, rounds }: { readonly password: Password; readonly rounds: Rounds },
): Promise<boolean | Obstacle> {
  const [checksum, salt, iterations] = childrenOf(mac);
  const [algorithm, expected] = childrenOf(checksum);
  const hash = DIGESTS[identifierOf(childrenOf(algorithm)[0])];
  const [saltBytes, expectedBytes] = [octetsOf(salt), octetsOf(expected)];
  if (!saltBytes || !expectedBytes) return 'damaged';
  if (!hash) return 'unsupported';
  const count = iterations ? integerOf(iterations) : 1;
  if (!count) return iterations?.tag === 0x02 ? 'too-many-rounds' : 'damaged';
  const salted = { salt: saltBytes, iterations: count, ...hash, purpose: PURPOSE.mac };
  const key = await derivePkcs12(password.wide, salted, rounds);
  if (!key) return 'too-many-rounds';
  const found = createHmac(hash.digest, key).update(signed).digest();
  key.fill(0);
  return found.length === expectedBytes.length && timingSafeEqual(found, expectedBytes);
}

/** One file while it is being taken apart. */
class Opening {
  readonly #password: Password;
  readonly #rounds: Rounds;
  readonly #certificates: Uint8Array[] = [];
  readonly #keys: Uint8Array[] = [];
  #encrypted = false;

  constructor(password: Password, rounds: Rounds) {
    this.#password = password;
    this.#rounds = rounds;
  }

  result(hasMac: boolean): Opened {
    const locked = this.#password.plain.length > 0 && (hasMac || this.#encrypted);
    return { certificates: this.#certificates, keys: this.#keys, locked };
  }

  wipe(): void {
    for (const key of this.#keys) key.fill(0);
  }

  /** AuthenticatedSafe: parts, each of them encrypted or not. */
  async readSafe(signed: Uint8Array): Promise<Obstacle | undefined> {
    return this.#readEach(readElement(signed), (part) => this.#readPart(part));
  }

  async #readPart(part: Element): Promise<Obstacle | undefined> {
    const [type, content] = childrenOf(part);
    const inner = childrenOf(content)[0];
    if (identifierOf(type) === DATA) return this.#readBags(octetsOf(inner), 0);
    if (identifierOf(type) !== ENCRYPTED_DATA) return 'unsupported';
    const [, algorithm, ciphertext] = childrenOf(childrenOf(inner)[1]);
    const clear = await this.#decrypt(algorithm, ciphertext);
    if (typeof clear === 'string') return clear;
    // Text that decrypts to nonsense by luck has good padding once in 256 times.
    if (readElement(clear)?.size !== clear.length) return 'wrong-password';
    return this.#readBags(clear, 0);
  }

  /** SafeContents. */
  async #readBags(bytes: Uint8Array | undefined, depth: number): Promise<Obstacle | undefined> {
    if (!bytes || depth > MAX_NESTED) return 'damaged';
    return this.#readEach(readElement(bytes), (bag) => this.#readBag(bag, depth));
  }

  async #readEach(
    list: Element | undefined,
    read: (element: Element) => Promise<Obstacle | undefined>,
  ): Promise<Obstacle | undefined> {
    const elements = childrenOf(list);
    if (list?.tag !== SEQUENCE || (elements.length === 0 && list.content.length > 0)) return 'damaged';
    for (const element of elements) {
      const obstacle = await read(element);
      if (obstacle) return obstacle;
    }
    return undefined;
  }

  async #readBag(bag: Element, depth: number): Promise<Obstacle | undefined> {
    const [type, wrapped] = childrenOf(bag);
    const value = wrapped?.content;
    const inner = childrenOf(wrapped)[0];
    if (!value || !inner) return 'damaged';
    switch (identifierOf(type)) {
      case `${BAGS}.1`:
        this.#keys.push(Uint8Array.from(value));
        return undefined;
      case `${BAGS}.2`:
        return this.#readLockedKey(inner);
      case `${BAGS}.3`:
        return this.#readCertificate(inner);
      case `${BAGS}.6`:
        return this.#readBags(value, depth + 1);
      default:
        return undefined;
    }
  }

  async #readLockedKey(locked: Element): Promise<Obstacle | undefined> {
    const [algorithm, ciphertext] = childrenOf(locked);
    const clear = await this.#decrypt(algorithm, ciphertext);
    if (typeof clear === 'string') return clear;
    this.#keys.push(clear);
    return undefined;
  }

  #readCertificate(bag: Element): Obstacle | undefined {
    const [type, content] = childrenOf(bag);
    const certificate = octetsOf(childrenOf(content)[0]);
    if (identifierOf(type) !== X509_CERTIFICATE || !certificate) return 'damaged';
    this.#certificates.push(certificate);
    return undefined;
  }

  async #decrypt(
    algorithm: Element | undefined,
    ciphertext: Element | undefined,
  ): Promise<Uint8Array | Obstacle> {
    this.#encrypted = true;
    return decrypt(algorithm, octetsOf(ciphertext), this.#password, this.#rounds);
  }
}
