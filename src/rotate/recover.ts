import type { NewVersion } from '../domain/credential.ts';
import { AppError, describeError } from '../domain/error.ts';
import type {
  DestinationView,
  JournalDestination,
  JournalEntry,
  RotationLog,
  SecretStore,
} from './rotation.ts';
import { hasMoved, SETTLE_MS } from './store.ts';

export interface Recovery {
  readonly log: RotationLog;
  /** Asked only when something must be looked up at GitHub. @throws AppError when there is no usable token */
  readonly store: () => SecretStore;
  /** Whether the process of that rotation is still at it. */
  readonly isOpen: (credential: string) => boolean;
  readonly now: () => Date;
  readonly report: (event: {
    readonly event: string;
    readonly credential: string;
    readonly detail?: string;
  }) => void;
}

/** What GitHub's own record says of one interrupted write. */
export type Fate = 'settling' | 'not-stored' | 'unconfirmed' | 'verified';

/**
 * Judges an interrupted write by GitHub's clock and `updated_at`. Both rules are needed: a write may land up to a minute
 * late, and a change may be another's, so that "changed" never becomes "ours" by itself. Pure.
 */
export function judgeFate(place: JournalDestination, view: DestinationView): Fate {
  const { baselineUpdatedAt: before } = place;
  const outdated = view.updatedAt !== undefined && before !== undefined && view.updatedAt < before;
  if (hasMoved(before, view.updatedAt)) return place.state === 'stored' ? 'verified' : 'unconfirmed';
  // Without GitHub's time nobody can tell whether it is too early.
  if (!view.serverTime) return 'unconfirmed';
  if (outdated || isEarly(place, view)) return 'settling';
  return place.state === 'stored' ? 'unconfirmed' : 'not-stored';
}

/** Whether the write may still land, by GitHub's clock. */
function isEarly({ intendedAt }: JournalDestination, { serverTime }: DestinationView): boolean {
  return serverTime !== undefined && serverTime.getTime() - intendedAt.getTime() < SETTLE_MS;
}

/** Ends what killed processes left open. A rotation whose fate cannot be read stays as it is, and is looked at again. */
export async function recoverRotations(recovery: Recovery): Promise<void> {
  for (const { id, credential } of recovery.log.unfinished()) {
    if (recovery.isOpen(credential)) continue;
    // Read again once its lock is seen free: its process may have ended it since the list was made.
    const entry = recovery.log.unsettled(credential).find((one) => one.id === id);
    if (!entry || entry.state === 'unconfirmed') continue;
    try {
      await recoverOne(recovery, entry);
    } catch (error) {
      recovery.report({
        event: 'rotation.unread',
        credential,
        detail: describeError(error),
      });
    }
  }
}

async function recoverOne(recovery: Recovery, entry: JournalEntry): Promise<void> {
  const { log, now } = recovery;
  if (entry.state === 'opened' || entry.state === 'submitted' || entry.state === 'checked') {
    log.move(entry.id, 'abandoned', now(), 'the process ended before anything was sent to GitHub');
    recovery.report({ event: 'rotation.abandoned', credential: entry.credential });
    return;
  }
  const fates = await settleAll(recovery, entry);
  if (fates.includes('settling')) return;
  conclude(recovery, entry, fates);
}

async function settleAll(recovery: Recovery, entry: JournalEntry): Promise<readonly Fate[]> {
  const fates: Fate[] = [];
  for (const place of entry.destinations) {
    if (place.state === 'verified' || place.state === 'unconfirmed') fates.push(place.state);
    else if (place.state === 'failed') fates.push('not-stored');
    else {
      const view = await recovery.store().read(place.destination);
      const fate = judgeFate(place, view);
      fates.push(fate);
      if (fate !== 'settling') settle(recovery, entry, place, fate, view);
    }
  }
  return fates;
}

function settle(
  recovery: Recovery,
  entry: JournalEntry,
  place: JournalDestination,
  fate: Exclude<Fate, 'settling'>,
  view: DestinationView,
): void {
  recovery.log.settleDestination(entry.id, place.destination, {
    state: fate === 'not-stored' ? 'failed' : fate,
    at: recovery.now(),
    ...(fate === 'verified' && view.updatedAt ? { remoteUpdatedAt: view.updatedAt } : {}),
  });
}

