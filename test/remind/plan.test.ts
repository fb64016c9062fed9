import { describe, expect, it } from 'vitest';
import type { Version } from '../../src/domain/credential.ts';
import { planCredential, planRotatedNotice } from '../../src/remind/plan.ts';
import type { ReminderPolicy } from '../../src/remind/policy.ts';
import type { PlanStep, Reminder } from '../../src/remind/reminder.ts';
import {
  aDeclaration,
  aPolicy,
  aReminded,
  aReminder,
  aRow,
  aVersion,
  daysFromNow,
  knownUntil,
  NOW,
} from '../support/builders.ts';

/** Expires at midnight in UTC, as most do; Lisbon's clock shows the same in winter. */
const EXPIRES = new Date('2027-02-01T00:00:00Z');
const CREDENTIAL = expiringAt(EXPIRES);
const ADA = 'ada@example.org';
const GRACE = 'grace@example.org';

function expiringAt(at: Date, overrides: Partial<Version> = {}) {
  return aReminded({ current: aVersion({ expiry: knownUntil(at), ...overrides }) });
}

function plan(
  at: string,
  existing: readonly Reminder[] = [],
  policy: ReminderPolicy = aPolicy(),
  credential = CREDENTIAL,
) {
  return planCredential(credential, existing, policy, new Date(at)).steps;
}

/** `owe 7`, `cover 14 by 7` or `drop 3`, and for whom where it is not the owner. */
function inShort(steps: readonly PlanStep[]): readonly string[] {
  return steps.map((step) => {
    const by = step.kind === 'cover' ? ` by ${step.by}` : '';
    const recipient = step.key.recipient === ADA ? '' : ` for ${step.key.recipient}`;
    return `${step.kind} ${step.key.leadDays}${by}${recipient}`;
  });
}

function owed(steps: readonly PlanStep[]): readonly string[] {
  return inShort(steps.filter(({ kind }) => kind === 'owe'));
}

