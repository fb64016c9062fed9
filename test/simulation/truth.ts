import type { Addressee } from '../../src/remind/reminder.ts';
import type { Due, VersionFact } from './due.ts';
import { dayOf, dueBy, oldTokenBy, standingBy, unconfirmedBy } from './due.ts';
import type { Hours } from './hours.ts';
import { hoursOf } from './hours.ts';
import type { World } from './world.ts';
import { LIVES_ON, PLACES } from './world.ts';

// What is so, as the schedule knows it: never read from the database, so that the program is judged by it.

/** Counts what happens, so that two things can be put in order however the clock is turned. */
export type Tick = number;

export interface CredentialFact {
  readonly name: string;
  readonly firstSeenAt: number;
  readonly versions: VersionFact[];
  /** Who has owned it, and from when on; the last one does. */
  readonly owners: { readonly owner: string; readonly from: Tick }[];
  acknowledgedUntil: number | undefined;
  /** Acknowledgements of the current version. */
  acknowledgements: Tick[];
  retired: boolean;
  /** Who must be told of a rotation, and who may be because they may have been alarmed; by its version. */
  /** Rotations that are unconfirmed, oldest first. */
  readonly unconfirmed: { readonly id: string; readonly at: number }[];
  readonly places: PlaceFact[];
  /** Its tokens live on when they are replaced. */
  readonly livesOn: boolean;
  /** When it was retired, or something that waits for a person was settled, each of which may come again. */
  readonly ended: Tick[];
  /** When anything was ever unconfirmed, or changed elsewhere. */
  readonly ever: { readonly unconfirmed: number[]; readonly changed: number[] };
  readonly notices: Map<number, { readonly must: readonly string[]; readonly may: readonly string[] }>;
}

/** A place as the last look has shown it. */
interface PlaceFact {
  /** Whether anything was ever noted of it. */
  known: boolean;
  state: 'changed-elsewhere' | 'missing' | 'verified';
  /** Since when it is not ours. */
  changedAt: number | undefined;
}

export interface Truth {
  readonly world: World;
  readonly hours: Hours;
  readonly credentials: readonly CredentialFact[];
  find(name: string): CredentialFact | undefined;
}

export function openTruth(world: World): Truth {
  const credentials = world.credentials.map(
    ({ name, owner, kind }): CredentialFact => ({
      name,
      firstSeenAt: world.start,
      versions: [],
      owners: [{ owner, from: 0 }],
      acknowledgedUntil: undefined,
      acknowledgements: [],
      retired: false,
      notices: new Map(),
      unconfirmed: [],
      places: PLACES.map(() => ({ known: false, state: 'verified', changedAt: undefined })),
      livesOn: kind === LIVES_ON,
      ended: [],
      ever: { unconfirmed: [], changed: [] },
    }),
  );
  const { timezone, hour } = world.policy;
  return {
    world,
    hours: hoursOf(timezone, hour),
    credentials,
    find: (name) => credentials.find((one) => one.name === name),
  };
}

export function versionOf(fact: CredentialFact): VersionFact | undefined {
  return fact.versions.at(-1);
}

/** What goes on about a credential, each by itself, with everything of it that has fallen due; the last is what matters. */
export interface SeriesFact {
  readonly version: number;
  readonly due: readonly Due[];
  readonly audience: 'owners' | 'by-lead-time' | 'all';
  /** An acknowledgement puts it off. */
  readonly quiets: boolean;
}

