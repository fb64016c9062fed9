import type { Secret } from '../domain/secret.ts';

const KEY_BYTES = 32;

/**
 * Seals a token to a public key: `crypto_box_seal` (X25519, XSalsa20-Poly1305), standard padded base64, as GitHub's
 * "Create or update an environment secret" asks.
 *
 * @throws when the key is none that `decodeKey` takes
 */
export async function seal(token: Secret, publicKey: string): Promise<string> {
  const sodium = await loadSodium();
  const key = decodeKey(publicKey);
  if (!key) throw new Error('the public key is not 32 usable bytes in base64');
  return boxOf(sodium, token.reveal(), key);
}

type Sodium = Awaited<ReturnType<typeof loadSodium>>;

function boxOf(sodium: Sodium, bytes: Uint8Array, key: Uint8Array): string {
  const box = sodium.crypto_box_seal(bytes, key);
  const text = sodium.to_base64(box, sodium.base64_variants.ORIGINAL);
  sodium.memzero(box);
  return text;
}

let warm: Promise<void> | undefined;

/**
 * Loads libsodium and seals nothing to nobody, once: the first time takes a tenth of a second, and a person who is still at
 * the issuer's page does not notice.
 */
export function warmUp(): Promise<void> {
  warm ??= loadSodium().then((sodium) => void boxOf(sodium, new Uint8Array(1), BASE_POINT));
  return warm;
}

/** Of X25519 (RFC 7748 §4.1): a key like another. */
const BASE_POINT = Uint8Array.of(9, ...new Uint8Array(KEY_BYTES - 1));

async function loadSodium() {
  const { default: sodium } = await import('libsodium-wrappers');
  await sodium.ready;
  return sodium;
}

/** @returns undefined when `text` is not exactly the padded base64 of a usable X25519 public key */
export function decodeKey(text: string): Uint8Array | undefined {
  const key = Buffer.from(text, 'base64');
  if (key.length !== KEY_BYTES || key.toString('base64') !== text) return undefined;
  return LOW_ORDER.has(withoutTopBit(key)) ? undefined : key;
}

/** With these anybody could open the box: the points of small order (libsodium: x25519_ref10.c, has_small_order). */
const LOW_ORDER: ReadonlySet<string> = new Set([
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
]);

/** In hex; X25519 leaves that bit out of account (RFC 7748 §5). */
function withoutTopBit(key: Uint8Array): string {
  const copy = Buffer.from(key);
  copy[KEY_BYTES - 1] = (copy[KEY_BYTES - 1] ?? 0) & 0x7f;
  return copy.toString('hex');
}
