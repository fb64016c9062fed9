import type { Addressee } from '../../src/remind/reminder.ts';
import type { Due, VersionFact } from './due.ts';
import { dueBy, standingBy } from './due.ts';
import type { Hours } from './hours.ts';
import { hoursOf } from './hours.ts';
import type { World } from './world.ts';

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
  readonly notices: Map<number, { readonly must: readonly string[]; readonly may: readonly string[] }>;
}

export interface Truth {
  readonly world: World;
  readonly hours: Hours;
  readonly credentials: readonly CredentialFact[];
  find(name: string): CredentialFact | undefined;
}

export function openTruth(world: World): Truth {
  const credentials = world.credentials.map(
    ({ name, owner }): CredentialFact => ({
      name,
      firstSeenAt: world.start,
      versions: [],
      owners: [{ owner, from: 0 }],
      acknowledgedUntil: undefined,
      acknowledgements: [],
      retired: false,
      notices: new Map(),
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

/** Everything that has fallen due by `now`, put off or not; the last is what matters. */
export function allDue(truth: Truth, fact: CredentialFact, now: number): readonly Due[] {
  const version = versionOf(fact);
  return version ? dueBy(version, now, truth.hours) : standingBy(fact.firstSeenAt, now, truth.hours);
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

/** Who joins at a lead time; of an alarm everybody does. */
export function joiningAt({ world: { policy } }: Truth, { topic, lead }: Due): readonly string[] {
  const { escalate } = policy;
  if (!escalate || topic === 'standing' || (topic === 'expiry' && lead > escalate.daysBefore)) return [];
  return escalate.to.map((name) => `mail|${policy.addresses.get(name) ?? ''}`);
}

/** Who is told instead of somebody who cannot be reached. */
export function standInsOf({ world: { policy } }: Truth): readonly string[] {
  const names = policy.escalate?.to ?? [...policy.addresses.keys()];
  return names.map((name) => `mail|${policy.addresses.get(name) ?? ''}`);
}
