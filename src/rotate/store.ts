import type { Destination, NewVersion } from '../domain/credential.ts';
import { sameDestination } from '../domain/credential.ts';
import { AppError, describeError } from '../domain/error.ts';
import type { Secret } from '../domain/secret.ts';
import type { DestinationChange, DestinationView, SecretStore } from './rotation.ts';
import type { Storing, Written } from './write.ts';
import { patiently, report, writeDurably } from './write.ts';

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
  let baseline: DestinationView;
  let key: Awaited<ReturnType<SecretStore['publicKey']>>;
  try {
    baseline = await freshBaseline(storing, destination);
    if (baseline.updatedAt?.getTime() !== expected.updatedAt?.getTime()) return movedMeanwhile(destination);
    key = await patiently(storing, () => storing.store.publicKey(destination));
  } catch (error) {
    return notStored(destination, error);
  }
  const written = await writeDurably(storing, { token, destination, chosen, baseline }, key);
  switch (written.kind) {
    case 'stored':
      return acknowledge(storing, destination, written) ?? lookBack(storing, destination, baseline);
    case 'unclear':
      return settleUnclear(storing, destination, baseline, written.reason);
    case 'failed':
      return settleFailed(storing, destination, written.reason, written.hints);
  }
}

async function freshBaseline(storing: Storing, destination: Destination): Promise<DestinationView> {
  const read = () => patiently(storing, () => storing.store.read(destination));
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
    .filter((place) => place.state === 'intended' && sameDestination(place.destination, destination));
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
  for (const pause of LOOK_PAUSES_MS) {
    if (pause > 0) await storing.sleep(pause);
    const view = await readOrNothing(() => storing.store.read(destination));
    if (!view || !hasMoved(before.updatedAt, view.updatedAt)) continue;
    const change = { state: 'verified', at: storing.now(), remoteUpdatedAt: view.updatedAt } as const;
    const failure = settle(storing, destination, change);
    if (failure) return unrecorded(storing, destination, failure);
    const shown = view.updatedAt.toISOString().replace('.000Z', 'Z');
    report(storing, destination, 'verified', 'updated_at moved', shown);
    return { kind: 'verified', destination };
  }
  return settleUnconfirmed(storing, destination, 'GitHub accepted it, but shows no change yet');
}

/** After the last unclear answer: GitHub's own record decides between "not stored" and "somebody must say". */
async function settleUnclear(
  storing: Storing,
  destination: Destination,
  before: DestinationView,
  reason: string,
): Promise<Placed> {
  await storing.sleep(SETTLE_MS);
  const view = await readOrNothing(() => patiently(storing, () => storing.store.read(destination)));
  return view && view.updatedAt?.getTime() === before.updatedAt?.getTime()
    ? settleFailed(storing, destination, `${reason}; GitHub shows that nothing was stored`, [])
    : settleUnconfirmed(storing, destination, reason);
}

function settleUnconfirmed(storing: Storing, destination: Destination, reason: string): Placed {
  const failure = settle(storing, destination, { state: 'unconfirmed', at: storing.now(), detail: reason });
  return {
    kind: 'unconfirmed',
    destination,
    reason: failure ? `${reason}; ${failure}` : reason,
    hints: confirmHints(storing.credential),
  };
}

function settleFailed(
  storing: Storing,
  destination: Destination,
  reason: string,
  hints: readonly string[],
): Placed {
  const failure = settle(storing, destination, { state: 'failed', at: storing.now(), detail: reason });
  return { kind: 'failed', destination, reason: failure ? `${reason}; ${failure}` : reason, hints };
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
