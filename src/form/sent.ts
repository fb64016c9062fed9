import { Secret } from '../domain/secret.ts';
import { trimAscii } from '../kinds/format.ts';
import { withoutLineEnd } from '../kinds/line-end.ts';

/** The fields of one submission. Only the short ones are text: nothing that may be secret becomes a string here. */
export interface Fields {
  readonly nonce: string;
  /** What was put into the line, without blanks around it; undefined: the page has none. */
  readonly token: Secret | undefined;
  /** Byte for byte, save where it could have been a line as well; undefined: none was chosen, or the page asks for none. */
  readonly file: Secret | undefined;
  /** As it was typed; undefined: the page asks for none. */
  readonly password: Secret | undefined;
  readonly expiration: string | undefined;
  readonly expiresOn: string | undefined;
  readonly unchecked: boolean;
}

/** What a page asks for that is secret. A browser sends every one of its fields, filled in or not. */
export type SecretName = 'token' | 'file' | 'password';

const TEXT_NAMES = ['nonce', 'expiration', 'expires-on', 'unchecked'];
const MAX_TEXT_BYTES = 64;

/** No field of ours has a longer name. */
export const MAX_NAME_BYTES = 10;

/**
 * V8 keeps an array of up to 64 bytes inside its own heap, and leaves a copy behind when it moves it, or when part of it
 * is looked at. A larger one has a store outside, of which there is one.
 */
const OUTSIDE_HEAP = 128;

/** @returns room for so many bytes, in a store of their own (no shared pool) */
export function ownBytes(length: number): Buffer {
  return Buffer.allocUnsafeSlow(Math.max(length, OUTSIDE_HEAP)).subarray(0, length);
}

/** Gathers the fields of one body, each of which comes once and is one that the page has. */
export class Sent {
  readonly #asked: readonly SecretName[];
  readonly #secrets = new Map<SecretName, Secret | undefined>();
  readonly #texts = new Map<string, string>();

  constructor(asked: readonly SecretName[]) {
    this.#asked = asked;
  }

  /**
   * @param value bytes of its own, which are taken over: kept, or overwritten. Undefined: the field was left without any
   * @returns false for a field that the page does not have, or that came already, or that holds what it cannot
   */
  take(name: string, value: Uint8Array | undefined): boolean {
    if (this.#takeSecret(name, value)) return true;
    const isTaken = value !== undefined && isShortText(name, value) && !this.#texts.has(name);
    if (isTaken) this.#texts.set(name, asciiText(value));
    value?.fill(0);
    return isTaken;
  }

  has(name: string): boolean {
    return this.#texts.has(name);
  }

  /** @returns undefined, and nothing is left of it, where a field is missing that every page has */
  end(): Fields | undefined {
    const nonce = this.#texts.get('nonce');
    const unchecked = this.#texts.get('unchecked');
    const isWhole = this.#secrets.size === this.#asked.length;
    if (nonce === undefined || !isWhole || (unchecked !== undefined && unchecked !== 'yes'))
      return this.discard();
    return {
      nonce,
      token: this.#secrets.get('token'),
      file: this.#secrets.get('file'),
      password: this.#secrets.get('password'),
      expiration: this.#texts.get('expiration'),
      expiresOn: this.#texts.get('expires-on'),
      unchecked: unchecked === 'yes',
    };
  }

  discard(): undefined {
    for (const secret of this.#secrets.values()) secret?.wipe();
    return undefined;
  }

  #takeSecret(name: string, value: Uint8Array | undefined): boolean {
    const asked = this.#asked.find((each) => each === name);
    if (!asked || this.#secrets.has(asked)) return false;
    // Of a file alone, a browser says that there is none.
    if (value === undefined && asked !== 'file') return false;
    this.#secrets.set(asked, value && new Secret(this.#valueOf(asked, value)));
    return true;
  }

  #valueOf(name: SecretName, value: Uint8Array): Uint8Array {
    if (name === 'token') return trimAscii(value);
    // Where it could have been a line as well, a file of one line is that line, as with `--stdin`.
    return name === 'file' && this.#asked.includes('token') ? withoutLineEnd(value) : value;
  }
}

export function wipeFields({ token, file, password }: Fields): void {
  for (const secret of [token, file, password]) secret?.wipe();
}

/** For bytes that are known to be short and no secret. */
export function asciiText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function isShortText(name: string, value: Uint8Array): boolean {
  return (
    TEXT_NAMES.includes(name) &&
    value.length <= MAX_TEXT_BYTES &&
    value.every((byte) => byte >= 0x20 && byte < 0x7f)
  );
}
