import { AppError } from '../domain/error.ts';
import type { Pace } from './pace.ts';
import type { Issuer, Reader, RotationLog, RotationResult, SecretStore } from './rotation.ts';

/** A person asked for an end before anything was written. */
export class Stopped extends AppError {
  constructor() {
    super('refused', 'stopped by a person');
  }
}

/**
 * Whether a rotation may still be given up. Until the first intent it may, wherever it waits, and nothing is stored; from then on GitHub
 * may hold the token, and only going on to the end finds that out.
 */
export class Stop {
  readonly #asked = Promise.withResolvers<never>();
  readonly #hear: () => Promise<void>;
  #state: 'free' | 'asked' | 'begun' = 'free';

  /** @param hear lets what has been asked for already arrive: a signal is seen between two turns of the event loop only */
  constructor(hear: () => Promise<void> = async () => undefined) {
    this.#hear = hear;
    // Nobody may be waiting when it is asked for.
    this.#asked.promise.catch(() => undefined);
  }

  /** It was asked for in time: nothing was written, and nothing will be. */
  get isAsked(): boolean {
    return this.#state === 'asked';
  }

  /** The first write is on its way, or has been. */
  get isBegun(): boolean {
    return this.#state === 'begun';
  }

  /** Asks for it. Too late once the first write has begun. */
  ask(): void {
    if (this.isBegun) return;
    this.#state = 'asked';
    this.#asked.reject(new Stopped());
  }

  /** The first write is about to leave. @throws Stopped when it may not */
  async begin(): Promise<void> {
    if (this.isBegun) return;
    await this.#hear();
    if (this.isAsked) throw new Stopped();
    this.#state = 'begun';
  }

  /** Waits for it, but before the first write not for longer than until somebody asks to stop. @throws Stopped */
  async orStop<T>(wait: () => Promise<T>): Promise<T> {
    if (this.isBegun) return wait();
    if (this.isAsked) throw new Stopped();
    return Promise.race([wait(), this.#asked.promise]);
  }
}

/** Records that a rotation was stopped before its first write, with the token in hand. */
export function abandon(rotation: {
  readonly id: string;
  readonly credential: string;
  readonly log: RotationLog;
  readonly now: () => Date;
}): RotationResult {
  const { id, credential, log, now } = rotation;
  log.move(id, 'abandoned', now(), 'stopped by a person');
  return {
    outcome: 'abandoned',
    reasons: ['stopped by a person before anything was written to GitHub'],
    next: [`keep the new token at hand, and give it again: \`reseal rotate ${credential}\``],
  };
}

/** Everything that a submission may wait for before its first write. */
interface Waits {
  readonly store: SecretStore;
  readonly pace: Pace;
  readonly issuer: Issuer | undefined;
  readonly reader: Reader | undefined;
  readonly sleep: (ms: number) => Promise<void>;
  readonly stop?: Stop | undefined;
}

/** The same, with waits that a stop ends. */
export function stoppable<Rotation extends Waits>(rotation: Rotation): Rotation {
  const { stop, store, pace, issuer, reader, sleep } = rotation;
  if (!stop) return rotation;
  return {
    ...rotation,
    sleep: (ms) => stop.orStop(() => sleep(ms)),
    pace: { take: (writes) => stop.orStop(() => pace.take(writes)) },
    reader: reader && { read: (token, password) => stop.orStop(() => reader.read(token, password)) },
    issuer: issuer && { check: (token) => stop.orStop(() => issuer.check(token)) },
    store: {
      ...store,
      read: (destination) => stop.orStop(() => store.read(destination)),
      publicKey: (destination) => stop.orStop(() => store.publicKey(destination)),
      seal: (token, key) => stop.orStop(() => store.seal(token, key)),
    },
  };
}
