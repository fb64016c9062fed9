import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterServiceFailure,
  afterTransmission,
  isNews,
  LONGEST_WAIT_MS,
  MAX_REPEATS,
  mayTry,
} from '../../src/remind/outcome.ts';
import type { Circuit, DeliveryOutcome, ServiceFault } from '../../src/remind/reminder.ts';
import { later, MINUTE_MS, NOW, SEED } from '../support/builders.ts';

const FIRST = { attempts: 1, repeats: 0, refusals: 0 };
const NOT_SENT: DeliveryOutcome = { kind: 'not-sent', reason: 'no connection' };
const UNCLEAR: DeliveryOutcome = { kind: 'unclear', reason: 'no answer' };
const TEMPORARY: DeliveryOutcome = { kind: 'refused', permanent: false, code: 451, reason: 'later' };
const PERMANENT: DeliveryOutcome = { kind: 'refused', permanent: true, code: 550, reason: 'no such user' };

const minutes = (count: number) => later(count * MINUTE_MS);

describe('afterTransmission', () => {
  describe('when the server accepted it', () => {
    it('returns sent, with its code, and no other try', () => {
      expect(afterTransmission({ kind: 'accepted', code: 250 }, FIRST, NOW)).toEqual({
        state: 'sent',
        nextAttemptAt: undefined,
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
      [65, 120],
      [66, 1440],
      [1000, 1440],
    ])('returns pending: try %i is followed by another after %i minutes, without end', (attempts, wait) => {
      const tried = { attempts, repeats: 0, refusals: 0 };
      for (const outcome of [NOT_SENT, TEMPORARY]) {
        expect(afterTransmission(outcome, tried, NOW)).toMatchObject({
          state: 'pending',
          nextAttemptAt: minutes(wait),
        });
      }
    });

    it('goes over to a try a day after five days', () => {
      let waited = 0;
      let attempts = 0;
      for (;;) {
        const next = afterTransmission(NOT_SENT, { attempts: ++attempts, repeats: 0, refusals: 0 }, NOW);
        const wait = (next.nextAttemptAt ?? NOW).getTime() - NOW.getTime();
        if (wait === 1440 * MINUTE_MS) break;
        waited += wait;
      }
      expect(waited / (1440 * MINUTE_MS)).toBeGreaterThanOrEqual(5);
      expect(waited / (1440 * MINUTE_MS)).toBeLessThan(5.1);
    });

    it.each<ServiceFault>(['unreachable', 'login'])(
      'waits for the service alone where it failed as a whole (%s), however often it was tried',
      (fault) => {
        const outcome: DeliveryOutcome = { kind: 'not-sent', reason: 'down', fault };
        expect(afterTransmission(outcome, { attempts: 40, repeats: 0, refusals: 0 }, NOW)).toEqual({
          state: 'pending',
          nextAttemptAt: NOW,
          code: undefined,
          error: 'down',
        });
      },
    );

    it('keeps the reason, and the code where there is one', () => {
      expect(afterTransmission(NOT_SENT, FIRST, NOW)).toMatchObject({
        code: undefined,
        error: 'no connection',
      });
      expect(afterTransmission(TEMPORARY, FIRST, NOW)).toMatchObject({ code: 451, error: 'later' });
      expect(afterTransmission(TEMPORARY, FIRST, NOW).refused).toBeUndefined();
    });
  });

  describe('when the server said no for good', () => {
    it.each([
      [0, 'pending', minutes(60)],
      [1, 'pending', minutes(360)],
      [2, 'dead', undefined],
      [3, 'dead', undefined],
    ])('after %i earlier refusals returns %s', (refusals, state, nextAttemptAt) => {
      expect(afterTransmission(PERMANENT, { attempts: refusals + 1, repeats: 0, refusals }, NOW)).toEqual({
        state,
        nextAttemptAt,
        code: 550,
        error: 'no such user',
        refused: true,
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
        nextAttemptAt: undefined,
      });
    });

    it('is held at once where a person is to decide', () => {
      expect(afterTransmission(UNCLEAR, FIRST, NOW, 0)).toMatchObject({
        state: 'ambiguous',
        nextAttemptAt: undefined,
      });
    });
  });
});

function aCircuit(overrides: Partial<Circuit> = {}): Circuit {
  return {
    channel: 'mail',
    fault: 'unreachable',
    reason: 'no connection',
    failures: 1,
    since: NOW,
    nextTryAt: minutes(1),
    ...overrides,
  };
}

describe('afterServiceFailure', () => {
  const fail = (before: Circuit | undefined, fault: ServiceFault = 'unreachable', at = NOW) =>
    afterServiceFailure('mail', before, { fault, reason: 'no connection' }, at);

  it('opens at the first failure, for a minute', () => {
    expect(fail(undefined)).toEqual(aCircuit());
  });

  it.each([
    [1, 5],
    [4, 60],
    [5, 120],
    [64, 120],
    [65, 120],
    [1000, 120],
  ])('after %i failures in a row waits %i minutes', (failures, wait) => {
    expect(fail(aCircuit({ failures }))).toMatchObject({ failures: failures + 1, nextTryAt: minutes(wait) });
  });

  it('keeps since when it fails, and takes over how it fails now', () => {
    const before = aCircuit({ fault: 'login', reason: 'wrong password', since: minutes(-90) });
    expect(fail(before)).toMatchObject({
      fault: 'unreachable',
      reason: 'no connection',
      since: minutes(-90),
    });
  });

  it('asks every quarter of an hour where a person is needed, so that no account is locked', () => {
    for (const failures of [0, 1, 70])
      expect(fail(aCircuit({ failures }), 'login').nextTryAt).toEqual(minutes(15));
  });
});

describe('mayTry', () => {
  it('returns true without a circuit, and when its time has come', () => {
    expect(mayTry(undefined, NOW)).toBe(true);
    expect(mayTry(aCircuit({ nextTryAt: NOW }), NOW)).toBe(true);
    expect(mayTry(aCircuit({ nextTryAt: later(1) }), NOW)).toBe(false);
  });

  it('G2: returns true where the clock went back, so that the wait makes no sense', () => {
    const wait = aCircuit({ nextTryAt: minutes(120) });
    expect(mayTry(wait, NOW)).toBe(false);
    for (const back of [1, 3_600_000, 10 * 365 * 86_400_000]) expect(mayTry(wait, later(-back))).toBe(true);
  });
});

describe('isNews', () => {
  it('says the first failure, and then one an hour', () => {
    expect(isNews(aCircuit(), undefined)).toBe(true);
    expect(isNews(aCircuit({ nextTryAt: minutes(30) }), aCircuit({ nextTryAt: minutes(15) }))).toBe(false);
    expect(isNews(aCircuit({ nextTryAt: minutes(75) }), aCircuit({ nextTryAt: minutes(45) }))).toBe(true);
  });
});

describe('afterTransmission and afterServiceFailure', () => {
  const fault = fc.constantFrom<ServiceFault>('unreachable', 'login');
  const reason = fc.constant('for a reason');
  const outcome: fc.Arbitrary<DeliveryOutcome> = fc.oneof(
    fc.record({ kind: fc.constant('accepted' as const), code: fc.constant(250) }),
    fc.record({
      kind: fc.constant('refused' as const),
      permanent: fc.boolean(),
      code: fc.integer({ min: 400, max: 599 }),
      reason,
    }),
    fc.record({ kind: fc.constant('not-sent' as const), reason }),
    fc.record({ kind: fc.constant('not-sent' as const), reason, fault }),
    fc.record({ kind: fc.constant('unclear' as const), reason }),
  );
  const count = fc.nat(5000);
  const instant = fc.date({ min: new Date(0), max: new Date('9999-01-01T00:00:00Z'), noInvalidDate: true });

  it('I9: whatever happened, what is tried again is tried within 25 hours, and what is pending is tried again', () => {
    fc.assert(
      fc.property(outcome, count, count, fc.nat(4), instant, fc.constantFrom(0, MAX_REPEATS), (...drawn) => {
        const [became, attempts, repeats, refusals, now, most] = drawn;
        const next = afterTransmission(became, { attempts, repeats, refusals }, now, most);
        const wait = next.nextAttemptAt && next.nextAttemptAt.getTime() - now.getTime();
        if (next.state === 'pending') expect(wait).toBeDefined();
        if (next.state === 'sent' || next.state === 'dead') expect(wait).toBeUndefined();
        expect(wait ?? 0).toBeGreaterThanOrEqual(0);
        expect(wait ?? 0).toBeLessThanOrEqual(LONGEST_WAIT_MS);
      }),
      { seed: SEED, numRuns: 5000 },
    );
  });

  it('I9: a channel is tried again within 25 hours of its failure, wherever the clock goes', () => {
    const jumps = fc.array(fc.tuple(fault, fc.integer({ min: -20 * 365 * 1440, max: 20 * 365 * 1440 })), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(jumps, (failures) => {
        let circuit: Circuit | undefined;
        let now = NOW;
        for (const [failed, jump] of failures) {
          circuit = afterServiceFailure('mail', circuit, { fault: failed, reason: 'down' }, now);
          expect(mayTry(circuit, now)).toBe(false);
          now = later(jump * MINUTE_MS, now);
          // Looked at hour by hour, no window of 26 hours is without a try.
          const looks = Array.from({ length: 27 }, (_, hour) => later(hour * 60 * MINUTE_MS, now));
          expect(looks.some((at) => mayTry(circuit, at))).toBe(true);
        }
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });
});