/** Every series of a credential, put off or not. */
export function everySeries(truth: Truth, fact: CredentialFact, now: number): readonly SeriesFact[] {
  const { hours } = truth;
  const version = versionOf(fact);
  const number = version?.number ?? 0;
  const main = version ? dueBy(version, now, hours) : standingBy(fact.firstSeenAt, now, hours);
  const isDated = version && !version.standing && typeof version.expiry === 'number';
  const doubted = foreign(fact)
    .filter(({ state }) => state === 'changed-elsewhere')
    .map(({ changedAt }) => changedAt);
  const [unconfirmed] = fact.unconfirmed;
  const old = oldToken(fact, now);
  return [
    { version: number, due: main, audience: audienceOf(version), quiets: isDated === true },
    ...(isDated && doubted.length > 0
      ? [
          {
            version: number,
            due: standingBy(Math.min(...doubted), now, hours),
            audience: 'owners',
            quiets: false,
          } as const,
        ]
      : []),
    ...(unconfirmed
      ? [
          {
            version: number,
            due: unconfirmedBy(unconfirmed.at, now, hours),
            audience: 'all',
            quiets: false,
          } as const,
        ]
      : []),
    ...[...Map.groupBy(foreign(fact), ({ changedAt }) => dayOf(changedAt))].map(
      ([day, places]): SeriesFact => ({
        version: 0,
        due: [
          {
            topic: 'changed',
            lead: -day,
            at: Math.min(...places.map(({ changedAt }) => changedAt)),
            urgent: true,
          },
        ],
        audience: 'all',
        quiets: false,
      }),
    ),
    ...(old
      ? [
          {
            version: number,
            due: oldTokenBy(old.since, old.leaked, now, hours),
            audience: old.leaked ? 'all' : 'owners',
            quiets: !old.leaked,
          } as const,
        ]
      : []),
  ];
}

function audienceOf(version: VersionFact | undefined): SeriesFact['audience'] {
  if (version?.standing) return 'all';
  return typeof version?.expiry === 'number' ? 'by-lead-time' : 'owners';
}

/** Places that hold what somebody else has put there, or nothing. */
export function foreign({ places }: CredentialFact): readonly (PlaceFact & { readonly changedAt: number })[] {
  return places.filter((place): place is PlaceFact & { changedAt: number } => place.changedAt !== undefined);
}

/** Versions that a rotation has replaced and nobody has revoked, newest first; dead or not. */
export function formerOf({ versions }: CredentialFact): readonly VersionFact[] {
  return versions.filter((version, index) => versions[index + 1]?.rotated && !version.revoked).reverse();
}

/** Since when an old token is to be revoked, and whether one has leaked; undefined: none lives on. */
export function oldToken(
  fact: CredentialFact,
  now: number,
): { readonly since: number; readonly leaked: boolean } | undefined {
  const former = formerOf(fact);
  const living = former.filter(({ expiry }) => typeof expiry !== 'number' || expiry > now);
  const [newest] = former;
  if (!fact.livesOn || !newest || living.length === 0) return undefined;
  const since = fact.versions[newest.number]?.recordedAt ?? 0;
  return { since, leaked: living.some(({ standing }) => standing?.said === 'leaked') };
}

export function isQuiet({ acknowledgedUntil }: CredentialFact, now: number): boolean {
  return acknowledgedUntil !== undefined && acknowledgedUntil > now;
}

export function addresseeText({ channel, recipient }: Addressee): string {
  return `${channel}|${recipient}`;
}

/** Who owned it at any time since, as `channel|recipient`. */
export function ownersSince(
  { world: { policy } }: Truth,
  fact: CredentialFact,
  since: Tick,
): readonly string[] {
  const owned = fact.owners.filter(
    (_, index) => (fact.owners[index + 1]?.from ?? Number.POSITIVE_INFINITY) >= since,
  );
  return owned.flatMap(({ owner }) => {
    const address = policy.addresses.get(owner);
    const posted = policy.webhooks.filter(({ owners }) => !owners || owners.includes(owner));
    return [
      ...(address === undefined ? [...policy.addresses.values()] : [address]).map((one) => `mail|${one}`),
      ...posted.map(({ name }) => `webhook|${name}`),
    ];
  });
}

/** Who joins: at a lead time, or in an alarm everybody of the escalation. */
export function joiningAt(
  { world: { policy } }: Truth,
  audience: SeriesFact['audience'],
  lead: number,
): readonly string[] {
  const { escalate } = policy;
  if (!escalate || audience === 'owners' || (audience === 'by-lead-time' && lead > escalate.daysBefore))
    return [];
  return escalate.to.map((name) => `mail|${policy.addresses.get(name) ?? ''}`);
}

/** Who is told instead of somebody who cannot be reached. */
export function standInsOf({ world: { policy } }: Truth): readonly string[] {
  const names = policy.escalate?.to ?? [...policy.addresses.keys()];
  return names.map((name) => `mail|${policy.addresses.get(name) ?? ''}`);
}
