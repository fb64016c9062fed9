import { describe, expect, it } from 'vitest';
import type { Version } from '../../src/domain/credential.ts';
import { UNKNOWN_EXPIRY } from '../../src/domain/expiry.ts';
import type { ReminderPolicy } from '../../src/remind/plan.ts';
import { nextReminder, planReminders, planRotatedNotice } from '../../src/remind/plan.ts';
import type { PlanStep, Reminded, Reminder } from '../../src/remind/reminder.ts';
import {
  aDeclaration,
  aPolicy,
  aReminded,
  aReminder,
  aVersion,
  daysFromNow,
  knownUntil,
  NOW,
} from '../support/builders.ts';

/** Expires at midnight in UTC, as most do; Lisbon's clock shows the same in winter. */
const EXPIRES = new Date('2027-02-01T00:00:00Z');

const CREDENTIAL = expiringAt(EXPIRES);

function expiringAt(at: Date, overrides: Partial<Version> = {}): Reminded {
  return aReminded({ current: aVersion({ expiry: knownUntil(at), ...overrides }) });
}

function row(leadDays: number, overrides: Partial<Reminder> = {}): Reminder {
  const key = aReminder({ leadDays });
  return { ...key, id: 100 - leadDays, dueAt: NOW, state: 'carried', messageState: 'sent', ...overrides };
}

function plan(at: string, existing: readonly Reminder[] = [], policy: ReminderPolicy = aPolicy()) {
  return planReminders(CREDENTIAL, existing, policy, new Date(at));
}

/** `owe 7` or `cover 14 by 7`, and for whom where it is not the owner. */
function inShort(steps: readonly PlanStep[]): readonly string[] {
  return steps.map((step) => {
    const by = step.kind === 'cover' ? ` by ${step.by.leadDays}` : '';
    const recipient = step.key.recipient === 'ada@example.org' ? '' : ` for ${step.key.recipient}`;
    return `${step.kind} ${step.key.leadDays}${by}${recipient}`;
  });
}

