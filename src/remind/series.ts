import { daysBetween, monthOf, startOfMonth } from '../domain/calendar.ts';
import type { Version } from '../domain/credential.ts';
import { effectiveLifetimeDays } from '../domain/credential.ts';
import { crossedLeadTimes, daysAfter, leadInstant, nextDayAfter, nextLeadTime } from '../domain/expiry.ts';
import type { Lead, Series } from './lead.ts';
import { inTime, knownSince, leadsAfter, morningAfter } from './lead.ts';
import { openEndSeries } from './open-end-series.ts';
import { changedPlaces } from './open-ends.ts';
import type { ReminderPolicy } from './policy.ts';
import type { Reminded } from './reminder.ts';
import { pressingRules } from './shortened.ts';

/** Every series that a credential is in at `now`, its main one first. None: nobody is told anything of it. */
export function everySeriesOf(credential: Reminded, policy: ReminderPolicy, now: Date): readonly Series[] {
  const main = seriesOf(credential, policy, now);
  if (!main) return [];
  // What has no date has the line already.
  const doubt = main.topic === 'expiry' ? doubted(credential, policy, now) : undefined;
  return [main, ...(doubt ? [doubt] : []), ...openEndSeries(credential, policy, now)];
}

/**
 * Which main series a credential is in at `now`. Undefined: nobody is told anything of it.
 *
 * Revoked and leaked come before everything; then the expiry; what has no date has its line a month.
 */
export function seriesOf(credential: Reminded, policy: ReminderPolicy, now: Date): Series | undefined {
  const { current: version, firstSeenAt, retiredAt } = credential;
  if (retiredAt) return undefined;
  if (version && version.standing !== 'good') return alarm(version, version.standing, policy, now);
  if (version?.expiry.kind === 'known') return expiry(credential, version, version.expiry.at, policy, now);
  return standing(version?.version ?? 0, version?.recordedAt ?? firstSeenAt, policy, now);
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
  return {
    topic: 'expiry',
    version: version.version,
    audience: 'by-lead-time',
    ...inTime(leads, now, quiet),
  };
}

/** At once, then daily for a week, then weekly, until there is a new version. Nobody can put it off. */
function alarm(version: Version, topic: 'revoked' | 'leaked', policy: ReminderPolicy, now: Date): Series {
  const since = knownSince(version.standingAt ?? version.recordedAt, now);
  const passed = daysBetween(since, now);
  const leads = leadsAfter(since, [0, ...daysAfter(passed), nextDayAfter(passed)], policy);
  return { topic, version: version.version, audience: 'all', ...inTime(leads, now) };
}

/** A line a month, in the first mail of the month, from the one after it was `known`. */
function standing(version: number, known: Date, policy: ReminderPolicy, now: Date): Series {
  const due = (month: number) => morningAfter(startOfMonth(month), policy);
  const [month, next] =
    due(monthOf(now)) <= now ? [monthOf(now), monthOf(now) + 1] : [monthOf(now) - 1, monthOf(now)];
  const lead = { leadDays: month, dueAt: due(month), urgent: false, missable: false };
  return {
    topic: 'standing',
    version,
    audience: 'owners',
    come: lead.dueAt > known ? [lead] : [],
    next: { leadDays: next, at: due(next) },
    planAt: due(next),
  };
}

/**
 * Somebody else has put a token there, or a rule of its issuer ends it before its date: beside the reminders by the date that was
 * known comes the line a month. That a date is beyond a rule is known since it was recorded; where it is not certain, the line
 * comes only around the day of the rule. A release of reseal that brings a new rule thus owes the line of the month that has begun,
 * with the day's next mail, and each month's after it; one that takes a rule back, or moves its day, touches no reminder by the
 * recorded date, since the line is kept by the month.
 */
function doubted(credential: Reminded, policy: ReminderPolicy, now: Date): Series | undefined {
  const { current } = credential;
  const [first] = [
    ...changedPlaces(credential).map(({ changedAt }) => changedAt),
    ...(current && pressingRules(credential, now).length > 0 ? [current.recordedAt] : []),
  ].sort((a, b) => a.getTime() - b.getTime());
  return first && standing(current?.version ?? 0, first, policy, now);
}
