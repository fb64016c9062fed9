import { addDays, daysBetween, monthOf, nextLocalHour, startOfMonth } from '../domain/calendar.ts';
import type { Version } from '../domain/credential.ts';
import { effectiveLifetimeDays } from '../domain/credential.ts';
import { crossedLeadTimes, daysAfter, leadInstant, nextDayAfter, nextLeadTime } from '../domain/expiry.ts';
import { LONGEST_WAIT_MS } from './outcome.ts';
import type { ReminderPolicy } from './policy.ts';
import type { Reminded, Topic } from './reminder.ts';

/** One reminder of a series whose time has come. */
export interface Lead {
  readonly leadDays: number;
  readonly dueAt: Date;
  readonly urgent: boolean;
  /** It fell due while the version was known: where it did not go out, the next one says so. */
  readonly missable: boolean;
}

/** The reminders that the state of a credential gives rise to. */
export interface Series {
  readonly topic: Topic;
  readonly version: number;
  /** Widest first, the tightest last. */
  readonly come: readonly Lead[];
  /** When the next one comes, with its lead time. Undefined: only a change brings one. */
  readonly next: { readonly leadDays: number; readonly at: Date } | undefined;
  /** When it must be looked at again: then, or when a quiet time ends. */
  readonly planAt: Date | undefined;
}

/**
 * Which series a credential is in at `now`. Undefined: nobody is told anything of it.
 *
 * Revoked and leaked come before everything; then the expiry; what has no date has its line a month.
 */
export function seriesOf(credential: Reminded, policy: ReminderPolicy, now: Date): Series | undefined {
  const { current: version, retiredAt } = credential;
  if (retiredAt) return undefined;
  if (version && version.standing !== 'good') return alarm(version, version.standing, policy, now);
  if (version?.expiry.kind === 'known') return expiry(credential, version, version.expiry.at, policy, now);
  return standing(credential, version, policy, now);
}

/** The last day and the day itself do not wait for the morning. */
const AT_ONCE: readonly number[] = [1, 0];

function expiry(
  { acknowledgedUntil }: Reminded,
  version: Version,
  expiresAt: Date,
  policy: ReminderPolicy,
  now: Date,
): Series {
  const lifetime = effectiveLifetimeDays(version);
  const quiet = acknowledgedUntil && acknowledgedUntil > now ? acknowledgedUntil : undefined;
  const from = quiet ?? now;
  // Recorded by a clock that has been put back since, it is recorded all the same.
  const recorded = (reached: Date) => (version.recordedAt <= now ? version.recordedAt : reached);
  const leads = [...crossedLeadTimes(expiresAt, lifetime, from), nextLeadTime(expiresAt, lifetime, from)].map(
    (leadDays): Lead => {
      const reached = leadInstant(expiresAt, leadDays);
      const known = reached > version.recordedAt;
      const urgent = AT_ONCE.includes(leadDays);
      // What had already been reached when the version was recorded does not wait for another morning.
      const dueAt = !known ? recorded(reached) : urgent ? reached : morningAfter(reached, policy);
      return { leadDays, dueAt, urgent, missable: known };
    },
  );
  const tightest = leads.findLastIndex(({ dueAt }) => dueAt <= from);
  const fellDue = leads[tightest];
  // What falls due while it is quiet is told when that ends.
  const next =
    quiet && fellDue && fellDue.dueAt > now
      ? { ...fellDue, dueAt: quiet }
      : earliest(leads.slice(tightest + 1));
  return {
    topic: 'expiry',
    version: version.version,
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

/** At once, then daily for a week, then weekly, until there is a new version. Nobody can put it off. */
function alarm(version: Version, topic: 'revoked' | 'leaked', policy: ReminderPolicy, now: Date): Series {
  const since = knownSince(version.standingAt ?? version.recordedAt, now);
  const due = (days: number) => (days === 0 ? since : morningAfter(addDays(since, days), policy));
  const days = [0, ...daysAfter(daysBetween(since, now))];
  const come = days
    .map((day): Lead => ({ leadDays: -day || 0, dueAt: due(day), urgent: day === 0, missable: true }))
    .filter(({ dueAt }) => dueAt <= now);
  const upcoming = [...days, nextDayAfter(daysBetween(since, now))].find((day) => due(day) > now);
  return {
    topic,
    version: version.version,
    come,
    next: upcoming === undefined ? undefined : { leadDays: -upcoming || 0, at: due(upcoming) },
    planAt: upcoming === undefined ? undefined : due(upcoming),
  };
}

/** A line a month, in the first mail of the month, from the one after it was first known. */
function standing(
  { firstSeenAt }: Reminded,
  version: Version | undefined,
  policy: ReminderPolicy,
  now: Date,
): Series {
  const known = version?.recordedAt ?? firstSeenAt;
  const due = (month: number) => morningAfter(startOfMonth(month), policy);
  const [month, next] =
    due(monthOf(now)) <= now ? [monthOf(now), monthOf(now) + 1] : [monthOf(now) - 1, monthOf(now)];
  const lead = { leadDays: month, dueAt: due(month), urgent: false, missable: false };
  return {
    topic: 'standing',
    version: version?.version ?? 0,
    come: lead.dueAt > known ? [lead] : [],
    next: { leadDays: next, at: due(next) },
    planAt: due(next),
  };
}

function morningAfter(instant: Date, { hour, timezone }: ReminderPolicy): Date {
  return nextLocalHour(instant, hour, timezone);
}

/** What was noted further ahead than any wait was noted by a clock that has been put back since: it is so all the same. */
function knownSince(noted: Date, now: Date): Date {
  return noted.getTime() - now.getTime() > LONGEST_WAIT_MS ? now : noted;
}
