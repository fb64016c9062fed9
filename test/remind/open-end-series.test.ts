import { describe, expect, it } from 'vitest';
import { monthOf } from '../../src/domain/calendar.ts';
import type { FormerVersion } from '../../src/domain/credential.ts';
import { UNKNOWN_EXPIRY } from '../../src/domain/expiry.ts';
import { dayNumber } from '../../src/remind/lead.ts';
import { nextReminder } from '../../src/remind/plan.ts';
import type { Reminded, Topic } from '../../src/remind/reminder.ts';
import { everySeriesOf } from '../../src/remind/series.ts';
import {
  aDeclaration,
  aPolicy,
  aReminded,
  aVersion,
  DESTINATION,
  daysFromNow,
  knownUntil,
  NOW,
} from '../support/builders.ts';

const OTHER = { ...DESTINATION, repo: 'example/gadgets' };
const FAR = aVersion({ version: 2, expiry: knownUntil('2029-01-01'), lifetimeDays: 800 });
/** Days since 1970 of 23 November 2026. */
const TODAY = 20_780;

function seriesAt(at: string, credential: Reminded, topic: Topic) {
  return everySeriesOf(credential, aPolicy(), new Date(at)).filter((series) => series.topic === topic);
}

function leadsAt(at: string, credential: Reminded, topic: Topic) {
  return seriesAt(at, credential, topic).map(({ come }) => come.map(({ leadDays }) => leadDays));
}

const topicsAt = (at: string, credential: Reminded) =>
  everySeriesOf(credential, aPolicy(), new Date(at)).map(({ topic }) => topic);

describe('a rotation that is unconfirmed', () => {
  const since = new Date('2026-11-23T17:00:00Z');
  const credential = aReminded({ current: FAR, unconfirmedSince: since });

  it('is told at once to everybody, also at night, beside the main series', () => {
    expect(dayNumber(since)).toBe(TODAY);
    expect(topicsAt('2026-11-23T17:00:00Z', credential)).toEqual(['expiry', 'unconfirmed']);
    expect(seriesAt('2026-11-23T17:00:00Z', credential, 'unconfirmed')).toMatchObject([
      {
        version: 2,
        audience: 'all',
        come: [{ leadDays: -TODAY, dueAt: since, urgent: true }],
        planAt: new Date('2026-11-25T09:00:00Z'),
      },
    ]);
    expect(leadsAt('2026-11-23T16:59:59Z', credential, 'unconfirmed')).toEqual([[]]);
  });

  it('follows daily for a week, then weekly, until it is settled', () => {
    const days = (at: string) => leadsAt(at, credential, 'unconfirmed')[0]?.map((lead) => -lead - TODAY);
    expect(days('2026-11-25T09:00:00Z')).toEqual([0, 1]);
    expect(days('2026-12-01T09:00:00Z')).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(days('2026-12-08T08:59:59Z')?.at(-1)).toBe(7);
    expect(days('2026-12-08T09:00:00Z')?.at(-1)).toBe(14);
    expect(days('2027-11-23T09:00:00Z')?.at(-1)).toBe(364);
    expect(topicsAt('2026-11-25T09:00:00Z', { ...credential, unconfirmedSince: undefined })).toEqual([
      'expiry',
    ]);
  });

  it('is told under version 0 where none is recorded', () => {
    const first = aReminded({ current: undefined, unconfirmedSince: since });
    expect(seriesAt('2026-11-24T09:00:00Z', first, 'unconfirmed')).toMatchObject([{ version: 0 }]);
  });

  it('is told anew where a second one of the same version begins on a later day', () => {
    const second = { ...credential, unconfirmedSince: new Date('2026-12-03T02:00:00Z') };
    const [before] = leadsAt('2026-12-03T01:00:00Z', credential, 'unconfirmed');
    const [after] = leadsAt('2026-12-03T02:00:00Z', second, 'unconfirmed');
    expect(after).toHaveLength(1);
    expect(before).not.toContain(after?.[0]);
    expect(after?.[0]).toBeLessThan(Math.min(...(before ?? [])));
  });

  it('cannot be put off by an acknowledgement, nor by what is leaked', () => {
    const quiet = { ...credential, acknowledgedUntil: new Date('2027-06-01T00:00:00Z') };
    const leaked = { ...credential, current: { ...FAR, standing: 'leaked', standingAt: since } as const };
    for (const one of [quiet, leaked])
      expect(leadsAt('2026-11-25T09:00:00Z', one, 'unconfirmed')).toEqual([[-TODAY, -TODAY - 1]]);
  });

  it('G3: is told at once where a clock that has been put back since noted it ahead', () => {
    const now = '2026-11-20T12:00:00Z';
    const [lead] = seriesAt(now, credential, 'unconfirmed')[0]?.come ?? [];
    expect(lead).toMatchObject({ leadDays: -TODAY, dueAt: new Date(now) });
  });

  it('is the next mail, where that comes before a lead time', () => {
    expect(nextReminder(credential, aPolicy(), new Date('2026-11-23T17:00:00Z'))).toEqual({
      topic: 'unconfirmed',
      leadDays: -TODAY - 1,
      at: new Date('2026-11-25T09:00:00Z'),
    });
  });
});

