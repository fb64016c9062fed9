import { AppError } from './error.ts';

export const DAY_MS = 86_400_000;

/** How long a credential lives: whole days, or calendar years (29 February → 28 February). */
export type Lifetime = `${number}d` | `${number}y`;

const INSTANT =
  /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,3})\d*)?(Z|[+-]\d{2}:\d{2}))?$/;

/**
 * Reads `YYYY-MM-DD` (its first instant in UTC) or an RFC 3339 date-time. `new Date(text)` is not used: it accepts
 * 30 February and reads `2027-1-1` in local time.
 *
 * @throws AppError invalid_input
 */
export function parseInstant(text: string): Date {
  const instant = readInstant(text);
  if (instant) return instant;
  throw new AppError('invalid_input', `"${clip(text)}" is not a date`, {
    hints: ['write a date as 2027-06-01, or an instant as 2027-06-01T12:00:00Z'],
  });
}

function readInstant(text: string): Date | undefined {
  const match = INSTANT.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const milliseconds = Number((match[7] ?? '0').padEnd(3, '0'));
  const local = new Date(0);
  local.setUTCFullYear(year, month - 1, day);
  local.setUTCHours(hour, minute, second, milliseconds);
  const same =
    local.getUTCFullYear() === year &&
    local.getUTCMonth() === month - 1 &&
    local.getUTCDate() === day &&
    local.getUTCHours() === hour &&
    local.getUTCMinutes() === minute &&
    local.getUTCSeconds() === second;
  const offset = offsetMinutes(match[8] ?? 'Z');
  return same && offset !== undefined ? new Date(local.getTime() - offset * 60_000) : undefined;
}

function offsetMinutes(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

/** @throws AppError invalid_input */
export function parseLifetime(text: string): Lifetime {
  const match = /^([1-9]\d{0,4})([dy])$/.exec(text);
  if (match && (match[2] === 'd' || Number(match[1]) <= 100)) return text as Lifetime;
  throw new AppError('invalid_input', `"${clip(text)}" is not a lifetime`, {
    hints: ['write days as 365d or calendar years as 1y'],
  });
}

/** `365d` → `365 days`, `1y` → `1 year`. */
export function describeLifetime(lifetime: Lifetime): string {
  const count = Number(lifetime.slice(0, -1));
  return `${count} ${lifetime.endsWith('d') ? 'day' : 'year'}${count === 1 ? '' : 's'}`;
}

export function addDays(instant: Date, days: number): Date {
  return new Date(instant.getTime() + days * DAY_MS);
}

export function addLifetime(instant: Date, lifetime: Lifetime): Date {
  const count = Number(lifetime.slice(0, -1));
  if (lifetime.endsWith('d')) return addDays(instant, count);
  const month = instant.getUTCMonth();
  const result = new Date(instant);
  result.setUTCFullYear(instant.getUTCFullYear() + count);
  if (result.getUTCMonth() !== month) result.setUTCDate(0);
  return result;
}

/** The first instant of the UTC day that holds `instant`. */
export function startOfDay(instant: Date): Date {
  return new Date(Math.floor(instant.getTime() / DAY_MS) * DAY_MS);
}

/** Whole days from `from` to `to`, rounded down: 6 days and 23 hours are 6, one hour ago is -1. */
export function daysBetween(from: Date, to: Date): number {
  return Math.floor((to.getTime() - from.getTime()) / DAY_MS);
}

/** RFC 3339 in UTC; without milliseconds where there are none. */
export function formatInstant(instant: Date): string {
  const text = instant.toISOString();
  return text.endsWith('.000Z') ? `${text.slice(0, -5)}Z` : text;
}

/** `2027-06-01` in UTC. */
export function formatDay(instant: Date): string {
  return instant.toISOString().slice(0, 10);
}

/** For people: `2027-06-01` when it is the first instant of a day, else `2027-06-01 12:30 UTC`. */
export function formatForPeople(instant: Date): string {
  const [day, time] = instant.toISOString().split('T') as [string, string];
  return time === '00:00:00.000Z' ? day : `${day} ${time.slice(0, 5)} UTC`;
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Kept, since making one costs a hundred times what reading it does. */
function clockIn(timeZone: string): Intl.DateTimeFormat {
  const kept = clocks.get(timeZone);
  if (kept) return kept;
  const format = { hourCycle: 'h23', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const;
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone, ...format });
  clocks.set(timeZone, clock);
  return clock;
}

interface Shown {
  readonly day: string;
  /** Since midnight, as the clock shows it. */
  readonly minutes: number;
}

function readClock(at: number, timeZone: string): Shown {
  if (timeZone === 'UTC') return readUtc(at);
  // `dd, hh:mm`: cheaper than taking the parts one by one.
  const text = clockIn(timeZone).format(at);
  const [day = '', time = ''] = text.split(', ');
  return { day, minutes: Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5)) };
}

