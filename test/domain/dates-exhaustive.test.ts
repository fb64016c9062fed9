import { beforeAll, describe, expect, it } from 'vitest';
import { addDays, DAY_MS, lastLocalHour, nextLocalHour } from '../../src/domain/calendar.ts';
import { crossedLeadTimes, leadInstant, leadTimes } from '../../src/domain/expiry.ts';
import { seriesOf } from '../../src/remind/series.ts';
import { aPolicy, aReminded, aVersion, knownUntil, later, MINUTE_MS } from '../support/builders.ts';

// Every day of eight years, in ten zones, against an oracle that reads the clock of the zone each quarter of an hour.
// It walks, and asserts that it has walked:
//   hours:   2,922 days × 10 zones × 24 hours                               = 701,280 mornings
//   leads:   2,922 expiry days × 10 zones × 10 lead times                   = 292,200 due instants
//   series:  2,922 expiry days × 10 lead times × 2 minutes (zones in turn)  =  58,440 looks

const FIRST = Date.UTC(2024, 0, 1);
const DAYS = (Date.UTC(2032, 0, 1) - FIRST) / DAY_MS;
const QUARTER_MS = 15 * MINUTE_MS;
const HOUR_MS = 60 * MINUTE_MS;
/** Days around the eight years that their lead times and mornings reach into. */
const MARGIN = 70;

const ZONES = [
  'Europe/Lisbon',
  'America/New_York',
  'America/Santiago',
  'America/St_Johns',
  'America/Havana',
  'Africa/Casablanca',
  'Africa/Cairo',
  'Asia/Kathmandu', // no daylight saving, and a quarter of an hour off
  'Australia/Lord_Howe', // half an hour of it
  'Pacific/Chatham',
] as const;

const SERIES = [...leadTimes(365), -1, -2, -3, -4, -5, -6, -7, -14];
const LEADS = [...leadTimes(365), -1, -7, -14];
/** Nine is never skipped in these zones; two is, in some. */
const HOURS = [2, 9] as const;

/** Of each hour the instants, in order, at which a local day has come to it; negative where the clock skipped it. */
type Mornings = readonly (readonly number[])[];

/** Slow and plain: reads the local date and time at each quarter of an hour, and takes the first of a day at or past each hour. */
function scan(timeZone: string): Mornings {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const mornings: number[][] = Array.from({ length: 24 }, () => []);
  let [day, hour] = ['', 0];
  const end = FIRST + (DAYS + MARGIN) * DAY_MS;
  for (let at = FIRST - MARGIN * DAY_MS; at < end; at += QUARTER_MS) {
    // `dd, hh:mm`
    const text = format.format(at);
    if (!text.startsWith(`${day},`)) [day, hour] = [text.slice(0, 2), 0];
    const shown = Number(text.slice(4, 6));
    for (; hour <= shown; hour++) mornings[hour]?.push(text.endsWith(':00') && hour === shown ? at : -at);
  }
  return mornings;
}

/** The first morning at or after an instant, by the scan. Walks on from where it was: the instants must rise. */
function walker(mornings: readonly number[]): (instant: number) => number {
  let index = 0;
  return (instant) => {
    while (Math.abs(mornings[index] ?? Number.POSITIVE_INFINITY) < instant) index++;
    return Math.abs(mornings[index] ?? Number.NaN);
  };
}

