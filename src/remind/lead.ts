import { addDays, DAY_MS, nextLocalHour } from '../domain/calendar.ts';
import { LONGEST_WAIT_MS } from './outcome.ts';
import type { ReminderPolicy } from './policy.ts';
import type { Topic } from './reminder.ts';

/** One reminder of a series whose time has come. */
export interface Lead {
  readonly leadDays: number;
  readonly dueAt: Date;
  readonly urgent: boolean;
  /** It fell due while the version was known: where it did not go out, the next one says so. */
  readonly missable: boolean;
}

/** The reminders that one state of a credential gives rise to. */
export interface Series {
  readonly topic: Topic;
  readonly version: number;
  /** `by-lead-time`: whoever joins before an end does so at their lead time; `all`: they are told with the owners. */
  readonly audience: 'owners' | 'by-lead-time' | 'all';
  /** Widest first, the tightest last. */
  readonly come: readonly Lead[];
  /** When the next one comes, with its lead time. Undefined: only a change brings one. */
  readonly next: { readonly leadDays: number; readonly at: Date } | undefined;
  /** When it must be looked at again: then, or when a quiet time ends. */
  readonly planAt: Date | undefined;
}

/** Whether a reminder of this topic and lead time says all that the other one says. */
export function isTighter(topic: Topic, leadDays: number, other: number): boolean {
  // Each change is one of its own.
  if (topic === 'changed') return false;
  return topic === 'standing' ? leadDays > other : leadDays < other;
}

/** Those of `leads`, widest first, whose time has come, and the one that comes next. `quiet`: nothing is told before. */
export function inTime(
  leads: readonly Lead[],
  now: Date,
  quiet?: Date | undefined,
): Pick<Series, 'come' | 'next' | 'planAt'> {
  const from = quiet ?? now;
  const tightest = leads.findLastIndex(({ dueAt }) => dueAt <= from);
  const fellDue = leads[tightest];
  // What falls due while it is quiet is told when that ends.
  const next =
    quiet && fellDue && fellDue.dueAt > now
      ? { ...fellDue, dueAt: quiet }
      : earliest(leads.slice(tightest + 1));
  return {
    come: quiet ? [] : leads.filter(({ dueAt }) => dueAt <= now),
    next: next && { leadDays: next.leadDays, at: next.dueAt },
    planAt: quiet ?? next?.dueAt,
  };
}

/** Of those at the same instant the tightest, which covers the others. */
function earliest(leads: readonly Lead[]): Lead | undefined {
  return leads.reduce<Lead | undefined>(
    (first, lead) => (first && first.dueAt < lead.dueAt ? first : lead),
    undefined,
  );
}

/** Reminders on these days after an instant: on day 0 at once, later in the day's one mail. */
export function leadsAfter(since: Date, days: readonly number[], policy: ReminderPolicy): readonly Lead[] {
  return days.map((day) => ({
    leadDays: -day || 0,
    dueAt: day === 0 ? since : morningAfter(addDays(since, day), policy),
    urgent: day === 0,
    missable: true,
  }));
}

export function morningAfter(instant: Date, { hour, timezone }: ReminderPolicy): Date {
  return nextLocalHour(instant, hour, timezone);
}

/** What was noted further ahead than any wait was noted by a clock that has been put back since: it is so all the same. */
export function knownSince(noted: Date, now: Date): Date {
  return noted.getTime() - now.getTime() > LONGEST_WAIT_MS ? now : noted;
}

/** Days since 1970, by UTC. */
export function dayNumber(instant: Date): number {
  return Math.floor(instant.getTime() / DAY_MS);
}

export function earlier(one: Date | undefined, other: Date | undefined): Date | undefined {
  return one && other ? (one < other ? one : other) : (one ?? other);
}