function conclude(recovery: Recovery, entry: JournalEntry, fates: readonly Fate[]): void {
  const { log, now } = recovery;
  const { chosen } = entry;
  if (fates.includes('verified') && chosen) {
    completeAfterRestart(recovery, entry, chosen, fates);
  } else if (fates.includes('unconfirmed')) {
    log.move(
      entry.id,
      'unconfirmed',
      now(),
      'the process ended while the token was being stored, and GitHub does not show whose change it holds',
    );
    recovery.report({ event: 'rotation.unconfirmed', credential: entry.credential });
  } else {
    log.move(entry.id, 'failed', now(), 'the process ended before GitHub stored anything');
    recovery.report({ event: 'rotation.failed', credential: entry.credential });
  }
}

/** GitHub had said yes before the process ended, and shows it: only our own record was missing. */
function completeAfterRestart(
  { log, now, report }: Recovery,
  entry: JournalEntry,
  chosen: NewVersion,
  fates: readonly Fate[],
): void {
  if (entry.state === 'intended') log.move(entry.id, 'stored', now());
  if (entry.state !== 'verified') log.move(entry.id, 'verified', now());
  log.record(entry.id, chosen, now());
  const where = fates.every((fate) => fate === 'verified') ? '' : ', at some destinations only';
  const detail = `completed after a restart${where}`;
  report({ event: 'rotation.recorded', credential: entry.credential, detail });
}

/** What a person said of an unconfirmed rotation. */
export type Confirmation =
  | { readonly kind: 'stored'; readonly version: NewVersion }
  | { readonly kind: 'not-stored' };

/**
 * Settles an unconfirmed rotation by a person's word, held against what GitHub shows.
 *
 * @returns the number of the recorded version, or undefined after `not-stored`
 * @throws AppError refused when GitHub shows that nothing changed; unsettled when it is too early to say
 */
export async function confirmRotation(
  log: RotationLog,
  store: SecretStore,
  entry: JournalEntry,
  confirmation: Confirmation,
  now: () => Date,
): Promise<number | undefined> {
  const views = new Map<JournalDestination, DestinationView>();
  for (const place of entry.destinations) {
    // Where GitHub said no, a change is somebody else's.
    if (place.state !== 'failed') views.set(place, await store.read(place.destination));
  }
  const moved = [...views].filter(([place, view]) => hasMoved(place.baselineUpdatedAt, view.updatedAt));
  // Of none may be said that it was not stored while its write may land.
  if ([...views].some(([place, view]) => judgeFate(place, view) === 'settling')) throw tooEarly();
  if (confirmation.kind === 'stored') {
    if (moved.length === 0) throw notChanged(entry);
    return confirmStored(log, entry, views, confirmation.version, now);
  }
  // Another's change may have been seen while ours is on its way.
  if ([...views].some(([place, view]) => isEarly(place, view))) throw tooEarly();
  // It changed, and not by us: the old token is not known to stand there any more. First of all, since what has failed is not looked
  // at again when the rest of this must be done over.
  for (const [{ destination }] of moved) log.disown(entry.credential, destination, now());
  for (const [{ destination }] of views)
    log.settleDestination(entry.id, destination, { state: 'failed', at: now() });
  log.move(entry.id, 'failed', now(), 'a person said that it was not stored');
  return undefined;
}

function confirmStored(
  log: RotationLog,
  entry: JournalEntry,
  views: ReadonlyMap<JournalDestination, DestinationView>,
  version: NewVersion,
  now: () => Date,
): number {
  for (const [place, { updatedAt }] of views) {
    const change = hasMoved(place.baselineUpdatedAt, updatedAt)
      ? ({ state: 'verified', at: now(), remoteUpdatedAt: updatedAt } as const)
      : ({ state: 'failed', at: now() } as const);
    log.settleDestination(entry.id, place.destination, change);
  }
  return log.record(entry.id, version, now());
}

function notChanged({ credential }: JournalEntry): AppError {
  return new AppError('refused', 'GitHub shows that the secret has not changed since before this rotation', {
    hints: [`it was not stored: run \`reseal rotate ${credential}\` again`],
  });
}

function tooEarly(): AppError {
  return new AppError('unsettled', 'the write may still be on its way', { hints: ['try again in a minute'] });
}
