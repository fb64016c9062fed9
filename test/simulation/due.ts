import type { Topic } from '../../src/remind/reminder.ts';
import type { Hours } from './hours.ts';

// What DESIGN.md §6 says falls due, worked out by brute force and with nothing of the program's own.

const DAY = 86_400_000;

/** A version as the schedule knows it. Instants in milliseconds. */
export interface VersionFact {
  readonly number: number;
  readonly expiry: number | 'never' | 'unknown';
  readonly lifetimeDays: number | undefined;
  readonly recordedAt: number;
  readonly standing: { readonly said: 'revoked' | 'leaked'; readonly at: number } | undefined;
  /** When it was said to be revoked, before it was said to have leaked. */
  readonly revokedBefore?: number | undefined;
  /** Made by a rotation, so that the one before may live on. */
  readonly rotated: boolean;
  /** Somebody has said that it is revoked at its issuer. */
  readonly revoked: boolean;
}

export interface Due {
  readonly topic: Topic;
  readonly lead: number;
  readonly at: number;
  /** It goes at once, and not with the day's one mail. */
  readonly urgent: boolean;
}

function leadsBefore(lifetimeDays: number): readonly number[] {
  if (lifetimeDays >= 180) return [60, 30, 14, 7, 3, 1, 0];
  if (lifetimeDays >= 61) return [21, 10, 5, 2, 1, 0];
  const third = Math.floor(lifetimeDays / 3);
  return third > 2 ? [third, 2, 0] : third === 2 ? [2, 0] : third === 1 ? [1, 0] : [0];
}

/** Daily for a week, then weekly. */
function isDayAfter(day: number): boolean {
  return day >= 1 && (day <= 7 || day % 7 === 0);
}

/** Everything of one version that has fallen due by `now`, in the order in which its time came. */
export function dueBy(version: VersionFact, now: number, hours: Hours): readonly Due[] {
  if (version.standing) return alarmBy(version.standing, now, hours);
  if (typeof version.expiry !== 'number') return standingBy(version.recordedAt, now, hours);
  return expiryBy(version, version.expiry, now, hours);
}

function expiryBy(version: VersionFact, expiry: number, now: number, hours: Hours): readonly Due[] {
  const lifetime = version.lifetimeDays ?? Math.max(0, Math.floor((expiry - version.recordedAt) / DAY));
  const leads = [...leadsBefore(lifetime)];
  for (let day = 1; expiry + day * DAY <= now; day++) if (isDayAfter(day)) leads.push(-day);
  return leads
    .map((lead): Due => {
      const reached = expiry - lead * DAY;
      const urgent = lead === 1 || lead === 0;
      // What had been reached when it was recorded waits for no other morning.
      const at = urgent || reached <= version.recordedAt ? reached : hours.next(reached);
      return { topic: 'expiry', lead, at, urgent };
    })
    .filter(({ at }) => at <= now);
}

function alarmBy(
  { said: topic, at: since }: NonNullable<VersionFact['standing']>,
  now: number,
  hours: Hours,
): readonly Due[] {
  return [{ topic, lead: 0, at: Math.min(since, now), urgent: true }, ...daysAfter(topic, since, now, hours)];
}

function daysAfter(topic: Topic, since: number, now: number, hours: Hours): readonly Due[] {
  const due: Due[] = [];
  for (let day = 1; since + day * DAY <= now; day++) {
    if (!isDayAfter(day)) continue;
    const at = hours.next(since + day * DAY);
    if (at <= now) due.push({ topic, lead: -day, at, urgent: false });
  }
  return due;
}

/** Days since 1970. */
export function dayOf(at: number): number {
  return Math.floor(at / DAY);
}

/** At once, then daily for a week and weekly; by days that are counted from 1970. */
export function unconfirmedBy(since: number, now: number, hours: Hours): readonly Due[] {
  const first: Due = { topic: 'unconfirmed', lead: 0, at: Math.min(since, now), urgent: true };
  return [first, ...daysAfter('unconfirmed', since, now, hours)].map((due) => ({
    ...due,
    lead: due.lead - dayOf(since),
  }));
}

/** After 14 days and every 30; of what has leaked daily for a week and weekly. */
export function oldTokenBy(since: number, leaked: boolean, now: number, hours: Hours): readonly Due[] {
  if (leaked) return daysAfter('old-token', since, now, hours).map((due) => ({ ...due, urgent: true }));
  const due: Due[] = [];
  for (let day = 14; since + day * DAY <= now; day += 30) {
    const at = hours.next(since + day * DAY);
    if (at <= now) due.push({ topic: 'old-token', lead: -day, at, urgent: false });
  }
  return due;
}

/** What has no date: a line a month, from the month after it was first known. Only the last one counts. */
export function standingBy(known: number, now: number, hours: Hours): readonly Due[] {
  const due: Due[] = [];
  const start = new Date(known);
  for (let month = start.getUTCFullYear() * 12 + start.getUTCMonth(); ; month++) {
    const first = Date.UTC(Math.floor(month / 12), month % 12, 1);
    const at = hours.next(first);
    if (first > now) return due;
    if (at > known && at <= now) due.push({ topic: 'standing', lead: month, at, urgent: false });
  }
}
