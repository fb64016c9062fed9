import { addDays, daysBetween, parseInstant } from '../domain/calendar.ts';
import type { Destination, NewVersion } from '../domain/credential.ts';
import { ownTokenOf } from '../domain/own-token.ts';
import { findKind } from '../kinds/catalogue.ts';
import type { Kind } from '../kinds/kind.ts';
import { usualKind } from '../kinds/usual-names.ts';
import type { FoundSecret } from './found.ts';

/** A credential that could be declared for a secret which GitHub holds. Whoever is asked can change all of it. */
export interface Proposal {
  /** A name that a configuration takes, unique among the proposals and those that were taken. */
  readonly name: string;
  /** `generic` where the name of the secret suggests none. */
  readonly kind: string;
  /** Whether the name of the secret suggests the kind. */
  readonly guessed: boolean;
  readonly destinations: readonly Destination[];
  /** When GitHub says that the secret was last written: at the destination where that is longest ago. */
  readonly writtenAt: Date;
  /** When it would end if it lived for as long as its issuer usually lets one; undefined: nothing says so. */
  readonly estimatedEnd: Date | undefined;
  /** To be recorded where a person accepts the estimate. Undefined where there is none, or it lies in the past. */
  readonly estimate: NewVersion | undefined;
}

const GENERIC = 'generic';
const LONGEST_NAME = 64;
const LONGEST_DAYS = 365;

/**
 * One proposal for each name of a secret within each repository, whose environments are its destinations. In two repositories the
 * same name gives two: whether they hold the same token cannot be seen, and whoever knows declares one with both destinations.
 *
 * @param taken names of credentials that are there already, whatever their case
 */
export function proposeCredentials(
  found: readonly FoundSecret[],
  now: Date,
  taken: Iterable<string> = [],
): readonly Proposal[] {
  const groups = [...groupsOf(found).values()];
  const names = nameAll(
    groups.map(([first]) => first.destination),
    new Set([...taken].map((name) => name.toLowerCase())),
  );
  return groups
    .map((group, index) => propose(group, names[index] ?? '', now))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

type Group = [FoundSecret, ...FoundSecret[]];

function groupsOf(found: readonly FoundSecret[]): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  for (const secret of found) {
    const { repo, secret: name } = secret.destination;
    const key = `${repo.toLowerCase()} ${name.toUpperCase()}`;
    const group = groups.get(key);
    if (group) group.push(secret);
    else groups.set(key, [secret]);
  }
  return groups;
}

function propose(group: Group, name: string, now: Date): Proposal {
  const suggested = usualKind(group[0].destination.secret);
  const kind = findKind(suggested ?? GENERIC);
  const writtenAt = group.map(({ updatedAt }) => updatedAt).reduce((first, at) => (first <= at ? first : at));
  return {
    name,
    kind: kind?.id ?? GENERIC,
    guessed: suggested !== undefined,
    destinations: group.map(({ destination }) => destination),
    writtenAt,
    estimatedEnd: kind && usualEnd(kind, writtenAt),
    estimate: estimateFor(kind?.id ?? GENERIC, writtenAt, now),
  };
}

/**
 * The version that a person can accept as an estimate: made when the secret was last written. Its source says so in `status` until
 * a date is recorded.
 *
 * @returns undefined where nothing says how long it lives, or where it would be over: then it lives longer than was thought
 */
export function estimateFor(kindId: string, writtenAt: Date, now: Date): NewVersion | undefined {
  const kind = findKind(kindId);
  const at = kind && usualEnd(kind, writtenAt);
  if (!at || at <= now) return undefined;
  return {
    expiry: { kind: 'known', at, source: 'estimated' },
    lifetimeDays: daysBetween(writtenAt, at),
    createdAt: writtenAt,
    checked: 'not-asked',
  };
}

/**
 * When a credential of this kind ends at the latest that was made at `madeAt`: by the rule of its issuer that held then, else after the
 * longest lifetime that it offers to choose, and no later than after a year.
 *
 * @returns undefined where it is for the credential itself to say, or where its issuer offers no lifetime to begin with
 */
function usualEnd({ lifetimes, expiry }: Kind, madeAt: Date): Date | undefined {
  if (expiry.known === 'read') return undefined;
  const rules = lifetimes.rules ?? [];
  const cap = rules.find(({ since, maxDays }) => maxDays !== undefined && parseInstant(since) <= madeAt);
  const days = Math.min(cap?.maxDays ?? longestPreset(lifetimes) ?? 0, LONGEST_DAYS);
  const ends = rules
    .filter(({ since, maxDays }) => maxDays !== undefined && parseInstant(since) > madeAt)
    .flatMap(({ olderEnd }) => (olderEnd === undefined ? [] : [parseInstant(olderEnd)]));
  const all = [...(days > 0 ? [addDays(madeAt, days)] : []), ...ends];
  return all.length > 0 ? new Date(Math.min(...all.map((at) => at.getTime()))) : undefined;
}

function longestPreset({ presets }: Kind['lifetimes']): number | undefined {
  return presets.length > 0 ? Math.max(...presets) : undefined;
}

/** From the name of the secret; with that of the repository where two would be called the same, and with its owner's where that is not enough. */
function nameAll(places: readonly Destination[], taken: ReadonlySet<string>): readonly string[] {
  const longer = [nameOf, withRepository, withOwner];
  const used = new Set(taken);
  const names: (string | undefined)[] = places.map(() => undefined);
  for (const make of longer) {
    const open = [...names.keys()].filter((index) => names[index] === undefined);
    const made = new Map(open.map((index) => [index, make(places[index] as Destination)]));
    const counts = Map.groupBy(made.values(), (name) => name);
    for (const [index, name] of made) {
      if (counts.get(name)?.length !== 1 || used.has(name) || ownTokenOf(name) !== undefined) continue;
      names[index] = name;
    }
    for (const name of names) if (name !== undefined) used.add(name);
  }
  return names.map((name, index) => name ?? numbered(withOwner(places[index] as Destination), used));
}

/**
 * A name for one credential that is declared by hand.
 *
 * @param secret name of its secret, or of its kind where it has none
 * @param taken whatever their case
 */
export function nameFor(secret: string, repo: string | undefined, taken: Iterable<string>): string {
  const used = new Set([...taken].map((name) => name.toLowerCase()));
  const place = { repo: repo ?? '', environment: '', secret };
  return nameAll([place], used)[0] ?? numbered(clean(secret), used);
}

function nameOf({ secret }: Destination): string {
  return clean(secret);
}

function withRepository({ secret, repo }: Destination): string {
  return clean(`${secret}-${repo.split('/')[1] ?? ''}`);
}

function withOwner({ secret, repo }: Destination): string {
  return clean(`${secret}-${repo.replace('/', '-')}`);
}

/** Adds the name to `used`. */
function numbered(name: string, used: Set<string>): string {
  for (let count = 2; ; count++) {
    const suffix = `-${count}`;
    const next = `${name.slice(0, LONGEST_NAME - suffix.length)}${suffix}`;
    if (used.has(next)) continue;
    used.add(next);
    return next;
  }
}

function clean(text: string): string {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, LONGEST_NAME)
    .replace(/-+$/, '');
  return plain === '' ? 'credential' : plain;
}
