import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays } from '../../src/domain/calendar.ts';
import { isAppError } from '../../src/domain/error.ts';
import { UNKNOWN_EXPIRY } from '../../src/domain/expiry.ts';
import { acknowledgeUntil } from '../../src/remind/acknowledge.ts';
import { planCredential } from '../../src/remind/plan.ts';
import type { Reminded } from '../../src/remind/reminder.ts';
import {
  aDeclaration,
  aPolicy,
  aReminded,
  aVersion,
  daysFromNow,
  knownUntil,
  later,
  MINUTE_MS,
  NOW,
  SEED,
} from '../support/builders.ts';

const expiring = (at: Date) => aReminded({ current: aVersion({ expiry: knownUntil(at) }) });

function errorOf(credential: Reminded, until = daysFromNow(1)): unknown {
  try {
    return acknowledgeUntil(credential, until, NOW);
  } catch (error) {
    return error;
  }
}

describe('acknowledgeUntil', () => {
  describe('when it has not expired', () => {
    it.each([
      [30, 10, 10],
      [30, 27, 27],
      [30, 28, 27],
      [30, 365, 27],
      [4, 1, 1],
      [4, 2, 1],
      [3.001, 1, 0.001],
    ])(
      'with %d days left, and asked for %d, returns %d: never past three days before',
      (left, asked, holds) => {
        const credential = expiring(later(left * 86_400_000));
        expect(acknowledgeUntil(credential, later(asked * 86_400_000), NOW)).toEqual(
          later(holds * 86_400_000),
        );
      },
    );

    it.each([3, 2.5, 1, 0.001])('with %d days left says that it cannot be put off', (left) => {
      const error = errorOf(expiring(later(left * 86_400_000)));
      expect(isAppError(error, 'invalid_input')).toBe(true);
      expect(error).toMatchObject({ hints: ['replace it: reseal rotate crates-io'] });
      expect(String(error)).toContain('within its last 3 days');
    });
  });

  describe('when it has expired', () => {
    it.each([
      [0, 5, 5],
      [0, 7, 7],
      [0, 8, 7],
      [-400, 365, 7],
    ])('with %d days left, and asked for %d, returns %d: seven days at a time', (left, asked, holds) => {
      expect(acknowledgeUntil(expiring(daysFromNow(left)), daysFromNow(asked), NOW)).toEqual(
        daysFromNow(holds),
      );
    });
  });

  describe('when there is nothing to put off', () => {
    it.each<[string, Partial<Reminded>, RegExp]>([
      ['it is revoked', { current: aVersion({ standing: 'revoked', standingAt: NOW }) }, /is revoked/],
      ['it is leaked', { current: aVersion({ standing: 'leaked', standingAt: NOW }) }, /is leaked/],
      ['it is retired', { retiredAt: daysFromNow(-1) }, /is retired/],
      ['no version is recorded', { current: undefined }, /no expiry date/],
      ['no date is known', { current: aVersion({ expiry: UNKNOWN_EXPIRY }) }, /no expiry date/],
      [
        'it never expires',
        { current: aVersion({ expiry: { kind: 'never', source: 'entered' } }) },
        /no expiry date/,
      ],
    ])('throws when %s', (_name, overrides, message) => {
      const error = errorOf(aReminded(overrides));
      expect(isAppError(error, 'invalid_input')).toBe(true);
      expect(String(error)).toMatch(message);
    });

    it.each([0, -1, -365])('throws for a date %d days ahead', (days) => {
      expect(String(errorOf(expiring(daysFromNow(30)), daysFromNow(days)))).toContain(
        'must lie in the future',
      );
    });
  });

  it('I1: for every date, quiet ends in time: three days before the end, and in a week at most after it', () => {
    const minutes = fc.integer({ min: -500 * 1440, max: 500 * 1440 });
    fc.assert(
      fc.property(minutes, fc.integer({ min: 1, max: 900 * 1440 }), (left, asked) => {
        const expiresAt = later(left * MINUTE_MS);
        const until = later(asked * MINUTE_MS);
        const credential = expiring(expiresAt);
        if (left > 0 && left <= 3 * 1440) {
          expect(isAppError(errorOf(credential, until), 'invalid_input')).toBe(true);
          return;
        }
        const holds = acknowledgeUntil(credential, until, NOW);
        expect(holds.getTime()).toBeGreaterThan(NOW.getTime());
        expect(holds.getTime()).toBeLessThanOrEqual(until.getTime());
        const latest = left > 0 ? addDays(expiresAt, -3) : daysFromNow(7);
        expect(holds.getTime()).toBeLessThanOrEqual(latest.getTime());
        const quiet = { ...credential, acknowledgedUntil: holds };
        expect(planCredential(quiet, [], aPolicy(), later(-1, holds)).steps).toEqual([]);
        expect(planCredential(quiet, [], aPolicy(), NOW).nextPlanAt).toEqual(holds);
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });

  describe('when an old token waits to be revoked, and there is no date', () => {
    const waiting = (standing: 'good' | 'leaked', kind = 'crates-io-token') =>
      aReminded({
        declaration: aDeclaration({ kind }),
        current: aVersion({ version: 2, expiry: UNKNOWN_EXPIRY }),
        former: [{ version: 1, expiry: knownUntil('2027-06-01'), standing, replacedAt: NOW }],
      });

    it.each([
      [10, 10],
      [30, 30],
      [365, 30],
    ])('asked for %d days returns %d: a month at a time', (asked, holds) => {
      expect(acknowledgeUntil(waiting('good'), daysFromNow(asked), NOW)).toEqual(daysFromNow(holds));
    });

    it('cannot be put off where it has leaked, nor where nothing waits', () => {
      for (const credential of [waiting('leaked'), waiting('good', 'certificate')])
        expect(String(errorOf(credential))).toContain('has no expiry date');
    });
  });

  it('says how to replace what is revoked: by what it is', () => {
    const revoked = aVersion({ standing: 'revoked', standingAt: NOW });
    const hints = (declaration: Parameters<typeof aDeclaration>[0]) =>
      (
        errorOf(aReminded({ declaration: aDeclaration(declaration), current: revoked })) as {
          hints: string[];
        }
      ).hints;
    expect(hints({})).toEqual(['replace it: reseal rotate crates-io']);
    expect(hints({ destinations: [] })).toEqual([
      'replace it, then: reseal record crates-io --expires YYYY-MM-DD',
    ]);
    const own = { name: 'reseal-seal-token', kind: 'github-token', destinations: [] };
    expect(hints(own)).toEqual(['put a new one into its file']);
    expect(hints({ kind: 'github-token' })).toEqual(['replace it: reseal rotate crates-io']);
  });
});
