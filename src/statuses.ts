import type { App } from './app.ts';
import { formatDay, formatInstant } from './domain/calendar.ts';
import type { Declaration } from './domain/credential.ts';
import { formatDestination } from './domain/credential.ts';
import { chunks } from './history/about.ts';
import { findKind } from './kinds/catalogue.ts';
import { mayShowAt } from './register/drift.ts';
import type { StoredCredential } from './register/register.ts';
import type { CredentialStatus, StatusSources } from './register/status.ts';
import { credentialStatuses } from './register/status.ts';
import { adoptionGap } from './remind/adoption.ts';
import { rulesAgainst } from './remind/shortened.ts';
import type { JournalEntry } from './rotate/rotation.ts';
import { plannedMails } from './sqlite/figures.ts';

/** A credential as `status` shows it, with what it was made from; undefined: it is declared and not registered yet. */
export interface ReadStatus {
  readonly status: CredentialStatus;
  readonly stored: StoredCredential | undefined;
}

/** So many are asked for at once. */
const A_BATCH = 500;

/**
 * Every credential as `status` shows it, one after the other, since there may be very many: the declared ones in the order of the
 * file, then those that left it and are not retired.
 */
export function* readStatuses(app: App, now: Date): Generator<ReadStatus> {
  const { register, declared } = app;
  const settled = unsettledNow(app);
  const inOrder = (
    declarations: readonly Declaration[],
    stored: readonly StoredCredential[],
  ): readonly ReadStatus[] => {
    const known = new Map(stored.map((credential) => [credential.declaration.name, credential]));
    const sources = sourcesOf(app, known, settled, now);
    return credentialStatuses(declarations, stored, sources, now).map((status) => ({
      status,
      stored: known.get(status.name),
    }));
  };
  for (const part of chunks(declared, A_BATCH))
    yield* inOrder(part, register.some(part.map(({ name }) => name)));
  for (const batch of register.inBatches(declared.map(({ name }) => name))) yield* inOrder([], batch);
}

type Unsettled = ReadonlyMap<string, readonly JournalEntry[]>;

/** Few at any time, so that they are read at once and not by name. */
function unsettledNow(app: App): Unsettled {
  return Map.groupBy(
    app.rotations.unfinished().filter((entry) => isUnsettled(entry, app)),
    ({ credential }) => credential,
  );
}

function sourcesOf(
  app: App,
  known: ReadonlyMap<string, StoredCredential>,
  unsettled: Unsettled,
  now: Date,
): StatusSources {
  // To plan it anew takes ten times as long, and is needed for few.
  const planned = plannedMails(app.db, [...known.keys()], now);
  return {
    nextReminderAt: (name) => {
      if (planned.has(name)) return planned.get(name);
      const credential = known.get(name);
      return credential ? app.nextMailAt(credential) : undefined;
    },
    unsettled: (name) => {
      const last = unsettled.get(name)?.at(-1);
      return (
        last && {
          reason: describeUnsettled(last),
          destinations: last.destinations.map((place) => place.destination),
        }
      );
    },
    baseline: describeGap,
    lateWrite: ({ declaration }, { destination, changedAt }) =>
      app.rotations
        .lateAttempts(declaration.name, destination, undefined)
        .map(({ intendedAt }) => intendedAt)
        .find((at) => changedAt !== undefined && mayShowAt(at, changedAt)),
    beyond: (credential) => rulesAgainst(credential, now),
    livesOn: (kind) => findKind(kind)?.afterwards !== undefined,
  };
}

function describeGap({ current, destinations }: StoredCredential): string | undefined {
  const [gap] = current ? adoptionGap(current, destinations) : [];
  if (!gap) return undefined;
  return `${formatDestination(gap.destination)} was last written on ${formatDay(gap.remoteUpdatedAt)}, and the token was recorded as made on ${formatDay(gap.createdAt)}`;
}

/** Unconfirmed, or left behind by a process that is gone after its intent was written. */
function isUnsettled(entry: JournalEntry, app: App): boolean {
  if (entry.state === 'unconfirmed') return true;
  const intended = entry.state === 'intended' || entry.state === 'stored' || entry.state === 'verified';
  return intended && !app.isRotationOpen(entry.credential);
}

function describeUnsettled({ state, openedAt }: JournalEntry): string {
  const when = formatInstant(openedAt);
  return state === 'unconfirmed'
    ? `the rotation of ${when} is unconfirmed: the new token may be in GitHub`
    : `the rotation of ${when} was interrupted while storing: the new token may be in GitHub`;
}
