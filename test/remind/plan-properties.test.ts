import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays } from '../../src/domain/calendar.ts';
import type { Version } from '../../src/domain/credential.ts';
import { crossedLeadTimes, UNKNOWN_EXPIRY } from '../../src/domain/expiry.ts';
import { nextReminder, planCredential } from '../../src/remind/plan.ts';
import type { ReminderPolicy } from '../../src/remind/policy.ts';
import { addresseesOf } from '../../src/remind/policy.ts';
import type { Reminded, Reminder } from '../../src/remind/reminder.ts';
import {
  aDeclaration,
  aPolicy,
  aReminded,
  aVersion,
  DESTINATION,
  knownUntil,
  later,
  MINUTE_MS,
  SEED,
} from '../support/builders.ts';
import { applied, isOpen, isSent, owedKeys, sentBy, textOf } from '../support/plan-model.ts';

const DAY = 1440;
const lifetime = fc.integer({ min: 0, max: 800 });
/** Minutes from 100 days before expiry to 60 days after it. */
const minute = fc.integer({ min: -100 * DAY, max: 60 * DAY });
const policy = fc
  .record({
    hour: fc.integer({ min: 0, max: 23 }),
    timezone: fc.constantFrom(
      'UTC',
      'Europe/Lisbon',
      'America/New_York',
      'Australia/Lord_Howe',
      'Pacific/Chatham',
    ),
    daysBefore: fc.option(fc.integer({ min: -10, max: 60 }), { nil: undefined }),
    webhook: fc.boolean(),
  })
  .map(({ hour, timezone, daysBefore, webhook }) =>
    aPolicy({
      hour,
      timezone,
      escalate: daysBefore === undefined ? undefined : { daysBefore, to: ['grace'] },
      webhooks: webhook ? [{ name: 'ops', owners: undefined }] : [],
    }),
  );

/** Midnight in winter, the mornings on which clocks change, and the odd ends of years and leap days. */
const expires = fc.constantFrom(
  ...[
    '2027-02-01T00:00:00Z',
    '2027-03-29T00:30:00Z',
    '2027-11-01T08:30:00Z',
    '2027-11-01T09:00:00Z',
    '2027-04-04T14:00:00Z',
    '2028-02-29T00:00:00Z',
    '2027-12-31T23:59:59Z',
    '2028-03-01T00:00:00Z',
  ].map((text) => new Date(text)),
);

interface Case {
  readonly credential: Reminded;
  readonly rules: ReminderPolicy;
  readonly at: (minutes: number) => Date;
  readonly days: number;
  readonly expiresAt: Date;
}

/** A credential that dies at one of these instants, recorded when it was made, or some days later. */
const aCase: fc.Arbitrary<Case> = fc
  .record({ days: lifetime, expiresAt: expires, rules: policy, late: fc.nat(900 * DAY) })
  .map(({ days, expiresAt, rules, late }) => {
    const madeAt = addDays(expiresAt, -Math.max(days, 1));
    const recordedAt = later(late % 3 === 0 ? late * MINUTE_MS : 0, madeAt);
    const current = aVersion({ expiry: knownUntil(expiresAt), lifetimeDays: days, recordedAt });
    const at = (minutes: number) => later(minutes * MINUTE_MS, expiresAt);
    return { credential: aReminded({ current }), rules, at, days, expiresAt };
  });

const planOf = ({ credential, rules }: Case, rows: readonly Reminder[], now: Date) =>
  planCredential(credential, rows, rules, now);

