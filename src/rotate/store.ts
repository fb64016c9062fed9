import type { Destination, NewVersion } from '../domain/credential.ts';
import { formatDestination } from '../domain/credential.ts';
import { AppError, describeError } from '../domain/error.ts';
import type { Secret } from '../domain/secret.ts';
import type { DestinationView, PutAnswer, RotationLog, SecretStore, StepReport } from './rotation.ts';

/** What storing needs from outside. `sleep` waits; nothing here reads a clock of its own. */
export interface Storing {
  readonly id: string;
  readonly credential: string;
  readonly log: RotationLog;
  readonly store: SecretStore;
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<void>;
  readonly report: (step: StepReport) => void;
}

/** How one destination ended. `unconfirmed`: a write may have landed that nobody can tell from another's. */
export type Placed =
  | { readonly kind: 'verified'; readonly destination: Destination }
  | {
      readonly kind: 'failed' | 'unconfirmed';
      readonly destination: Destination;
      readonly reason: string;
      readonly hints: readonly string[];
    };

/** No new write to a place while an earlier one of unknown fate may still land (facts: 60 s by GitHub's clock). */
export const SETTLE_MS = 60_000;
const REPEAT_PAUSES_MS = [1_000, 4_000, 15_000];
const LOOK_PAUSES_MS = [0, 250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
/** GitHub's times have whole seconds: a write in the second of the baseline would not show. */
const RESOLUTION_MS = 2_000;

/**
 * Puts the token into one destination and looks until GitHub shows that a write landed.
 *
 * @param expected `updated_at` as it was before the form opened: another now means that somebody else wrote
 */
export async function placeToken(
  storing: Storing,
  token: Secret,
  destination: Destination,
  chosen: NewVersion,
  expected: DestinationView,
): Promise<Placed> {
  let view: DestinationView;
  let key: Awaited<ReturnType<SecretStore['publicKey']>>;
  try {
    view = await freshBaseline(storing, destination);
    if (view.updatedAt?.getTime() !== expected.updatedAt?.getTime()) return movedMeanwhile(destination);
    key = await storing.store.publicKey(destination);
  } catch (error) {
    return notStored(destination, error);
  }
  const ended = await putDurably(storing, token, destination, chosen, view, key);
  return ended ?? lookBack(storing, destination, view);
}

async function freshBaseline(storing: Storing, destination: Destination): Promise<DestinationView> {
  await waitForEarlier(storing, destination);
  const view = await storing.store.read(destination);
  const age = view.updatedAt ? view.serverTime.getTime() - view.updatedAt.getTime() : RESOLUTION_MS;
  if (age >= RESOLUTION_MS) return view;
  await storing.sleep(RESOLUTION_MS);
  return storing.store.read(destination);
}

/** A late write of an interrupted rotation could overwrite ours, so its time is waited out first. */
async function waitForEarlier(storing: Storing, destination: Destination): Promise<void> {
  const intents = storing.log
    .unsettled(storing.credential)
    .filter((entry) => entry.id !== storing.id)
    .flatMap((entry) => entry.destinations)
    .filter(
      (place) =>
        place.state === 'intended' && formatDestination(place.destination) === formatDestination(destination),
    );
  const latest = Math.max(0, ...intents.map((place) => place.intendedAt.getTime()));
  if (latest === 0) return;
  const { serverTime } = await storing.store.read(destination);
  const wait = latest + SETTLE_MS - serverTime.getTime();
  if (wait > 0) await storing.sleep(Math.min(wait, SETTLE_MS));
}

/**
 * Seals, writes the intent, sends; the same sealed bytes again while the answer is unclear; a stale key once anew.
 *
 * @returns undefined once GitHub has said yes, else how it ended
 */
async function putDurably(
  storing: Storing,
  token: Secret,
  destination: Destination,
  chosen: NewVersion,
  view: DestinationView,
  firstKey: { readonly keyId: string; readonly key: string },
): Promise<Placed | undefined> {
  let key = firstKey;
  for (let sealing = 1; ; sealing++) {
    let sealed: { value: string; keyId: string };
    try {
      sealed = { value: await storing.store.seal(token, key.key), keyId: key.keyId };
      intend(storing, destination, chosen, view, key.keyId);
    } catch (error) {
      return notStored(destination, error);
    }
    const answer = await putUntilClear(storing, destination, sealed);
    if (answer.kind === 'stored') return acknowledge(storing, destination, answer);
    if (answer.kind === 'unclear') return settleUnclear(storing, destination, view, answer.reason);
    if (answer.kind === 'refused' || sealing === 2) {
      return settleFailed(storing, destination, answer.reason, answer.kind === 'refused' ? answer.hints : []);
    }
    try {
      key = await storing.store.publicKey(destination);
    } catch (error) {
      return settleFailed(storing, destination, describeError(error), []);
    }
  }
}

function intend(
  storing: Storing,
  destination: Destination,
  chosen: NewVersion,
  view: DestinationView,
  keyId: string,
): void {
  const localAt = storing.now();
  const intent = {
    destination,
    keyId,
    baselineUpdatedAt: view.updatedAt,
    intendedAt: view.serverTime,
    localAt,
  };
  storing.log.intend(storing.id, intent, chosen);
  report(storing, destination, 'intended', 'recorded');
}

async function putUntilClear(
  storing: Storing,
  destination: Destination,
  sealed: { readonly value: string; readonly keyId: string },
): Promise<PutAnswer> {
  let answer = await storing.store.put(destination, sealed);
  for (const pause of REPEAT_PAUSES_MS) {
    if (answer.kind !== 'unclear') return answer;
    report(storing, destination, 'stored', 'unclear', `${answer.reason}; sending the same again`);
    await storing.sleep(pause);
    answer = await storing.store.put(destination, sealed);
  }
  return answer;
}

/** GitHub has it. If our own record fails now, the person must be told at once. */
function acknowledge(
  storing: Storing,
  destination: Destination,
  answer: Extract<PutAnswer, { kind: 'stored' }>,
): Placed | undefined {
  const { requestId } = answer;
  try {
    const change = { state: 'stored', at: storing.now(), ...(requestId ? { requestId } : {}) } as const;
    storing.log.settleDestination(storing.id, destination, change);
  } catch (error) {
    return {
      kind: 'unconfirmed',
      destination,
      reason: `GitHub has the new token, and our own record of it failed: ${describeError(error)}`,
      hints: [`mend that, then run \`reseal confirm ${storing.credential} --stored --expires DATE\``],
    };
  }
  report(storing, destination, 'stored', answer.created ? 'created' : 'updated');
  return undefined;
}

/** GitHub said yes; now it must show it. Reads lag behind writes, so this looks for about a minute. */
async function lookBack(
  storing: Storing,
  destination: Destination,
  before: DestinationView,
): Promise<Placed> {
  for (const pause of LOOK_PAUSES_MS) {
    if (pause > 0) await storing.sleep(pause);
    const view = await readOrNothing(storing, destination);
    if (!view || !hasMoved(before.updatedAt, view.updatedAt)) continue;
    const change = { state: 'verified', at: storing.now(), remoteUpdatedAt: view.updatedAt } as const;
    storing.log.settleDestination(storing.id, destination, change);
    report(
      storing,
      destination,
      'verified',
      'updated_at moved',
      view.updatedAt.toISOString().replace('.000Z', 'Z'),
    );
    return { kind: 'verified', destination };
  }
  const reason = 'GitHub accepted it, but shows no change yet';
  storing.log.settleDestination(storing.id, destination, {
    state: 'unconfirmed',
    at: storing.now(),
    detail: reason,
  });
  return { kind: 'unconfirmed', destination, reason, hints: confirmHints(storing.credential) };
}

/** After the last unclear answer: GitHub's own record decides between "not stored" and "somebody must say". */
async function settleUnclear(
  storing: Storing,
  destination: Destination,
  before: DestinationView,
  reason: string,
): Promise<Placed> {
  await storing.sleep(SETTLE_MS);
  const view = await readOrNothing(storing, destination);
  if (view && view.updatedAt?.getTime() === before.updatedAt?.getTime()) {
    return settleFailed(storing, destination, `${reason}; GitHub shows that nothing was stored`, []);
  }
  const change = { state: 'unconfirmed', at: storing.now(), detail: reason } as const;
  storing.log.settleDestination(storing.id, destination, change);
  return { kind: 'unconfirmed', destination, reason, hints: confirmHints(storing.credential) };
}

function settleFailed(
  storing: Storing,
  destination: Destination,
  reason: string,
  hints: readonly string[],
): Placed {
  storing.log.settleDestination(storing.id, destination, {
    state: 'failed',
    at: storing.now(),
    detail: reason,
  });
  return { kind: 'failed', destination, reason, hints };
}

async function readOrNothing(
  storing: Storing,
  destination: Destination,
): Promise<DestinationView | undefined> {
  try {
    return await storing.store.read(destination);
  } catch {
    return undefined;
  }
}

/** Whether GitHub shows a later write than the baseline. An earlier time is an outdated read. */
export function hasMoved(before: Date | undefined, after: Date | undefined): after is Date {
  return after !== undefined && (before === undefined || after > before);
}

export function confirmHints(credential: string): readonly string[] {
  return [
    `look at the secret's date in GitHub, then say which it was: \`reseal confirm ${credential} --stored --expires DATE\` or \`--not-stored\``,
    'or simply rotate again: writing a second time does no harm',
  ];
}

function movedMeanwhile(destination: Destination): Placed {
  return {
    kind: 'failed',
    destination,
    reason: 'somebody else changed this secret while the form was open; nothing was stored',
    hints: ['find out who, then rotate again'],
  };
}

function notStored(destination: Destination, error: unknown): Placed {
  const hints = error instanceof AppError ? error.hints : [];
  return { kind: 'failed', destination, reason: `${describeError(error)}; nothing was stored`, hints };
}

function report(
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
