import { addDays, daysBetween, formatDay } from '../domain/calendar.ts';
import type { Expiry } from '../domain/expiry.ts';
import type { Kind, LifetimeRule } from './kind.ts';

/** What is known of the dates of one version. */
export interface Dated {
  readonly expiry: Expiry;
  readonly createdAt: Date | undefined;
  /** It was made then at the latest; absent: by now. */
  readonly recordedAt?: Date | undefined;
}

/** A rule that a recorded date contradicts. */
export interface Beyond {
  /** Undefined: the issuer makes none without an expiry, and no rule of a certain day is known. */
  readonly rule: LifetimeRule | undefined;
  /** What the rule says and what follows for this one: begins in the middle of a sentence, and has no full stop. */
  readonly text: string;
  /** When it ends by the rule, at the latest; undefined: the rule says no day. */
  readonly endsAt: Date | undefined;
  /** Whether it concerns this one cannot be seen: it is about some, or when this one was made is not known. */
  readonly partial: boolean;
}

const NONE: readonly Beyond[] = [];
/** A day of tolerance: issuers count from an instant in their own time zone, people write down a day. */
const TOLERANCE_DAYS = 1;

/**
 * The rules of the issuer that a recorded date contradicts, in the order in which the kind has them: a date beyond the most that
 * one may live, no expiry where there must be one, a date beyond the day on which the older ones end. That day counts before it
 * has come as well as after it. A cap never speaks against a date that the credential or its service states itself. What `now`
 * is changes the words, and where no `recordedAt` is given until when it may have been made; nothing else.
 */
export function beyondRules(kind: Kind, version: Dated, now: Date): readonly Beyond[] {
  const { rules, never } = kind.lifetimes;
  const isUnsaid = version.expiry.kind !== 'never' || never || isStated(version.expiry);
  if (isUnsaid && (rules === undefined || rules.length === 0)) return NONE;
  const found = (rules ?? [])
    .map((rule) => judge(kind, rule, version, now))
    .filter((beyond) => beyond !== undefined);
  if (isUnsaid || found.length > 0) return found;
  const text = `${kind.issuer} makes none without an expiry, and this one is recorded as never expiring`;
  return [{ rule: undefined, text, endsAt: undefined, partial: false }];
}

/** The earliest day on which a rule ends it for certain; undefined: none does. */
export function endByRules(beyond: readonly Beyond[]): Date | undefined {
  return beyond
    .filter(({ partial }) => !partial)
    .map(({ endsAt }) => endsAt)
    .filter((at) => at !== undefined)
    .reduce<Date | undefined>((first, at) => (first && first <= at ? first : at), undefined);
}

/** Around its day, somebody can look at the issuer whether a rule concerns this one. */
const LOOK_DAYS = 30;

/**
 * Whether it asks for a person at `now`. What is not certain does so only around its day. Before, there is nothing to see yet; long
 * after it, what it concerned has died and is noticed, and what lives on was none of those: a signing certificate that no rule of
 * the authorities is about would else be complained of for five years, and what nobody can clear hides what somebody can.
 */
export function asksForPerson({ partial, endsAt }: Beyond, now: Date): boolean {
  return !partial || (endsAt !== undefined && Math.abs(daysBetween(now, endsAt)) <= LOOK_DAYS);
}

/** Whether its day is so long past that, not being certain, it proved to be about others. */
export function isDisproved({ partial, endsAt }: Beyond, now: Date): boolean {
  return partial && endsAt !== undefined && daysBetween(now, endsAt) < -LOOK_DAYS;
}

function judge(kind: Kind, rule: LifetimeRule, version: Dated, now: Date): Beyond | undefined {
  const { createdAt, recordedAt } = version;
  const since = startOf(rule.since);
  const latest = createdAt ?? recordedAt ?? now;
  const cap = isReplaced(rule, kind, latest) ? undefined : capEnd(rule, version.expiry, latest);
  const end = olderEnd(rule, version.expiry);
  if (latest < since) return end && asOlder(kind, rule, version, end, now);
  if (createdAt) return cap && asNew(kind, rule, version, cap);
  return withoutCreation(kind, rule, version, { cap, end, latest }, now);
}

/** When one ends by the cap that was made at the latest `created`, if it is recorded to live longer. */
function capEnd({ maxDays }: LifetimeRule, expiry: Expiry, created: Date): Date | undefined {
  if (maxDays === undefined || isStated(expiry) || expiry.kind === 'unknown') return undefined;
  const isWithin = expiry.kind === 'known' && expiry.at <= addDays(created, maxDays + TOLERANCE_DAYS);
  return isWithin ? undefined : addDays(created, maxDays);
}

