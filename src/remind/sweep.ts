import { lastLocalHour } from '../domain/calendar.ts';
import { describeError } from '../domain/error.ts';
import { planCredential } from './plan.ts';
import type { ReminderPolicy } from './policy.ts';
import type { Outbox, Plan, Reminded } from './reminder.ts';

/** What planning needs. */
export interface Planning {
  readonly outbox: Outbox;
  /** The credential with its current version. */
  readonly find: (name: string) => Reminded | undefined;
  /** Several at once, which takes half the time; absent: they are found one by one. */
  readonly some?: (names: readonly string[]) => readonly Reminded[];
  readonly policy: ReminderPolicy;
  readonly now: () => Date;
  readonly report: Report;
}

export type Report = (event: {
  readonly event: string;
  readonly message?: string;
  readonly detail?: string;
  readonly delaySeconds?: number;
}) => void;

/** So many credentials share a transaction. */
const BATCH = 500;
const HOUR_MS = 3_600_000;

/**
 * Plans what has fallen due, and puts it into messages. Separate from sending, and harmless to repeat. One credential that
 * cannot be planned is told, tried again in an hour, and stops no other. @returns how many could not
 */
export function sweep(planning: Planning): number {
  const steps = sweepInSteps(planning);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** The same, pausing after each of its transactions, so that others get their turn where there is very much to plan. */
export function* sweepInSteps(planning: Planning): Generator<void, number> {
  const { outbox, policy } = planning;
  const now = planning.now();
  if (outbox.isIdle(now)) return 0;
  let failed = 0;
  for (;;) {
    const names = outbox.toPlan(now, BATCH);
    if (names.length === 0) break;
    const batch = { ...planning, find: finderOf(planning, names) };
    const plans = names.map((name) => planOne(batch, name, now));
    failed += plans.filter((plan) => plan.failed).length;
    outbox.apply(plans);
    yield;
  }
  // All that is due today goes into the day's one mail.
  outbox.gather(now, () => lastLocalHour(now, policy.hour, policy.timezone));
  return failed;
}

/** Where one of them cannot be read, each is found alone, so that it stops no other. */
function finderOf({ find, some }: Planning, names: readonly string[]): Planning['find'] {
  if (!some || names.length === 1) return find;
  try {
    const found = new Map(some(names).map((one) => [one.declaration.name, one]));
    return (name) => found.get(name);
  } catch {
    return find;
  }
}

/** What one credential is owed at this moment. @throws where there is nobody to tell */
export function planNow({ outbox, find, policy }: Planning, name: string, now: Date): Plan {
  const credential = find(name);
  if (!credential) return { credential: name, steps: [], nextPlanAt: undefined };
  return planCredential(credential, outbox.remindersOf(name, credential.current?.version ?? 0), policy, now);
}

function planOne(planning: Planning, name: string, now: Date): Plan & { readonly failed: boolean } {
  try {
    const plan = planNow(planning, name, now);
    // Whatever a plan says: a credential that is due at this instant would be planned for ever.
    const nextPlanAt = plan.nextPlanAt && plan.nextPlanAt > now ? plan.nextPlanAt : undefined;
    return { ...plan, nextPlanAt: nextPlanAt ?? (plan.nextPlanAt && later(now)), failed: false };
  } catch (error) {
    planning.report({ event: 'plan.failed', detail: `${name}: ${describeError(error)}` });
    return { credential: name, steps: [], nextPlanAt: later(now), failed: true };
  }
}

function later(now: Date): Date {
  return new Date(now.getTime() + HOUR_MS);
}
