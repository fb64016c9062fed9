import type { Plan, PlanStep, Reminder, ReminderKey } from '../../src/remind/reminder.ts';

/** A reminder key as text, for sets and comparisons. */
export function textOf(key: ReminderKey): string {
  const { credential, version, topic, leadDays, channel, recipient } = key;
  return `${credential} ${version} ${topic} ${leadDays} ${channel} ${recipient}`;
}

export function owedKeys(steps: readonly PlanStep[]): readonly string[] {
  return steps.filter(({ kind }) => kind === 'owe').map(({ key }) => textOf(key));
}

/** What the outbox makes of a plan, in memory and by the rules of its SQL: the key decides, and what has gone out stays. */
export function applied(rows: readonly Reminder[], { steps }: Pick<Plan, 'steps'>): readonly Reminder[] {
  return steps.reduce(applyStep, rows);
}

function applyStep(rows: readonly Reminder[], step: PlanStep): readonly Reminder[] {
  const found = rows.find((row) => textOf(row) === textOf(step.key));
  const changed = changeBy(step, found);
  if (!changed) return rows;
  return found ? rows.map((row) => (row === found ? changed : row)) : [...rows, changed];
}

function changeBy(step: PlanStep, row: Reminder | undefined): Reminder | undefined {
  const { kind, key } = step;
  switch (kind) {
    case 'owe': {
      const { dueAt, urgent } = step;
      const owed: Reminder = { ...key, dueAt, urgent, state: 'owed', messageState: undefined };
      return !row || row.state === 'cancelled' ? owed : undefined;
    }
    case 'cover': {
      const { dueAt } = step;
      if (!row) return { ...key, dueAt, urgent: false, state: 'covered', messageState: undefined };
      return isOpen(row) ? { ...row, state: 'covered' } : undefined;
    }
    case 'drop':
      return row && (isOpen(row) || isDead(row)) ? { ...row, state: 'cancelled' } : undefined;
  }
}

/** Owed, or carried by a message of which nobody knows that it arrived. */
export function isOpen({ state, messageState }: Reminder): boolean {
  return (
    state === 'owed' || (state === 'carried' && (messageState === 'pending' || messageState === 'ambiguous'))
  );
}

function isDead({ state, messageState }: Reminder): boolean {
  return state === 'carried' && messageState === 'dead';
}

export function isSent({ state, messageState }: Reminder): boolean {
  return state === 'carried' && messageState === 'sent';
}

/** Everything that is owed and due goes out. */
export function sentBy(now: Date, rows: readonly Reminder[]): readonly Reminder[] {
  return rows.map((row) =>
    row.state === 'owed' && row.dueAt <= now ? { ...row, state: 'carried', messageState: 'sent' } : row,
  );
}
