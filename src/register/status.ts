import { formatDay, formatInstant } from '../domain/calendar.ts';
import type {
  CredentialState,
  Declaration,
  Destination,
  DestinationState,
  Version,
} from '../domain/credential.ts';
import { credentialState, formatDestination, needsPerson, sameDestination } from '../domain/credential.ts';
import type { Expiry, ExpirySource } from '../domain/expiry.ts';
import { daysLeft, UNKNOWN_EXPIRY } from '../domain/expiry.ts';
import { ownTokenOf } from '../domain/own-token.ts';
import type { Beyond } from '../kinds/lifetime-rules.ts';
import { asksForPerson, endByRules } from '../kinds/lifetime-rules.ts';
import { sentence } from '../kinds/sentence.ts';
import type { StoredCredential, StoredDestination } from './register.ts';

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
  /** Where somebody else has changed a secret, so that the expiry which was known may not hold, in words; null: nowhere. */
  readonly changed: string | null;
  /** What was replaced and lives on at its issuer until somebody says that it is revoked. */
  readonly oldTokens: readonly OldTokenStatus[];
  /** Rules of its issuer that the recorded date contradicts. State, expiry and days left go by those that are certain. */
  readonly beyondRules: readonly BeyondStatus[];
  readonly destinations: readonly DestinationStatus[];
}

interface OldTokenStatus {
  readonly version: number;
  readonly expiresAt: string | null;
  readonly standing: Version['standing'];
}

interface BeyondStatus {
  /** The first day of the rule, as `2026-08-17`; null: there must be an expiry, and no day is known from which. */
  readonly since: string | null;
  /** When it ends by the rule, at the latest; null: the rule says no day. */
  readonly endsAt: string | null;
  /** Whether it concerns this one cannot be seen. */
  readonly partial: boolean;
  readonly text: string;
  readonly advice: string | null;
  /** Whether it asks for a person now. */
  readonly needsPerson: boolean;
}

interface DestinationStatus extends Destination {
  /** Of the current version: a place that holds an older one is `never-stored`. */
  readonly state: DestinationState;
  /** The version that it holds; null: none of ours. */
  readonly version: number | null;
  readonly storedAt: string | null;
  readonly remoteUpdatedAt: string | null;
  /** When it was last read at GitHub. */
  readonly checkedAt: string | null;
  /** When it was first seen missing or changed by somebody else. */
  readonly changedAt: string | null;
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
  /** When a write was begun that was never seen to land there and may be what has changed it; undefined: none was. */
  readonly lateWrite?: (credential: StoredCredential, place: StoredDestination) => Date | undefined;
  /** Rules of its issuer that its recorded date contradicts; absent: they are not looked at. */
  readonly beyond?: (credential: StoredCredential) => readonly Beyond[];
  /** Whether an old token of this kind lives on at its issuer when it is replaced. */
  readonly livesOn: (kind: string) => boolean;
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
      (needsPerson(status.state) && status.retiredAt === null && !isNotYetLookedAt(status)) ||
      status.unsettled !== null ||
      status.baseline !== null ||
      status.beyondRules.some((beyond) => beyond.needsPerson) ||
      leftBehind(status).length > 0 ||
      status.destinations.some(
        ({ state }) =>
          state === 'missing' ||
          state === 'changed-elsewhere' ||
          state === 'unconfirmed' ||
          state === 'unknown',
      ) ||
      status.oldTokens.some(({ standing }) => standing === 'leaked'),
  );
}

/** Places that do not hold what a rotation stored at others: they hold an older version of ours, or none. */
export function leftBehind({
  version,
  destinations,
}: Pick<CredentialStatus, 'version' | 'destinations'>): readonly DestinationStatus[] {
  const isElsewhere = version !== null && destinations.some((place) => place.version === version);
  return destinations.filter(
    (place) => place.state === 'never-stored' && (place.version !== null || isElsewhere),
  );
}

/** reseal's own tokens say themselves when they expire, at the first look. */
function isNotYetLookedAt({ name, version }: CredentialStatus): boolean {
  return version === null && ownTokenOf(name) !== undefined;
}