/** When the older ones end, if it is recorded to live longer. A date that nobody knows is no earlier one. */
function olderEnd({ olderEnd: day }: LifetimeRule, expiry: Expiry): Date | undefined {
  if (day === undefined) return undefined;
  const end = startOf(day);
  return expiry.kind === 'known' && expiry.at < addDays(end, TOLERANCE_DAYS) ? undefined : end;
}

/** Whether a later rule on the same ones had set another cap by then. */
function isReplaced(rule: LifetimeRule, { lifetimes }: Kind, created: Date): boolean {
  return (lifetimes.rules ?? []).some(
    (other) =>
      other.maxDays !== undefined &&
      other.about === rule.about &&
      other.since > rule.since &&
      startOf(other.since) <= created,
  );
}

function asNew(kind: Kind, rule: LifetimeRule, { expiry, createdAt }: Dated, endsAt: Date): Beyond {
  const partial = rule.partial === true;
  const made = createdAt ? `made on ${formatDay(createdAt)}` : 'whenever it was made';
  const which = partial ? `if it is one of them, ${made},` : `${made},`;
  const text = `${capWords(kind, rule)}: ${which} this one ends on ${formatDay(endsAt)} at the latest${against(expiry)}`;
  return { rule, text, endsAt, partial };
}

function asOlder(
  kind: Kind,
  rule: LifetimeRule,
  { expiry, createdAt }: Dated,
  endsAt: Date,
  now: Date,
): Beyond {
  const partial = rule.partial === true;
  const made = createdAt ? `, made on ${formatDay(createdAt)}` : '';
  const which = partial ? 'if it is one of them, so' : 'so';
  const text = `${olderWords(kind, rule, endsAt, now)}: ${which} ${endsAt > now ? 'does' : 'did'} this one${made}${against(expiry)}`;
  return { rule, text, endsAt, partial };
}

interface Ends {
  /** By the cap, made as late as it can have been. */
  readonly cap: Date | undefined;
  /** With the older ones. */
  readonly end: Date | undefined;
  readonly latest: Date;
}

/** It may have been made before the rule or since. Only what holds in both cases is certain. */
function withoutCreation(
  kind: Kind,
  rule: LifetimeRule,
  { expiry }: Dated,
  { cap, end, latest }: Ends,
  now: Date,
): Beyond | undefined {
  const unknown = 'when it was made is not recorded';
  if (cap && end) {
    const endsAt = cap > end ? cap : end;
    const partial = rule.partial === true;
    const which = partial ? 'if it is one of them, ' : '';
    const text = `${capWords(kind, rule)}, and those made before it ${endVerb(end, now)} on ${formatDay(end)}: ${which}whenever it was made, this one ends on ${formatDay(endsAt)} at the latest${against(expiry)}`;
    return { rule, text, endsAt, partial };
  }
  const which = rule.partial ? 'if it is one of them and' : 'if it';
  if (cap) {
    const text = `${capWords(kind, rule)}: ${which} was not made before ${rule.since}, this one ends on ${formatDay(cap)} at the latest${against(expiry)}; ${unknown}`;
    return { rule, text, endsAt: cap, partial: true };
  }
  // Recorded as living after the older ones had ended, it is none of them.
  if (!end || end < latest) return undefined;
  const text = `${olderWords(kind, rule, end, now)}: ${which} was made before, so ${end > now ? 'does' : 'did'} this one${against(expiry)}; ${unknown}`;
  return { rule, text, endsAt: end, partial: true };
}

function capWords(kind: Kind, rule: LifetimeRule): string {
  return `${ruleWords(kind, rule)} lets one live for at most ${rule.maxDays} ${rule.maxDays === 1 ? 'day' : 'days'}`;
}

function olderWords(kind: Kind, rule: LifetimeRule, end: Date, now: Date): string {
  return `by ${ruleWords(kind, rule)}, those made before it ${endVerb(end, now)} on ${formatDay(end)}`;
}

/** `npm's rule of 2025-11-05 (tokens that may write)` */
function ruleWords({ issuer }: Kind, { since, about }: LifetimeRule): string {
  return `${issuer}'s rule of ${since}${about ? ` (${about})` : ''}`;
}

function endVerb(end: Date, now: Date): string {
  return end > now ? 'end' : 'ended';
}

function against(expiry: Expiry): string {
  if (expiry.kind === 'known') return `, and not on ${formatDay(expiry.at)} as recorded`;
  return expiry.kind === 'never' ? ', although it is recorded as never expiring' : '';
}

/** By the credential itself or its service, which know better than a rule of which more may be to be known. */
function isStated({ source }: Expiry): boolean {
  return source === 'read' || source === 'observed';
}

/** The first instant of a day of a rule. */
function startOf(day: string): Date {
  return new Date(`${day}T00:00:00Z`);
}