describe('planCredential', () => {
  describe('when a lead time is crossed', () => {
    it('owes it from the local hour on, not before', () => {
      expect(plan('2026-12-03T08:59:59Z')).toEqual([]);
      expect(plan('2026-12-03T09:00:00Z')).toEqual([
        {
          kind: 'owe',
          key: aReminder({ leadDays: 60 }),
          dueAt: new Date('2026-12-03T09:00:00Z'),
          urgent: false,
        },
      ]);
    });

    it('goes by the clock of the configured zone', () => {
      const policy = aPolicy({ timezone: 'America/New_York', hour: 7 });
      expect(plan('2026-12-03T11:59:59Z', [], policy)).toEqual([]);
      expect(inShort(plan('2026-12-03T12:00:00Z', [], policy))).toEqual(['owe 60']);
    });
  });

  describe('when it is the last day, or the day itself', () => {
    it.each([
      ['2027-01-31T00:00:00Z', 'owe 1'],
      ['2027-02-01T00:00:00Z', 'owe 0'],
    ])('does not wait for the morning (%s: %s)', (at, expected) => {
      const before = new Date(new Date(at).getTime() - 1).toISOString();
      expect(inShort(plan(before))).not.toContain(expected);
      expect(inShort(plan(at))).toContain(expected);
      const step = plan(at).find(({ kind }) => kind === 'owe');
      expect(step).toMatchObject({ urgent: true, dueAt: new Date(at) });
    });
  });

  describe('when it has expired', () => {
    it.each([
      ['2027-02-02T09:00:00Z', 'owe -1'],
      ['2027-02-08T09:00:00Z', 'owe -7'],
      ['2027-02-15T09:00:00Z', 'owe -14'],
      ['2027-02-22T09:00:00Z', 'owe -21'],
    ])("follows in the day's one mail, daily for a week and then weekly (%s: %s)", (at, expected) => {
      const before = new Date(new Date(at).getTime() - 1).toISOString();
      expect(inShort(plan(before))).not.toContain(expected);
      expect(inShort(plan(at))).toContain(expected);
      expect(plan(at)[0]).toMatchObject({ urgent: false });
    });

    it('tells nothing new on the days in between', () => {
      const rows = [60, 30, 14, 7, 3, 1, 0, -1, -2, -3, -4, -5, -6, -7].map((lead) => aRow(lead));
      for (const day of ['09', '10', '11', '12', '13', '14'])
        expect(plan(`2027-02-${day}T23:00:00Z`, rows)).toEqual([]);
    });
  });

  describe('when it expired while nothing ran', () => {
    it('G12: tells at once, as one, and then weekly without end', () => {
      const sent = [60, 30, 14].map((lead) => aRow(lead));
      const steps = plan('2027-02-05T17:00:00Z', sent);
      expect(owed(steps)).toEqual(['owe -4']);
      expect(steps[0]).toMatchObject({ dueAt: new Date('2027-02-05T09:00:00Z') });
      expect(inShort(steps.slice(1))).toEqual([7, 3, 1, 0, -1, -2, -3].map((lead) => `cover ${lead} by -4`));
      expect(owed(plan('2030-02-03T17:00:00Z', sent))).toEqual(['owe -1092']);
    });

    it('G12: does not wait for the morning where it expired last night', () => {
      const steps = plan(
        '2027-02-01T03:00:00Z',
        [60, 30, 14, 7, 3].map((lead) => aRow(lead)),
      );
      expect(inShort(steps)).toEqual(['owe 0', 'cover 1 by 0']);
      expect(steps[0]).toMatchObject({ urgent: true });
    });
  });

  describe('when it was recorded late', () => {
    it('does not wait for the morning', () => {
      const recordedAt = new Date('2027-01-26T17:00:00Z');
      const steps = plan(recordedAt.toISOString(), [], aPolicy(), expiringAt(EXPIRES, { recordedAt }));
      expect(inShort(steps)[0]).toBe('owe 7');
      expect(steps[0]).toMatchObject({ dueAt: recordedAt });
    });

    it('does not wait either when a lead time was reached at that very instant', () => {
      const recordedAt = new Date('2027-01-25T00:00:00Z');
      const steps = plan(recordedAt.toISOString(), [], aPolicy(), expiringAt(EXPIRES, { recordedAt }));
      expect(inShort(steps)[0]).toBe('owe 7');
    });

    it('tells at once of one that had expired already', () => {
      const recordedAt = new Date('2027-04-01T17:00:00Z');
      const steps = plan(recordedAt.toISOString(), [], aPolicy(), expiringAt(EXPIRES, { recordedAt }));
      expect(inShort(steps)).toEqual(['owe -56']);
      expect(steps[0]).toMatchObject({ dueAt: recordedAt });
    });

    it('does not call missed what was over before anybody knew of it', () => {
      const recordedAt = new Date('2027-01-20T17:00:00Z');
      const late = expiringAt(EXPIRES, { recordedAt });
      expect(inShort(plan('2027-01-20T17:00:00Z', [], aPolicy(), late))).toEqual(['owe 14']);
      expect(inShort(plan('2027-01-29T10:00:00Z', [], aPolicy(), late))).toEqual(['owe 3', 'cover 7 by 3']);
    });

    it('G2: owes what had been reached all the same by a clock that went back behind that instant', () => {
      const recordedAt = new Date('2027-01-26T17:00:00Z');
      const steps = plan('2027-01-26T16:59:59Z', [], aPolicy(), expiringAt(EXPIRES, { recordedAt }));
      expect(inShort(steps)).toEqual(['owe 7']);
    });
  });

  describe('when several were missed', () => {
    it('owes the tightest alone, which covers the wider ones', () => {
      expect(inShort(plan('2027-01-18T10:00:00Z'))).toEqual(['owe 14', 'cover 60 by 14', 'cover 30 by 14']);
    });

    it('G7: 45 days without a look over 30, 14, 7, 3, 1 and 0 are one, which covers the others', () => {
      const steps = plan('2027-02-01T06:00:00Z', [aRow(60)]);
      expect(inShort(steps)).toEqual(['owe 0', ...[30, 14, 7, 3, 1].map((lead) => `cover ${lead} by 0`)]);
    });

    it('covers those that have not gone out, and no others', () => {
      const existing = [
        aRow(60),
        aRow(30, { state: 'owed', messageState: undefined }),
        aRow(14, { messageState: 'pending' }),
        aRow(7, { messageState: 'in-flight' }),
        aRow(3, { messageState: 'ambiguous' }),
      ];
      expect(inShort(plan('2027-01-31T00:00:00Z', existing))).toEqual([
        'owe 1',
        'cover 30 by 1',
        'cover 14 by 1',
        'cover 3 by 1',
      ]);
    });

    it('leaves alone what was given up, cannot be rendered or was cancelled', () => {
      const existing = [
        aRow(60, { messageState: 'dead' }),
        aRow(30, { state: 'dead', messageState: undefined }),
        aRow(14, { state: 'cancelled', messageState: undefined }),
      ];
      const hers = plan('2027-01-25T09:00:00Z', existing).filter(({ key }) => key.recipient === ADA);
      expect(inShort(hers)).toEqual(['owe 7']);
    });
  });

  describe('when the tightest is there already, whatever became of it', () => {
    it.each<Partial<Reminder>>([
      { state: 'owed', messageState: undefined },
      { state: 'covered', messageState: undefined },
      { state: 'dead', messageState: undefined },
      { state: 'carried', messageState: 'pending' },
      { state: 'carried', messageState: 'in-flight' },
      { state: 'carried', messageState: 'ambiguous' },
      { state: 'carried', messageState: 'sent' },
    ])('owes nothing (%j)', (overrides) => {
      expect(plan('2027-01-18T10:00:00Z', [aRow(14, overrides)])).toEqual([]);
    });

    it('owes it again where it was cancelled and concerns somebody once more', () => {
      const cancelled = aRow(14, { state: 'cancelled', messageState: undefined });
      expect(owed(plan('2027-01-18T10:00:00Z', [cancelled]))).toEqual(['owe 14']);
    });

    it('is not taken for there by a notice about something else', () => {
      const notice = aRow(14, { topic: 'rotated' });
      expect(inShort(plan('2027-01-18T10:00:00Z', [notice]))[0]).toBe('owe 14');
    });

    it('is not taken for there by another channel', () => {
      const posted = aRow(14, { channel: 'webhook' });
      expect(inShort(plan('2027-01-18T10:00:00Z', [posted]))[0]).toBe('owe 14');
    });
  });

  describe('when a clock that was ahead comes back', () => {
    it('G2, G3: leaves the tighter one to its time: a wider one cannot speak for it', () => {
      const recordedAt = new Date('2027-01-10T12:00:00Z');
      const ahead = aRow(14, {
        state: 'owed',
        messageState: undefined,
        dueAt: new Date('2027-01-18T09:00:00Z'),
      });
      const steps = plan('2027-01-11T12:00:00Z', [ahead], aPolicy(), expiringAt(EXPIRES, { recordedAt }));
      expect(inShort(steps)).toEqual(['owe 30']);
    });
  });

  describe('when others join before the end', () => {
    const policy = aPolicy({ escalate: { daysBefore: 7, to: ['grace'] } });

    it('owes each recipient what concerns them', () => {
      expect(inShort(plan('2027-01-18T10:00:00Z', [aRow(60), aRow(30)], policy))).toEqual(['owe 14']);
      expect(inShort(plan('2027-01-25T10:00:00Z', [aRow(60), aRow(30), aRow(14)], policy))).toEqual([
        'owe 7',
        `owe 7 for ${GRACE}`,
      ]);
    });

    it('does not tell those who join of what was not for them', () => {
      const steps = plan('2027-01-29T10:00:00Z', [], policy);
      expect(inShort(steps).filter((step) => step.endsWith(GRACE))).toEqual([
        `owe 3 for ${GRACE}`,
        `cover 7 by 3 for ${GRACE}`,
      ]);
    });

    it('goes on telling them after the expiry', () => {
      expect(owed(plan('2027-02-02T10:00:00Z', [], policy))).toEqual(['owe -1', `owe -1 for ${GRACE}`]);
    });

    it('writes once to an owner who is also among them', () => {
      const same = aPolicy({ escalate: { daysBefore: 7, to: ['ada', 'grace'] } });
      expect(owed(plan('2027-01-29T10:00:00Z', [], same))).toEqual(['owe 3', `owe 3 for ${GRACE}`]);
    });
  });

  describe('when the mail to somebody was given up', () => {
    const lost = [aRow(60), aRow(30), aRow(14, { messageState: 'dead' })];

    it('tells those of the escalation, though they would join later', () => {
      const policy = aPolicy({ escalate: { daysBefore: 7, to: ['grace'] } });
      expect(inShort(plan('2027-01-18T10:00:00Z', lost, policy))).toEqual([`owe 14 for ${GRACE}`]);
    });

    it('tells all the others where nobody would join', () => {
      expect(inShort(plan('2027-01-18T10:00:00Z', lost))).toEqual([`owe 14 for ${GRACE}`]);
    });

    it('tells nobody else where it was for another lead time, topic or channel', () => {
      for (const other of [
        aRow(30, { messageState: 'dead' }),
        aRow(14, { messageState: 'dead', topic: 'rotated' }),
        aRow(14, { messageState: 'dead', channel: 'webhook' }),
      ]) {
        const steps = plan('2027-01-18T10:00:00Z', [aRow(14), other]);
        expect(owed(steps)).not.toContain(`owe 14 for ${GRACE}`);
      }
    });

    it('takes the stand-ins back when it went through after all', () => {
      const told = [
        aRow(60),
        aRow(30),
        aRow(14),
        aRow(14, { recipient: GRACE, state: 'owed', messageState: undefined }),
      ];
      expect(inShort(plan('2027-01-18T10:00:00Z', told))).toEqual([`drop 14 for ${GRACE}`]);
    });
  });

  describe('when the owner has another address than before', () => {
    const policy = aPolicy({ addresses: new Map([['ada', 'ada@new.example.org']]) });

    it('owes the current one to the new address, at once', () => {
      const steps = plan('2027-01-18T10:00:00Z', [aRow(60), aRow(30), aRow(14)], policy);
      expect(inShort(steps)[0]).toBe('owe 14 for ada@new.example.org');
    });

    it.each<[string, Partial<Reminder>]>([
      ['owed', { state: 'owed', messageState: undefined }],
      ['waiting to be sent', { messageState: 'pending' }],
      ['without an answer', { messageState: 'ambiguous' }],
      ['given up', { messageState: 'dead' }],
    ])('drops what is %s for the old one', (_name, overrides) => {
      const steps = plan('2027-01-18T10:00:00Z', [aRow(14, overrides)], policy);
      expect(inShort(steps)).toContain('drop 14');
    });

    it.each<[string, Partial<Reminder>]>([
      ['sent', {}],
      ['on its way', { messageState: 'in-flight' }],
      ['covered', { state: 'covered', messageState: undefined }],
      ['a notice', { topic: 'rotated', state: 'owed', messageState: undefined }],
    ])('leaves alone what is %s', (_name, overrides) => {
      const steps = plan('2027-01-18T10:00:00Z', [aRow(14, overrides)], policy);
      expect(inShort(steps)).not.toContain('drop 14');
    });
  });

  describe('when the credential has left the configuration', () => {
    it('H5: owes what it would have owed: a typing error silences nothing', () => {
      const orphan = { ...CREDENTIAL, declared: false };
      expect(plan('2027-01-18T10:00:00Z', [], aPolicy(), orphan)).toEqual(plan('2027-01-18T10:00:00Z'));
    });

    it('H5: tells everybody who is still in it, where the owner has left too', () => {
      const addresses = new Map([
        ['grace', GRACE],
        ['linus', 'linus@example.org'],
      ]);
      const orphan = { ...CREDENTIAL, declared: false };
      expect(owed(plan('2027-01-18T10:00:00Z', [], aPolicy({ addresses }), orphan))).toEqual([
        `owe 14 for ${GRACE}`,
        'owe 14 for linus@example.org',
      ]);
    });

    it('H5: throws where nobody is left, for that is not nothing to tell', () => {
      const nobody = aPolicy({ addresses: new Map() });
      expect(() => plan('2027-01-18T10:00:00Z', [], nobody)).toThrow(/nobody to tell/);
    });
  });

  describe('when webhooks are configured', () => {
    const policy = aPolicy({
      webhooks: [
        { name: 'all', owners: undefined },
        { name: 'adas', owners: ['ada'] },
        { name: 'graces', owners: ['grace'] },
      ],
    });

    it('owes one each to those that post for this owner', () => {
      expect(owed(plan('2026-12-03T09:00:00Z', [], policy))).toEqual([
        'owe 60',
        'owe 60 for all',
        'owe 60 for adas',
      ]);
    });

    it('is enough where there is no address', () => {
      const posted = { ...policy, addresses: new Map() };
      expect(owed(plan('2026-12-03T09:00:00Z', [], posted))).toEqual(['owe 60 for all', 'owe 60 for adas']);
    });
  });

  describe('when it was acknowledged', () => {
    const until = new Date('2027-01-20T00:00:00Z');
    const quiet = { ...CREDENTIAL, acknowledgedUntil: until };
    const planQuiet = (at: string) => planCredential(quiet, [], aPolicy(), new Date(at));

    it('stays quiet until then, and tells what has come meanwhile', () => {
      expect(planQuiet('2027-01-19T23:59:59Z').steps).toEqual([]);
      expect(inShort(planQuiet('2027-01-20T00:00:00Z').steps)[0]).toBe('owe 14');
    });

    it('is planned again when the quiet time ends, not at the lead time after it', () => {
      expect(planQuiet('2027-01-10T00:00:00Z').nextPlanAt).toEqual(until);
      expect(planQuiet('2027-01-20T00:00:00Z').nextPlanAt).toEqual(new Date('2027-01-25T09:00:00Z'));
    });

    it.each(['revoked', 'leaked'] as const)('tells all the same of what is %s', (standing) => {
      const version = aVersion({ standing, standingAt: new Date('2027-01-15T12:00:00Z') });
      const steps = plan('2027-01-15T12:00:00Z', [], aPolicy(), { ...quiet, current: version });
      expect(owed(steps)).toEqual(['owe 0']);
    });
  });

  describe('when there is no date', () => {
    const DECEMBER = 2026 * 12 + 11;
    const never = aReminded({
      current: aVersion({ expiry: { kind: 'never', source: 'entered' }, recordedAt: daysFromNow(-30) }),
    });
    const line = (leadDays: number, overrides: Partial<Reminder> = {}) =>
      aRow(leadDays, { topic: 'standing', ...overrides });

    it('owes the line of the month to the owner alone, whoever joins elsewhere', () => {
      const policy = aPolicy({
        escalate: { daysBefore: 60, to: ['grace'] },
        webhooks: [{ name: 'ops', owners: undefined }],
      });
      expect(owed(plan('2026-12-01T09:00:00Z', [], policy, never))).toEqual([
        `owe ${DECEMBER}`,
        `owe ${DECEMBER} for ops`,
      ]);
    });

    it('covers the line of a month before that has not gone out', () => {
      const waiting = line(DECEMBER, { messageState: 'pending' });
      expect(inShort(plan('2027-01-01T09:00:00Z', [waiting], aPolicy(), never))).toEqual([
        `owe ${DECEMBER + 1}`,
        `cover ${DECEMBER} by ${DECEMBER + 1}`,
      ]);
    });

    it('G3: leaves the line of a month that a clock was ahead to', () => {
      const ahead = line(DECEMBER + 1, { state: 'owed', messageState: undefined });
      expect(inShort(plan('2026-12-01T09:00:00Z', [ahead], aPolicy(), never))).toEqual([`owe ${DECEMBER}`]);
    });

    it('owes it under version 0 where none is recorded', () => {
      const unrecorded = aReminded({ current: undefined, firstSeenAt: daysFromNow(-30) });
      expect(plan('2026-12-01T09:00:00Z', [], aPolicy(), unrecorded)).toEqual([
        {
          kind: 'owe',
          key: aReminder({ version: 0, topic: 'standing', leadDays: DECEMBER }),
          dueAt: new Date('2026-12-01T09:00:00Z'),
          urgent: false,
        },
      ]);
    });
  });

  describe('when it is revoked or leaked', () => {
    const since = new Date('2027-01-18T17:00:00Z');
    const leaked = aReminded({
      current: aVersion({ expiry: knownUntil(EXPIRES), standing: 'leaked', standingAt: since }),
    });
    const policy = aPolicy({ escalate: { daysBefore: -30, to: ['grace'] } });

    it('tells the owner and everybody of the escalation at once, whatever its days', () => {
      const steps = plan(since.toISOString(), [], policy, leaked);
      expect(owed(steps)).toEqual(['owe 0', `owe 0 for ${GRACE}`]);
      expect(steps[0]).toMatchObject({ urgent: true, dueAt: since, key: { topic: 'leaked' } });
    });

    it('drops what is open about its expiry: that is beside the point now', () => {
      const open = [
        aRow(30),
        aRow(14, { state: 'owed', messageState: undefined }),
        aRow(0, { topic: 'rotated', messageState: 'pending' }),
      ];
      expect(inShort(plan(since.toISOString(), open, aPolicy(), leaked))).toEqual(['owe 0', 'drop 14']);
    });

    it('covers an alarm that has not gone out by the one of the day', () => {
      const waiting = aRow(0, { topic: 'leaked', messageState: 'pending' });
      expect(inShort(plan('2027-01-20T09:00:00Z', [waiting], aPolicy(), leaked))).toEqual([
        'owe -1',
        'cover 0 by -1',
      ]);
    });
  });

  describe('when it is retired', () => {
    it('owes nothing and is not planned again', () => {
      const retired = aReminded({ retiredAt: daysFromNow(-1) });
      expect(planCredential(retired, [], aPolicy(), NOW)).toEqual({
        credential: 'crates-io',
        steps: [],
        nextPlanAt: undefined,
      });
    });
  });
});

describe('planRotatedNotice', () => {
  const alarmed = [GRACE, ADA].map((recipient) => ({ channel: 'mail', recipient }));

  it('tells the owner, and once each of those who were alarmed', () => {
    expect(planRotatedNotice(CREDENTIAL, 2, alarmed, aPolicy(), NOW)).toEqual(
      [ADA, GRACE].map((recipient) => ({
        kind: 'owe',
        key: aReminder({ version: 2, topic: 'rotated', leadDays: 0, recipient }),
        dueAt: NOW,
        urgent: true,
      })),
    );
  });

  it('tells somebody where the owner has left the configuration', () => {
    const orphan = aReminded({ declaration: aDeclaration({ owner: 'gone' }) });
    expect(planRotatedNotice(orphan, 2, [], aPolicy(), NOW).map(({ key }) => key.recipient)).toEqual([
      ADA,
      GRACE,
    ]);
  });
});
