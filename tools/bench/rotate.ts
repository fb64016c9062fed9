// From the issuer's answer to "verified", against a stand-in for GitHub whose every answer takes a while: how long beyond the round
// trips. GitHub's own client beside it, and a hundred destinations on a simulated clock against the pace that GitHub asks for.
import { hasGh, makeAuthority } from '../../test/support/gh.ts';
import { startSlowGitHub } from '../../test/support/rotate-process.ts';
import { measureRotation, measureSpread } from '../../test/support/rotate-speed.ts';
import type { Figure, Line } from './benchmark.ts';
import { atMost, benchmark, timesAtMost } from './benchmark.ts';
import { compare, inTurns, median } from './rounds.ts';

const TRIPS = 3;
const LATENCY_MS = 20;
const FLOOR_MS = TRIPS * LATENCY_MS;
const GH_LATENCY_MS = 50;
const DESTINATIONS = 100;

interface Measured {
  readonly trips: number;
  readonly beyondMs: number;
}

function beyond({ trips, beyondMs }: Measured): number {
  if (trips !== TRIPS) throw new Error(`not ${TRIPS} round trips: ${trips}`);
  return beyondMs;
}

const against = (numbers: readonly number[]): Figure => ({
  reseal: median(numbers),
  beside: FLOOR_MS,
  ratio: (FLOOR_MS + median(numbers)) / FLOOR_MS,
});

/** The ratio is that of the whole to the round trips. */
const past = (how: string): Line => ({
  what: `a rotation beyond its round trips, ${how}`,
  unit: 'ms',
  beside: `${TRIPS} round trips of ${LATENCY_MS} ms`,
});

/** Whole processes, over TLS, one secret each: `gh` asks for the key and writes; reseal looks before and after, and asks the issuer. */
async function besideGh(rounds: number): Promise<Figure> {
  if (!hasGh) return { missing: 'gh is not installed' };
  using authority = makeAuthority();
  await using slow = await startSlowGitHub(GH_LATENCY_MS, authority);
  const taken = await inTurns(
    { reseal: async () => (await slow.rotate('stdin')).wholeMs, gh: () => slow.ghSecretSet() },
    rounds,
  );
  return compare(taken.reseal, taken.gh);
}

export const rotate = benchmark({
  name: 'rotate',
  lines: {
    warm: { ...past('a process that has rotated before'), goals: [atMost(25)] },
    stdin: past('a process of its own, `--stdin`'),
    form: past('a process of its own, the form'),
    gh: {
      what: `\`reseal rotate --stdin\` over TLS, ${GH_LATENCY_MS} ms a round trip, start to end`,
      unit: 'ms',
      beside: '`gh secret set`, which verifies nothing',
    },
    spread: {
      what: `${DESTINATIONS} destinations, on a simulated clock`,
      unit: 's',
      beside: 'a second between two writes',
      goals: [timesAtMost(1.05)],
    },
    points: {
      what: `${DESTINATIONS} destinations: points in the busiest minute`,
      unit: 'points',
      beside: "GitHub's limit",
      goals: [timesAtMost(1)],
    },
    writes: {
      what: `${DESTINATIONS} destinations: writes in the busiest minute`,
      unit: 'writes',
      beside: "GitHub's limit",
      goals: [timesAtMost(1)],
    },
  },
  measure: async ({ rounds }) => {
    await using slow = await startSlowGitHub(LATENCY_MS);
    // Its first rotation loads the code.
    await measureRotation(0);
    const taken = await inTurns(
      {
        warm: async () => beyond(await measureRotation(LATENCY_MS)),
        stdin: async () => beyond(await slow.rotate('stdin')),
        form: async () => beyond(await slow.rotate('form')),
      },
      rounds,
    );
    const gh = await besideGh(rounds);
    const { seconds, floorSeconds, busiest } = await measureSpread(DESTINATIONS);
    return {
      warm: against(taken.warm),
      stdin: against(taken.stdin),
      form: against(taken.form),
      gh,
      spread: { reseal: seconds, beside: floorSeconds },
      points: { reseal: busiest.pointsAMinute, beside: 900 },
      writes: { reseal: busiest.writesAMinute, beside: 80 },
    };
  },
});
