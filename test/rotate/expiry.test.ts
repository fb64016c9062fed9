import { describe, expect, it } from 'vitest';
import type { Expiry } from '../../src/domain/expiry.ts';
import type { Asking, StatedExpiry } from '../../src/rotate/expiry.ts';
import { judgeExpiry, resolveExpiry, settleExpiry } from '../../src/rotate/expiry.ts';
import type { ChosenExpiration } from '../../src/rotate/rotation.ts';
import { aDeclaration, aVersion, daysFromNow, knownUntil, NOW } from '../support/builders.ts';

const YEAR: ChosenExpiration = { kind: 'days', days: 365 };

function asking(overrides: Partial<Asking> = {}): Asking {
  return { stated: false, oneTry: false, now: NOW, questioned: new Set(), doubts: [], ...overrides };
}

describe('resolveExpiry', () => {
  const resolve = (
    choice: ChosenExpiration,
    stated?: StatedExpiry,
    lifetime: ReturnType<typeof aDeclaration>['lifetime'] = '365d',
    now = NOW,
  ) => resolveExpiry(choice, { stated, declaration: aDeclaration({ lifetime }), now });
  const known = (at: string, source: string, lifetimeDays: number) => ({
    expiry: { kind: 'known', at: new Date(at), source },
    lifetimeDays,
    createdAt: NOW,
  });

  it('ends 365 days at the first instant of their last day in UTC', () => {
    expect(resolve(YEAR)).toEqual(known('2027-11-23T00:00:00Z', 'entered', 365));
  });

  it('counts from the same day one millisecond before midnight, and from the next at midnight', () => {
    const at = (now: string) => resolve(YEAR, undefined, '365d', new Date(now))?.expiry;
    expect(at('2026-11-23T23:59:59.999Z')).toMatchObject({ at: new Date('2027-11-23T00:00:00Z') });
    expect(at('2026-11-24T00:00:00.000Z')).toMatchObject({ at: new Date('2027-11-24T00:00:00Z') });
  });

  it('takes a chosen date as its first instant in UTC', () => {
    expect(resolve({ kind: 'date', date: '2027-06-01' })).toEqual(
      known('2027-06-01T00:00:00Z', 'entered', 189),
    );
  });

  it('takes no date that is none (T19)', () => {
    expect(() => resolve({ kind: 'date', date: '2027-02-30' })).toThrow('is not a date');
  });

  it('returns never where never was chosen', () => {
    expect(resolve({ kind: 'never' })).toEqual({
      expiry: { kind: 'never', source: 'entered' },
      lifetimeDays: undefined,
      createdAt: NOW,
    });
  });

  describe('when it was stated on the command line', () => {
    const stated: ChosenExpiration = { kind: 'stated' };

    it('takes the date as it was said', () => {
      const at = new Date('2027-06-01T12:00:00Z');
      expect(resolve(stated, { kind: 'expires', at })).toEqual(known('2027-06-01T12:00:00Z', 'entered', 190));
    });

    it('adds a lifetime that was said', () => {
      expect(resolve(stated, { kind: 'lifetime', lifetime: '90d' })).toEqual(
        known('2027-02-21T00:00:00Z', 'entered', 90),
      );
    });

    it('computes from the declared lifetime where nothing was said, and says that it is computed', () => {
      expect(resolve(stated)).toEqual(known('2027-11-23T00:00:00Z', 'computed', 365));
    });

    it('counts calendar years', () => {
      const leap = new Date('2028-02-29T10:00:00Z');
      const chosen = resolve(stated, undefined, '1y', leap);
      expect(chosen?.expiry).toEqual({
        kind: 'known',
        at: new Date('2029-02-28T00:00:00Z'),
        source: 'computed',
      });
    });

    it('returns nothing where neither says it', () => {
      const declaration = aDeclaration({ lifetime: undefined });
      expect(resolveExpiry(stated, { stated: undefined, declaration, now: NOW })).toBeUndefined();
    });
  });
});

