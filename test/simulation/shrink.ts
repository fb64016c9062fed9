import type { Database } from '../../src/sqlite/database.ts';
import type { RunOptions } from './run.ts';
import { runSchedule } from './run.ts';
import type { RoundPlan, Schedule, Step } from './schedule.ts';
import { CALM } from './schedule.ts';

/** A schedule with as little in it as still breaks the same promise: step by step, and trouble by trouble, what can go goes. */
export async function shrink(
  schedule: Schedule,
  next: () => Database,
  options: Pick<RunOptions, 'variant'> = {},
): Promise<Schedule> {
  const [first] = (await runSchedule(schedule, next(), options)).findings;
  if (!first) return schedule;
  const breaks = async (one: Schedule) => {
    const { findings } = await runSchedule(one, next(), options);
    return findings.some(({ invariant }) => invariant === first.invariant);
  };
  let smallest = schedule;
  for (;;) {
    const before = smallest;
    for (let index = before.steps.length - 1; index >= 0; index--) {
      const less = { ...smallest, steps: smallest.steps.filter((_, at) => at !== index) };
      if (await breaks(less)) smallest = less;
    }
    for (const less of simpler(smallest)) if (await breaks(less(smallest))) smallest = less(smallest);
    if (smallest === before) return smallest;
  }
}

type Change = (schedule: Schedule) => Schedule;

/** Every single trouble of every round, taken out; and the world made smaller. */
function simpler({ steps, world }: Schedule): readonly Change[] {
  const changes: Change[] = [];
  steps.forEach((step, index) => {
    if (step.kind !== 'round') return;
    for (const less of calmer(step.round))
      changes.push((schedule) => ({
        ...schedule,
        steps: schedule.steps.map((one, at) => (at === index ? less(one) : one)),
      }));
  });
  world.issues.forEach((issue, index) => {
    if (!issue) return;
    changes.push(({ world: of, ...rest }) => ({
      ...rest,
      world: { ...of, issues: of.issues.map((one, at) => (at === index ? undefined : one)) },
    }));
  });
  if (world.policy.escalate)
    changes.push(({ world: of, ...rest }) => ({
      ...rest,
      world: { ...of, policy: { ...of.policy, escalate: undefined } },
    }));
  if (world.policy.webhooks.length > 0)
    changes.push(({ world: of, ...rest }) => ({
      ...rest,
      world: { ...of, policy: { ...of.policy, webhooks: [] } },
    }));
  return changes;
}

function calmer(round: RoundPlan): readonly ((step: Step) => Step)[] {
  const only = (part: Partial<RoundPlan>) => (step: Step) =>
    step.kind === 'round' ? { ...step, round: { ...step.round, ...part } } : step;
  const { crash, full, poison, fates, rest, intrusions } = CALM;
  return [
    ...(round.crash ? [only({ crash })] : []),
    ...(round.full ? [only({ full })] : []),
    ...(round.poison === undefined ? [] : [only({ poison })]),
    ...(round.rest === rest ? [] : [only({ rest })]),
    ...(round.fates.every((fate) => fate === 'accepted') ? [] : [only({ fates })]),
    ...round.intrusions.map(() => only({ intrusions })),
  ];
}
