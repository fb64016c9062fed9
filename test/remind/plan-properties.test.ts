import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays } from '../../src/domain/calendar.ts';
import { crossedLeadTimes } from '../../src/domain/expiry.ts';
import { nextReminder, planReminders } from '../../src/remind/plan.ts';
import type { PlanStep, Reminder, ReminderKey } from '../../src/remind/reminder.ts';
import { aPolicy, aReminded, aVersion, knownUntil, later, MINUTE_MS, SEED } from '../support/builders.ts';

const EXPIRES = new Date('2027-02-01T00:00:00Z');

const lifetime = fc.integer({ min: 0, max: 800 });
/** Minutes from 100 days before expiry to 60 days after it. */
const minute = fc.integer({ min: -100 * 1440, max: 60 * 1440 });
const policy = fc
  .record({
    hour: fc.integer({ min: 0, max: 23 }),
    timezone: fc.constantFrom('UTC', 'Europe/Lisbon', 'Pacific/Chatham', 'America/New_York'),
    daysBefore: fc.option(fc.integer({ min: -10, max: 60 }), { nil: undefined }),
  })
  .map(({ hour, timezone, daysBefore }) =>
    aPolicy({
      hour,
      timezone,
      escalate: daysBefore === undefined ? undefined : { daysBefore, to: ['grace'] },
    }),
  );

function at(minutes: number): Date {
  return later(minutes * MINUTE_MS, EXPIRES);
}

function living(days: number) {
  const recordedAt = addDays(EXPIRES, -Math.max(days, 1));
  return aReminded({
    current: aVersion({ expiry: knownUntil(EXPIRES), lifetimeDays: days, recordedAt }),
  });
}

const sameKey = (a: ReminderKey, b: ReminderKey) =>
  a.leadDays === b.leadDays && a.recipient === b.recipient && a.topic === b.topic;

/** What the outbox makes of a plan, in memory: owed once, and covered where it has not gone out. */
function applied(rows: readonly Reminder[], plan: readonly PlanStep[]): readonly Reminder[] {
  let next = [...rows];
  for (const { kind, key, dueAt } of plan) {
    const state = kind === 'owe' ? 'owed' : 'covered';
    if (!next.some((row) => sameKey(row, key))) {
      next.push({ ...key, id: next.length + 1, dueAt, state, messageState: undefined });
    } else if (kind === 'cover') next = next.map((row) => (sameKey(row, key) ? { ...row, state } : row));
  }
  return next;
}

const isSent = ({ state, messageState }: Reminder) => state === 'carried' && messageState === 'sent';
const sent = (rows: readonly Reminder[]) =>
  rows.map(
    (row): Reminder => (row.state === 'owed' ? { ...row, state: 'carried', messageState: 'sent' } : row),
  );

describe('planReminders', () => {
  it('I4: planning twice changes nothing', () => {
    fc.assert(
      fc.property(lifetime, minute, policy, (days, minutes, rules) => {
        const rows = applied([], planReminders(living(days), [], rules, at(minutes)));
        expect(planReminders(living(days), rows, rules, at(minutes))).toEqual([]);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it('I4: whoever looks more often owes the same in the end', () => {
    fc.assert(
      fc.property(
        lifetime,
        fc.array(minute, { maxLength: 12 }),
        minute,
        policy,
        (days, looks, last, rules) => {
          const open = (rows: readonly Reminder[]) =>
            rows
              .filter((row) => row.state === 'owed')
              .map((row) => `${row.leadDays} ${row.recipient}`)
              .sort();
          let often: readonly Reminder[] = [];
          for (const look of [...looks.filter((minutes) => minutes < last).sort((a, b) => a - b), last]) {
            often = applied(often, planReminders(living(days), often, rules, at(look)));
          }
          const once = applied([], planReminders(living(days), [], rules, at(last)));
          expect(open(often)).toEqual(open(once));
        },
      ),
      { seed: SEED, numRuns: 500 },
    );
  });

  it('I5: however long nobody looked, there is one mail for each recipient', () => {
    fc.assert(
      fc.property(lifetime, minute, minute, policy, (days, before, after, rules) => {
        const [from, to] = [Math.min(before, after), Math.max(before, after)];
        const first = sent(applied([], planReminders(living(days), [], rules, at(from))));
        const plan = planReminders(living(days), first, rules, at(to));
        const owed = plan.filter((step) => step.kind === 'owe').map((step) => step.key.recipient);
        expect(new Set(owed).size).toBe(owed.length);
        for (const step of plan) {
          if (step.kind !== 'cover') continue;
          expect(step.by.leadDays).toBeLessThan(step.key.leadDays);
          expect(owed).toContain(step.by.recipient);
          expect(first.filter(isSent).some((row) => sameKey(row, step.key))).toBe(false);
        }
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it('I1: a day after a lead time was crossed, its owner has been owed it or a tighter one', () => {
    fc.assert(
      fc.property(lifetime, minute, policy, (days, minutes, rules) => {
        const crossed = crossedLeadTimes(EXPIRES, days, at(minutes)).at(-1);
        const rows = applied([], planReminders(living(days), [], rules, at(minutes + 26 * 60)));
        const owed = rows.filter((row) => row.state === 'owed' && row.recipient === 'ada@example.org');
        fc.pre(crossed !== undefined);
        expect(owed).toHaveLength(1);
        expect(owed[0]?.leadDays).toBeLessThanOrEqual(crossed);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it('G3: a clock that jumps back and forth owes nothing twice', () => {
    fc.assert(
      fc.property(
        lifetime,
        fc.array(minute, { minLength: 2, maxLength: 30 }),
        policy,
        (days, looks, rules) => {
          let rows: readonly Reminder[] = [];
          const mails: string[] = [];
          for (const look of looks) {
            rows = applied(rows, planReminders(living(days), rows, rules, at(look)));
            mails.push(
              ...rows.filter((row) => row.state === 'owed').map((row) => `${row.leadDays} ${row.recipient}`),
            );
            rows = sent(rows);
          }
          expect(new Set(mails).size).toBe(mails.length);
        },
      ),
      { seed: SEED, numRuns: 300 },
    );
  });
});

describe('nextReminder', () => {
  it('keeps its word: at that instant the planner owes just this, and nothing new before', () => {
    const withoutEscalation = policy.map((rules) => ({ ...rules, escalate: undefined }));
    fc.assert(
      fc.property(lifetime, minute, withoutEscalation, (days, minutes, rules) => {
        const rows = applied([], planReminders(living(days), [], rules, at(minutes)));
        const next = nextReminder(living(days), rules, at(minutes));
        if (!next) throw new Error('there always is a next one');
        expect(next.at.getTime()).toBeGreaterThan(at(minutes).getTime());
        expect(planReminders(living(days), rows, rules, later(-1, next.at))).toEqual([]);
        const owed = planReminders(living(days), rows, rules, next.at).filter((step) => step.kind === 'owe');
        expect(owed.map((step) => step.key.leadDays)).toEqual([next.leadDays]);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});
