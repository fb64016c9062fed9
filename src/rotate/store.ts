import type { Destination, NewVersion } from '../domain/credential.ts';
import { sameDestination } from '../domain/credential.ts';
import { AppError, describeError } from '../domain/error.ts';
import type { Secret } from '../domain/secret.ts';
import { patiently } from './patience.ts';
import type { DestinationChange, DestinationView, ReadyDestination } from './rotation.ts';
import type { Storing, Written } from './write.ts';
import { isSameEverywhere, report, waitingFor, writeDurably } from './write.ts';

/** How one destination ended. `unconfirmed`: a write may have landed that nobody can tell from another's. */
export type Placed =
  | { readonly kind: 'verified'; readonly destination: Destination }
  | {
      readonly kind: 'failed' | 'unconfirmed';
      readonly destination: Destination;
      readonly reason: string;
      readonly hints: readonly string[];
      /** It would be the same at every other destination, and asking on would do harm. */
      readonly everywhere?: boolean;
    };

/** No new write to a place while an earlier one of unknown fate may still land (facts: 60 s by GitHub's clock). */
export const SETTLE_MS = 60_000;
const LOOK_PAUSES_MS = [0, 250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
/** GitHub's times have whole seconds: a write in the second of the baseline would not show. */
const RESOLUTION_MS = 2_000;

/**
 * Puts the token into one destination and looks until GitHub shows that a write landed.
 *
 * @param expected as it was before the form opened, with its key: another `updated_at` now means that somebody else wrote
 */
export async function placeToken(
  storing: Storing,
  token: Secret,
  destination: Destination,
  chosen: NewVersion,
  expected: ReadyDestination,
): Promise<Placed> {
  let baseline: DestinationView;
  try {
    baseline = await freshBaseline(storing, destination);
    if (baseline.updatedAt?.getTime() !== expected.updatedAt?.getTime())
      return tellFailed(storing, movedMeanwhile(destination));
  } catch (error) {
    return tellFailed(storing, notStored(destination, error));
  }
  const written = await writeDurably(storing, { token, destination, chosen, baseline }, expected.key);
  switch (written.kind) {
    case 'stored':
      return acknowledge(storing, destination, written) ?? lookBack(storing, destination, baseline);
    case 'unclear':
      return settleUnclear(storing, destination, baseline, written);
    case 'failed':
      return settleFailed(storing, destination, written);
  }
}

async function freshBaseline(storing: Storing, destination: Destination): Promise<DestinationView> {
  const waiting = waitingFor(storing, destination, 'stored');
  const read = () => patiently(waiting, () => storing.store.read(destination));
  await waitForEarlier(storing, destination, read);
  const view = await read();
  if (!view.updatedAt) return view;
  const age = view.serverTime ? view.serverTime.getTime() - view.updatedAt.getTime() : 0;
  if (age >= RESOLUTION_MS) return view;
  await storing.sleep(RESOLUTION_MS);
  return read();
}

/** A late write of an interrupted rotation could overwrite ours, so its time is waited out first. */
async function waitForEarlier(
  storing: Storing,
  destination: Destination,
  read: () => Promise<DestinationView>,
): Promise<void> {
  const intents = storing.log
    .unsettled(storing.credential)
    .filter((entry) => entry.id !== storing.id)
    .flatMap((entry) => entry.destinations)
    // Unconfirmed too: what was seen may be another's change, while ours is still on its way.
    .filter(({ state }) => state === 'intended' || state === 'unconfirmed')
    .filter((place) => sameDestination(place.destination, destination));
  const latest = Math.max(0, ...intents.map((place) => place.intendedAt.getTime()));
  if (latest === 0) return;
  const { serverTime } = await read();
  const wait = serverTime ? latest + SETTLE_MS - serverTime.getTime() : SETTLE_MS;
  if (wait > 0) await storing.sleep(Math.min(wait, SETTLE_MS));
}

/** GitHub has it. If our own record fails now, the person must be told at once. */
function acknowledge(
  storing: Storing,
  destination: Destination,
  answer: Extract<Written, { kind: 'stored' }>,
): Placed | undefined {
  const { requestId } = answer;
  const failure = settle(storing, destination, {
    state: 'stored',
    at: storing.now(),
    ...(requestId ? { requestId } : {}),
  });
  if (failure) return unrecorded(storing, destination, failure);
  report(storing, destination, 'stored', answer.created ? 'created' : 'updated');
  return undefined;
}

/** GitHub said yes; now it must show it. Reads lag behind writes, so this looks for about a minute. */
async function lookBack(
  storing: Storing,
  destination: Destination,
  before: DestinationView,
): Promise<Placed> {
  const waiting = waitingFor(storing, destination, 'verified');
  let everywhere = false;
  for (const pause of LOOK_PAUSES_MS) {
    if (pause > 0) await storing.sleep(pause);
    const view = await patiently(waiting, () => storing.store.read(destination), []).catch((error) => {
      everywhere = isSameEverywhere(error);
      return undefined;
    });
    if (everywhere) break;
    if (!view || !hasMoved(before.updatedAt, view.updatedAt)) continue;
    const change = { state: 'verified', at: storing.now(), remoteUpdatedAt: view.updatedAt } as const;
    const failure = settle(storing, destination, change);
    if (failure) return unrecorded(storing, destination, failure);
    const shown = view.updatedAt.toISOString().replace('.000Z', 'Z');
    report(storing, destination, 'verified', 'updated_at moved', shown);
    return { kind: 'verified', destination };
  }
  const reason = everywhere
    ? 'GitHub accepted it, and does not let anybody look any more'
    : 'GitHub accepted it, but shows no change yet';
  return settleUnconfirmed(storing, destination, { reason, everywhere });
}

/** After the last unclear answer: GitHub's own record decides between "not stored" and "somebody must say". */
async function settleUnclear(
  storing: Storing,
  destination: Destination,
  before: DestinationView,
  { reason, everywhere }: Extract<Written, { kind: 'unclear' }>,
): Promise<Placed> {
  await storing.sleep(SETTLE_MS);
  const waiting = waitingFor(storing, destination, 'verified');
  const view = await readOrNothing(() => patiently(waiting, () => storing.store.read(destination)));
  return view && view.updatedAt?.getTime() === before.updatedAt?.getTime()
    ? settleFailed(storing, destination, {
        reason: `${reason}; GitHub shows that nothing was stored`,
        hints: [],
        everywhere,
      })
    : settleUnconfirmed(storing, destination, { reason, everywhere });
}

function settleUnconfirmed(
  storing: Storing,
  destination: Destination,
  { reason, everywhere }: { readonly reason: string; readonly everywhere: boolean },
): Placed {
  const failure = settle(storing, destination, { state: 'unconfirmed', at: storing.now(), detail: reason });
  report(storing, destination, 'verified', 'unconfirmed', reason);
  return {
    kind: 'unconfirmed',
    destination,
    reason: failure ? `${reason}; ${failure}` : reason,
    hints: confirmHints(storing.credential),
    everywhere,
  };
}

function settleFailed(
  storing: Storing,
  destination: Destination,
  { reason, hints, everywhere }: Omit<Extract<Written, { kind: 'failed' }>, 'kind'>,
): Placed {
  const failure = settle(storing, destination, { state: 'failed', at: storing.now(), detail: reason });
  const told = failure ? `${reason}; ${failure}` : reason;
  return tellFailed(storing, { kind: 'failed', destination, reason: told, hints, everywhere });
}

function tellFailed(storing: Storing, placed: Extract<Placed, { reason: string }>): Placed {
  report(storing, placed.destination, 'stored', 'failed', placed.reason);
  return placed;
}

/** @returns why our own record could not be kept: what happened at GitHub is told all the same */
function settle(storing: Storing, destination: Destination, change: DestinationChange): string | undefined {
  try {
    storing.log.settleDestination(storing.id, destination, change);
    return undefined;
  } catch (error) {
    return `our own record of it failed: ${describeError(error)}`;
  }
}

function unrecorded({ credential }: Storing, destination: Destination, failure: string): Placed {
  return {
    kind: 'unconfirmed',
    destination,
    reason: `GitHub has the new token, and ${failure}`,
    hints: [`mend that, then run \`reseal confirm ${credential} --stored --expires DATE\``],
  };
}

async function readOrNothing(read: () => Promise<DestinationView>): Promise<DestinationView | undefined> {
  try {
    return await read();
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

function movedMeanwhile(destination: Destination): Extract<Placed, { reason: string }> {
  return {
    kind: 'failed',
    destination,
    reason: 'somebody else changed this secret while the form was open; nothing was stored',
    hints: ['find out who, then rotate again'],
  };
}

function notStored(destination: Destination, error: unknown): Extract<Placed, { reason: string }> {
  const hints = error instanceof AppError ? error.hints : [];
  const reason = `${describeError(error)}; nothing was stored`;
  return { kind: 'failed', destination, reason, hints, everywhere: isSameEverywhere(error) };
}
