import { describe, expect, it } from 'vitest';
import { monthOf } from '../../src/domain/calendar.ts';
import { UNKNOWN_EXPIRY } from '../../src/domain/expiry.ts';
import type { Series } from '../../src/remind/lead.ts';
import { nextReminder } from '../../src/remind/plan.ts';
import type { Reminded } from '../../src/remind/reminder.ts';
import { seriesOf } from '../../src/remind/series.ts';
import { aDeclaration, aPolicy, aReminded, aVersion, knownUntil, NOW } from '../support/builders.ts';

const CREDENTIAL = aReminded({ current: aVersion({ expiry: knownUntil('2027-02-01T00:00:00Z') }) });

function seriesAt(at: string, credential: Reminded = CREDENTIAL, policy = aPolicy()): Series | undefined {
  return seriesOf(credential, policy, new Date(at));
}

const leadsAt = (at: string, credential: Reminded) =>
  seriesAt(at, credential)?.come.map(({ leadDays }) => leadDays);

describe('seriesOf', () => {
  describe('when it is revoked or leaked', () => {
    const since = new Date('2026-11-23T17:00:00Z');
    const alarmed = (standing: 'revoked' | 'leaked', standingAt: Date | undefined = since) =>
      aReminded({ current: aVersion({ standing, standingAt }) });

    it.each(['revoked', 'leaked'] as const)('alarms at once, also at night (%s)', (topic) => {
      expect(seriesAt('2026-11-23T16:59:59Z', alarmed(topic))?.come).toEqual([]);
      expect(seriesAt('2026-11-23T17:00:00Z', alarmed(topic))).toMatchObject({
        topic,
        come: [{ leadDays: 0, dueAt: since, urgent: true }],
      });
    });

    it("follows in the day's one mail, daily for a week, then weekly, without end", () => {
      const leaked = alarmed('leaked');
      expect(leadsAt('2026-11-25T08:59:59Z', leaked)).toEqual([0]);
      expect(seriesAt('2026-11-25T09:00:00Z', leaked)?.come.at(-1)).toMatchObject({
        leadDays: -1,
        urgent: false,
      });
      expect(leadsAt('2026-12-01T09:00:00Z', leaked)).toEqual([0, -1, -2, -3, -4, -5, -6, -7].slice(0, 8));
      expect(leadsAt('2026-12-08T08:59:59Z', leaked)?.at(-1)).toBe(-7);
      expect(leadsAt('2026-12-08T09:00:00Z', leaked)?.at(-1)).toBe(-14);
      expect(leadsAt('2028-11-23T09:00:00Z', leaked)?.at(-1)).toBe(-728);
    });

    it('names the next one, also before the first', () => {
      const leaked = alarmed('leaked');
      expect(seriesAt('2026-11-23T16:00:00Z', leaked)?.next).toEqual({ leadDays: 0, at: since });
      const tomorrow = { leadDays: -1, at: new Date('2026-11-25T09:00:00Z') };
      expect(seriesAt('2026-11-23T17:00:00Z', leaked)).toMatchObject({ next: tomorrow, planAt: tomorrow.at });
      expect(seriesAt('2026-12-01T09:00:00Z', leaked)?.next).toEqual({
        leadDays: -14,
        at: new Date('2026-12-08T09:00:00Z'),
      });
    });

    it('counts from the recording where nothing says since when', () => {
      const recordedAt = new Date('2026-11-20T10:00:00Z');
      const leaked = aReminded({
        current: aVersion({ standing: 'leaked', standingAt: undefined, recordedAt }),
      });
      expect(seriesAt('2026-11-20T10:00:00Z', leaked)?.come[0]?.dueAt).toEqual(recordedAt);
    });

    it('comes before the expiry, a missing date and an acknowledgement', () => {
      const version = { standing: 'leaked', standingAt: since } as const;
      for (const credential of [
        aReminded({ current: aVersion({ ...version, expiry: UNKNOWN_EXPIRY }) }),
        aReminded({ current: aVersion({ ...version, expiry: knownUntil('2026-11-01T00:00:00Z') }) }),
        { ...alarmed('leaked'), acknowledgedUntil: new Date('2026-12-24T00:00:00Z') },
      ])
        expect(leadsAt('2026-11-25T09:00:00Z', credential)).toEqual([0, -1]);
    });
  });

  describe('when there is no date', () => {
    const firstSeenAt = new Date('2026-11-23T09:30:00Z');
    const never = { kind: 'never', source: 'entered' } as const;
    const december = monthOf(new Date('2026-12-01T00:00:00Z'));

    it.each<[string, Partial<Reminded>]>([
      ['no version is recorded', { current: undefined }],
      ['it is planned', { current: undefined, declaration: aDeclaration({ planned: true }) }],
      ['the date is not known', { current: aVersion({ expiry: UNKNOWN_EXPIRY, recordedAt: firstSeenAt }) }],
      ['it never expires', { current: aVersion({ expiry: never, recordedAt: firstSeenAt }) }],
    ])('has a line in the first mail of each month when %s', (_name, overrides) => {
      const credential = aReminded({ firstSeenAt, ...overrides });
      expect(seriesAt('2026-11-30T23:00:00Z', credential)).toMatchObject({ topic: 'standing', come: [] });
      expect(seriesAt('2026-12-01T08:59:59Z', credential)?.come).toEqual([]);
      expect(seriesAt('2026-12-01T09:00:00Z', credential)?.come).toEqual([
        { leadDays: december, dueAt: new Date('2026-12-01T09:00:00Z'), urgent: false, missable: false },
      ]);
      expect(leadsAt('2026-12-31T23:59:59Z', credential)).toEqual([december]);
      expect(leadsAt('2027-01-01T09:00:00Z', credential)).toEqual([december + 1]);
    });

    it("is looked at again when the next month's comes", () => {
      const credential = aReminded({ firstSeenAt, current: undefined });
      const first = new Date('2026-12-01T09:00:00Z');
      for (const at of ['2026-11-23T09:30:00Z', '2026-12-01T08:00:00Z'])
        expect(seriesAt(at, credential)).toMatchObject({
          next: { leadDays: december, at: first },
          planAt: first,
        });
      expect(seriesAt('2026-12-01T09:00:00Z', credential)?.planAt).toEqual(new Date('2027-01-01T09:00:00Z'));
    });

    it('has no line in the month in which it was first known, or recorded anew', () => {
      const seen = new Date('2026-12-01T09:00:00Z');
      expect(leadsAt('2026-12-15T09:00:00Z', aReminded({ firstSeenAt: seen, current: undefined }))).toEqual(
        [],
      );
      const current = aVersion({ version: 2, expiry: never, recordedAt: new Date('2026-12-03T09:00:00Z') });
      expect(leadsAt('2026-12-15T09:00:00Z', aReminded({ firstSeenAt, current }))).toEqual([]);
      expect(seriesAt('2027-01-01T09:00:00Z', aReminded({ firstSeenAt, current }))?.version).toBe(2);
    });

    it('does not call the months missed in which nothing ran', () => {
      expect(leadsAt('2027-06-15T09:00:00Z', aReminded({ firstSeenAt, current: undefined }))).toEqual([
        december + 6,
      ]);
    });

    it('cannot be acknowledged', () => {
      const acknowledgedUntil = new Date('2027-01-15T00:00:00Z');
      expect(
        leadsAt('2026-12-01T09:00:00Z', aReminded({ firstSeenAt, current: undefined, acknowledgedUntil })),
      ).toEqual([december]);
    });
  });

  describe('when it is retired', () => {
    it.each<[string, Partial<Reminded>]>([
      ['has a date', {}],
      ['is leaked', { current: aVersion({ standing: 'leaked', standingAt: NOW }) }],
      ['was never recorded', { current: undefined }],
    ])('returns undefined also for what %s', (_name, overrides) => {
      expect(seriesAt('2026-12-01T09:00:00Z', aReminded({ ...overrides, retiredAt: NOW }))).toBeUndefined();
    });
  });

  describe('when two lead times fall due out of order', () => {
    // Lisbon, 31 October 2027: the clock goes back at 01:00 UTC, so that this morning is 25 hours after the last one.
    const short = aVersion({ lifetimeDays: 90, recordedAt: new Date('2027-09-01T00:00:00Z') });

    it('names what is told next, not the wider one whose morning comes later', () => {
      const credential = aReminded({ current: { ...short, expiry: knownUntil('2027-11-01T08:30:00Z') } });
      const [two, one] = [new Date('2027-10-31T09:00:00Z'), new Date('2027-10-31T08:30:00Z')];
      expect(seriesAt('2027-10-30T12:00:00Z', credential)?.next).toEqual({ leadDays: 1, at: one });
      expect(seriesAt('2027-10-31T08:45:00Z', credential)?.next).toEqual({
        leadDays: 0,
        at: new Date('2027-11-01T08:30:00Z'),
      });
      expect(leadsAt(two.toISOString(), credential)).toEqual([21, 10, 5, 2, 1]);
    });

    it('names the tighter of two at the same instant', () => {
      const credential = aReminded({ current: { ...short, expiry: knownUntil('2027-11-01T09:00:00Z') } });
      expect(seriesAt('2027-10-30T12:00:00Z', credential)?.next).toEqual({
        leadDays: 1,
        at: new Date('2027-10-31T09:00:00Z'),
      });
    });
  });
});

