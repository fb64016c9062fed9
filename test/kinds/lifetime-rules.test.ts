import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays, DAY_MS, parseInstant } from '../../src/domain/calendar.ts';
import type { Expiry } from '../../src/domain/expiry.ts';
import { UNKNOWN_EXPIRY } from '../../src/domain/expiry.ts';
import { findKind, KINDS } from '../../src/kinds/catalogue.ts';
import { generic } from '../../src/kinds/generic.ts';
import type { Kind, LifetimeRule } from '../../src/kinds/kind.ts';
import type { Dated } from '../../src/kinds/lifetime-rules.ts';
import { asksForPerson, beyondRules, endByRules, isDisproved } from '../../src/kinds/lifetime-rules.ts';
import { SEED } from '../support/builders.ts';

const NOW = parseInstant('2026-10-15');
const NEVER: Expiry = { kind: 'never', source: 'entered' };

/** 30 days for those made since 17 August; those made before end on 1 November. */
const SHORTENED: LifetimeRule = {
  since: '2026-08-17',
  maxDays: 30,
  olderEnd: '2026-11-01',
  advice: 'Make a new one.',
  source: 'https://issuer.example/rules',
};
const CAPPED: LifetimeRule = { ...without('olderEnd'), since: '2026-03-01', maxDays: 460 };
const ENDED: LifetimeRule = { ...without('maxDays'), since: '2026-03-15', olderEnd: '2026-12-01' };
const SOME = { partial: true, about: 'keys that may publish' } as const;

function without(name: 'maxDays' | 'olderEnd'): LifetimeRule {
  return Object.fromEntries(
    Object.entries(SHORTENED).filter(([key]) => key !== name),
  ) as unknown as LifetimeRule;
}

function aKind(rules: readonly LifetimeRule[], never = true): Kind {
  return { ...generic, issuer: 'Issuer', lifetimes: { presets: [], custom: true, never, rules } };
}

function dated(expires: string | Expiry, created?: string, recorded?: string): Dated {
  const expiry: Expiry =
    typeof expires === 'string' ? { kind: 'known', at: parseInstant(expires), source: 'entered' } : expires;
  return {
    expiry,
    createdAt: created === undefined ? undefined : parseInstant(created),
    ...(recorded && { recordedAt: parseInstant(recorded) }),
  };
}

/** `2026-10-01` for certain, `2026-10-01?` where it may be so. */
function inShort(rules: readonly LifetimeRule[], version: Dated, now = NOW): readonly string[] {
  return beyondRules(aKind(rules), version, now).map(
    ({ endsAt, partial }) => `${endsAt?.toISOString().slice(0, 10) ?? 'no day'}${partial ? '?' : ''}`,
  );
}

function textOf(rule: LifetimeRule, version: Dated, now = NOW): string | undefined {
  return beyondRules(aKind([rule]), version, now)[0]?.text;
}

