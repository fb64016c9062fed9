import type { Secret } from '../domain/secret.ts';

/** The one string made of a token: a header takes nothing else, and a string cannot be wiped. The process ends soon. */
export function tokenText(token: Secret): string {
  const { buffer, byteOffset, byteLength } = token.reveal();
  // A view: copied, the bytes would stay in the pool that small buffers share.
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}

const PART_CHARACTERS = 8;

/** Whether a text that came from outside holds any part of the token. */
export function echoes(text: string, token: string): boolean {
  for (let start = 0; start + PART_CHARACTERS <= token.length; start++) {
    if (text.includes(token.slice(start, start + PART_CHARACTERS))) return true;
  }
  return false;
}
