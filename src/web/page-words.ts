import { DAY_MS } from '../domain/calendar.ts';

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** `30 November 2026`, by UTC. */
export function dayOf(instant: Date): string {
  return `${instant.getUTCDate()} ${MONTHS[instant.getUTCMonth()]} ${instant.getUTCFullYear()}`;
}

/** `30 November 2026`, where it is not its first instant with the minute: `30 November 2026, 12:30 UTC`. */
export function instantOf(instant: Date): string {
  return instant.getTime() % DAY_MS === 0 ? dayOf(instant) : minuteOf(instant);
}

export function minuteOf(instant: Date): string {
  return `${dayOf(instant)}, ${instant.toISOString().slice(11, 16)} UTC`;
}

export function count(number: number, one: string, several = `${one}s`): string {
  return `${number} ${number === 1 ? one : several}`;
}

/** By the floored number of days left that is shown everywhere: the first day after expiry counts as -1. */
export function expires(left: number): string {
  if (left === 0) return 'expires within 24 hours';
  if (left > 0) return `expires in ${count(left, 'day')}`;
  return left === -1 ? 'has expired' : `expired ${count(-left - 1, 'day')} ago`;
}

export function timeLeft(left: number): string {
  if (left === 0) return 'within a day';
  if (left > 0) return `${count(left, 'day')} left`;
  return left === -1 ? 'just expired' : `${count(-left - 1, 'day')} ago`;
}

const UNITS = [
  { ms: DAY_MS, name: 'day', from: 2 },
  { ms: 3_600_000, name: 'hour', from: 2 },
  { ms: 60_000, name: 'minute', from: 2 },
  { ms: 1000, name: 'second', from: 0 },
] as const;

/** `40 seconds ago`. What lies ahead was noted by a clock that has been put back since. */
export function ago(at: Date, now: Date): string {
  const passed = now.getTime() - at.getTime();
  if (passed < -1000) return 'at a time that lies ahead: look at the clock';
  const unit = UNITS.find(({ ms, from }) => passed >= ms * from) ?? UNITS[3];
  return `${count(Math.max(0, Math.floor(passed / unit.ms)), unit.name)} ago`;
}

/** What most pages are made of: to look at each class of Unicode takes five times as long. */
const PLAIN = /^[\n -~·–›↗]*$/;

/**
 * A whole page without control characters and without those that turn or hide what stands beside them (Unicode Cf), and with no halves
 * of characters: names, answers of services and what people wrote alike, so that none is forgotten.
 */
export function withoutTricks(page: string): string {
  if (PLAIN.test(page)) return page;
  return page
    .toWellFormed()
    .replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (one) => (/\p{Cf}/u.test(one) ? '' : ' '));
}

/** As the first of a sentence. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
