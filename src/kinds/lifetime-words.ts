import { daysBetween, parseInstant } from '../domain/calendar.ts';
import type { Kind, LifetimeRule } from './kind.ts';
import { sentenceCase } from './sentence.ts';

/** What its issuer lets one choose, in a sentence. */
export function describeChoice({ lifetimes, expiry }: Kind): string {
  const { presets, custom, never } = lifetimes;
  const ways = [
    ...(presets.length > 0 ? [`${presets.join(', ')} days`] : []),
    ...(custom ? ['a date of your own'] : []),
    ...(never ? ['no expiry at all'] : []),
  ];
  if (isEndless(lifetimes)) return 'Its issuer gives it no expiry.';
  if (expiry.known === 'read' && presets.length === 0) return 'Its issuer sets the date.';
  return ways.length > 1
    ? `To choose from: ${ways.join('; ')}.`
    : `Its issuer offers ${ways[0] ?? 'no choice'}.`;
}

/** There is no date to choose. */
export function isEndless({ presets, custom, never }: Kind['lifetimes']): boolean {
  return never && !custom && presets.length === 0;
}

/**
 * `From 2026-08-17 on: 30 days at most. What was made before ends on 2026-11-01 at the latest (9 days left).`
 *
 * @param now undefined: on paper, where no days can be counted
 */
export function describeRule(rule: LifetimeRule, now: Date | undefined): string {
  const { since, olderEnd, maxDays, about } = rule;
  if (olderEnd !== undefined && maxDays === undefined)
    return `${sentenceCase(ends(rule, about ?? 'all of them'))} on ${olderEnd}${countdown(olderEnd, now)}.`;
  const cap = maxDays === undefined ? '' : ` ${maxDays} days at most.`;
  const older = olderEnd
    ? ` What was made before ends on ${olderEnd} at the latest${countdown(olderEnd, now)}.`
    : '';
  return `From ${since} on${countdown(since, now)}${about ? `, for ${about}` : ''}:${cap}${older}`;
}

function countdown(day: string, now: Date | undefined): string {
  const left = now ? daysBetween(now, parseInstant(day)) : -1;
  return left >= 0 ? ` (${left === 1 ? '1 day' : `${left} days`} left)` : '';
}

/** A day ahead on which a rule begins to hold, or ends what was made before it. */
export interface Coming {
  readonly date: string;
  readonly daysLeft: number;
  readonly what: string;
}

/** Soonest first. */
export function comingDays({ lifetimes, title }: Kind, now: Date): readonly Coming[] {
  const about = (rule: LifetimeRule) => rule.about ?? `all of the kind ${title}`;
  const all = (lifetimes.rules ?? []).flatMap((rule) => [
    ...(rule.since === rule.olderEnd ? [] : [{ date: rule.since, what: begins(rule, about(rule)) }]),
    ...(rule.olderEnd ? [{ date: rule.olderEnd, what: ends(rule, about(rule)) }] : []),
  ]);
  return all
    .map((one) => ({ ...one, daysLeft: daysBetween(now, parseInstant(one.date)) }))
    .filter(({ daysLeft }) => daysLeft >= 0)
    .sort((a, b) => a.daysLeft - b.daysLeft);
}

function begins({ maxDays }: LifetimeRule, about: string): string {
  return maxDays === undefined
    ? `a rule begins for ${about}`
    : `${about} live for ${maxDays} days at most from then on`;
}

function ends({ since, olderEnd }: LifetimeRule, about: string): string {
  return `${about}${since === olderEnd ? '' : ` made before ${since}`} stop working`;
}

/** `90 days`, `460 days for some`, or `none known`. In a table. */
export function capInShort({ lifetimes }: Kind): string {
  const rule = lifetimes.rules?.find(({ maxDays }) => maxDays !== undefined);
  if (!rule) return 'none known';
  return `${rule.maxDays} days${rule.partial || rule.about ? ' for some' : ''}`;
}
