import { formatInstant } from '../domain/calendar.ts';
import type { CredentialState, Declaration, Destination, DestinationState } from '../domain/credential.ts';
import { credentialState, needsPerson, sameDestination } from '../domain/credential.ts';
import type { ExpirySource } from '../domain/expiry.ts';
import { daysLeft, UNKNOWN_EXPIRY } from '../domain/expiry.ts';
import type { StoredCredential } from './register.ts';

/** One credential as `status --json` shows it. */
export interface CredentialStatus {
  readonly name: string;
  readonly kind: string;
  readonly owner: string;
  readonly purpose: string | null;
  readonly state: CredentialState;
  readonly version: number | null;
  readonly createdAt: string | null;
  readonly expiresAt: string | null;
  readonly expirySource: ExpirySource;
  readonly daysLeft: number | null;
  readonly nextReminderAt: string | null;
  readonly acknowledgedUntil: string | null;
  readonly declared: boolean;
  readonly retiredAt: string | null;
  /** Where GitHub's date of a secret does not fit the recorded creation, in words; null: it fits, or nothing is known. */
  readonly baseline: string | null;
  /** A rotation of it that was interrupted or could not be confirmed, in words; null: none. */
  readonly unsettled: string | null;
  readonly destinations: readonly DestinationStatus[];
}

interface DestinationStatus extends Destination {
  readonly state: DestinationState;
  readonly storedAt: string | null;
  readonly remoteUpdatedAt: string | null;
}

/** What the other parts know of a credential, asked by name. */
export interface StatusSources {
  readonly nextReminderAt: (name: string) => Date | undefined;
  /** Destinations of a rotation that is unconfirmed, or interrupted so that it may turn out so. */
  readonly unsettled: (
    name: string,
  ) => { readonly reason: string; readonly destinations: readonly Destination[] } | undefined;
  /** What does not fit between the recorded creation and GitHub's date, in words. */
  readonly baseline: (credential: StoredCredential) => string | undefined;
}

/** The declared credentials in the order of the file, then those that left it and are not retired. */
export function credentialStatuses(
  declared: readonly Declaration[],
  stored: readonly StoredCredential[],
  sources: StatusSources,
  now: Date,
): readonly CredentialStatus[] {
  const known = new Map(stored.map((credential) => [credential.declaration.name, credential]));
  const names = new Set(declared.map((declaration) => declaration.name));
  const vanished = stored.filter(({ declaration, retiredAt }) => !names.has(declaration.name) && !retiredAt);
  return [
    ...declared.map((declaration) => describe(declaration, known.get(declaration.name), true, sources, now)),
    ...vanished.map((credential) => describe(credential.declaration, credential, false, sources, now)),
  ];
}

/** Whether any of it asks for a person. */
export function anyNeedsPerson(statuses: readonly CredentialStatus[]): boolean {
  return statuses.some(
    (status) =>
      (needsPerson(status.state) && status.retiredAt === null) ||
      status.unsettled !== null ||
      status.baseline !== null ||
      status.destinations.some(
        ({ state }) => state === 'missing' || state === 'changed-elsewhere' || state === 'unconfirmed',
      ),
  );
}

function describe(
  declaration: Declaration,
  stored: StoredCredential | undefined,
  declared: boolean,
  sources: StatusSources,
  now: Date,
): CredentialStatus {
  const version = stored?.current;
  const expiry = version?.expiry ?? UNKNOWN_EXPIRY;
  const unsettled = sources.unsettled(declaration.name);
  return {
    name: declaration.name,
    kind: declaration.kind,
    owner: declaration.owner,
    purpose: declaration.purpose ?? null,
    state: credentialState(declaration.planned, version, now),
    version: version?.version ?? null,
    createdAt: orNull(version?.createdAt),
    expiresAt: expiry.kind === 'known' ? formatInstant(expiry.at) : null,
    expirySource: expiry.source,
    daysLeft: daysLeft(expiry, now) ?? null,
    nextReminderAt: orNull(sources.nextReminderAt(declaration.name)),
    acknowledgedUntil: orNull(stored?.acknowledgedUntil),
    declared,
    retiredAt: orNull(stored?.retiredAt),
    baseline: (stored && sources.baseline(stored)) ?? null,
    unsettled: unsettled?.reason ?? null,
    destinations: declaration.destinations.map((destination) =>
      describeDestination(destination, stored, unsettled?.destinations ?? []),
    ),
  };
}

function describeDestination(
  destination: Destination,
  stored: StoredCredential | undefined,
  unsettled: readonly Destination[],
): DestinationStatus {
  const same = (other: Destination) => sameDestination(other, destination);
  const row = stored?.destinations.find((candidate) => same(candidate.destination));
  return {
    ...destination,
    state: unsettled.some(same) ? 'unconfirmed' : (row?.state ?? 'never-stored'),
    storedAt: orNull(row?.storedAt),
    remoteUpdatedAt: orNull(row?.remoteUpdatedAt),
  };
}

function orNull(instant: Date | undefined): string | null {
  return instant ? formatInstant(instant) : null;
}
