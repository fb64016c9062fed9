import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allUnknown, compareRuns, isTold, isUrgent } from '../../src/verify/changes.ts';
import type { Finding, Outcome } from '../../src/verify/finding.ts';
import type { Comparison, StoredFinding } from '../../src/verify/memory.ts';
import { later, NOW, SEED } from '../support/builders.ts';
import { aFinding } from '../support/findings.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Runs one after the other, a day apart unless their instants are given. @param told mail of a change has gone out by the next */
function runs(
  all: readonly (readonly Finding[])[],
  { hours = 24, told = true }: { readonly hours?: number; readonly told?: boolean } = {},
): readonly Comparison[] {
  let before: readonly StoredFinding[] = [];
  return all.map((found, index) => {
    const at = later(index * hours * HOUR);
    const result = compareRuns(before, found, { pipeline: 'widgets', number: index + 1, at });
    before = result.findings.map((one) => ({
      ...one,
      change: one.change && { ...one.change, told: one.change.told || told },
    }));
    return result;
  });
}

const only = (outcome: Outcome, changes: Partial<Finding> = {}) => [aFinding({ outcome, ...changes })];

/** The changes of each run, each as one word. */
function wordsOf(
  outcomes: readonly (Outcome | Finding)[],
  options?: Parameters<typeof runs>[1],
): readonly string[] {
  const found = outcomes.map((one) => (typeof one === 'string' ? only(one) : [one]));
  return runs(found, options).map(({ changes }) => changes.map(({ kind }) => kind).join(' '));
}

