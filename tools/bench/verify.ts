// The example's pipeline, verified against stand-ins whose every answer takes 50 ms, beside its longest chain of calls that need one
// another; the same where GitHub may say that nothing changed; and many pipelines, against what GitHub publishes as limits.
import { measureMany, measureVerify } from '../../test/support/verify-speed.ts';
import { benchmark, timesAtMost } from './benchmark.ts';
import { median } from './rounds.ts';

const LATENCY_MS = 50;
const PIPELINES = 100;
const CHAIN = `the longest chain of calls, ${LATENCY_MS} ms each`;

export const verify = benchmark({
  name: 'verify',
  lines: {
    first: { what: 'a pipeline verified, nothing known before', unit: 'ms', beside: CHAIN },
    again: { what: "a pipeline verified again, GitHub's answers unchanged (304)", unit: 'ms', beside: CHAIN },
    points: {
      what: `${PIPELINES} pipelines: points in the busiest minute`,
      unit: 'points',
      beside: "GitHub's limit",
      goals: [timesAtMost(1)],
    },
    atOnce: {
      what: `${PIPELINES} pipelines: requests at once`,
      unit: 'requests',
      beside: "GitHub's limit",
      goals: [timesAtMost(1)],
    },
  },
  measure: async ({ rounds }) => {
    const { chain, first, again } = await measureVerify(LATENCY_MS, rounds);
    const floor = chain * LATENCY_MS;
    const { pointsAMinute, atOnce } = await measureMany(PIPELINES);
    return {
      first: { reseal: median(first), beside: floor },
      again: { reseal: median(again), beside: floor },
      points: { reseal: pointsAMinute, beside: 900 },
      atOnce: { reseal: atOnce, beside: 100 },
    };
  },
});
