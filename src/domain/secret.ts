const REDACTED = '[redacted]';

/**
 * The text of a token while it is on its way from the form to the seal. It prints, serialises and inspects as
 * `[redacted]`; the bytes come out through `reveal` alone, whose few callers are listed in the architecture test.
 */
export class Secret {
  readonly #bytes: Uint8Array;

  /** Takes the bytes over: the caller keeps no copy of its own. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get length(): number {
    return this.#bytes.length;
  }

  reveal(): Uint8Array {
    return this.#bytes;
  }

  /** Overwrites the bytes. A string made from them meanwhile cannot be wiped, which is why the process ends soon. */
  wipe(): void {
    this.#bytes.fill(0);
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED;
  }
}