describe('planReminders', () => {
  describe('when a lead time is crossed', () => {
    it('owes it from the local hour on, not before', () => {
      expect(plan('2026-12-03T08:59:59Z')).toEqual([]);
      expect(plan('2026-12-03T09:00:00Z')).toEqual([
        { kind: 'owe', key: aReminder({ leadDays: 60 }), dueAt: new Date('2026-12-03T09:00:00Z') },
      ]);
    });

    it('goes by the clock of the configured zone', () => {
      const policy = aPolicy({ timezone: 'America/New_York', hour: 7 });
      expect(plan('2026-12-03T11:59:59Z', [], policy)).toEqual([]);
      expect(inShort(plan('2026-12-03T12:00:00Z', [], policy))).toEqual(['owe 60']);
    });
  });

  describe('when it is the last day, or later', () => {
    it.each([
      ['2027-01-31T00:00:00Z', 'owe 1'],
      ['2027-02-01T00:00:00Z', 'owe 0'],
      ['2027-02-02T00:00:00Z', 'owe -1'],
      ['2027-02-08T00:00:00Z', 'owe -7'],
      ['2027-02-15T00:00:00Z', 'owe -14'],
    ])('does not wait for the morning (%s: %s)', (at, expected) => {
      const before = new Date(new Date(at).getTime() - 1).toISOString();
      expect(inShort(plan(before))).not.toContain(expected);
      expect(inShort(plan(at))).toContain(expected);
    });
  });

  describe('when it was recorded late', () => {
    it('does not wait for the morning', () => {
      const recordedAt = new Date('2027-01-26T17:00:00Z');
      const steps = planReminders(expiringAt(EXPIRES, { recordedAt }), [], aPolicy(), recordedAt);
      expect(inShort(steps)[0]).toBe('owe 7');
      expect(steps[0]?.dueAt).toEqual(recordedAt);
    });

    it('does not wait either when a lead time was reached at that very instant', () => {
      const recordedAt = new Date('2027-01-25T00:00:00Z');
      const steps = planReminders(expiringAt(EXPIRES, { recordedAt }), [], aPolicy(), recordedAt);
      expect(inShort(steps)[0]).toBe('owe 7');
    });

    it('tells at once of one that had expired already', () => {
      const recordedAt = new Date('2027-04-01T17:00:00Z');
      const steps = planReminders(expiringAt(EXPIRES, { recordedAt }), [], aPolicy(), recordedAt);
      expect(steps.filter((step) => step.kind === 'owe')).toHaveLength(1);
      expect(inShort(steps)[0]).toBe('owe -56');
    });
  });

  describe('when several were missed', () => {
    it('owes the tightest alone, which covers the wider ones: 45 days of downtime are one mail', () => {
      expect(inShort(plan('2027-01-18T10:00:00Z'))).toEqual(['owe 14', 'cover 60 by 14', 'cover 30 by 14']);
    });

    it('covers those that have not gone out, and no others', () => {
      const existing = [
        row(60),
        row(30, { state: 'owed', messageState: undefined }),
        row(14, { messageState: 'pending' }),
        row(7, { messageState: 'in-flight' }),
        row(3, { messageState: 'ambiguous' }),
      ];
      expect(inShort(plan('2027-01-31T00:00:00Z', existing))).toEqual([
        'owe 1',
        'cover 30 by 1',
        'cover 14 by 1',
      ]);
    });
  });

  describe('when the tightest is there already, whatever became of it', () => {
    it.each<Partial<Reminder>>([
      { state: 'owed', messageState: undefined },
      { state: 'carried', messageState: 'sent' },
      { state: 'carried', messageState: 'dead' },
      { state: 'cancelled', messageState: undefined },
    ])('owes nothing (%j)', (overrides) => {
      expect(plan('2027-01-18T10:00:00Z', [row(14, overrides)])).toEqual([]);
    });

    it('is not taken for there by a notice about something else', () => {
      const notice = row(14, { topic: 'rotated' });
      expect(inShort(plan('2027-01-18T10:00:00Z', [notice]))[0]).toBe('owe 14');
    });
  });

  describe('when others join before the end', () => {
    const policy = aPolicy({ escalate: { daysBefore: 7, to: ['grace'] } });

    it('owes each recipient what concerns them', () => {
      expect(inShort(plan('2027-01-18T10:00:00Z', [row(60), row(30)], policy))).toEqual(['owe 14']);
      expect(inShort(plan('2027-01-25T10:00:00Z', [row(60), row(30), row(14)], policy))).toEqual([
        'owe 7',
        'owe 7 for grace@example.org',
      ]);
    });

    it('does not tell those who join of what was not for them', () => {
      const steps = plan('2027-01-29T10:00:00Z', [], policy);
      expect(inShort(steps).filter((step) => step.endsWith('grace@example.org'))).toEqual([
        'owe 3 for grace@example.org',
        'cover 7 by 3 for grace@example.org',
      ]);
    });

    it('writes once to an owner who is also among them', () => {
      const same = aPolicy({ escalate: { daysBefore: 7, to: ['ada', 'grace'] } });
      const owed = plan('2027-01-29T10:00:00Z', [], same).filter((step) => step.kind === 'owe');
      expect(owed.map((step) => step.key.recipient)).toEqual(['ada@example.org', 'grace@example.org']);
    });
  });

  describe('when the owner has another address than before', () => {
    it('owes the current one to the new address, at once', () => {
      const addresses = new Map([['ada', 'ada@new.example.org']]);
      const steps = plan('2027-01-18T10:00:00Z', [row(60), row(30), row(14)], aPolicy({ addresses }));
      expect(inShort(steps)[0]).toBe('owe 14 for ada@new.example.org');
    });
  });

  describe('when the owner has left the configuration, as the credential did', () => {
    it('tells everybody who is still in it: a reminder is never lost silently', () => {
      const addresses = new Map([
        ['grace', 'grace@example.org'],
        ['linus', 'linus@example.org'],
      ]);
      const owed = plan('2027-01-18T10:00:00Z', [], aPolicy({ addresses })).filter(
        (step) => step.kind === 'owe',
      );
      expect(owed.map((step) => step.key.recipient)).toEqual(['grace@example.org', 'linus@example.org']);
    });
  });

  describe('when it was acknowledged', () => {
    it('stays quiet until then, and tells what has come meanwhile', () => {
      const quiet = { ...CREDENTIAL, acknowledgedUntil: new Date('2027-01-20T00:00:00Z') };
      expect(planReminders(quiet, [], aPolicy(), new Date('2027-01-19T23:59:59Z'))).toEqual([]);
      expect(inShort(planReminders(quiet, [], aPolicy(), new Date('2027-01-20T00:00:00Z')))[0]).toBe(
        'owe 14',
      );
    });
  });

  describe('when there is nothing to remind of', () => {
    it.each<[string, Partial<Reminded>]>([
      ['it is retired', { retiredAt: daysFromNow(-1) }],
      ['no version is recorded', { current: undefined }],
      ['no date is known', { current: aVersion({ expiry: UNKNOWN_EXPIRY }) }],
      ['it never expires', { current: aVersion({ expiry: { kind: 'never', source: 'entered' } }) }],
      ['it is revoked', { current: aVersion({ standing: 'revoked' }) }],
    ])('owes nothing when %s', (_name, overrides) => {
      expect(planReminders(aReminded(overrides), [], aPolicy(), NOW)).toEqual([]);
    });
  });
});