describe('planCredential', () => {
  it('I1: each addressee has been owed the most urgent one whose time has come, and nothing tighter', () => {
    fc.assert(
      fc.property(aCase, minute, (one, minutes) => {
        const now = one.at(minutes);
        const crossed = crossedLeadTimes(one.expiresAt, one.days, later(-26 * 60 * MINUTE_MS, now)).at(-1);
        const known = one.credential.current?.recordedAt ?? now;
        fc.pre(crossed !== undefined && known <= now);
        const rows = applied([], planOf(one, [], now));
        const tightest = crossedLeadTimes(one.expiresAt, one.days, now).at(-1) ?? Number.NaN;
        for (const addressee of addresseesOf(one.credential, crossed, one.rules)) {
          const owed = rows.filter(
            ({ state, channel, recipient }) =>
              state === 'owed' && channel === addressee.channel && recipient === addressee.recipient,
          );
          expect(owed).toHaveLength(1);
          expect(owed[0]?.leadDays).toBeLessThanOrEqual(crossed);
          expect(owed[0]?.leadDays).toBeGreaterThanOrEqual(tightest);
        }
      }),
      { seed: SEED, numRuns: 1500 },
    );
  });

  it('I1: what is acknowledged is owed once the quiet time ends', () => {
    fc.assert(
      fc.property(aCase, minute, fc.integer({ min: 1, max: 30 * DAY }), (one, minutes, quietFor) => {
        const [now, until] = [one.at(minutes), one.at(minutes + quietFor)];
        const quiet = { ...one, credential: { ...one.credential, acknowledgedUntil: until } };
        const during = planOf(quiet, [], now);
        expect(during.steps).toEqual([]);
        expect(during.nextPlanAt).toEqual(until);
        expect(planOf(quiet, [], until)).toEqual(planOf(one, [], until));
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it('I3: keys depend on no clock: whenever it is planned, a lead time has one key, and one due instant', () => {
    fc.assert(
      fc.property(aCase, minute, fc.integer({ min: -5 * 60, max: 5 * 60 }), (one, minutes, jitter) => {
        const known = new Map<string, number>();
        for (const now of [one.at(minutes), later(jitter * 1000, one.at(minutes))]) {
          for (const { kind, key, ...step } of planOf(one, [], now).steps) {
            expect(Object.keys(key).sort()).toEqual(
              ['channel', 'credential', 'leadDays', 'recipient', 'topic', 'version'].sort(),
            );
            if (kind === 'drop' || !('dueAt' in step)) continue;
            const due = step.dueAt.getTime();
            expect(known.get(textOf(key)) ?? due).toBe(due);
            known.set(textOf(key), due);
          }
        }
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it('I3: the order of what is there already does not matter, nor that of the owners', () => {
    fc.assert(
      fc.property(aCase, minute, minute, fc.infiniteStream(fc.nat(1000)), (one, before, now, chance) => {
        const rows = applied([], planOf(one, [], one.at(before)));
        const shuffled = [...rows]
          .map((row) => ({ row, by: chance.next().value }))
          .sort((a, b) => a.by - b.by)
          .map(({ row }) => row);
        const turned = { ...one.rules, addresses: new Map([...one.rules.addresses].reverse()) };
        const [plain, other] = [
          planOf(one, rows, one.at(now)),
          planOf({ ...one, rules: turned }, shuffled, one.at(now)),
        ];
        expect(other).toEqual(plain);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it('I4: planning twice changes nothing', () => {
    fc.assert(
      fc.property(aCase, minute, (one, minutes) => {
        const rows = applied([], planOf(one, [], one.at(minutes)));
        expect(planOf(one, rows, one.at(minutes)).steps).toEqual([]);
        expect(planOf(one, sentBy(one.at(minutes), rows), one.at(minutes)).steps).toEqual([]);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it('I4: whoever looks more often owes the same in the end', () => {
    fc.assert(
      fc.property(aCase, fc.array(minute, { maxLength: 12 }), minute, (one, looks, last) => {
        const open = (rows: readonly Reminder[]) => rows.filter(isOpen).map(textOf).sort();
        let often: readonly Reminder[] = [];
        for (const look of [...looks.filter((minutes) => minutes < last).sort((a, b) => a - b), last])
          often = applied(often, planOf(one, often, one.at(look)));
        expect(open(often)).toEqual(open(applied([], planOf(one, [], one.at(last)))));
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it('I4: what was owed is never taken back by looking later: it goes out, or something tighter says it', () => {
    fc.assert(
      fc.property(aCase, fc.array(minute, { minLength: 2, maxLength: 12 }), (one, looks) => {
        let rows: readonly Reminder[] = [];
        for (const look of looks.sort((a, b) => a - b)) {
          const before = rows;
          rows = applied(rows, planOf(one, rows, one.at(look)));
          for (const row of before) {
            const now = rows.find((other) => textOf(other) === textOf(row));
            if (now?.state === row.state) continue;
            expect(now?.state).toBe('covered');
            const tighter = rows.filter(
              ({ recipient, channel, leadDays }) =>
                recipient === row.recipient && channel === row.channel && leadDays < row.leadDays,
            );
            expect(tighter.some(isOpen)).toBe(true);
          }
          if (look % 2 === 0) rows = sentBy(one.at(look), rows);
        }
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it('I5: however long nobody looked, there is one for each addressee, and it covers what did not go out', () => {
    fc.assert(
      fc.property(aCase, minute, minute, (one, before, after) => {
        const [from, to] = [Math.min(before, after), Math.max(before, after)];
        const first = sentBy(one.at(from), applied([], planOf(one, [], one.at(from))));
        const { steps } = planOf(one, first, one.at(to));
        const owed = steps.filter(({ kind }) => kind === 'owe').map(({ key }) => key);
        const addressees = owed.map(({ channel, recipient }) => `${channel} ${recipient}`);
        expect(new Set(addressees).size).toBe(owed.length);
        for (const step of steps) {
          if (step.kind !== 'cover') continue;
          const { channel, recipient, leadDays } = step.key;
          expect(step.by).toBeLessThan(leadDays);
          expect(
            owed.some(
              (key) => key.leadDays === step.by && key.channel === channel && key.recipient === recipient,
            ),
          ).toBe(true);
          expect(first.filter(isSent).map(textOf)).not.toContain(textOf(step.key));
        }
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it('G2, G3: a clock that jumps anywhere owes nothing twice, and what the last look asks for is there', () => {
    fc.assert(
      fc.property(aCase, fc.array(minute, { minLength: 2, maxLength: 30 }), (one, looks) => {
        let rows: readonly Reminder[] = [];
        const mails: string[] = [];
        for (const look of looks) {
          const plan = planOf(one, rows, one.at(look));
          rows = applied(rows, plan);
          const sent = sentBy(one.at(look), rows);
          mails.push(...sent.filter((row) => isSent(row) && !rows.includes(row)).map(textOf));
          rows = sent;
          for (const key of owedKeys(planOf(one, [], one.at(look)).steps))
            expect(rows.map(textOf)).toContain(key);
        }
        expect(new Set(mails).size).toBe(mails.length);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it('G3: a clock that flaps by a day at each of 1,000 ticks mails each key once', () => {
    fc.assert(
      fc.property(
        aCase,
        minute,
        fc.array(fc.constantFrom(-1, 0, 1), { minLength: 1000, maxLength: 1000 }),
        (one, start, flaps) => {
          let rows: readonly Reminder[] = [];
          const mails: string[] = [];
          for (const [tick, flap] of flaps.entries()) {
            // Ticks of 20 minutes walk on over two weeks; the clock shows them a day early, right or late.
            const now = one.at(start + tick * 20 + flap * DAY);
            rows = applied(rows, planOf(one, rows, now));
            const sent = sentBy(now, rows);
            mails.push(...sent.filter((row, index) => row !== rows[index]).map(textOf));
            rows = sent;
          }
          expect(new Set(mails).size).toBe(mails.length);
          const end = one.at(start + 999 * 20 + DAY);
          const last = planOf(one, applied(rows, planOf(one, rows, end)), end);
          expect(last.steps).toEqual([]);
        },
      ),
      { seed: SEED, numRuns: 20 },
    );
  });
});

describe('nextReminder', () => {
  it('keeps its word: at that instant the planner owes just this, and nothing new before', () => {
    fc.assert(
      fc.property(aCase, minute, (drawn, minutes) => {
        const one = { ...drawn, rules: { ...drawn.rules, escalate: undefined, webhooks: [] } };
        const now = one.at(minutes);
        fc.pre((one.credential.current?.recordedAt ?? now) <= now);
        const rows = applied([], planOf(one, [], now));
        const next = nextReminder(one.credential, one.rules, now);
        if (!next) throw new Error('there always is a next one');
        expect(next.at.getTime()).toBeGreaterThan(now.getTime());
        expect(planOf(one, rows, now).nextPlanAt).toEqual(next.at);
        expect(planOf(one, rows, later(-1, next.at)).steps).toEqual([]);
        const owed = planOf(one, rows, next.at).steps.filter(({ kind }) => kind === 'owe');
        expect(owed.map(({ key }) => key.leadDays)).toEqual([next.leadDays]);
      }),
      { seed: SEED, numRuns: 1500 },
    );
  });

  it('keeps its word also of what is revoked, leaked or without a date', () => {
    const since = new Date('2026-11-23T17:00:00Z');
    const state = fc.constantFrom<Partial<Version>>(
      { standing: 'revoked', standingAt: since },
      { standing: 'leaked', standingAt: since },
      { expiry: { kind: 'never', source: 'entered' }, recordedAt: since },
      { expiry: UNKNOWN_EXPIRY, recordedAt: since },
    );
    fc.assert(
      fc.property(state, policy, fc.nat(800 * DAY), (overrides, drawn, minutes) => {
        const rules = { ...drawn, escalate: undefined, webhooks: [] };
        const credential = aReminded({ current: aVersion(overrides) });
        const now = later(minutes * MINUTE_MS, since);
        const { steps, nextPlanAt } = planCredential(credential, [], rules, now);
        const rows = applied([], { steps });
        const next = nextReminder(credential, rules, now);
        if (!next) throw new Error('there always is a next one');
        expect(nextPlanAt).toEqual(next.at);
        expect(next.at.getTime()).toBeGreaterThan(now.getTime());
        expect(planCredential(credential, rows, rules, later(-1, next.at)).steps).toEqual([]);
        const owed = planCredential(credential, rows, rules, next.at).steps.filter(
          ({ kind }) => kind === 'owe',
        );
        expect(owed.map(({ key }) => key.leadDays)).toEqual([next.leadDays]);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });
});

describe('planCredential, where several series go on at once', () => {
  const start = new Date('2026-11-23T17:00:00Z');
  const ago = fc.option(fc.integer({ min: -30 * DAY, max: 60 * DAY }), { nil: undefined });
  const instant = (minutes: number | undefined) =>
    minutes === undefined ? undefined : later(minutes * MINUTE_MS, start);
  /** Unconfirmed, changed in two places, replaced twice, acknowledged: each of them perhaps. */
  const several = fc
    .record({
      unconfirmed: ago,
      changed: fc.tuple(ago, ago),
      former: fc.array(fc.constantFrom('good', 'leaked'), { maxLength: 2 }),
      formerEnds: fc.integer({ min: -10, max: 200 }),
      quiet: ago,
      left: fc.integer({ min: -20, max: 400 }),
      rules: policy,
    })
    .map(({ rules, ...drawn }) => {
      const places = drawn.changed.map((minutes, index) => ({
        destination: { ...DESTINATION, environment: `release-${index}` },
        state: index === 0 ? ('changed-elsewhere' as const) : ('missing' as const),
        remoteUpdatedAt: undefined,
        changedAt: instant(minutes),
      }));
      const credential = aReminded({
        declaration: aDeclaration({ destinations: places.map(({ destination }) => destination) }),
        current: aVersion({
          version: 3,
          expiry: knownUntil(addDays(start, drawn.left)),
          recordedAt: addDays(start, -3),
        }),
        unconfirmedSince: instant(drawn.unconfirmed),
        acknowledgedUntil: instant(drawn.quiet),
        destinations: places,
        former: drawn.former.map((standing, index) => ({
          version: 2 - index,
          expiry: knownUntil(addDays(start, drawn.formerEnds)),
          standing,
          replacedAt: addDays(start, -3 - 40 * index),
        })),
      });
      return { credential, rules };
    });

  it('I4: planning twice changes nothing, also after all of it has gone out', () => {
    fc.assert(
      fc.property(several, fc.nat(120 * DAY), ({ credential, rules }, minutes) => {
        const now = later(minutes * MINUTE_MS, start);
        const rows = applied([], planCredential(credential, [], rules, now));
        expect(planCredential(credential, rows, rules, now).steps).toEqual([]);
        expect(planCredential(credential, sentBy(now, rows), rules, now).steps).toEqual([]);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it('I4: nothing is owed before the instant at which it is to be planned again', () => {
    fc.assert(
      fc.property(several, fc.nat(120 * DAY), ({ credential, rules }, minutes) => {
        const now = later(minutes * MINUTE_MS, start);
        const plan = planCredential(credential, [], rules, now);
        const next = nextReminder(credential, rules, now);
        if (!plan.nextPlanAt || !next) throw new Error('there always is a next one');
        expect(plan.nextPlanAt.getTime()).toBeGreaterThan(now.getTime());
        // Also when a quiet time or the life of an old token ends.
        expect(plan.nextPlanAt.getTime()).toBeLessThanOrEqual(next.at.getTime());
        const rows = applied([], plan);
        const before = planCredential(credential, rows, rules, later(-1, plan.nextPlanAt)).steps;
        expect(before.filter(({ kind }) => kind === 'owe')).toEqual([]);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it('I2, I5: whoever looks at whatever instants mails each key once, and one of each series at a time', () => {
    fc.assert(
      fc.property(
        several,
        fc.array(fc.nat(120 * DAY), { minLength: 2, maxLength: 20 }),
        ({ credential, rules }, looks) => {
          let rows: readonly Reminder[] = [];
          const mails: string[] = [];
          for (const look of looks) {
            const now = later(look * MINUTE_MS, start);
            rows = applied(rows, planCredential(credential, rows, rules, now));
            const sent = sentBy(now, rows);
            const gone = sent.filter((row, index) => row !== rows[index]);
            mails.push(...gone.map(textOf));
            const series = gone
              .filter(({ topic }) => topic !== 'changed')
              .map(({ topic, channel, recipient }) => `${topic} ${channel} ${recipient}`);
            expect(new Set(series).size).toBe(series.length);
            rows = sent;
          }
          expect(new Set(mails).size).toBe(mails.length);
        },
      ),
      { seed: SEED, numRuns: 500 },
    );
  });
});