describe('nextReminder', () => {
  const next = (at: string, credential = CREDENTIAL) => nextReminder(credential, aPolicy(), new Date(at));

  it('returns the lead time that comes, at its hour', () => {
    expect(next('2026-11-23T09:30:00Z')).toEqual({
      topic: 'expiry',
      leadDays: 60,
      at: new Date('2026-12-03T09:00:00Z'),
    });
    expect(next('2027-01-26T00:00:00Z')).toEqual({
      topic: 'expiry',
      leadDays: 3,
      at: new Date('2027-01-29T09:00:00Z'),
    });
    expect(next('2027-01-30T00:00:00Z')).toEqual({
      topic: 'expiry',
      leadDays: 1,
      at: new Date('2027-01-31T00:00:00Z'),
    });
  });

  it('returns one that has come and waits for its hour: the next mail is today, not next week', () => {
    expect(next('2027-01-25T05:00:00Z')).toEqual({
      topic: 'expiry',
      leadDays: 7,
      at: new Date('2027-01-25T09:00:00Z'),
    });
    expect(next('2027-01-25T09:00:00Z')).toEqual({
      topic: 'expiry',
      leadDays: 3,
      at: new Date('2027-01-29T09:00:00Z'),
    });
  });

  it('goes on after the expiry, in the morning', () => {
    expect(next('2027-02-01T00:00:00Z')).toEqual({
      topic: 'expiry',
      leadDays: -1,
      at: new Date('2027-02-02T09:00:00Z'),
    });
    expect(next('2027-02-10T00:00:00Z')).toEqual({
      topic: 'expiry',
      leadDays: -14,
      at: new Date('2027-02-15T09:00:00Z'),
    });
  });

  it('looks past an acknowledgement where what has come was told before', () => {
    const quiet = { ...CREDENTIAL, acknowledgedUntil: new Date('2027-01-20T00:00:00Z') };
    expect(next('2027-01-18T09:30:00Z', quiet)).toEqual({
      topic: 'expiry',
      leadDays: 7,
      at: new Date('2027-01-25T09:00:00Z'),
    });
  });

  it('returns the end of an acknowledgement where something falls due meanwhile', () => {
    const quiet = { ...CREDENTIAL, acknowledgedUntil: new Date('2027-01-20T00:00:00Z') };
    expect(next('2026-11-23T09:30:00Z', quiet)).toEqual({
      topic: 'expiry',
      leadDays: 14,
      at: new Date('2027-01-20T00:00:00Z'),
    });
  });

  it("returns the next month's line where no date is known", () => {
    const at = new Date('2026-12-01T09:00:00Z');
    const unknown = aReminded({ current: aVersion({ expiry: UNKNOWN_EXPIRY }) });
    expect(next('2026-11-23T09:30:00Z', unknown)?.at).toEqual(at);
    expect(next('2026-11-23T09:30:00Z', aReminded({ current: undefined }))?.at).toEqual(at);
  });

  it('returns undefined for what is retired', () => {
    expect(next('2026-11-23T09:30:00Z', aReminded({ retiredAt: NOW }))).toBeUndefined();
  });
});