describe('compareRuns', () => {
  it.each<[string, readonly Outcome[], readonly string[]]>([
    ['fails at once', ['fail', 'fail', 'fail'], ['failed', '', '']],
    ['comes to fail, and stays so', ['pass', 'fail', 'fail'], ['', 'failed', '']],
    ['recovers, once', ['fail', 'pass', 'pass'], ['failed', 'recovered', '']],
    ['fails again', ['fail', 'pass', 'fail'], ['failed', 'recovered', 'failed']],
    ['does not apply any more', ['fail', 'not-applicable'], ['failed', 'recovered']],
    ['stops applying while it is fine', ['pass', 'not-applicable'], ['', 'changed']],
    ['holds from the start', ['pass', 'pass'], ['', '']],
  ])('returns what changes when it %s', (_what, outcomes, words) => {
    expect(wordsOf(outcomes)).toEqual(words);
  });

  describe('when it cannot be read', () => {
    it.each<[string, readonly Outcome[], readonly string[]]>([
      ['for one run, says nothing', ['pass', 'unknown', 'pass'], ['', '', '']],
      ['for two, says so once', ['pass', 'unknown', 'unknown', 'unknown'], ['', '', 'blind', '']],
      [
        'and it can again',
        ['pass', 'unknown', 'unknown', 'pass', 'pass'],
        ['', '', 'blind', 'seen-again', ''],
      ],
      [
        'and never could, says so once, and when it can',
        ['unknown', 'unknown', 'unknown', 'pass', 'pass'],
        ['', 'blind', '', 'seen-again', ''],
      ],
      ['and never could, tells a failure then', ['unknown', 'unknown', 'fail'], ['', 'blind', 'failed']],
      ['is no recovery, and no new failure after it', ['fail', 'unknown', 'fail'], ['failed', '', '']],
      ['recovers only when it is seen to', ['fail', 'unknown', 'pass'], ['failed', '', 'recovered']],
      [
        'while it fails, tells that it still does',
        ['fail', 'unknown', 'unknown', 'fail', 'fail'],
        ['failed', '', 'blind', 'seen-again', ''],
      ],
      [
        'while it failed, tells the recovery and no more',
        ['fail', 'unknown', 'unknown', 'pass'],
        ['failed', '', 'blind', 'recovered'],
      ],
      ['and it fails then', ['pass', 'unknown', 'unknown', 'fail'], ['', '', 'blind', 'failed']],
    ])('%s', (_what, outcomes, words) => {
      expect(wordsOf(outcomes)).toEqual(words);
    });

    it('takes no outage for it, however often somebody looks meanwhile', () => {
      const outage: Outcome[] = ['pass', ...Array<Outcome>(20).fill('unknown'), 'pass'];
      expect(wordsOf(outage, { hours: 0.9 }).join('')).toBe('');
      const longer: Outcome[] = ['pass', ...Array<Outcome>(23).fill('unknown')];
      expect(wordsOf(longer, { hours: 1 }).filter((word) => word !== '')).toEqual(['blind']);
    });

    it('gives no all-clear where nobody was told', () => {
      expect(wordsOf(['pass', 'unknown', 'unknown', 'pass'], { told: false })).toEqual(['', '', 'blind', '']);
    });

    it('keeps what was last known, since when, and what to do about it', () => {
      const [, , third] = runs([
        only('fail', { severity: 'medium', remedy: 'tick it' }),
        only('unknown', { severity: 'high', observed: 'no answer' }),
        only('unknown', { severity: 'high', observed: 'no answer' }),
      ]);
      expect(third?.findings).toEqual([
        expect.objectContaining({
          outcome: 'unknown',
          observed: 'no answer',
          severity: 'medium',
          remedy: 'tick it',
          known: { outcome: 'fail', at: NOW },
          failedAt: NOW,
          resolvedAt: undefined,
          firstSeenAt: later(DAY),
          lastSeenAt: later(2 * DAY),
          change: { kind: 'blind', run: 3, since: later(DAY), told: false },
        }),
      ]);
    });

    it('looks again in an hour until it is settled, and daily then', () => {
      const waits = runs([only('pass'), only('unknown'), only('unknown'), only('unknown')]).map(
        ({ nextLookAt }, index) => (nextLookAt.getTime() - later(index * DAY).getTime()) / HOUR,
      );
      expect(waits[1]).toBe(1);
      for (const wait of [waits[0], waits[2], waits[3]]) {
        expect(wait).toBeGreaterThanOrEqual(23.5);
        expect(wait).toBeLessThan(24.5);
      }
    });
  });

  it('notes since when a failure lasts, and when it ended', () => {
    const [first, second, third] = runs([only('fail'), only('fail'), only('pass')]);
    expect(first?.findings).toMatchObject([{ failedAt: NOW, resolvedAt: undefined, firstSeenAt: NOW }]);
    expect(second?.findings).toMatchObject([{ firstSeenAt: NOW, lastSeenAt: later(DAY) }]);
    expect(third?.findings).toMatchObject([{ failedAt: NOW, resolvedAt: later(2 * DAY) }]);
    expect(third?.changes).toMatchObject([{ kind: 'recovered', since: NOW }]);
  });

  it('tells a failure that weighs more, also after it was out of sight, and not one that weighs less', () => {
    const weighing = (severity: Finding['severity']) => aFinding({ outcome: 'fail', severity });
    expect(wordsOf([weighing('low'), weighing('high'), weighing('high'), weighing('low')])).toEqual([
      'failed',
      'worse',
      '',
      '',
    ]);
    expect(wordsOf([weighing('low'), 'unknown', weighing('low')])).toEqual(['failed', '', '']);
    expect(wordsOf([weighing('low'), 'unknown', weighing('high')])).toEqual(['failed', '', 'worse']);
  });

  describe('when only a person can tell', () => {
    const confirmed = aFinding({ outcome: 'manual', observed: 'confirmed on 2026-11-01', remedy: '' });
    const asking = aFinding({ outcome: 'manual', observed: 'lapsed on 2026-11-26', remedy: 'look again' });

    it('tells each lapse once', () => {
      expect(wordsOf([confirmed, asking, asking, confirmed, asking])).toEqual([
        '',
        'lapsed',
        '',
        '',
        'lapsed',
      ]);
    });

    it('tells it also where it could not be asked meanwhile', () => {
      expect(wordsOf([confirmed, 'unknown', asking])).toEqual(['', '', 'lapsed']);
    });

    it('asks nobody by mail for what was never confirmed', () => {
      expect(wordsOf([asking, asking])).toEqual(['', '']);
    });

    it('has nothing to tell any more once it is confirmed', () => {
      const after = runs([[confirmed], [asking], [confirmed]]).map(
        ({ findings }) => findings[0]?.change?.kind,
      );
      expect(after).toEqual([undefined, 'lapsed', undefined]);
    });
  });

  describe('when a subject is not there any more', () => {
    const [one, other] = [aFinding({ subject: 'one' }), aFinding({ subject: 'other' })];
    const failing = { ...other, outcome: 'fail' as const };

    it('closes it without a word', () => {
      const result = runs([[one, failing], [one]])[1];
      expect(result?.changes).toMatchObject([{ kind: 'closed', finding: { subject: 'other' } }]);
      expect(result?.changes.some(isTold)).toBe(false);
      expect(result?.gone).toMatchObject([{ subject: 'other' }]);
      expect(result?.findings).toMatchObject([{ subject: 'one' }]);
    });

    it('takes it for unseen while its rule cannot see everything, so that it is not told anew', () => {
      const blind = aFinding({ subject: 'release', outcome: 'unknown', observed: 'no answer' });
      const all = runs([[one, failing], [blind], [one, failing]]);
      expect(all.map(({ changes }) => changes.map(({ kind }) => kind))).toEqual([['failed'], [], []]);
      expect(all[1]?.findings).toMatchObject([
        { subject: 'release' },
        { subject: 'one', outcome: 'unknown', known: { outcome: 'pass' } },
        { subject: 'other', outcome: 'unknown', known: { outcome: 'fail' }, observed: 'no answer' },
      ]);
      expect(all[2]?.gone).toMatchObject([{ subject: 'release' }]);
    });
  });

  it('believes a rule that answers twice where it is worse', () => {
    const twice = [
      aFinding({ outcome: 'pass' }),
      aFinding({ outcome: 'fail' }),
      aFinding({ outcome: 'unknown' }),
    ];
    expect(runs([twice])[0]?.findings).toMatchObject([{ outcome: 'fail' }]);
  });

  it('counts from now where the clock was put back', () => {
    const first = compareRuns([], only('unknown'), { pipeline: 'w', number: 1, at: later(900 * DAY) });
    const second = compareRuns(first.findings, only('unknown'), { pipeline: 'w', number: 2, at: NOW });
    expect(second.findings).toMatchObject([{ firstSeenAt: NOW }]);
  });

  it('for any outcomes, tells no failure twice without a recovery between, and no recovery that nobody saw', () => {
    const outcome = fc.constantFrom<Outcome>('pass', 'fail', 'unknown', 'not-applicable');
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 30 }), fc.integer({ min: 1, max: 30 }), (all, hours) => {
        const told = wordsOf(all, { hours });
        const turns = told.filter((word) => word === 'failed' || word === 'recovered');
        expect(turns).toEqual(turns.map((_, index) => (index % 2 === 0 ? 'failed' : 'recovered')));
        told.forEach((word, index) => {
          if (word === 'failed') expect(all[index]).toBe('fail');
          if (word === 'recovered') expect(['pass', 'not-applicable']).toContain(all[index]);
          if (word === 'blind') expect(all[index]).toBe('unknown');
        });
        // The same run again changes nothing more.
        const again = wordsOf([...all, ...all.slice(-1)], { hours: 1 });
        if (all.length > 0) expect(['', 'blind']).toContain(again.at(-1));
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});

describe('allUnknown', () => {
  it('returns everything that was stored, as unread', () => {
    const stored = runs([[aFinding({ subject: 'one' }), aFinding({ subject: 'other', outcome: 'fail' })]])[0];
    expect(allUnknown(stored?.findings ?? [], { repo: 'example/widgets' }, 'no token')).toMatchObject([
      { subject: 'one', outcome: 'unknown', observed: 'no token', remedy: '' },
      { subject: 'other', outcome: 'unknown', observed: 'no token', remedy: '' },
    ]);
  });

  describe('when nothing of it was ever seen', () => {
    const blank = allUnknown([], { repo: 'example/widgets' }, 'no token');
    const good = only('pass');

    it('returns one that stands for all', () => {
      expect(blank).toMatchObject([{ subject: 'example/widgets', outcome: 'unknown', observed: 'no token' }]);
    });

    it('is told once, and that it can be seen; then it is left out', () => {
      const results = runs([blank, blank, blank, good, good, good]);
      expect(results.map(({ changes }) => changes.map(({ kind }) => kind).join(' '))).toEqual([
        '',
        'blind',
        '',
        'seen-again',
        '',
        '',
      ]);
      expect(results.at(-1)?.findings).toMatchObject([{ rule: 'environment-reviewers' }]);
    });

    it('is kept until the mail about it has gone out', () => {
      const told = runs([blank, blank]).at(-1)?.findings ?? [];
      const at = (days: number) => ({ pipeline: 'widgets', number: days + 1, at: later(days * DAY) });
      const heard = told.map((one) => ({ ...one, change: one.change && { ...one.change, told: true } }));
      const seen = compareRuns(heard, good, at(2));
      expect(seen.findings).toHaveLength(2);
      expect(compareRuns(seen.findings, good, at(3)).findings).toHaveLength(2);
    });

    it('is looked at again in an hour, also after it was told', () => {
      const waits = runs([blank, blank, blank]).map(
        ({ nextLookAt }, index) => (nextLookAt.getTime() - later(index * DAY).getTime()) / HOUR,
      );
      expect(waits).toEqual([1, 1, 1]);
    });
  });
});

describe('isUrgent', () => {
  it.each<[string, Outcome, Finding['severity'], boolean]>([
    ['a new failure of high severity', 'fail', 'high', true],
    ['one of medium severity', 'fail', 'medium', false],
  ])('of %s', (_what, outcome, severity, urgent) => {
    expect(isUrgent(runs([only(outcome, { severity })])[0]?.changes ?? [])).toBe(urgent);
  });

  it('is false of a recovery', () => {
    const all = runs([only('fail', { severity: 'high' }), only('pass', { severity: 'high' })]);
    expect(isUrgent(all[1]?.changes ?? [])).toBe(false);
  });
});
