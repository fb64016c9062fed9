import { SEED } from '../support/builders.ts';

/** As many as a change must pass; nightly and before a release more, by tools/simulate.ts. */
const SCHEDULES = 20_000;

/** Which schedules the tests run: the seeds from `first` on, each of which is one schedule. The environment may say others. */
export function budgetOf(env: Readonly<Record<string, string | undefined>>): {
  first: number;
  count: number;
} {
  return {
    first: wholeNumber(env, 'RESEAL_SIM_SEED') ?? SEED,
    count: wholeNumber(env, 'RESEAL_SIM_SCHEDULES') ?? SCHEDULES,
  };
}

function wholeNumber(env: Readonly<Record<string, string | undefined>>, name: string): number | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`${name} is not a whole number`);
}