describe('every day of 2024 to 2031, in ten zones', () => {
  const scans = new Map<string, Mornings>();
  const morningsOf = (zone: string, hour: number) => scans.get(zone)?.[hour] ?? [];

  beforeAll(() => {
    for (const zone of ZONES) scans.set(zone, scan(zone));
  });

  it('covers days with 23, 23½, 24, 24½ and 25 hours, and skipped mornings', () => {
    const lengths = new Set<number>();
    let skipped = 0;
    for (const zone of ZONES) {
      const nine = morningsOf(zone, 9).map(Math.abs);
      for (const [index, at] of nine.slice(2).entries()) lengths.add((at - (nine[index + 1] ?? 0)) / HOUR_MS);
      for (let hour = 0; hour < 24; hour++) skipped += morningsOf(zone, hour).filter((at) => at < 0).length;
    }
    expect([...lengths].sort((a, b) => a - b)).toEqual([23, 23.5, 24, 24.5, 25]);
    expect(skipped).toBeGreaterThan(60);
  });

  it.each(ZONES)('G4: nextLocalHour finds each morning where a scan of quarter hours does (%s)', (zone) => {
    let walked = 0;
    const wrong: string[] = [];
    for (let hour = 0; hour < 24; hour++) {
      const morning = walker(morningsOf(zone, hour));
      for (let day = 0; day < DAYS; day++, walked++) {
        // Anywhere in the day, to the millisecond: no two days begin alike.
        const from = FIRST + day * DAY_MS + ((day * 7919 + hour * 104_729) % DAY_MS);
        const found = nextLocalHour(new Date(from), hour, zone).getTime();
        if (found !== morning(from)) wrong.push(`${new Date(from).toISOString()} ${hour}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(walked).toBe(2922 * 24);
  });

  it('G4: each lead time falls due after it is reached, within 25 hours, at the wanted hour', () => {
    let walked = 0;
    const wrong: string[] = [];
    for (const zone of ZONES) {
      for (const [index, lead] of LEADS.entries()) {
        const hour = HOURS[index % 2] ?? 9;
        const morning = walker(morningsOf(zone, hour));
        for (let day = 0; day < DAYS; day++, walked++) {
          const reached = leadInstant(new Date(FIRST + day * DAY_MS), lead);
          const due = nextLocalHour(reached, hour, zone);
          const waits = due.getTime() - reached.getTime();
          // The scan says where the clock shows that hour, or has skipped it.
          if (waits >= 0 && waits < 25 * HOUR_MS && due.getTime() === morning(reached.getTime())) continue;
          wrong.push(`${zone} ${hour} ${reached.toISOString()}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(walked).toBe(2922 * 10 * 10);
  });

  it('G4: each lead time is reached once, and falls due once, minute by minute', () => {
    let looks = 0;
    const wrong: string[] = [];
    for (let day = 0; day < DAYS; day++) {
      const expiresAt = new Date(FIRST + day * DAY_MS);
      const timezone = ZONES[day % ZONES.length] ?? 'UTC';
      const version = aVersion({ expiry: knownUntil(expiresAt), recordedAt: addDays(expiresAt, -365) });
      const credential = aReminded({ current: version });
      const policy = aPolicy({ timezone });
      for (const lead of LEADS) {
        const reached = leadInstant(expiresAt, lead);
        const due = lead === 0 || lead === 1 ? reached : nextLocalHour(reached, policy.hour, timezone);
        const tightest = [-1, 0].map((minute) => {
          looks++;
          return seriesOf(credential, policy, later(minute * MINUTE_MS, due))?.come.at(-1)?.leadDays;
        });
        const crossed = [-1, 0].map((minute) =>
          crossedLeadTimes(expiresAt, 365, later(minute * MINUTE_MS, reached)).at(-1),
        );
        const expected = [SERIES[SERIES.indexOf(lead) - 1], lead];
        if (String(crossed) !== String(expected))
          wrong.push(`${expiresAt.toISOString()} ${lead}: ${crossed}`);
        if (String(tightest) !== String(expected))
          wrong.push(`${timezone} ${due.toISOString()} ${lead}: ${tightest}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(looks).toBe(2922 * 10 * 2);
  });

  it('lastLocalHour finds the morning before, where the scan does', () => {
    const wrong: string[] = [];
    for (const [index, zone] of ZONES.entries()) {
      for (const hour of [0, 1, 2, 3, 9, 23]) {
        const mornings = morningsOf(zone, hour).map(Math.abs);
        let next = 0;
        for (let day = index % 3; day < DAYS; day += 3) {
          const at = FIRST + day * DAY_MS + ((day * 15_485_863 + hour) % DAY_MS);
          while ((mornings[next] ?? Number.POSITIVE_INFINITY) <= at) next++;
          const before = mornings[next - 1];
          if (lastLocalHour(new Date(at), hour, zone).getTime() !== before)
            wrong.push(`${zone} ${hour} ${new Date(at).toISOString()}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});
