import type { Secret } from '../domain/secret.ts';

const KEY_BYTES = 32;

/**
 * Seals a token to a public key: `crypto_box_seal` (X25519, XSalsa20-Poly1305), standard padded base64, as GitHub's
 * "Create or update an environment secret" asks.
 *
 * @throws when the key is not 32 bytes, or all zero
 */
export async function seal(token: Secret, publicKey: string): Promise<string> {
  const { default: sodium } = await import('libsodium-wrappers');
  await sodium.ready;
  const key = decodeKey(publicKey);
  if (!key) throw new Error('the public key is not 32 bytes in base64');
  const box = sodium.crypto_box_seal(token.reveal(), key);
  const text = sodium.to_base64(box, sodium.base64_variants.ORIGINAL);
  sodium.memzero(box);
  return text;
}

/** @returns undefined when `text` is not the base64 of a usable X25519 public key */
export function decodeKey(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const key = Buffer.from(text, 'base64');
  return key.length === KEY_BYTES && key.some((byte) => byte !== 0) ? key : undefined;
}
