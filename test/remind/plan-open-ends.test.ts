import { describe, expect, it } from 'vitest';
import { dayNumber } from '../../src/remind/lead.ts';
import { planCredential } from '../../src/remind/plan.ts';
import type { ReminderPolicy } from '../../src/remind/policy.ts';
import type { PlanStep, Reminded, Reminder } from '../../src/remind/reminder.ts';
import {
  aDeclaration,
  aPolicy,
  aReminded,
  aRow,
  aVersion,
  DESTINATION,
  knownUntil,
} from '../support/builders.ts';
import { applied, sentBy } from '../support/plan-model.ts';

const GRACE = 'grace@example.org';
const SINCE = new Date('2026-11-23T17:00:00Z');
const DAY = dayNumber(SINCE);
const ESCALATE = aPolicy({ escalate: { daysBefore: 3, to: ['grace'] } });
const FAR = aVersion({ version: 2, expiry: knownUntil('2029-01-01'), lifetimeDays: 800 });
const CHANGED = [
  { destination: DESTINATION, state: 'changed-elsewhere', remoteUpdatedAt: undefined, changedAt: SINCE },
] as const;

/** Everything at once: unconfirmed, changed elsewhere, and an old token that lives on. */
const ALL = aReminded({
  current: { ...FAR, expiry: knownUntil('2026-12-15T00:00:00Z') },
  unconfirmedSince: SINCE,
  destinations: CHANGED,
  former: [{ version: 1, expiry: knownUntil('2027-06-01'), standing: 'leaked', replacedAt: SINCE }],
});

function plan(
  at: string,
  credential: Reminded,
  existing: readonly Reminder[] = [],
  policy: ReminderPolicy = aPolicy(),
) {
  return planCredential(credential, existing, policy, new Date(at));
}

/** `owe unconfirmed 0`, with the lead times that are counted from 1970 counted from that day, and for whom if not the owner. */
function inShort(steps: readonly PlanStep[]): readonly string[] {
  return steps.map(({ kind, key: { topic, leadDays, recipient, version } }) => {
    const lead = topic === 'unconfirmed' || topic === 'changed' ? leadDays + DAY || 0 : leadDays;
    const to = recipient === 'ada@example.org' ? '' : ` for ${recipient}`;
    return `${kind} ${topic} ${lead}${version === 2 ? '' : ` of v${version}`}${to}`;
  });
}

