import { describe, expect, it } from 'vitest';
import { parseInstant } from '../../src/domain/calendar.ts';
import type { Beyond } from '../../src/kinds/lifetime-rules.ts';
import type { StoredCredential } from '../../src/register/register.ts';
import { anyNeedsPerson, credentialStatuses } from '../../src/register/status.ts';
import { aStored, aVersion, DESTINATION, daysFromNow, knownUntil, NOW } from '../support/builders.ts';

const RULE = {
  since: '2026-08-17',
  maxDays: 30,
  advice: 'make a new one',
  source: 'https://issuer.example/rules',
};

function beyond(overrides: Partial<Beyond> = {}): Beyond {
  return { rule: RULE, text: 'it ends', endsAt: daysFromNow(100), partial: false, ...overrides };
}

function statusOf(found: readonly Beyond[], overrides: Partial<StoredCredential> = {}) {
  const current = aVersion({ expiry: knownUntil(daysFromNow(300)) });
  const stored = aStored({ current, ...overrides });
  const [status] = credentialStatuses(
    [stored.declaration],
    [stored],
    {
      nextReminderAt: () => undefined,
      unsettled: () => undefined,
      baseline: () => undefined,
      beyond: () => found,
      livesOn: () => false,
    },
    NOW,
  );
  if (!status) throw new Error('there is no status');
  return status;
}

describe('credentialStatuses, where a rule of the issuer contradicts the date', () => {
  it('tells the rule, and goes by its end where that is certain', () => {
    const status = statusOf([beyond()]);
    expect(status).toMatchObject({
      state: 'ok',
      daysLeft: 100,
      expiresAt: '2027-03-03T09:30:00Z',
      expirySource: 'estimated',
    });
    expect(status.beyondRules).toEqual([
      {
        since: '2026-08-17',
        endsAt: '2027-03-03T09:30:00Z',
        partial: false,
        text: 'it ends',
        advice: 'Make a new one.',
        needsPerson: true,
      },
    ]);
    expect(anyNeedsPerson([status])).toBe(true);
  });

  it.each([
    [0.5, 'critical'],
    [-22.4, 'expired'],
  ])('is in the state that the end in %f days makes it', (days, state) => {
    expect(statusOf([beyond({ endsAt: daysFromNow(days) })]).state).toBe(state);
  });

  it('dates what is recorded as never expiring, or without a date', () => {
    const never = aVersion({ expiry: { kind: 'never', source: 'entered' } });
    expect(statusOf([beyond()], { current: never })).toMatchObject({ state: 'ok', daysLeft: 100 });
    const undated = { rule: undefined, endsAt: undefined };
    const status = statusOf([beyond(undated)], { current: never });
    expect(status).toMatchObject({ state: 'never', expiresAt: null });
    expect(status.beyondRules).toMatchObject([{ since: null, endsAt: null, advice: null }]);
    expect(anyNeedsPerson([status])).toBe(true);
  });

  describe('when it is not certain that the rule concerns it', () => {
    const partial = (days: number) => statusOf([beyond({ partial: true, endsAt: daysFromNow(days) })]);

    it('keeps the date that is recorded', () => {
      expect(partial(100)).toMatchObject({ state: 'ok', daysLeft: 300, expirySource: 'entered' });
    });

    it.each([
      [31, false],
      [30, true],
      [0, true],
      [-30, true],
      [-31, false],
    ])('asks for a person around its day: %i days ahead, %s', (days, expected) => {
      expect(partial(days).beyondRules).toMatchObject([{ partial: true, needsPerson: expected }]);
      expect(anyNeedsPerson([partial(days)])).toBe(expected);
    });
  });

  it('knows no date where somebody else has changed what it is of', () => {
    const destinations = [
      {
        destination: DESTINATION,
        version: 1,
        state: 'changed-elsewhere' as const,
        storedAt: NOW,
        remoteUpdatedAt: NOW,
        checkedAt: NOW,
        changedAt: parseInstant('2026-11-20'),
      },
    ];
    expect(statusOf([beyond()], { destinations })).toMatchObject({ state: 'unknown', expiresAt: null });
  });
});