describe('beyondRules', () => {
  describe('when it was made since the rule', () => {
    it.each([
      ['2026-10-01', []],
      // The day of tolerance.
      ['2026-10-02', []],
      ['2026-10-02T00:00:01Z', ['2026-10-01']],
      ['2027-09-01', ['2026-10-01']],
    ])('holds the most that one may live against %s', (expires, expected) => {
      expect(inShort([SHORTENED], dated(expires, '2026-09-01'))).toEqual(expected);
    });

    it('counts the first day of the rule to it', () => {
      expect(inShort([SHORTENED], dated('2026-10-10', '2026-08-17'))).toEqual(['2026-09-16']);
      expect(inShort([SHORTENED], dated('2026-10-10', '2026-08-16'))).toEqual([]);
    });

    it('says which day it is, and which was recorded', () => {
      expect(textOf(SHORTENED, dated('2027-09-01', '2026-09-01'))).toBe(
        "Issuer's rule of 2026-08-17 lets one live for at most 30 days: made on 2026-09-01, this one ends on 2026-10-01 at the latest, and not on 2027-09-01 as recorded",
      );
    });

    it('holds against no expiry at all, and knows none against a date that is unknown', () => {
      expect(inShort([SHORTENED], dated(NEVER, '2026-09-01'))).toEqual(['2026-10-01']);
      expect(textOf(SHORTENED, dated(NEVER, '2026-09-01'))).toContain(
        'although it is recorded as never expiring',
      );
      expect(inShort([SHORTENED], dated(UNKNOWN_EXPIRY, '2026-09-01'))).toEqual([]);
    });

    it('never speaks against what the credential or its service states itself', () => {
      for (const source of ['read', 'observed'] as const) {
        const at = parseInstant('2027-09-01');
        expect(inShort([SHORTENED], dated({ kind: 'known', at, source }, '2026-09-01'))).toEqual([]);
        expect(inShort([SHORTENED], dated({ kind: 'never', source }, '2026-09-01'))).toEqual([]);
        // What was laid down later ends that too.
        expect(inShort([SHORTENED], dated({ kind: 'known', at, source }, '2026-05-01'))).toEqual([
          '2026-11-01',
        ]);
      }
    });
  });

  describe('when it was made before the rule', () => {
    it.each([
      ['2026-11-01', []],
      ['2026-11-01T23:59:59Z', []],
      ['2026-11-02', ['2026-11-01']],
      ['2027-05-01', ['2026-11-01']],
    ])('holds the end of the older ones against %s', (expires, expected) => {
      expect(inShort([SHORTENED], dated(expires, '2026-05-01'))).toEqual(expected);
    });

    it('is told before its day comes, and after it', () => {
      const version = dated('2027-05-01', '2026-05-01');
      expect(textOf(SHORTENED, version)).toBe(
        "by Issuer's rule of 2026-08-17, those made before it end on 2026-11-01: so does this one, made on 2026-05-01, and not on 2027-05-01 as recorded",
      );
      expect(textOf(SHORTENED, version, parseInstant('2026-11-01'))).toBe(
        "by Issuer's rule of 2026-08-17, those made before it ended on 2026-11-01: so did this one, made on 2026-05-01, and not on 2027-05-01 as recorded",
      );
    });

    it('ends what has no expiry, or one that nobody knows', () => {
      expect(inShort([SHORTENED], dated(NEVER, '2026-05-01'))).toEqual(['2026-11-01']);
      expect(inShort([SHORTENED], dated(UNKNOWN_EXPIRY, '2026-05-01'))).toEqual(['2026-11-01']);
    });

    it('leaves it alone where the older ones keep their date', () => {
      expect(inShort([CAPPED], dated('2029-01-01', '2026-02-28'))).toEqual([]);
    });

    it('knows that it was, where it was recorded before', () => {
      expect(inShort([SHORTENED], dated('2027-05-01', undefined, '2026-08-16'))).toEqual(['2026-11-01']);
      expect(textOf(SHORTENED, dated('2027-05-01', undefined, '2026-08-16'))).toContain('so does this one,');
    });
  });

  describe('when nobody knows when it was made', () => {
    it('is certain only of what holds whenever that was: of the two ends the later one', () => {
      const version = (recorded: string) => dated('2027-06-01', undefined, recorded);
      expect(inShort([SHORTENED], version('2026-09-01'))).toEqual(['2026-11-01']);
      expect(inShort([SHORTENED], version('2026-10-14'))).toEqual(['2026-11-13']);
      expect(textOf(SHORTENED, version('2026-10-14'))).toBe(
        "Issuer's rule of 2026-08-17 lets one live for at most 30 days, and those made before it end on 2026-11-01: whenever it was made, this one ends on 2026-11-13 at the latest, and not on 2027-06-01 as recorded",
      );
    });

    it('says what it hangs on where it holds for one of the two only', () => {
      const ifNew = dated('2026-10-20', undefined, '2026-09-01');
      expect(inShort([SHORTENED], ifNew)).toEqual(['2026-10-01?']);
      expect(textOf(SHORTENED, ifNew)).toContain(
        'if it was not made before 2026-08-17, this one ends on 2026-10-01 at the latest',
      );
      const ifOld = dated('2026-11-10', undefined, '2026-10-14');
      expect(inShort([SHORTENED], ifOld)).toEqual(['2026-11-01?']);
      expect(textOf(SHORTENED, ifOld)).toContain('if it was made before, so does this one');
      for (const version of [ifNew, ifOld])
        expect(textOf(SHORTENED, version)).toMatch(/; when it was made is not recorded$/);
      expect(inShort([CAPPED], dated('2029-01-01', undefined, '2026-10-01'))).toEqual(['2028-01-04?']);
    });

    it('takes what was recorded as living after the older ones had ended for a newer one', () => {
      expect(inShort([SHORTENED], dated('2026-12-10', undefined, '2026-11-20'))).toEqual([]);
      expect(inShort([ENDED], dated('2027-12-10', undefined, '2026-12-02'))).toEqual([]);
    });

    it('takes it for made by now where it is not recorded yet', () => {
      expect(inShort([SHORTENED], dated('2026-11-15'), NOW)).toEqual(['2026-11-01?']);
      expect(inShort([SHORTENED], dated('2026-11-17'), NOW)).toEqual(['2026-11-14']);
    });
  });

  describe('when a rule is about some of them', () => {
    const some = { ...SHORTENED, ...SOME };

    it('never is certain, and says of which ones', () => {
      const all = [
        dated('2027-09-01', '2026-09-01'),
        dated('2027-05-01', '2026-05-01'),
        dated('2027-09-01', undefined, '2026-09-01'),
        dated('2026-11-10', undefined, '2026-10-14'),
        dated('2026-10-20', undefined, '2026-09-01'),
      ];
      for (const version of all) {
        expect(inShort([some], version)).toEqual([expect.stringMatching(/\?$/)]);
        expect(textOf(some, version)).toContain('keys that may publish');
        expect(textOf(some, version)).toMatch(/if it is one of them/);
      }
    });
  });

  describe('when a kind has several rules', () => {
    it('holds against a date the cap that was in force when it was made', () => {
      const looser = [
        { ...CAPPED, since: '2026-06-01', maxDays: 90 },
        { ...CAPPED, since: '2026-01-01', maxDays: 30 },
      ];
      expect(inShort(looser, dated('2026-08-30', '2026-06-01'))).toEqual([]);
      expect(inShort(looser, dated('2026-08-30', '2026-05-31'))).toEqual(['2026-06-30']);
      expect(inShort(looser, dated('2026-12-30', '2026-06-01'))).toEqual(['2026-08-30']);
    });

    it('tells each of those that are about others', () => {
      expect(inShort([{ ...ENDED, ...SOME }, SHORTENED], dated('2027-05-01', '2026-02-01'))).toEqual([
        '2026-12-01?',
        '2026-11-01',
      ]);
    });
  });

  describe('when the issuer makes none without an expiry', () => {
    it('says so, also where no rule is known', () => {
      expect(beyondRules(aKind([], false), dated(NEVER, '2026-09-01'), NOW)).toEqual([
        {
          rule: undefined,
          text: 'Issuer makes none without an expiry, and this one is recorded as never expiring',
          endsAt: undefined,
          partial: false,
        },
      ]);
    });

    it('says it once: a rule says it with its day', () => {
      const beyond = beyondRules(aKind([SHORTENED], false), dated(NEVER, '2026-09-01'), NOW);
      expect(beyond.map(({ rule }) => rule)).toEqual([SHORTENED]);
    });
  });

  it('says nothing of a kind without rules', () => {
    expect(beyondRules(generic, dated(NEVER), NOW)).toEqual([]);
    expect(beyondRules(generic, dated('2036-01-01', '2026-09-01'), NOW)).toEqual([]);
  });

  it('moves no end with the clock where the day of recording is known', () => {
    const days = fc.integer({ min: 0, max: 1500 });
    const day = (count: number) => addDays(parseInstant('2025-06-01'), count);
    fc.assert(
      fc.property(
        days,
        fc.option(days, { nil: undefined }),
        days,
        days,
        days,
        (expires, created, recorded, one, other) => {
          const version: Dated = {
            expiry: { kind: 'known', at: day(expires), source: 'entered' },
            createdAt: created === undefined ? undefined : day(Math.min(created, recorded)),
            recordedAt: day(recorded),
          };
          const kind = aKind([SHORTENED, { ...ENDED, ...SOME }, CAPPED]);
          const ends = (now: Date) =>
            beyondRules(kind, version, now).map(({ rule, endsAt, partial }) => ({ rule, endsAt, partial }));
          expect(ends(day(one))).toEqual(ends(day(other)));
          // A rule takes away and never adds.
          for (const { endsAt } of ends(day(one)))
            expect(endsAt?.getTime()).toBeLessThan(day(expires).getTime());
        },
      ),
      { seed: SEED, numRuns: 500 },
    );
  });
});

