import { createHash, timingSafeEqual } from 'node:crypto';

// The calendar stands at an address that nobody can guess: whoever has it may read the expiries, and nothing else.

/** 256 bits. */
export const ADDRESS_BYTES = 32;

/** In base64url (RFC 4648 §5), without padding. */
const CHARACTERS = 43;

const PATH = new RegExp(`^/calendar/([\\w-]{${CHARACTERS}})\\.ics$`);

/** @param bytes `ADDRESS_BYTES` of them, by chance */
export function makeAddress(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

export function isAddress(text: string): boolean {
  return text.length === CHARACTERS && /^[\w-]+$/.test(text);
}

export function feedPath(address: string): string {
  return `/calendar/${address}.ics`;
}

/** The address that a path names; undefined: it is none of a calendar. */
export function addressIn(path: string): string | undefined {
  return PATH.exec(path)?.[1];
}

/** By digest, so that neither content nor length shows in the time it takes. */
export function isSameAddress(expected: string, candidate: string): boolean {
  return timingSafeEqual(digest(expected), digest(candidate));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
