import type { RotationResult } from '../rotate/rotation.ts';
import type { Listener } from './server.ts';

export type FormEnd =
  | { readonly kind: 'finished'; readonly result: RotationResult }
  | { readonly kind: 'expired'; readonly opened: boolean }
  | { readonly kind: 'cancelled' };

/** How long the form is open, by the monotonic clock that timers run on, and how it ends: once. */
export class Life {
  readonly #listener: Pick<Listener, 'close'>;
  readonly #deadlines: { readonly firstLoadMs: number; readonly totalMs: number };
  readonly #ending = Promise.withResolvers<FormEnd>();
  #timer: NodeJS.Timeout | undefined;
  #closesAt = 0;
  #opened = false;
  #held = false;
  /** What is to end the form once no token is on its way. */
  #due: FormEnd | undefined;
  #over = false;

  constructor(
    listener: Pick<Listener, 'close'>,
    deadlines: { readonly firstLoadMs: number; readonly totalMs: number },
  ) {
    this.#listener = listener;
    this.#deadlines = deadlines;
    this.#closeIn(deadlines.totalMs);
  }

  get ended(): Promise<FormEnd> {
    return this.#ending.promise;
  }

  /** The first time that somebody sees the form. */
  loaded(): void {
    if (this.#opened) return;
    this.#opened = true;
    if (performance.now() + this.#deadlines.firstLoadMs < this.#closesAt)
      this.#closeIn(this.#deadlines.firstLoadMs);
  }

  /**
   * A token is on its way: deadline and cancelling wait, so that nothing is cut off.
   *
   * @returns false when the form has ended: a body that was still arriving then must not be stored
   */
  hold(): boolean {
    this.#held = !this.#over;
    return this.#held;
  }

  release(): void {
    this.#held = false;
    if (this.#due) this.end(this.#due);
  }

  /** Rounded down, and one at least. */
  secondsLeft(): number {
    return Math.max(1, Math.floor((this.#closesAt - performance.now()) / 1_000));
  }

  /** It ends as soon as the token that is on its way has its answer. */
  get ending(): boolean {
    return this.#due !== undefined;
  }

  cancel(): void {
    this.#endWhenFree({ kind: 'cancelled' });
  }

  end(end: FormEnd): void {
    this.#finish(() => this.#ending.resolve(end));
  }

  fail(error: unknown): void {
    this.#finish(() => this.#ending.reject(error));
  }

  #closeIn(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#closesAt = performance.now() + milliseconds;
    this.#timer = setTimeout(
      () => this.#endWhenFree({ kind: 'expired', opened: this.#opened }),
      milliseconds,
    );
  }

  #endWhenFree(end: FormEnd): void {
    if (this.#held) this.#due = end;
    else this.end(end);
  }

  #finish(settle: () => void): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    void this.#listener.close().then(settle);
  }
}
