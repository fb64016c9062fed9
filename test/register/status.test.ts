import { describe, expect, it } from 'vitest';
import { UNKNOWN_EXPIRY } from '../../src/domain/expiry.ts';
import type { StoredCredential } from '../../src/register/register.ts';
import type { StatusSources } from '../../src/register/status.ts';
import { anyNeedsPerson, credentialStatuses } from '../../src/register/status.ts';
import {
  aDeclaration,
  aStored,
  aVersion,
  DESTINATION,
  daysFromNow,
  knownUntil,
  NOW,
} from '../support/builders.ts';

const QUIET: StatusSources = {
  nextReminderAt: () => undefined,
  unsettled: () => undefined,
  baseline: () => undefined,
  livesOn: () => true,
};

const FINE = aVersion({ expiry: knownUntil(daysFromNow(300)) });

const VERIFIED: StoredCredential['destinations'][number] = {
  destination: DESTINATION,
  version: 1,
  state: 'verified',
  storedAt: NOW,
  remoteUpdatedAt: daysFromNow(-1),
  checkedAt: NOW,
  changedAt: undefined,
};

function statusOf(stored: StoredCredential, sources: StatusSources = QUIET) {
  const [status] = credentialStatuses([stored.declaration], [stored], sources, NOW);
  if (!status) throw new Error('there is no status');
  return status;
}

describe('credentialStatuses', () => {
  describe('when a version is recorded', () => {
    it('shows all that DESIGN.md promises of it', () => {
      const stored = aStored({
        current: aVersion({ version: 3, createdAt: daysFromNow(-355) }),
        acknowledgedUntil: daysFromNow(2),
        destinations: [{ ...VERIFIED, version: 3 }],
      });
      expect(statusOf(stored, { ...QUIET, nextReminderAt: () => daysFromNow(3) })).toEqual({
        name: 'crates-io',
        kind: 'crates-io-token',
        owner: 'ada',
        purpose: 'publishes the widgets crates',
        state: 'due',
        version: 3,
        createdAt: '2025-12-03T09:30:00Z',
        expiresAt: '2026-12-03T09:30:00Z',
        expirySource: 'entered',
        beyondRules: [],
        daysLeft: 10,
        nextReminderAt: '2026-11-26T09:30:00Z',
        acknowledgedUntil: '2026-11-25T09:30:00Z',
        declared: true,
        retiredAt: null,
        baseline: null,
        unsettled: null,
        changed: null,
        oldTokens: [],
        destinations: [
          {
            ...DESTINATION,
            state: 'verified',
            version: 3,
            storedAt: '2026-11-23T09:30:00Z',
            remoteUpdatedAt: '2026-11-22T09:30:00Z',
            checkedAt: '2026-11-23T09:30:00Z',
            changedAt: null,
          },
        ],
      });
    });

    it('finds the destination also where the file spells it in other capitals', () => {
      const destination = { ...DESTINATION, repo: 'Example/Widgets' };
      const stored = aStored({
        declaration: aDeclaration({ destinations: [destination] }),
        destinations: [VERIFIED],
      });
      expect(statusOf(stored).destinations[0]).toMatchObject({ repo: 'Example/Widgets', state: 'verified' });
    });
  });

  describe('when nothing is recorded', () => {
    it('shows nulls, no date, and never "ok"', () => {
      const status = statusOf(aStored({ current: undefined }));
      expect(status).toMatchObject({
        state: 'unknown',
        version: null,
        expiresAt: null,
        expirySource: 'unknown',
        daysLeft: null,
      });
      expect(status.destinations).toEqual([
        {
          ...DESTINATION,
          state: 'never-stored',
          version: null,
          storedAt: null,
          remoteUpdatedAt: null,
          checkedAt: null,
          changedAt: null,
        },
      ]);
    });

    it('shows the same where the register does not know it yet', () => {
      const [status] = credentialStatuses([aDeclaration({ planned: true })], [], QUIET, NOW);
      expect(status).toMatchObject({ state: 'planned', declared: true, version: null });
    });
  });

  describe('when a credential left the file', () => {
    it('comes after the declared ones, until it is retired', () => {
      const gone = aStored({ declaration: aDeclaration({ name: 'gone' }), declared: false });
      const retired = { ...gone, declaration: aDeclaration({ name: 'retired' }), retiredAt: NOW };
      const statuses = credentialStatuses(
        [aDeclaration({ name: 'zulu' }), aDeclaration({ name: 'alpha' })],
        [gone, retired],
        QUIET,
        NOW,
      );
      expect(statuses.map(({ name, declared }) => [name, declared])).toEqual([
        ['zulu', true],
        ['alpha', true],
        ['gone', false],
      ]);
    });
  });

  describe('when a rotation of it is unsettled', () => {
    it('shows the destination as unconfirmed, whatever was there before', () => {
      const unsettled = () => ({ reason: 'interrupted', destinations: [DESTINATION] });
      const status = statusOf(aStored({ destinations: [VERIFIED] }), { ...QUIET, unsettled });
      expect(status.unsettled).toBe('interrupted');
      expect(status.destinations[0]).toMatchObject({ state: 'unconfirmed' });
    });
  });
});

describe('anyNeedsPerson', () => {
  it('is false for what is retired, however long ago it expired', () => {
    const expired = aVersion({ expiry: knownUntil(daysFromNow(-100)) });
    expect(anyNeedsPerson([statusOf(aStored({ current: expired, retiredAt: NOW }))])).toBe(false);
  });

  it('is true where the date that GitHub shows does not fit the recorded creation', () => {
    const sources = { ...QUIET, baseline: () => 'it was last written on another day' };
    expect(anyNeedsPerson([statusOf(aStored({ current: FINE, destinations: [VERIFIED] }), sources)])).toBe(
      true,
    );
  });

  it('is false where all is well, planned or without expiry', () => {
    const statuses = [
      statusOf(aStored({ current: FINE, destinations: [VERIFIED] })),
      statusOf(aStored({ current: undefined, declaration: aDeclaration({ planned: true }) })),
      statusOf(aStored({ current: aVersion({ expiry: { kind: 'never', source: 'entered' } }) })),
    ];
    expect(anyNeedsPerson(statuses)).toBe(false);
  });

  it.each<[string, StoredCredential]>([
    ['a lead time has been crossed', aStored()],
    ['it has expired', aStored({ current: aVersion({ expiry: knownUntil(daysFromNow(-1)) }) })],
    ['it was leaked', aStored({ current: { ...FINE, standing: 'leaked' } })],
    ['no date is known', aStored({ current: aVersion({ expiry: UNKNOWN_EXPIRY }) })],
    ['nothing was ever recorded', aStored({ current: undefined })],
    ['the secret is missing', aStored({ current: FINE, destinations: [{ ...VERIFIED, state: 'missing' }] })],
    [
      'somebody else changed it',
      aStored({ current: FINE, destinations: [{ ...VERIFIED, state: 'changed-elsewhere' }] }),
    ],
  ])('is true when %s', (_name, stored) => expect(anyNeedsPerson([statusOf(stored)])).toBe(true));

  it('is true when a rotation is unsettled', () => {
    const unsettled = () => ({ reason: 'interrupted', destinations: [] });
    expect(anyNeedsPerson([statusOf(aStored({ current: FINE }), { ...QUIET, unsettled })])).toBe(true);
  });
});
