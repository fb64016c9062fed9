import type { PlanStep, ReminderKey, Topic } from './reminder.ts';
import type { Planning } from './sweep.ts';
import { planNow } from './sweep.ts';

/** What one sweep at this moment would have sent, or have tried to: one entry a credential, version and lead time. */
export interface DueReminder extends Pick<ReminderKey, 'credential' | 'version' | 'topic' | 'leadDays'> {
  readonly recipients: readonly string[];
  /** The wider lead times that it stands for, too. */
  readonly covers: readonly number[];
}

/** The plan as a value: what is due and not delivered, and what a sweep would add to it. Changes nothing. */
export function previewDue(planning: Planning, names: readonly string[]): readonly DueReminder[] {
  const { outbox } = planning;
  const now = planning.now();
  const steps = names.flatMap((name) => planNow(planning, name, now).steps);
  const gone = new Set(steps.filter(({ kind }) => kind !== 'owe').map(({ key }) => textOf(key)));
  const open = [
    ...outbox.owed().filter(({ dueAt, state }) => state === 'owed' && dueAt <= now),
    ...outbox.waiting().flatMap(({ state, reminders }) => (state === 'dead' ? [] : reminders)),
  ].filter((key) => !gone.has(textOf(key)));
  const owed = steps.filter((step) => step.kind === 'owe' && step.dueAt <= now).map(({ key }) => key);
  const groups = Map.groupBy([...open, ...owed], ({ credential, version, topic, leadDays }) =>
    JSON.stringify([credential, version, topic, leadDays]),
  );
  return [...groups.values()].map((keys) => describe(keys, steps)).sort(byUrgency);
}

function describe(keys: readonly ReminderKey[], steps: readonly PlanStep[]): DueReminder {
  const [first] = keys as readonly [ReminderKey, ...ReminderKey[]];
  const { credential, version, topic, leadDays } = first;
  const covers = steps
    .filter((step) => step.kind === 'cover' && step.by === leadDays)
    .filter(({ key }) => key.credential === credential && key.version === version && key.topic === topic)
    .map(({ key }) => key.leadDays);
  return {
    credential,
    version,
    topic,
    leadDays,
    recipients: [...new Set(keys.map(({ recipient }) => recipient))],
    covers: [...new Set(covers)].sort((a, b) => b - a),
  };
}

/** What is at stake at once, in the order of the harm; then by the days that are left. */
const FIRST: readonly Topic[] = [
  'leaked',
  'revoked',
  'unconfirmed',
  'changed',
  'history',
  'recipients',
  'configuration',
  'findings',
];
const LAST: readonly Topic[] = ['old-token', 'rotated', 'standing'];

function byUrgency(a: DueReminder, b: DueReminder): number {
  return (
    rankOf(a.topic) - rankOf(b.topic) || a.leadDays - b.leadDays || (a.credential < b.credential ? -1 : 1)
  );
}

function rankOf(topic: Topic): number {
  const first = FIRST.indexOf(topic);
  return first >= 0 ? first : FIRST.length + 1 + LAST.indexOf(topic);
}

function textOf({ credential, version, topic, leadDays, channel, recipient }: ReminderKey): string {
  return JSON.stringify([credential, version, topic, leadDays, channel, recipient]);
}
