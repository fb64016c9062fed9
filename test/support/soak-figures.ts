import type { Sample } from './soak-sample.ts';

/** What is left out: libraries are loaded, caches filled. */
export const WARM_UP_DAYS = 2;
/** MB that may be gained. */
const MOST = { resident: 10, live: 10 };

/** MB of 10⁶ bytes. */
interface Drift {
  /** The slope of the line through all samples (least squares), times the days. */
  readonly trend: number;
  /** The median of the last third less that of the first. */
  readonly shift: number;
}

/** The median and the most of each third. */
type Thirds = readonly { readonly middle: number; readonly most: number }[];

/** What a soak shows once it is warm. */
export interface Figures {
  readonly resident: Drift;
  readonly live: Drift;
  readonly descriptors: Thirds;
  readonly threads: Thirds;
}

/** @param warmUp days that are left out */
export function summarise(samples: readonly Sample[], warmUp: number = WARM_UP_DAYS): Figures {
  const warm = samples.filter(({ day }) => day >= warmUp);
  if (warm.length < 6) throw new Error(`${warm.length} samples say nothing: let it run for longer`);
  return {
    resident: driftOf(warm, 'resident'),
    live: driftOf(warm, 'live'),
    descriptors: thirdsOf(warm, 'descriptors'),
    threads: thirdsOf(warm, 'threads'),
  };
}

export function isSound({ resident, live, descriptors, threads }: Figures, most = MOST): boolean {
  return (
    mostOf(resident) < most.resident && mostOf(live) < most.live && isFlat(descriptors) && isFlat(threads)
  );
}

function mostOf({ trend, shift }: Drift): number {
  return Math.max(trend, shift);
}

/** A connection or two may just be open. */
function isFlat([first, , last]: Thirds): boolean {
  return !!first && !!last && last.middle <= first.middle + 2 && last.most <= first.most + 4;
}

function driftOf(samples: readonly Sample[], name: 'resident' | 'live'): Drift {
  const [first, , last] = thirdsOf(samples, name);
  const days = (samples.at(-1)?.day ?? 0) - (samples[0]?.day ?? 0);
  return {
    trend: slopeOf(samples.map((sample) => [sample.day, sample[name]])) * days,
    shift: (last?.middle ?? 0) - (first?.middle ?? 0),
  };
}

function thirdsOf(samples: readonly Sample[], name: Exclude<keyof Sample, 'day'>): Thirds {
  const third = Math.floor(samples.length / 3);
  return [samples.slice(0, third), samples.slice(third, -third), samples.slice(-third)].map((part) => {
    const all = part.map((sample) => sample[name]);
    return { middle: median(all), most: Math.max(...all) };
  });
}

function slopeOf(points: readonly (readonly [number, number])[]): number {
  const [x, y] = [mean(points.map(([one]) => one)), mean(points.map(([, one]) => one))];
  const [above, below] = [
    points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0),
    points.reduce((sum, [at]) => sum + (at - x) ** 2, 0),
  ];
  return above / below;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}
