import { daysBetween } from '../domain/calendar.ts';
import { daysAfter, nextDayAfter } from '../domain/expiry.ts';
import type { Series } from './lead.ts';
import { dayNumber, earlier, inTime, knownSince, leadsAfter } from './lead.ts';
import { foreignPlaces, livingVersions } from './open-ends.ts';
import type { ReminderPolicy } from './policy.ts';
import type { Reminded } from './reminder.ts';

/** The series beside the main one: a person has something to settle. */
export function openEndSeries(credential: Reminded, policy: ReminderPolicy, now: Date): readonly Series[] {
  const { unconfirmedSince } = credential;
  const version = credential.current?.version ?? 0;
  return [
    ...(unconfirmedSince ? [unconfirmed(version, unconfirmedSince, policy, now)] : []),
    ...changed(credential, now),
    ...oldToken(credential, version, policy, now),
  ];
}

/** At once, then daily for a week, then weekly, until it is settled. Nobody can put it off. */
function unconfirmed(version: number, noted: Date, policy: ReminderPolicy, now: Date): Series {
  const since = knownSince(noted, now);
  const passed = daysBetween(since, now);
  const first = dayNumber(noted);
  // Counted from 1970: a second one of the same version is told anew.
  const leads = leadsAfter(since, [0, ...daysAfter(passed), nextDayAfter(passed)], policy).map((lead) => ({
    ...lead,
    leadDays: lead.leadDays - first,
  }));
  return { topic: 'unconfirmed', version, audience: 'all', ...inTime(leads, now) };
}

/** Each day on which a change was seen is told once, at once. Of no version: what is there now may be of none. */
function changed(credential: Reminded, now: Date): readonly Series[] {
  const days = Map.groupBy(foreignPlaces(credential), ({ changedAt }) => dayNumber(changedAt));
  return [...days]
    .sort(([a], [b]) => a - b)
    .map(([day, places]) => {
      const first = places.reduce((least, { changedAt }) => Math.min(least, changedAt.getTime()), Infinity);
      const lead = {
        leadDays: -day,
        dueAt: knownSince(new Date(first), now),
        urgent: true,
        missable: false,
      };
      return { topic: 'changed', version: 0, audience: 'all', ...inTime([lead], now) };
    });
}

const FIRST_DAYS = 14;
const THEN_DAYS = 30;

/** Days after a scheduled rotation on which it is asked for, up to `passed`, and the one after them: 14, 44, 74 … */
function scheduledDays(passed: number): readonly number[] {
  const days = [FIRST_DAYS];
  for (let day = FIRST_DAYS; day <= passed; day += THEN_DAYS) days.push(day + THEN_DAYS);
  return days;
}

/**
 * What was replaced lives on at its issuer. The notice of the rotation has said so: asked again after 14 days, then every 30;
 * of what has leaked daily for a week, then weekly, which nobody can put off.
 */
function oldToken(
  credential: Reminded,
  version: number,
  policy: ReminderPolicy,
  now: Date,
): readonly Series[] {
  const { acknowledgedUntil, former } = credential;
  const living = livingVersions(credential, now);
  const newest = former[0];
  if (!newest || living.length === 0) return [];
  const since = knownSince(newest.replacedAt, now);
  const passed = daysBetween(since, now);
  const leaked = living.some(({ standing }) => standing === 'leaked');
  const quiet = !leaked && acknowledgedUntil && acknowledgedUntil > now ? acknowledgedUntil : undefined;
  const until = daysBetween(since, quiet ?? now);
  const days = leaked ? [...daysAfter(passed), nextDayAfter(passed)] : scheduledDays(until);
  const leads = leadsAfter(since, days, policy).map((lead) => ({ ...lead, urgent: leaked }));
  const told = inTime(leads, now, quiet);
  // What dies by itself is to be asked for no more.
  const ends = living.map(({ expiry }) => (expiry.kind === 'known' ? expiry.at : undefined));
  return [
    {
      topic: 'old-token',
      version,
      audience: leaked ? 'all' : 'owners',
      ...told,
      planAt: ends.reduce(earlier, told.planAt),
    },
  ];
}