/** Without the clocks of all the world's zones, which take longer to load than anything else that `status` does. */
function readUtc(at: number): Shown {
  const shown = new Date(at).toISOString();
  return { day: shown.slice(8, 10), minutes: Number(shown.slice(11, 13)) * 60 + Number(shown.slice(14, 16)) };
}

const MINUTE_MS = 60_000;
/** All offsets in use are multiples of a quarter of an hour, so local full hours are found on quarter-hour steps. */
const QUARTER_MS = 15 * MINUTE_MS;
const DAY_MINUTES = 24 * 60;
/** No clock is put back by more than two hours (Antarctica/Troll). */
const LOOK_BACK_MS = 3 * 60 * MINUTE_MS;

/**
 * The first instant at or after `instant` at which a clock in `timeZone` shows `hour`:00 for the first time on a day. Where
 * daylight saving skips that time, the first instant after the gap is taken, so that no day is left out; where it brings that
 * time twice, the second is no other morning.
 */
export function nextLocalHour(instant: Date, hour: number, timeZone: string): Date {
  const start = Math.ceil(instant.getTime() / QUARTER_MS) * QUARTER_MS;
  const wanted = hour * 60;
  const shown = readClock(start, timeZone);
  const ahead = (wanted - shown.minutes + DAY_MINUTES) % DAY_MINUTES;
  const guess = start + ahead * MINUTE_MS;
  // Right unless the clock is put forward or back on the way, or was just before.
  if (offsetAt(guess, timeZone) === offsetAt(start - LOOK_BACK_MS, timeZone)) return new Date(guess);
  return searchLocalHour(start, wanted, timeZone);
}

/**
 * The first instant after a day of the calendar as a clock in `timeZone` shows it.
 *
 * @param day `2027-06-01`
 * @throws AppError invalid_input
 */
export function endOfLocalDay(day: string, timeZone: string): Date {
  // No clock is further from UTC than that, so that the first midnight from there on is this day's or the one before it.
  let midnight = nextLocalHour(addHours(parseInstant(day), -15), 0, timeZone);
  while (readClock(midnight.getTime(), timeZone).day !== day.slice(8, 10))
    midnight = nextLocalHour(addHours(midnight, 1), 0, timeZone);
  return nextLocalHour(addHours(midnight, 1), 0, timeZone);
}

function addHours(at: Date, hours: number): Date {
  return new Date(at.getTime() + hours * 60 * MINUTE_MS);
}

/** Minutes that the clock is ahead of UTC, within a day: enough to see whether it was put forward or back. */
function offsetAt(at: number, timeZone: string): number {
  const utc = Math.floor(at / MINUTE_MS) % DAY_MINUTES;
  return (readClock(at, timeZone).minutes - utc + 2 * DAY_MINUTES) % DAY_MINUTES;
}

function searchLocalHour(start: number, wanted: number, timeZone: string): Date {
  let previous = readClock(start - LOOK_BACK_MS, timeZone);
  let cameOn = previous.minutes === wanted ? previous.day : undefined;
  const end = start + 27 * 4 * QUARTER_MS;
  for (let at = start - LOOK_BACK_MS + QUARTER_MS; at < end; at += QUARTER_MS) {
    const shown = readClock(at, timeZone);
    const passed = shown.day === previous.day ? previous.minutes : -1;
    const skipped = passed < wanted && shown.minutes > wanted;
    previous = shown;
    if ((shown.minutes !== wanted && !skipped) || shown.day === cameOn) continue;
    if (at >= start) return new Date(at);
    cameOn = shown.day;
  }
  return new Date(end);
}

/** The latest such instant at or before `instant`: when the day of the one mail began. */
export function lastLocalHour(instant: Date, hour: number, timeZone: string): Date {
  let last = nextLocalHour(addDays(instant, -26 / 24), hour, timeZone);
  for (;;) {
    const next = nextLocalHour(new Date(last.getTime() + 1), hour, timeZone);
    if (next > instant) return last;
    last = next;
  }
}

/** Months since year 0, by UTC. */
export function monthOf(instant: Date): number {
  return instant.getUTCFullYear() * 12 + instant.getUTCMonth();
}

/** The first instant of a month as `monthOf` counts it. */
export function startOfMonth(month: number): Date {
  const start = new Date(0);
  start.setUTCFullYear(Math.floor(month / 12), month % 12, 1);
  return start;
}

function clip(text: string): string {
  const printable = text.replace(/[^\x20-\x7e]/g, '?');
  return printable.length > 40 ? `${printable.slice(0, 40)}…` : printable;
}