describe('planCredential, where something waits for a person', () => {
  it('owes one of each series, and is planned again when the first of them comes', () => {
    const { steps, nextPlanAt } = plan('2026-12-01T09:00:00Z', ALL);
    expect(inShort(steps).filter((step) => step.startsWith('owe'))).toEqual([
      'owe expiry 14',
      `owe standing ${2026 * 12 + 11}`,
      'owe unconfirmed -7',
      'owe changed 0 of v0',
      'owe old-token -7',
    ]);
    expect(nextPlanAt).toEqual(new Date('2026-12-08T09:00:00Z'));
  });

  it('I4: owes nothing where it is planned again, before and after it has gone out', () => {
    for (const at of ['2026-11-23T17:00:00Z', '2026-12-01T09:00:00Z']) {
      const rows = applied([], plan(at, ALL, [], ESCALATE));
      expect(plan(at, ALL, rows, ESCALATE).steps).toEqual([]);
      expect(plan(at, ALL, sentBy(new Date(at), rows), ESCALATE).steps).toEqual([]);
    }
  });

  it('I1: owes after a restart, a lost row or a new owner what it would have owed', () => {
    const at = '2026-11-23T17:00:00Z';
    const open = { ...ALL, current: FAR };
    const rows = applied([], plan(at, open));
    expect(rows.map(({ topic }) => topic)).toEqual(['unconfirmed', 'changed']);
    for (const lost of rows) {
      const left = rows.filter((row) => row !== lost);
      expect(plan(at, open, left).steps).toMatchObject([{ kind: 'owe', key: { topic: lost.topic } }]);
    }
    const hers = { ...open, declaration: aDeclaration({ owner: 'grace' }) };
    expect(inShort(plan(at, hers, rows).steps)).toEqual([
      `owe unconfirmed 0 for ${GRACE}`,
      `owe changed 0 of v0 for ${GRACE}`,
      'drop unconfirmed 0',
      'drop changed 0 of v0',
    ]);
  });

  it('tells those of the escalation of what is at stake at once, whatever their lead time', () => {
    const { steps } = plan('2026-11-25T09:00:00Z', ALL, [], ESCALATE);
    expect(inShort(steps).filter((step) => step.startsWith('owe') && step.endsWith(GRACE))).toEqual([
      `owe unconfirmed -1 for ${GRACE}`,
      `owe changed 0 of v0 for ${GRACE}`,
      `owe old-token -1 for ${GRACE}`,
    ]);
  });

  it('asks the owners alone to revoke what was replaced as scheduled', () => {
    const scheduled = aReminded({
      current: FAR,
      former: [{ version: 1, expiry: knownUntil('2027-06-01'), standing: 'good', replacedAt: SINCE }],
    });
    expect(inShort(plan('2026-12-08T09:00:00Z', scheduled, [], ESCALATE).steps)).toEqual([
      'owe old-token -14',
    ]);
  });

  it('drops what is open once it is settled, and leaves what has gone out', () => {
    const row = (topic: 'unconfirmed' | 'changed' | 'old-token', overrides: Partial<Reminder> = {}) =>
      aRow(topic === 'old-token' ? -1 : -DAY, { topic, version: topic === 'changed' ? 0 : 2, ...overrides });
    const settled = aReminded({ current: FAR });
    for (const topic of ['unconfirmed', 'changed', 'old-token'] as const) {
      for (const open of [
        row(topic, { state: 'owed', messageState: undefined }),
        row(topic, { messageState: 'pending' }),
        row(topic, { messageState: 'dead' }),
      ])
        expect(plan('2026-11-25T09:00:00Z', settled, [open]).steps).toMatchObject([
          { kind: 'drop', key: { topic } },
        ]);
      expect(plan('2026-11-25T09:00:00Z', settled, [row(topic)]).steps).toEqual([]);
    }
  });

  it('drops one change that is settled, and not another one', () => {
    const rows = [0, 3].map((day) =>
      aRow(-DAY - day, { topic: 'changed', version: 0, state: 'owed', messageState: undefined }),
    );
    const left = aReminded({
      current: FAR,
      destinations: [{ ...CHANGED[0], changedAt: new Date('2026-11-26T12:00:00Z') }],
    });
    expect(inShort(plan('2026-11-27T09:00:00Z', left, rows).steps)).toEqual(['drop changed 0 of v0']);
  });

  it('G2: leaves a change to its time where the clock has been put back behind it', () => {
    const open = aRow(-DAY, { topic: 'changed', version: 0, messageState: 'ambiguous' });
    const changed = aReminded({ current: FAR, destinations: CHANGED });
    for (const at of ['2026-11-20T12:00:00Z', '2026-11-23T12:00:00Z'])
      expect(plan(at, changed, [open]).steps).toEqual([]);
  });

  it('covers no change by a later one: each is told', () => {
    const first = aRow(-DAY, { topic: 'changed', version: 0, messageState: 'pending' });
    const OTHER = { ...DESTINATION, repo: 'example/gadgets' };
    const two = aReminded({
      current: FAR,
      declaration: aDeclaration({ destinations: [DESTINATION, OTHER] }),
      destinations: [
        ...CHANGED,
        { ...CHANGED[0], destination: OTHER, changedAt: new Date('2026-11-26T12:00:00Z') },
      ],
    });
    expect(inShort(plan('2026-11-26T12:00:00Z', two, [first]).steps)).toEqual(['owe changed -3 of v0']);
  });

  it('tells a change once, also where a version is recorded that leaves it as it is', () => {
    const told = aRow(-DAY, { topic: 'changed', version: 0 });
    const later = aReminded({ current: { ...FAR, version: 3 }, destinations: CHANGED });
    expect(plan('2026-11-27T09:00:00Z', later, [told]).steps).toEqual([]);
  });

  it('covers an open one of an unconfirmed rotation by that of a second one', () => {
    const open = aRow(-DAY, { topic: 'unconfirmed', version: 2, messageState: 'pending' });
    const second = aReminded({ current: FAR, unconfirmedSince: new Date('2026-11-26T12:00:00Z') });
    expect(inShort(plan('2026-11-26T12:00:00Z', second, [open]).steps)).toEqual([
      'owe unconfirmed -3',
      'cover unconfirmed 0',
    ]);
  });

  it('is not confused by rows of version 0 beside those of the current one', () => {
    const month = 2026 * 12 + 11;
    const undated = aReminded({ current: { ...FAR, expiry: { kind: 'never', source: 'entered' } } });
    const rows = [aRow(month, { topic: 'standing', version: 0 })];
    expect(inShort(plan('2026-12-01T09:00:00Z', undated, rows).steps)).toEqual([`owe standing ${month}`]);
  });

  it('tells stand-ins where the mail about it was given up', () => {
    const lost = aRow(-DAY, { topic: 'changed', version: 0, messageState: 'dead' });
    const changed = aReminded({ current: FAR, destinations: CHANGED });
    expect(inShort(plan('2026-11-24T09:00:00Z', changed, [lost]).steps)).toEqual([
      `owe changed 0 of v0 for ${GRACE}`,
    ]);
  });
});

describe('planCredential, of what belongs to everybody', () => {
  const policy = aPolicy({
    webhooks: [
      { name: 'all', owners: undefined },
      { name: 'graces', owners: ['grace'] },
    ],
  });
  const own = aReminded({
    declaration: aDeclaration({
      name: 'reseal-seal-token',
      kind: 'github-token',
      owner: '*',
      destinations: [],
    }),
    current: aVersion({ expiry: knownUntil('2026-12-07T00:00:00Z') }),
  });

  it('owes one to every owner, and to webhooks that post for some of them', () => {
    const { steps } = plan('2026-11-23T09:00:00Z', own, [], policy);
    expect(steps.filter(({ kind }) => kind === 'owe').map(({ key }) => key.recipient)).toEqual([
      'ada@example.org',
      GRACE,
      'all',
      'graces',
    ]);
  });

  it('tells them at once where GitHub accepts it no more', () => {
    const refused = { ...own, current: aVersion({ standing: 'revoked', standingAt: SINCE }) };
    const { steps } = plan('2026-11-23T17:00:00Z', refused, [], policy);
    expect(steps).toHaveLength(4);
    for (const step of steps) expect(step).toMatchObject({ kind: 'owe', urgent: true, dueAt: SINCE });
  });
});
