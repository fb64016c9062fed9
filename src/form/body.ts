import type { IncomingMessage } from 'node:http';
import { Secret } from '../domain/secret.ts';
import { trimAscii } from '../kinds/format.ts';
import { scrubParser } from './scrub.ts';

/** The fields of one submission. Only the short ones are text: the token never becomes a string here. */
export interface Fields {
  readonly nonce: string;
  readonly token: Secret;
  readonly expiration: string | undefined;
  readonly expiresOn: string | undefined;
  readonly unchecked: boolean;
}

/**
 * V8 keeps an array of up to 64 bytes inside its own heap, and leaves a copy behind when it moves it, or when part of it
 * is looked at. A larger one has a store outside, of which there is one.
 */
const OUTSIDE_HEAP = 128;

const TEXT_FIELDS = ['nonce', 'expiration', 'expires-on', 'unchecked'];
const MAX_TEXT_BYTES = 64;

const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;

/**
 * Reads exactly `length` bytes into one buffer of their own (no shared pool), and overwrites the chunks they came in.
 *
 * @returns undefined when the sender went away before the end
 */
export function readBody(request: IncomingMessage, length: number): Promise<Buffer | undefined> {
  const body = Buffer.allocUnsafeSlow(Math.max(length, OUTSIDE_HEAP)).subarray(0, length);
  let filled = 0;
  return new Promise((resolve) => {
    request.on('data', (chunk: Buffer) => {
      filled += chunk.copy(body, filled);
      chunk.fill(0);
    });
    request.on('end', () => {
      void scrubParser(request).then(() => resolve(filled === length ? body : undefined));
    });
    request.on('error', () => undefined);
    request.on('close', () => {
      if (request.complete) return;
      body.fill(0);
      resolve(undefined);
    });
  });
}

/** Reads a body to its end and overwrites it. @returns false when the sender went away before */
export function discardBody(request: IncomingMessage): Promise<boolean> {
  return new Promise((resolve) => {
    request.on('data', (chunk: Buffer) => void chunk.fill(0));
    request.on('end', () => void scrubParser(request).then(() => resolve(true)));
    request.on('error', () => undefined);
    request.on('close', () => resolve(request.complete));
  });
}

/**
 * Parses application/x-www-form-urlencoded (URL standard §5.1) strictly, as bytes, and overwrites `body`.
 *
 * @returns undefined for an unknown or repeated field, a missing nonce or token, or a broken percent escape
 */
export function parseBody(body: Uint8Array): Fields | undefined {
  const texts = new Map<string, string>();
  let token: Secret | undefined;
  try {
    for (const pair of split(body)) {
      const name = pair.name;
      const value = decode(pair.value);
      if (name === 'token' && value && !token) token = new Secret(trimAscii(value));
      else if (value && isText(name, value) && !texts.has(name)) texts.set(name, ascii(value));
      else return discard(token, value);
    }
    return fieldsFrom(texts, token) ?? discard(token);
  } finally {
    body.fill(0);
  }
}

function fieldsFrom(texts: ReadonlyMap<string, string>, token: Secret | undefined): Fields | undefined {
  const nonce = texts.get('nonce');
  const unchecked = texts.get('unchecked');
  if (nonce === undefined || token === undefined) return undefined;
  if (unchecked !== undefined && unchecked !== 'yes') return undefined;
  return {
    nonce,
    token,
    expiration: texts.get('expiration'),
    expiresOn: texts.get('expires-on'),
    unchecked: unchecked === 'yes',
  };
}

function isText(name: string, value: Uint8Array): boolean {
  return (
    TEXT_FIELDS.includes(name) &&
    value.length <= MAX_TEXT_BYTES &&
    value.every((byte) => byte >= 0x20 && byte < 0x7f)
  );
}

function discard(token: Secret | undefined, value?: Uint8Array): undefined {
  token?.wipe();
  value?.fill(0);
  return undefined;
}

function* split(body: Uint8Array): Generator<{ name: string; value: Uint8Array }> {
  let start = 0;
  while (start <= body.length) {
    const next = body.indexOf(AMPERSAND, start);
    const end = next < 0 ? body.length : next;
    const pair = body.subarray(start, end);
    const equals = pair.indexOf(EQUALS);
    // What has no name as short as ours (such as a token alone) must not be turned into text.
    const name = equals < 0 || equals > 10 ? '' : ascii(pair.subarray(0, equals));
    yield { name, value: pair.subarray(equals + 1) };
    start = end + 1;
  }
}

/** @returns bytes with a store of their own, or undefined when a `%` is not followed by two hexadecimal digits */
function decode(value: Uint8Array): Uint8Array | undefined {
  const decoded = Buffer.allocUnsafeSlow(Math.max(value.length, OUTSIDE_HEAP));
  let length = 0;
  for (let at = 0; at < value.length; at++) {
    const byte = value[at] ?? 0;
    if (byte === PERCENT) {
      const high = hexDigit(value[at + 1]);
      const low = hexDigit(value[at + 2]);
      if (high < 0 || low < 0) {
        decoded.fill(0);
        return undefined;
      }
      decoded[length++] = high * 16 + low;
      at += 2;
    } else {
      decoded[length++] = byte === PLUS ? SPACE : byte;
    }
  }
  return decoded.subarray(0, length);
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function ascii(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
