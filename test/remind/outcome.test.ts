import { describe, expect, it } from 'vitest';
import { afterTransmission, MAX_REPEATS } from '../../src/remind/outcome.ts';
import type { DeliveryOutcome } from '../../src/remind/reminder.ts';
import { later, MINUTE_MS, NOW } from '../support/builders.ts';

const FIRST = { attempts: 1, repeats: 0, refusals: 0 };
const NOT_SENT: DeliveryOutcome = { kind: 'not-sent', reason: 'no connection' };
const UNCLEAR: DeliveryOutcome = { kind: 'unclear', reason: 'no answer' };
const TEMPORARY: DeliveryOutcome = { kind: 'refused', permanent: false, code: 451, reason: 'later' };
const PERMANENT: DeliveryOutcome = { kind: 'refused', permanent: true, code: 550, reason: 'no such user' };

const minutes = (count: number) => later(count * MINUTE_MS);

describe('afterTransmission', () => {
  describe('when the server accepted it', () => {
    it('returns sent, with its code', () => {
      expect(afterTransmission({ kind: 'accepted', code: 250 }, FIRST, NOW)).toEqual({
        state: 'sent',
        nextAttemptAt: NOW,
        code: 250,
        error: undefined,
      });
    });
  });

  describe('when nothing was handed over', () => {
    it.each([
      [1, 1],
      [2, 5],
      [3, 15],
      [4, 30],
      [5, 60],
      [6, 120],
      [7, 120],
      [1000, 120],
    ])('returns pending: try %i is followed by another after %i minutes, without end', (attempts, wait) => {
      const tried = { attempts, repeats: 0, refusals: 0 };
      for (const outcome of [NOT_SENT, TEMPORARY]) {
        expect(afterTransmission(outcome, tried, NOW)).toMatchObject({
          state: 'pending',
          nextAttemptAt: minutes(wait),
        });
      }
    });

    it('keeps the reason, and the code where there is one', () => {
      expect(afterTransmission(NOT_SENT, FIRST, NOW)).toMatchObject({
        code: undefined,
        error: 'no connection',
      });
      expect(afterTransmission(TEMPORARY, FIRST, NOW)).toMatchObject({ code: 451, error: 'later' });
    });
  });

  describe('when the server said no for good', () => {
    it.each([
      [0, 'pending', 60],
      [1, 'pending', 360],
      [2, 'dead', 0],
      [3, 'dead', 0],
    ])('after %i earlier refusals returns %s', (refusals, state, wait) => {
      expect(afterTransmission(PERMANENT, { attempts: refusals + 1, repeats: 0, refusals }, NOW)).toEqual({
        state,
        nextAttemptAt: minutes(wait),
        code: 550,
        error: 'no such user',
      });
    });

    it('asks three times also where the server was away for long before: only its own words count', () => {
      expect(afterTransmission(PERMANENT, { attempts: 40, repeats: 0, refusals: 0 }, NOW)).toMatchObject({
        state: 'pending',
        nextAttemptAt: minutes(60),
      });
    });
  });

  describe('when the answer was lost', () => {
    it.each([
      [0, 15],
      [1, 120],
    ])('after %i repeats returns ambiguous, to be repeated after %i minutes', (repeats, wait) => {
      expect(afterTransmission(UNCLEAR, { attempts: 1, repeats, refusals: 0 }, NOW)).toEqual({
        state: 'ambiguous',
        nextAttemptAt: minutes(wait),
        code: undefined,
        error: 'no answer',
      });
    });

    it('stays ambiguous, and seen, after the last repeat', () => {
      const tried = { attempts: 3, repeats: MAX_REPEATS, refusals: 0 };
      expect(afterTransmission(UNCLEAR, tried, NOW)).toMatchObject({
        state: 'ambiguous',
        nextAttemptAt: NOW,
      });
    });
  });
});