function describe(
  declaration: Declaration,
  stored: StoredCredential | undefined,
  declared: boolean,
  sources: StatusSources,
  now: Date,
): CredentialStatus {
  const version = stored?.current;
  const foreign = (stored?.destinations ?? []).filter(({ state }) => state === 'changed-elsewhere');
  // The date stays in the register, and reminders go by it; but nobody knows whether it is that of what is in use.
  const beyond = (stored && sources.beyond?.(stored)) ?? [];
  const expiry = foreign.length > 0 ? UNKNOWN_EXPIRY : expiryByRules(version, beyond);
  const unsettled = sources.unsettled(declaration.name);
  return {
    name: declaration.name,
    kind: declaration.kind,
    owner: declaration.owner,
    purpose: declaration.purpose ?? null,
    state: credentialState(declaration.planned, version && { ...version, expiry }, now),
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
    changed: (stored && describeChange(stored, foreign, sources)) ?? null,
    oldTokens: oldTokens(declaration, stored, sources, now),
    beyondRules: describeBeyond(beyond, now),
    destinations: declaration.destinations.map((destination) =>
      describeDestination(destination, stored, unsettled?.destinations ?? []),
    ),
  };
}

/** What a rule ends for certain is not shown as living on by the date that somebody wrote down. */
function expiryByRules(version: Version | undefined, beyond: readonly Beyond[]): Expiry {
  const at = endByRules(beyond);
  return at ? { kind: 'known', at, source: 'estimated' } : (version?.expiry ?? UNKNOWN_EXPIRY);
}

/** The same for programs. */
export function describeBeyond(all: readonly Beyond[], now: Date): readonly BeyondStatus[] {
  return all.map((beyond) => ({
    since: beyond.rule?.since ?? null,
    endsAt: orNull(beyond.endsAt),
    partial: beyond.partial,
    text: beyond.text,
    advice: beyond.rule ? sentence(beyond.rule.advice) : null,
    needsPerson: asksForPerson(beyond, now),
  }));
}

function describeDestination(
  destination: Destination,
  stored: StoredCredential | undefined,
  unsettled: readonly Destination[],
): DestinationStatus {
  const same = (other: Destination) => sameDestination(other, destination);
  const row = stored?.destinations.find((candidate) => same(candidate.destination));
  const behind = row?.state === 'verified' && row.version !== stored?.current?.version;
  return {
    ...destination,
    state: unsettled.some(same) ? 'unconfirmed' : behind ? 'never-stored' : (row?.state ?? 'never-stored'),
    version: row?.version ?? null,
    storedAt: orNull(row?.storedAt),
    remoteUpdatedAt: orNull(row?.remoteUpdatedAt),
    checkedAt: orNull(row?.checkedAt),
    changedAt: orNull(row?.changedAt),
  };
}

function describeChange(
  stored: StoredCredential,
  foreign: StoredCredential['destinations'],
  sources: StatusSources,
): string | undefined {
  if (foreign.length === 0) return undefined;
  const version = stored.current;
  const places = foreign
    .map(
      ({ destination, changedAt }) =>
        `${formatDestination(destination)}${changedAt ? ` (seen ${formatDay(changedAt)})` : ''}`,
    )
    .join(', ');
  const until =
    version?.expiry.kind === 'known'
      ? `; the expiry known until then was ${formatDay(version.expiry.at)}`
      : '';
  const late = foreign.map((place) => sources.lateWrite?.(stored, place)).find((at) => at !== undefined);
  const ours = late
    ? `; unless it was reseal's own write of ${formatInstant(late)}, which counted as failed and may have landed late`
    : '';
  return `somebody else changed ${places}${until}${ours}`;
}

function oldTokens(
  { kind }: Declaration,
  stored: StoredCredential | undefined,
  sources: StatusSources,
  now: Date,
): readonly OldTokenStatus[] {
  if (!sources.livesOn(kind)) return [];
  return (stored?.former ?? [])
    .filter(({ expiry }) => expiry.kind !== 'known' || expiry.at > now)
    .map(({ version, expiry, standing }) => ({
      version,
      expiresAt: expiry.kind === 'known' ? formatInstant(expiry.at) : null,
      standing,
    }));
}

function orNull(instant: Date | undefined): string | null {
  return instant ? formatInstant(instant) : null;
}
