import { describe, expect, it } from 'vitest';
import type { CredentialState } from '../../src/domain/credential.ts';
import {
  credentialState,
  effectiveLifetimeDays,
  formatDestination,
  needsPerson,
  sameDestination,
} from '../../src/domain/credential.ts';
import { UNKNOWN_EXPIRY } from '../../src/domain/expiry.ts';
import { aVersion, DESTINATION, daysFromNow, knownUntil, NOW } from '../support/builders.ts';

describe('credentialState', () => {
  describe('when a date is known', () => {
    it.each<[number, CredentialState]>([
      [365, 'ok'],
      [60.1, 'ok'],
      [60, 'due'],
      [30, 'due'],
      [4, 'due'],
      [3.99, 'critical'],
      [3, 'critical'],
      [0.01, 'critical'],
      [0, 'expired'],
      [-1, 'expired'],
      [-400, 'expired'],
    ])('with %d days left: %s', (left, expected) => {
      expect(credentialState(false, aVersion({ expiry: knownUntil(daysFromNow(left)) }), NOW)).toBe(expected);
    });

    it('goes by the lead times of its lifetime', () => {
      const expiry = knownUntil(daysFromNow(25));
      expect(credentialState(false, aVersion({ expiry, lifetimeDays: 90 }), NOW)).toBe('ok');
      expect(credentialState(false, aVersion({ expiry, lifetimeDays: 365 }), NOW)).toBe('due');
    });
  });

  describe('when no date is known', () => {
    it('is unknown or never, and neither is shown as fine', () => {
      expect(credentialState(false, aVersion({ expiry: UNKNOWN_EXPIRY }), NOW)).toBe('unknown');
      const never = aVersion({ expiry: { kind: 'never', source: 'entered' } });
      expect(credentialState(false, never, NOW)).toBe('never');
    });
  });

  describe('when nothing was recorded', () => {
    it('is planned where it is declared so, else unknown', () => {
      expect(credentialState(true, undefined, NOW)).toBe('planned');
      expect(credentialState(false, undefined, NOW)).toBe('unknown');
    });

    it('is no longer planned once a version is there', () => {
      expect(credentialState(true, aVersion({ expiry: knownUntil(daysFromNow(300)) }), NOW)).toBe('ok');
    });
  });

  describe('when a person said that it is revoked or leaked', () => {
    it.each(['revoked', 'leaked'] as const)('is revoked, whatever the date says (%s)', (standing) => {
      const version = aVersion({ standing, expiry: knownUntil(daysFromNow(300)) });
      expect(credentialState(false, version, NOW)).toBe('revoked');
    });
  });
});

describe('needsPerson', () => {
  it('is true for all but planned, ok and never', () => {
    const all: CredentialState[] = [
      'planned',
      'ok',
      'due',
      'critical',
      'expired',
      'revoked',
      'unknown',
      'never',
    ];
    expect(all.filter((state) => !needsPerson(state))).toEqual(['planned', 'ok', 'never']);
  });
});

describe('effectiveLifetimeDays', () => {
  it('is the lifetime that was recorded', () => {
    expect(effectiveLifetimeDays(aVersion({ lifetimeDays: 90 }))).toBe(90);
  });

  it('is counted from the creation, or else from the record, where none is known', () => {
    const expiry = knownUntil(daysFromNow(10));
    const recordedAt = daysFromNow(-20);
    expect(effectiveLifetimeDays(aVersion({ lifetimeDays: undefined, expiry, recordedAt }))).toBe(30);
    const createdAt = daysFromNow(-80);
    expect(effectiveLifetimeDays(aVersion({ lifetimeDays: undefined, expiry, recordedAt, createdAt }))).toBe(
      90,
    );
  });

  it('is never negative: one may be recorded after it expired', () => {
    const expired = aVersion({
      lifetimeDays: undefined,
      expiry: knownUntil(daysFromNow(-5)),
      recordedAt: NOW,
    });
    expect(effectiveLifetimeDays(expired)).toBe(0);
    expect(effectiveLifetimeDays(aVersion({ lifetimeDays: undefined, expiry: UNKNOWN_EXPIRY }))).toBe(0);
  });
});

describe('sameDestination', () => {
  it('goes by GitHub: the case of names does not count', () => {
    const shouted = { repo: 'Example/Widgets', environment: 'Release', secret: 'cargo_registry_token' };
    expect(sameDestination(DESTINATION, shouted)).toBe(true);
    expect(sameDestination(DESTINATION, { ...DESTINATION, environment: 'staging' })).toBe(false);
    expect(sameDestination(DESTINATION, { ...DESTINATION, repo: 'example/other' })).toBe(false);
    expect(sameDestination(DESTINATION, { ...DESTINATION, secret: 'OTHER' })).toBe(false);
  });
});

describe('formatDestination', () => {
  it('names repository, environment and secret', () => {
    expect(formatDestination(DESTINATION)).toBe('example/widgets › release › CARGO_REGISTRY_TOKEN');
  });
});
