import type { Destination, NewVersion } from '../domain/credential.ts';
import { formatDestination } from '../domain/credential.ts';
import { AppError, describeError, isAppError } from '../domain/error.ts';
import type { Secret } from '../domain/secret.ts';
import type { Pace } from './pace.ts';
import type { Waiting } from './patience.ts';
import { patiently, waitOutLimit } from './patience.ts';
import type {
  DestinationView,
  PublicKey,
  PutAnswer,
  RotationLog,
  SecretStore,
  StepReport,
} from './rotation.ts';
import type { Stop } from './stop.ts';
import { Stopped } from './stop.ts';

/** What storing needs from outside. `sleep` waits; nothing here reads a clock of its own. */
export interface Storing {
  readonly id: string;
  readonly credential: string;
  readonly log: RotationLog;
  readonly store: SecretStore;
  readonly pace: Pace;
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<void>;
  readonly report: (step: StepReport) => void;
  /** Undefined: nobody can stop it. */
  readonly stop?: Stop | undefined;
}

/** One token on its way to one destination. */
interface Writing {
  readonly token: Secret;
  readonly destination: Destination;
  readonly chosen: NewVersion;
  readonly baseline: DestinationView;
}

export type Written =
  | Extract<PutAnswer, { kind: 'stored' }>
  /** Surely not stored. `everywhere`: it would be the same at every other destination. */
  | {
      readonly kind: 'failed';
      readonly reason: string;
      readonly hints: readonly string[];
      readonly everywhere: boolean;
    }
  /** One of the writes may have landed, or may land still. */
  | { readonly kind: 'unclear'; readonly reason: string; readonly everywhere: boolean };

const REPEAT_PAUSES_MS = [1_000, 4_000, 15_000];

/**
 * Seals, and sends the same sealed bytes until an answer is clear; a key that GitHub refuses is fetched anew once. Before
 * each PUT its intent is durable. Once an answer was lost, a later "no" no longer means that nothing was stored.
 */
export async function writeDurably(
  storing: Storing,
  writing: Writing,
  firstKey: PublicKey,
): Promise<Written> {
  const { store, sleep, pace } = storing;
  const { destination } = writing;
  // The key was fetched before the form opened: its time alone would date the write too early, and end the wait for it too soon.
  const githubTime = carryOn(
    storing,
    writing.baseline.serverTime ?? latest(firstKey.serverTime, storing.now()),
  );
  const pauses = [...REPEAT_PAUSES_MS];
  const waiting = waitingFor(storing, destination, 'stored');
  const limits = waitOutLimit(waiting);
  let lost: string | undefined;
  let resealed = false;
  let isUnderWay = false;
  try {
    let sealed = await seal(storing, writing, firstKey);
    for (let put = 1; ; put++) {
      // Before the intent, so that its time is that of the write.
      await pace.take(true);
      await storing.stop?.begin();
      intend(storing, writing, sealed.keyId, githubTime());
      if (put === 1) report(storing, destination, 'intended', 'recorded');
      isUnderWay = true;
      const answer = await store.put(destination, sealed);
      isUnderWay = false;
      if (answer.kind === 'stored') return answer;
      if (answer.kind === 'refused') return ended(lost, answer.reason, answer.hints, answer.everywhere);
      if (answer.kind === 'limited') {
        if (!(await limits(answer.waitMs))) return ended(lost, answer.reason, ['try again then'], true);
        continue;
      }
      if (answer.kind === 'stale-key') {
        if (resealed) return ended(lost, answer.reason, []);
        resealed = true;
        sealed = await seal(storing, writing, await patiently(waiting, () => store.publicKey(destination)));
        continue;
      }
      if (answer.kind === 'unclear') lost ??= answer.reason;
      const pause = pauses.shift();
      if (pause === undefined) return ended(lost, answer.reason, []);
      report(storing, destination, 'stored', 'unclear', `${answer.reason}; sending the same again`);
      await sleep(pause);
    }
  } catch (error) {
    if (error instanceof Stopped) throw error;
    // A bug while the write was under way: it may have reached GitHub.
    if (isUnderWay) lost ??= describeError(error);
    const hints = error instanceof AppError ? error.hints : [];
    return ended(lost, describeError(error), hints, isSameEverywhere(error));
  }
}

function ended(
  lost: string | undefined,
  reason: string,
  hints: readonly string[],
  everywhere = false,
): Written {
  if (lost === undefined) return { kind: 'failed', reason, hints, everywhere };
  return { kind: 'unclear', reason: lost === reason ? lost : `${lost}, then: ${reason}`, everywhere };
}

/** Bad log-ins that go on lock out the user behind the token; requests that go on through a limit, the program. */
export function isSameEverywhere(error: unknown): boolean {
  return isAppError(error, 'unauthorized') || isAppError(error, 'limited');
}

async function seal(
  { store }: Storing,
  { token }: Writing,
  { keyId, key }: PublicKey,
): Promise<{ readonly value: string; readonly keyId: string }> {
  return { value: await store.seal(token, key), keyId };
}

function intend(storing: Storing, writing: Writing, keyId: string, intendedAt: Date): void {
  const { destination, chosen, baseline } = writing;
  const intent = {
    destination,
    keyId,
    baselineUpdatedAt: baseline.updatedAt,
    intendedAt,
    localAt: storing.now(),
  };
  storing.log.intend(storing.id, intent, chosen);
}

function latest(one: Date | undefined, other: Date): Date {
  return one && one > other ? one : other;
}

/** GitHub's time, carried on by our own clock from its last answer. */
function carryOn({ now }: Storing, told: Date | undefined): () => Date {
  const from = now();
  return () => new Date((told ?? from).getTime() + Math.max(0, now().getTime() - from.getTime()));
}

/** A wait is told as a step of this name. */
export function waitingFor(storing: Storing, destination: Destination, step: StepReport['step']): Waiting {
  return {
    sleep: storing.sleep,
    say: (text) => report(storing, destination, step, 'limited', text),
  };
}

export function report(
  storing: Storing,
  destination: Destination,
  step: StepReport['step'],
  outcome: string,
  detail?: string,
): void {
  storing.report({
    step,
    credential: storing.credential,
    destination: formatDestination(destination),
    outcome,
    ...(detail ? { detail } : {}),
  });
}