describe('settleExpiry', () => {
  const read = (at: string): Expiry => ({ kind: 'known', at: new Date(at), source: 'read' });
  const settle = (
    choice: ChosenExpiration,
    found: Expiry | undefined,
    { stated, lifetime }: { stated?: StatedExpiry; lifetime?: '365d' } = {},
  ) =>
    settleExpiry(choice, { stated, declaration: aDeclaration({ lifetime }), now: NOW }, found, {
      issuer: 'Acme',
    });
  const date: ChosenExpiration = { kind: 'date', date: '2027-06-01' };

  it('takes what was found where nobody was asked', () => {
    const found = read('2027-05-04T03:02:01Z');
    expect(settle({ kind: 'found' }, found)).toEqual({ expiry: found, lifetimeDays: 161, createdAt: NOW });
    const never: Expiry = { kind: 'never', source: 'read' };
    expect(settle({ kind: 'found' }, never)).toMatchObject({ expiry: never, lifetimeDays: undefined });
  });

  it('returns nothing where nobody was asked and nothing was found', () => {
    expect(settle({ kind: 'found' }, undefined)).toBeUndefined();
    expect(settle({ kind: 'found' }, { kind: 'unknown', source: 'unknown' })).toBeUndefined();
  });

  it.each(['2027-06-01T00:00:00Z', '2027-06-02T00:00:00Z', '2027-05-31T00:00:00Z'])(
    'takes the read one of two that are no more than a day apart (%s)',
    (at) => expect(settle(date, read(at))).toMatchObject({ expiry: read(at) }),
  );

  it.each(['2027-06-02T00:00:01Z', '2027-05-30T23:59:59Z'])(
    'refuses two that are more than a day apart, naming both (%s)',
    (at) => {
      const refusal = settle(date, read(at));
      expect(refusal).toMatchObject({ kind: 'refused', field: 'expiration' });
      const words = JSON.stringify(refusal);
      for (const part of [at.slice(0, 10), '2027-06-01', 'the credential itself says'])
        expect(words).toContain(part);
    },
  );

  it('refuses a date beside one that never ends, and the other way round, naming who says it', () => {
    const never: Expiry = { kind: 'never', source: 'observed' };
    expect(JSON.stringify(settle(date, never))).toContain('Acme says that it never ends');
    expect(settle({ kind: 'never' }, read('2027-06-01T00:00:00Z'))).toMatchObject({ kind: 'refused' });
    expect(settle({ kind: 'never' }, never)).toMatchObject({ expiry: never });
  });

  it('holds what was said on the command line against it, also where the page asks nobody', () => {
    const stated: StatedExpiry = { kind: 'expires', at: new Date('2027-01-01T00:00:00Z') };
    const kinds = (['found', 'stated'] as const).map((kind) =>
      settle({ kind }, read('2027-06-01T00:00:00Z'), { stated }),
    );
    expect(kinds).toEqual([
      expect.objectContaining({ kind: 'refused' }),
      expect.objectContaining({ kind: 'refused' }),
    ]);
  });

  it('lets a computed date give way, and takes it where nothing is found', () => {
    const found = read('2027-02-01T00:00:00Z');
    expect(settle({ kind: 'stated' }, found, { lifetime: '365d' })).toMatchObject({ expiry: found });
    expect(settle({ kind: 'stated' }, undefined, { lifetime: '365d' })).toMatchObject({
      expiry: { source: 'computed' },
    });
  });
});

describe('judgeExpiry', () => {
  const ask = (
    at: string,
    overrides: Partial<Asking> = {},
    current = aVersion(),
    source: Expiry['source'] = 'entered',
  ) =>
    judgeExpiry({ kind: 'known', at: new Date(at), source } as Expiry, current, asking(overrides))
      ?.reasons[0];

  it.each([
    ['2026-11-22T00:00:00Z', 'has passed already'],
    ['2026-11-23T09:30:00Z', 'has passed already'],
    ['2036-12-01T00:00:00Z', 'more than ten years away'],
    ['2026-11-30T00:00:00Z', 'before the one that it replaces (2026-12-03)'],
  ])('C6: when the expiry is %s, it is asked again', (at, reason) => {
    expect(ask(at)).toContain(reason);
  });

  it('C6: when an earlier one is sent a second time, it is taken', () => {
    const questioned = new Set<number>();
    expect(ask('2026-11-30T00:00:00Z', { questioned })).toBeDefined();
    expect(ask('2026-11-30T00:00:00Z', { questioned })).toBeUndefined();
    expect(ask('2026-11-29T00:00:00Z', { questioned })).toBeDefined();
  });

  it.each([
    ['it was said on the command line', { stated: true }, aVersion()],
    ['the old one has leaked', {}, aVersion({ standing: 'leaked' })],
    ['the old one never expires', {}, aVersion({ expiry: { kind: 'never', source: 'entered' } })],
  ] as const)('takes an earlier one where %s', (_, overrides, current) => {
    expect(ask('2026-11-30T00:00:00Z', overrides, current)).toBeUndefined();
  });

  describe('when it was found', () => {
    it('is refused where it has passed, as the credential and not as a date', () => {
      const past = { kind: 'known', at: daysFromNow(-1), source: 'read' } as const;
      const refusal = judgeExpiry(past, undefined, asking());
      expect(refusal?.reasons).toEqual([
        'it ended on 2026-11-22, and would fail in the next release: give the renewed one',
      ]);
      expect(refusal).not.toHaveProperty('field');
    });

    it('is taken however far ahead it lies', () => {
      expect(ask('2060-01-01T00:00:00Z', {}, aVersion(), 'read')).toBeUndefined();
    });

    it('is asked about where it comes before the one that is replaced', () => {
      expect(ask('2026-11-30T00:00:00Z', {}, aVersion(), 'observed')).toContain('send the same once more');
    });
  });

  describe('when there is one try', () => {
    it('refuses an earlier one with the option that says it is meant', () => {
      expect(ask('2026-11-30T00:00:00Z', { oneTry: true })).toContain('say so with --expires 2026-11-30');
    });

    it('asks nothing about a rule', () => {
      expect(
        ask('2027-11-23T00:00:00Z', { oneTry: true, doubts: ['npm gives at most 90 days'] }),
      ).toBeUndefined();
    });
  });

  describe('when a rule of its issuer speaks against it', () => {
    const doubts = ['npm gives at most 90 days'];

    it('is asked about once, a token that never ends too', () => {
      const questioned = new Set<number>();
      expect(ask('2027-11-23T00:00:00Z', { questioned, doubts })).toBe(
        'npm gives at most 90 days: if that is right, send the same once more',
      );
      expect(ask('2027-11-23T00:00:00Z', { questioned, doubts })).toBeUndefined();
      const never = { kind: 'never', source: 'entered' } as const;
      expect(judgeExpiry(never, undefined, asking({ questioned, doubts }))?.field).toBe('expiration');
      expect(judgeExpiry(never, undefined, asking({ questioned, doubts }))).toBeUndefined();
    });

    it('is told together with what else is asked', () => {
      const refusal = judgeExpiry(knownUntil('2026-11-30T00:00:00Z'), aVersion(), asking({ doubts }));
      expect(refusal?.reasons).toHaveLength(2);
    });
  });
});