describe('a secret that somebody else has changed', () => {
  const place = (changedAt: Date | undefined, overrides: Partial<Reminded['destinations'][number]> = {}) =>
    ({
      destination: DESTINATION,
      state: 'changed-elsewhere',
      remoteUpdatedAt: NOW,
      changedAt,
      ...overrides,
    }) as const;
  const changedAt = new Date('2026-11-23T22:00:00Z');
  const credential = aReminded({ current: FAR, destinations: [place(changedAt)] });

  it('is told once, at once, to everybody: there is no next one', () => {
    expect(seriesAt('2026-11-23T22:00:00Z', credential, 'changed')).toEqual([
      {
        topic: 'changed',
        version: 0,
        audience: 'all',
        come: [{ leadDays: -TODAY, dueAt: changedAt, urgent: true, missable: false }],
        next: undefined,
        planAt: undefined,
      },
    ]);
    expect(leadsAt('2027-11-23T22:00:00Z', credential, 'changed')).toEqual([[-TODAY]]);
  });

  it('is one of its own on each day on which something was seen, whatever the version', () => {
    const places = [
      place(new Date('2026-12-03T08:00:00Z')),
      place(changedAt, { destination: OTHER, state: 'missing' }),
    ];
    const declaration = aDeclaration({ destinations: [DESTINATION, OTHER] });
    const both = aReminded({ current: undefined, declaration, destinations: places });
    expect(leadsAt('2026-12-03T09:00:00Z', both, 'changed')).toEqual([[-TODAY], [-TODAY - 10]]);
    const sameDay = { ...both, destinations: [place(changedAt), place(NOW, { destination: OTHER })] };
    expect(seriesAt('2026-11-23T22:00:00Z', sameDay, 'changed')).toMatchObject([
      { come: [{ leadDays: -TODAY, dueAt: NOW }] },
    ]);
  });

  it('is not told of what is as it was, was not looked at, or has left the configuration', () => {
    for (const other of [
      place(undefined),
      place(changedAt, { state: 'verified' }),
      place(changedAt, { state: 'unknown' }),
      place(changedAt, { destination: OTHER }),
    ])
      expect(topicsAt('2026-12-03T09:00:00Z', aReminded({ current: FAR, destinations: [other] }))).toEqual([
        'expiry',
      ]);
  });

  it('goes on with the reminders by the known date, and adds the line of the month', () => {
    const soon = { ...credential, current: aVersion({ expiry: knownUntil('2026-12-03') }) };
    expect(topicsAt('2026-12-01T09:00:00Z', soon)).toEqual(['expiry', 'standing', 'changed']);
    expect(leadsAt('2026-12-01T09:00:00Z', soon, 'expiry')[0]?.at(-1)).toBe(3);
    const december = monthOf(new Date('2026-12-01T00:00:00Z'));
    expect(leadsAt('2026-11-30T09:00:00Z', soon, 'standing')).toEqual([[]]);
    expect(seriesAt('2026-12-01T09:00:00Z', soon, 'standing')).toMatchObject([
      { version: 1, audience: 'owners', come: [{ leadDays: december }] },
    ]);
  });

  it('has one line of the month where there is no date anyway, and none beside an alarm', () => {
    const undated = { ...credential, current: { ...FAR, expiry: UNKNOWN_EXPIRY } };
    expect(topicsAt('2026-12-01T09:00:00Z', undated)).toEqual(['standing', 'changed']);
    const leaked = { ...credential, current: { ...FAR, standing: 'leaked' } as const };
    expect(topicsAt('2026-12-01T09:00:00Z', leaked)).toEqual(['leaked', 'changed']);
  });

  it('has no line of the month where the secret is only missing: its token is what it was', () => {
    const missing = { ...credential, destinations: [place(changedAt, { state: 'missing' })] };
    expect(topicsAt('2026-12-01T09:00:00Z', missing)).toEqual(['expiry', 'changed']);
  });
});