describe('nextReminder', () => {
  const next = (at: string, credential = CREDENTIAL) => nextReminder(credential, aPolicy(), new Date(at));

  it('returns the lead time that comes, at its hour', () => {
    expect(next('2026-11-23T09:30:00Z')).toEqual({ leadDays: 60, at: new Date('2026-12-03T09:00:00Z') });
    expect(next('2027-01-26T00:00:00Z')).toEqual({ leadDays: 3, at: new Date('2027-01-29T09:00:00Z') });
    expect(next('2027-01-30T00:00:00Z')).toEqual({ leadDays: 1, at: new Date('2027-01-31T00:00:00Z') });
  });

  it('returns one that has come and waits for its hour: the next mail is today, not next week', () => {
    expect(next('2027-01-25T05:00:00Z')).toEqual({ leadDays: 7, at: new Date('2027-01-25T09:00:00Z') });
    expect(next('2027-01-25T09:00:00Z')).toEqual({ leadDays: 3, at: new Date('2027-01-29T09:00:00Z') });
  });

  it('goes on after the expiry', () => {
    expect(next('2027-02-01T00:00:00Z')).toEqual({ leadDays: -1, at: new Date('2027-02-02T00:00:00Z') });
    expect(next('2027-02-10T00:00:00Z')).toEqual({ leadDays: -14, at: new Date('2027-02-15T00:00:00Z') });
  });

  it('looks past an acknowledgement', () => {
    const quiet = { ...CREDENTIAL, acknowledgedUntil: new Date('2027-01-20T00:00:00Z') };
    expect(next('2026-11-23T09:30:00Z', quiet)?.leadDays).toBe(7);
  });

  it('returns undefined where no date is known', () => {
    const unknown = aReminded({ current: aVersion({ expiry: UNKNOWN_EXPIRY }) });
    expect(next('2026-11-23T09:30:00Z', unknown)).toBeUndefined();
    expect(next('2026-11-23T09:30:00Z', aReminded({ current: undefined }))).toBeUndefined();
    expect(next('2026-11-23T09:30:00Z', aReminded({ retiredAt: NOW }))).toBeUndefined();
  });
});

describe('planRotatedNotice', () => {
  it('tells the owner, and once each of those who were alarmed', () => {
    const alarmed = ['grace@example.org', 'ada@example.org'];
    const steps = planRotatedNotice(CREDENTIAL, 2, alarmed, aPolicy(), NOW);
    expect(steps).toEqual(
      ['ada@example.org', 'grace@example.org'].map((recipient) => ({
        kind: 'owe',
        key: aReminder({ version: 2, topic: 'rotated', leadDays: 0, recipient }),
        dueAt: NOW,
      })),
    );
  });

  it('tells somebody where the owner has left the configuration', () => {
    const orphan = aReminded({ declaration: aDeclaration({ owner: 'gone' }) });
    expect(planRotatedNotice(orphan, 2, [], aPolicy(), NOW).length).toBeGreaterThan(0);
  });
});
