import { describe, expect, it } from 'vitest';
import type { PlanStep } from '../../src/remind/reminder.ts';
import type { Database } from '../../src/sqlite/database.ts';
import { alarmedRecipients, openOutbox } from '../../src/sqlite/outbox.ts';
import { letGo } from '../../src/sqlite/reminders.ts';
import { aReminder, aVersion, later, NOW } from '../support/builders.ts';
import { openStores } from '../support/database.ts';

/** The outbox over a database that notes every statement that it is asked for. */
function watched() {
  const stores = openStores();
  stores.register.addVersion('crates-io', aVersion(), NOW);
  const asked: string[] = [];
  const db: Database = {
    ...stores.db,
    prepare: (sql) => {
      asked.push(sql);
      return stores.db.prepare(sql);
    },
  };
  const outbox = openOutbox(db, stores.history, { maxRepeats: 2 });
  /** How SQLite goes about what `work` asks: its steps, without those of single rows. */
  const stepsOf = (work: () => unknown): readonly string[] => {
    asked.length = 0;
    work();
    return asked.flatMap((sql) => explain(stores.db, sql));
  };
  return { ...stores, watchedDb: db, outbox, stepsOf };
}

function explain({ connection }: Database, sql: string): readonly string[] {
  const names = [...new Set([...sql.matchAll(/@(\w+)/g)].map(([, name]) => name ?? ''))];
  const count = sql.match(/\?/g)?.length ?? 0;
  const values =
    count > 0
      ? Array.from({ length: count }, () => 1)
      : [Object.fromEntries(names.map((name) => [name, '1']))];
  const statement = connection.prepare(`EXPLAIN QUERY PLAN ${sql}`);
  const rows = (names.length + count > 0 ? statement.all(...values) : statement.all()) as {
    detail: string;
  }[];
  return rows.map(({ detail }) => detail);
}

const fullScans = (steps: readonly string[]) =>
  steps.filter(
    (step) => /^SCAN (?!CONSTANT|json_each|value|said)/.test(step) && !/USING (COVERING )?INDEX/.test(step),
  );

describe('an idle round', () => {
  it('is one look, answered by indices alone', () => {
    const { outbox, stepsOf } = watched();
    outbox.toPlan(NOW, 10);
    outbox.apply([{ credential: 'crates-io', steps: [], nextPlanAt: later(1) }]);
    const steps = stepsOf(() => expect(outbox.isIdle(NOW)).toBe(true));
    expect(fullScans(steps)).toEqual([]);
    expect(steps.filter((step) => step.includes('INDEX')).length).toBeGreaterThanOrEqual(4);
  });

  it('asks little besides, each answered by its index, and opens no transaction', () => {
    const { outbox, db, stepsOf } = watched();
    outbox.toPlan(NOW, 10);
    outbox.apply([{ credential: 'crates-io', steps: [], nextPlanAt: later(1) }]);
    const before = db.connection.pragma('data_version', { simple: true });
    const changes = db.connection.prepare('SELECT total_changes()').pluck().get();
    const steps = stepsOf(() => {
      outbox.toPlan(NOW, 500);
      outbox.gather(NOW, () => NOW);
      outbox.claim('run', NOW, ['mail']);
      outbox.recover(NOW);
    });
    expect(steps).toEqual([
      'SEARCH credential USING INDEX credential_to_plan (plan_at<?)',
      expect.stringMatching(/^(SEARCH|SCAN) reminder USING (COVERING )?INDEX reminder_owed/),
      expect.stringMatching(/^SCAN message USING (COVERING )?INDEX message_waiting$/),
      expect.stringMatching(/^SCAN message USING (COVERING )?INDEX message_waiting$/),
      expect.stringMatching(/^SCAN message USING (COVERING )?INDEX message_in_flight$/),
    ]);
    expect(db.connection.pragma('data_version', { simple: true })).toBe(before);
    expect(db.connection.prepare('SELECT total_changes()').pluck().get()).toBe(changes);
  });
});

describe('a round that sends', () => {
  it('reads no table as a whole, so that years of mail slow it no more than a day of it', () => {
    const { outbox, register, watchedDb: db, stepsOf } = watched();
    const owe = (leadDays: number) =>
      outbox.apply([
        {
          credential: 'crates-io',
          steps: [
            { kind: 'owe', key: aReminder({ leadDays }), dueAt: NOW, urgent: true },
            { kind: 'cover', key: aReminder({ leadDays: leadDays + 1 }), by: leadDays, dueAt: NOW },
            { kind: 'drop', key: aReminder({ leadDays: leadDays + 2 }) },
            ...(['unconfirmed', 'changed', 'old-token'] as const).map(
              (topic): PlanStep => ({
                kind: 'owe',
                key: aReminder({ topic, leadDays, version: topic === 'changed' ? 0 : 1 }),
                dueAt: NOW,
                urgent: true,
              }),
            ),
          ],
          nextPlanAt: undefined,
        },
      ]);
    const steps = stepsOf(() => {
      owe(14);
      outbox.gather(NOW, () => NOW);
      const first = outbox.claim('run', NOW, ['mail']);
      if (!first) throw new Error('there is nothing to claim');
      outbox.markData(first, new Uint8Array([1]), NOW);
      outbox.settle(first, { state: 'ambiguous', nextAttemptAt: NOW, code: undefined, error: 'x' }, NOW);
      owe(7);
      outbox.gather(NOW, () => NOW);
      const second = outbox.claim('run', NOW, ['mail']);
      if (!second) throw new Error('there is nothing to claim');
      outbox.leaveOut(second, second.reminders[0] ?? aReminder(), NOW);
      outbox.gather(NOW, () => NOW);
      const third = outbox.claim('run', NOW, ['mail']);
      if (third)
        outbox.settle(third, { state: 'sent', nextAttemptAt: undefined, code: 250, error: undefined }, NOW);
      outbox.recover(NOW);
      outbox.waiting();
      outbox.trouble();
      outbox.nextAttemptAt('crates-io');
      outbox.remindersOf('crates-io', 1);
      alarmedRecipients(db, 'crates-io', 1);
      letGo(db, 'crates-io', NOW);
    });
    expect(steps.length).toBeGreaterThan(30);
    expect(fullScans(steps)).toEqual([]);
    register.acknowledge('crates-io', later(1), NOW);
  });
});