describe('an old token that lives on at its issuer', () => {
  const replacedAt = new Date('2026-11-23T17:00:00Z');
  const former = (overrides: Partial<FormerVersion> = {}): FormerVersion => ({
    version: 1,
    expiry: knownUntil('2027-06-01T00:00:00Z'),
    standing: 'good',
    replacedAt,
    ...overrides,
  });
  const credential = (...versions: readonly FormerVersion[]) =>
    aReminded({ current: FAR, former: versions.length > 0 ? versions : [former()] });

  it('is asked for by the owners after 14 days, then every 30, in the morning', () => {
    const one = credential();
    expect(leadsAt('2026-12-08T08:59:59Z', one, 'old-token')).toEqual([[]]);
    expect(seriesAt('2026-12-08T09:00:00Z', one, 'old-token')).toMatchObject([
      {
        version: 2,
        audience: 'owners',
        come: [{ leadDays: -14, dueAt: new Date('2026-12-08T09:00:00Z'), urgent: false }],
        next: { leadDays: -44, at: new Date('2027-01-07T09:00:00Z') },
      },
    ]);
    expect(leadsAt('2027-03-10T09:00:00Z', one, 'old-token')).toEqual([[-14, -44, -74, -104]]);
  });

  it('is asked for of everybody where it has leaked: daily for a week, then weekly', () => {
    const one = credential(former({ standing: 'leaked' }));
    expect(leadsAt('2026-11-23T17:00:00Z', one, 'old-token')).toEqual([[]]);
    expect(seriesAt('2026-11-25T09:00:00Z', one, 'old-token')).toMatchObject([
      { audience: 'all', come: [{ leadDays: -1, urgent: true }] },
    ]);
    expect(leadsAt('2026-12-08T09:00:00Z', one, 'old-token')).toEqual([[-1, -2, -3, -4, -5, -6, -7, -14]]);
  });

  it('counts from the latest replacement, and by the worst of several', () => {
    const older = former({ standing: 'leaked', replacedAt: daysFromNow(-90) });
    const one = credential(former({ version: 2 }), { ...older, version: 1 });
    expect(leadsAt('2026-11-26T09:00:00Z', one, 'old-token')).toEqual([[-1, -2]]);
  });

  it('is asked for no more once its own expiry has passed, and is looked at then', () => {
    const expiry = knownUntil('2026-12-10T00:00:00Z');
    const one = credential(former({ expiry }));
    expect(seriesAt('2026-12-08T09:00:00Z', one, 'old-token')).toMatchObject([
      { planAt: new Date('2026-12-10T00:00:00Z') },
    ]);
    expect(topicsAt('2026-12-10T00:00:00Z', one)).toEqual(['expiry']);
  });

  it.each<[string, Partial<Reminded>]>([
    ['its kind dies by itself', { declaration: aDeclaration({ kind: 'certificate' }) }],
    ['its kind is not known', { declaration: aDeclaration({ kind: 'unheard-of' }) }],
    ['it is confirmed as revoked', { former: [] }],
    ['the issuer has revoked it', { former: [former({ standing: 'revoked' })] }],
    ['the credential is retired', { retiredAt: NOW }],
  ])('is not asked for where %s', (_what, overrides) => {
    expect(leadsAt('2027-03-10T09:00:00Z', { ...credential(), ...overrides }, 'old-token')).toEqual([]);
  });

  it('is put off by an acknowledgement, and told when that ends', () => {
    const quiet = { ...credential(), acknowledgedUntil: new Date('2026-12-20T00:00:00Z') };
    expect(seriesAt('2026-12-08T09:00:00Z', quiet, 'old-token')).toMatchObject([
      { come: [], planAt: new Date('2026-12-20T00:00:00Z') },
    ]);
    expect(leadsAt('2026-12-20T00:00:00Z', quiet, 'old-token')).toEqual([[-14]]);
    expect(seriesAt('2026-12-01T09:00:00Z', quiet, 'old-token')[0]?.next).toEqual({
      leadDays: -14,
      at: new Date('2026-12-20T00:00:00Z'),
    });
  });

  it('is not put off where it has leaked', () => {
    const one = credential(former({ standing: 'leaked' }));
    const quiet = { ...one, acknowledgedUntil: new Date('2026-12-20T00:00:00Z') };
    expect(leadsAt('2026-11-25T09:00:00Z', quiet, 'old-token')).toEqual([[-1]]);
  });
});
