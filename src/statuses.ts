import type { App } from './app.ts';
import { formatDay, formatInstant } from './domain/calendar.ts';
import { formatDestination } from './domain/credential.ts';
import { findKind } from './kinds/catalogue.ts';
import { mayShowAt } from './register/drift.ts';
import type { StoredCredential } from './register/register.ts';
import type { CredentialStatus } from './register/status.ts';
import { credentialStatuses } from './register/status.ts';
import { adoptionGap } from './remind/adoption.ts';
import { rulesAgainst } from './remind/shortened.ts';
import type { JournalEntry } from './rotate/rotation.ts';
import { plannedMails } from './sqlite/figures.ts';

/** Every credential as `status` shows it: the declared ones in the order of the file, then those that left it. */
export function readStatuses(
  app: App,
  stored: readonly StoredCredential[],
  now: Date,
): readonly CredentialStatus[] {
  const known = new Map(stored.map((credential) => [credential.declaration.name, credential]));
  // To plan it anew takes ten times as long, and is needed for few.
  const planned = plannedMails(app.db, now);
  // Few at any time, so that they are read at once and not by name.
  const unsettled = Map.groupBy(
    app.rotations.unfinished().filter((entry) => isUnsettled(entry, app)),
    ({ credential }) => credential,
  );
  return credentialStatuses(
    app.declared,
    stored,
    {
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
    },
    now,
  );
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