describe('endByRules', () => {
  it('returns the earliest end that is certain', () => {
    const beyond = beyondRules(
      aKind([{ ...SHORTENED, ...SOME }, ENDED, { ...ENDED, olderEnd: '2026-12-24' }]),
      dated('2027-05-01', '2026-02-01'),
      NOW,
    );
    expect(beyond).toHaveLength(3);
    expect(endByRules(beyond)).toEqual(parseInstant('2026-12-01'));
    expect(endByRules(beyond.filter(({ partial }) => partial))).toBeUndefined();
    expect(endByRules([])).toBeUndefined();
  });
});

describe('asksForPerson', () => {
  const end = parseInstant('2026-12-01');
  const partial = { rule: SHORTENED, text: '', endsAt: end, partial: true };

  it.each([
    [-31, false, false],
    [-30, true, false],
    [0, true, false],
    [30, true, false],
    [31, false, true],
  ])('%i days after the day of what is not certain: %s', (days, asks, disproved) => {
    const now = addDays(end, days);
    expect({ asks: asksForPerson(partial, now), disproved: isDisproved(partial, now) }).toEqual({
      asks,
      disproved,
    });
  });

  it('always asks where it is certain, and never where nobody knows a day of what is not', () => {
    for (const days of [-400, 0, 400]) {
      const now = addDays(end, days);
      expect(asksForPerson({ ...partial, partial: false }, now)).toBe(true);
      expect(isDisproved({ ...partial, partial: false }, now)).toBe(false);
      expect(asksForPerson({ ...partial, endsAt: undefined }, now)).toBe(false);
    }
  });
});

describe('the rules of every kind', () => {
  const rules = KINDS.flatMap(({ id, lifetimes }) => (lifetimes.rules ?? []).map((rule) => ({ id, rule })));

  it('have real days, something to say, and stand newest first', () => {
    for (const { rule } of rules) {
      for (const day of [rule.since, rule.olderEnd ?? rule.since])
        expect(parseInstant(day).getTime() % DAY_MS).toBe(0);
      expect(rule.maxDays !== undefined || rule.olderEnd !== undefined).toBe(true);
      expect(rule.advice).not.toBe('');
      expect(rule.source).not.toBe('');
    }
    for (const { lifetimes } of KINDS) {
      const days = (lifetimes.rules ?? []).map(({ since }) => since);
      expect(days).toEqual([...days].sort().reverse());
    }
  });

  it('end the older keys of nuget.org on 2026-11-01', () => {
    const nuget = findKind('nuget-key');
    if (!nuget) throw new Error('nuget-key is no kind');
    const beyond = beyondRules(nuget, dated('2027-05-01', '2026-05-01'), NOW);
    expect(endByRules(beyond)).toEqual(parseInstant('2026-11-01'));
  });
});
