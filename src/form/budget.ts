const MINUTE_MS = 60_000;

/** At most so many in any sixty seconds. Refused ones are not counted, so that noise cannot keep a budget empty. */
export class Budget {
  readonly #limit: number;
  readonly #taken: number[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @param now milliseconds of a monotonic clock */
  take(now: number): boolean {
    while (this.#taken.length > 0 && (this.#taken[0] ?? 0) <= now - MINUTE_MS) this.#taken.shift();
    if (this.#taken.length >= this.#limit) return false;
    this.#taken.push(now);
    return true;
  }
}
