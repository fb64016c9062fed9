import { addDays, daysBetween } from './calendar.ts';

/** How an expiry is known. `estimated`: worked out from less than a full statement, such as a baseline at adoption. */
export type ExpirySource = 'entered' | 'computed' | 'read' | 'observed' | 'estimated' | 'unknown';

/** When one version of a credential dies. */
export type Expiry =
  | { readonly kind: 'known'; readonly at: Date; readonly source: ExpirySource }
  | { readonly kind: 'never'; readonly source: ExpirySource }
  | { readonly kind: 'unknown'; readonly source: 'unknown' };

export const UNKNOWN_EXPIRY: Expiry = { kind: 'unknown', source: 'unknown' };

/** Whole days left, floored; negative after expiry; undefined where no date is known. The one place that counts them. */
export function daysLeft(expiry: Expiry, now: Date): number | undefined {
  return expiry.kind === 'known' ? daysBetween(now, expiry.at) : undefined;
}

/** How the expiry is known, in words for mail, page and terminal. */
export function describeSource(source: ExpirySource): string {
  switch (source) {
    case 'entered':
      return 'as entered by a person';
    case 'computed':
      return 'computed from the creation date and the lifetime, not confirmed at the issuer';
    case 'read':
      return 'read from the credential itself';
    case 'observed':
      return 'observed at the service';
    case 'estimated':
      return 'estimated';
    case 'unknown':
      return 'not known';
  }
}

const LONG_LIVED = [60, 30, 14, 7, 3, 1, 0];
const MEDIUM = [21, 10, 5, 2, 1, 0];
/** After expiry: daily for a week, then weekly. */
const DAILY_AFTER = 7;

/**
 * Days before expiry at which a reminder falls due, widest first, for a credential that lives `lifetimeDays`. Where
 * the lifetime is not known, pass the days that were left when the version was recorded.
 */
export function leadTimes(lifetimeDays: number): readonly number[] {
  if (lifetimeDays >= 180) return LONG_LIVED;
  if (lifetimeDays >= 61) return MEDIUM;
  const third = Math.floor(Math.max(lifetimeDays, 0) / 3);
  return [...new Set([third, 2, 0])].filter((lead) => lead <= third || lead === 0).sort((a, b) => b - a);
}

/** The days after an end on which reminders follow, up to `days` of them that have passed: 1…7, then 14, 21 and so on. */
export function daysAfter(days: number): readonly number[] {
  const after: number[] = [];
  for (let day = 1; day <= Math.min(days, DAILY_AFTER); day++) after.push(day);
  for (let day = 2 * DAILY_AFTER; day <= days; day += 7) after.push(day);
  return after;
}

/** The first of them that lies ahead when `days` have passed. */
export function nextDayAfter(days: number): number {
  const passed = Math.max(0, days);
  return passed < DAILY_AFTER ? passed + 1 : Math.floor(passed / 7) * 7 + 7;
}

/** Every lead time that `now` has reached, widest first; after expiry with -1 … -7, then -14, -21 and so on. */
export function crossedLeadTimes(expiresAt: Date, lifetimeDays: number, now: Date): readonly number[] {
  const before = leadTimes(lifetimeDays).filter((lead) => leadInstant(expiresAt, lead) <= now);
  return [...before, ...daysAfter(daysBetween(expiresAt, now)).map((day) => -day)];
}

/** Whether `now` has reached the widest lead time, or any other. */
export function isAnyLeadTimeCrossed(expiresAt: Date, lifetimeDays: number, now: Date): boolean {
  const widest = leadTimes(lifetimeDays)[0] ?? 0;
  return leadInstant(expiresAt, widest) <= now;
}

/** The next lead time that `now` has not reached. There always is one: after expiry the weekly ones go on. */
export function nextLeadTime(expiresAt: Date, lifetimeDays: number, now: Date): number {
  const ahead = leadTimes(lifetimeDays).find((lead) => leadInstant(expiresAt, lead) > now);
  return ahead ?? -nextDayAfter(daysBetween(expiresAt, now));
}

/** The instant at which a lead time is reached. */
export function leadInstant(expiresAt: Date, lead: number): Date {
  return addDays(expiresAt, -lead);
}
