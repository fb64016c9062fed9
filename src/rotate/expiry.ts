import type { Lifetime } from '../domain/calendar.ts';
import {
  addDays,
  addLifetime,
  daysBetween,
  formatDay,
  parseInstant,
  startOfDay,
} from '../domain/calendar.ts';
import type { Declaration, NewVersion, Version } from '../domain/credential.ts';
import type { Expiry } from '../domain/expiry.ts';
import type { Kind } from '../kinds/kind.ts';
import type { Refusal } from './judge.ts';
import { FURTHEST_DAYS, refuse } from './judge.ts';
import type { ChosenExpiration } from './rotation.ts';

/** What was said on the command line of the new token's expiry. */
export type StatedExpiry =
  | { readonly kind: 'expires'; readonly at: Date }
  | { readonly kind: 'lifetime'; readonly lifetime: Lifetime }
  | { readonly kind: 'never' };

/** When a new version ends, and since when it counts. */
export type Dates = Omit<NewVersion, 'checked' | 'fingerprint'>;

/** What a person and the configuration say. */
export interface Statements {
  readonly stated: StatedExpiry | undefined;
  readonly declaration: Declaration;
  readonly now: Date;
}

/** What was asked about already: an expiry by its instant, anything else by a text of its own. */
export type Questioned = Set<number | string>;

const DAY_MS = 86_400_000;

/**
 * The expiry of the new version as a person chose it. A choice of so many days ends at the first instant of its last day in UTC: the
 * issuer counts from the minute of creation, which is a little earlier than now.
 *
 * @returns undefined where nothing says it
 */
export function resolveExpiry(choice: ChosenExpiration, statements: Statements): Dates | undefined {
  const { stated, declaration, now } = statements;
  switch (choice.kind) {
    case 'never':
      return dated({ kind: 'never', source: 'entered' }, now);
    case 'days':
      return known(startOfDay(addDays(now, choice.days)), 'entered', choice.days, now);
    case 'date':
      return dated({ kind: 'known', at: parseInstant(choice.date), source: 'entered' }, now);
    case 'found':
      return said(statements);
    case 'stated':
      if (stated || !declaration.lifetime) return said(statements);
      return known(startOfDay(addLifetime(now, declaration.lifetime)), 'computed', undefined, now);
  }
}

function said({ stated, now }: Statements): Dates | undefined {
  if (!stated) return undefined;
  if (stated.kind === 'never') return dated({ kind: 'never', source: 'entered' }, now);
  if (stated.kind === 'expires') return dated({ kind: 'known', at: stated.at, source: 'entered' }, now);
  return known(startOfDay(addLifetime(now, stated.lifetime)), 'entered', undefined, now);
}

/**
 * The expiry by everything that is known of it. What the credential or its issuer says counts for more than what a person chose, who
 * may have taken another one: a choice more than a day away is refused, a computed date gives way.
 *
 * @param found as it was read from the credential, or observed at its issuer
 * @returns undefined where nothing says it
 */
export function settleExpiry(
  choice: ChosenExpiration,
  statements: Statements,
  found: Expiry | undefined,
  { issuer }: Pick<Kind, 'issuer'>,
): Dates | Refusal | undefined {
  const chosen = resolveExpiry(choice, statements);
  if (!found || found.kind === 'unknown') return chosen;
  if (chosen && chosen.expiry.source !== 'computed' && !isSameDay(chosen.expiry, found)) {
    const who = found.source === 'observed' ? issuer : 'the credential itself';
    return refuse(
      [
        `${who} says that it ${describeEnd(found)}, and it was said here that it ${describeEnd(chosen.expiry)}: look which of them it is, and whether this is the new one`,
      ],
      'expiration',
    );
  }
  return dated(found, statements.now);
}

function isSameDay(one: Expiry, other: Expiry): boolean {
  if (one.kind !== 'known' || other.kind !== 'known') return one.kind === other.kind;
  return Math.abs(one.at.getTime() - other.at.getTime()) <= DAY_MS;
}

function describeEnd(expiry: Expiry): string {
  return expiry.kind === 'known' ? `ends on ${formatDay(expiry.at)}` : 'never ends';
}

/** What the judgement of an expiry hangs on beside the expiry. */
export interface Asking {
  /** It was said on the command line, so that nobody is asked whether it is meant. */
  readonly stated: boolean;
  /** There is no second submission in which to say that it is meant. */
  readonly oneTry: boolean;
  readonly now: Date;
  /** The expiries that were asked about; this one is added when it is. */
  readonly questioned: Questioned;
  /** What its issuer's rules make of it, each a clause such as "npm gives at most 90 days". */
  readonly doubts: readonly string[];
}

/**
 * Whether the expiry can be right: ahead, within ten years, no earlier than that of the token which is replaced, and within what its
 * issuer gives, unless it was asked about already or said on the command line. Asked before the issuer is, where it is known by then.
 */
export function judgeExpiry(
  expiry: Expiry,
  current: Version | undefined,
  asking: Asking,
): Refusal | undefined {
  const field = expiry.source === 'entered' || expiry.source === 'computed' ? 'expiration' : undefined;
  const { now } = asking;
  if (expiry.kind === 'known' && expiry.at <= now)
    return refuse([passed(expiry.at, field === undefined)], field);
  if (expiry.kind === 'known' && expiry.at > addDays(now, FURTHEST_DAYS) && field)
    return refuse(
      [`the expiration ${formatDay(expiry.at)} is more than ten years away: look at the year again`],
      field,
    );
  return question(expiry, current, asking, field);
}

function passed(at: Date, isFound: boolean): string {
  const day = formatDay(at);
  return isFound
    ? `it ended on ${day}, and would fail in the next release: give the renewed one`
    : `the expiration ${day} has passed already: look at the date again`;
}

function question(
  expiry: Expiry,
  current: Version | undefined,
  { stated, oneTry, questioned, doubts }: Asking,
  field: Refusal['field'],
): Refusal | undefined {
  if (stated) return undefined;
  const earlier = earlierThan(expiry, current);
  if (oneTry) {
    // It may be the old one once more, and its date can be said; a rule alone is no more than a warning.
    if (!earlier || expiry.kind !== 'known') return undefined;
    return refuse([`${earlier}: if that is right, say so with --expires ${formatDay(expiry.at)}`], field);
  }
  const questions = [...(earlier ? [earlier] : []), ...doubts];
  const key = expiry.kind === 'known' ? expiry.at.getTime() : Number.POSITIVE_INFINITY;
  if (questions.length === 0 || questioned.has(key)) return undefined;
  questioned.add(key);
  return refuse(
    questions.map((one) => `${one}: if that is right, send the same once more`),
    field,
  );
}

function earlierThan(expiry: Expiry, current: Version | undefined): string | undefined {
  const before =
    current?.standing === 'good' && current.expiry.kind === 'known' ? current.expiry.at : undefined;
  if (!before || expiry.kind !== 'known' || expiry.at >= before) return undefined;
  return `the new token would expire on ${formatDay(expiry.at)}, before the one that it replaces (${formatDay(before)})`;
}

function dated(expiry: Expiry, now: Date): Dates {
  const lifetimeDays = expiry.kind === 'known' ? daysBetween(now, expiry.at) : undefined;
  return { expiry, lifetimeDays, createdAt: now };
}

function known(at: Date, source: Expiry['source'], lifetimeDays: number | undefined, now: Date): Dates {
  return {
    expiry: { kind: 'known', at, source },
    lifetimeDays: lifetimeDays ?? daysBetween(startOfDay(now), at),
    createdAt: now,
  };
}
