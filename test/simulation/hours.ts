/** The instants at which a clock in one time zone shows one hour: one for each of its days. Milliseconds since 1970. */
export interface Hours {
  /** The first at or after an instant. */
  next(at: number): number;
  /** Counts the days that begin at this hour. */
  dayOf(at: number): number;
}

const MINUTE = 60_000;
const DAY = 86_400_000;
const FIRST = Date.UTC(2025, 0, 1);
const LAST = Date.UTC(2046, 0, 1);

const kept = new Map<string, Hours>();

/**
 * Worked out from the offsets of the zone, and not as the program does it. Where the hour is left out on a day, the first instant
 * after the gap stands for it; where it comes twice, the first.
 */
export function hoursOf(zone: string, hour: number): Hours {
  const key = `${zone} ${hour}`;
  const known = kept.get(key);
  if (known) return known;
  const instants = listInstants(offsetsOf(zone), hour * 60 * MINUTE);
  const made: Hours = {
    next: (at) => instants[firstAtOrAfter(instants, at)] ?? Number.POSITIVE_INFINITY,
    dayOf: (at) => firstAtOrAfter(instants, at + 1) - 1,
  };
  kept.set(key, made);
  return made;
}

interface Span {
  readonly from: number;
  readonly until: number;
  readonly offset: number;
}

function listInstants(spans: readonly Span[], wanted: number): readonly number[] {
  const instants: number[] = [];
  let first = 0;
  for (let day = FIRST; day < LAST; day += DAY) {
    while ((spans[first]?.until ?? LAST) + (spans[first]?.offset ?? 0) <= day) first++;
    const span = spans
      .slice(Math.max(0, first - 1))
      .find(({ until, offset }) => until + offset > day + wanted);
    if (span) instants.push(Math.max(span.from, day + wanted - span.offset));
  }
  return instants;
}

/** In which a zone keeps one offset to UTC. Looked at once a day, and to the minute where it changed. */
function offsetsOf(zone: string): readonly Span[] {
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  const offsetAt = (at: number) => {
    const [, day, month, year, hour, minute] =
      /(\d+)\/(\d+)\/(\d+), (\d+):(\d+)/.exec(clock.format(at)) ?? [];
    return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute)) - at;
  };
  const spans: Span[] = [];
  let [from, offset] = [FIRST - 2 * DAY, offsetAt(FIRST - 2 * DAY)];
  for (let at = from + DAY; at < LAST + 2 * DAY; at += DAY) {
    const there = offsetAt(at);
    if (there === offset) continue;
    let [low, high] = [at - DAY, at];
    while (high - low > MINUTE) {
      const middle = low + Math.floor((high - low) / 2 / MINUTE) * MINUTE;
      if (offsetAt(middle) === offset) low = middle;
      else high = middle;
    }
    spans.push({ from, until: high, offset });
    [from, offset] = [high, there];
  }
  return [...spans, { from, until: LAST + 2 * DAY, offset }];
}

function firstAtOrAfter(sorted: readonly number[], at: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
