import { describe, expect, it } from 'vitest';
import type { FormerVersion } from '../../src/domain/credential.ts';
import type { StoredCredential, StoredDestination } from '../../src/register/register.ts';
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
const FINE = aVersion({ version: 2, expiry: knownUntil(daysFromNow(300)) });
const OTHER = { ...DESTINATION, environment: 'staging' };

function place(overrides: Partial<StoredDestination> = {}): StoredDestination {
  return {
    destination: DESTINATION,
    version: 2,
    state: 'verified',
    storedAt: daysFromNow(-20),
    remoteUpdatedAt: daysFromNow(-20),
    checkedAt: daysFromNow(-1),
    changedAt: undefined,
    ...overrides,
  };
}

function statusOf(overrides: Partial<StoredCredential>, sources: Partial<StatusSources> = {}) {
  const stored = aStored({ current: FINE, ...overrides });
  const [status] = credentialStatuses([stored.declaration], [stored], { ...QUIET, ...sources }, NOW);
  if (!status) throw new Error('there is no status');
  return { status, asks: anyNeedsPerson([status]) };
}

const CHANGED = place({ state: 'changed-elsewhere', changedAt: daysFromNow(-2) });

describe('when somebody else has changed a secret', () => {
  it('B25: shows the expiry as unknown, and in words which date was known, whatever that was', () => {
    const { status, asks } = statusOf({ destinations: [CHANGED] });
    expect(status).toMatchObject({
      state: 'unknown',
      version: 2,
      expiresAt: null,
      expirySource: 'unknown',
      daysLeft: null,
      destinations: [{ state: 'changed-elsewhere', changedAt: '2026-11-21T09:30:00Z', version: 2 }],
    });
    expect(status.changed).toBe(
      'somebody else changed example/widgets › release › CARGO_REGISTRY_TOKEN (seen 2026-11-21); the expiry known until then was 2027-09-19',
    );
    expect(asks).toBe(true);
  });

  it('B26: says which write of our own it may have been, after all', () => {
    const { status } = statusOf({ destinations: [CHANGED] }, { lateWrite: () => daysFromNow(-2.5) });
    expect(status.changed).toContain("unless it was reseal's own write of 2026-11-20T21:30:00Z");
  });

  it('says nothing of a date where none was known', () => {
    const current = aVersion({ expiry: { kind: 'never', source: 'entered' } });
    const { status } = statusOf({ current, destinations: [CHANGED] });
    expect(status).toMatchObject({ state: 'unknown', expirySource: 'unknown' });
    expect(status.changed).not.toContain('expiry');
  });

  it('still shows what is revoked as revoked', () => {
    const { status } = statusOf({ current: { ...FINE, standing: 'leaked' }, destinations: [CHANGED] });
    expect(status.state).toBe('revoked');
  });

  it.each(['missing', 'unknown', 'never-stored'] as const)(
    'keeps the date where a secret is only %s: that is not another token',
    (state) => {
      const { status } = statusOf({ destinations: [place({ state, version: undefined })] });
      expect(status).toMatchObject({ state: 'ok', daysLeft: 300, changed: null });
    },
  );
});

describe('when a place was left behind by a rotation', () => {
  const declaration = aDeclaration({ destinations: [DESTINATION, OTHER] });
  const behind = place({ destination: OTHER, version: 1 });

  it('shows that the current version was never stored there, and which it holds', () => {
    const { status, asks } = statusOf({ declaration, destinations: [place(), behind] });
    expect(status.destinations.map(({ state, version }) => [state, version])).toEqual([
      ['verified', 2],
      ['never-stored', 1],
    ]);
    expect(asks).toBe(true);
  });

  it.each(['missing', 'changed-elsewhere', 'unknown'] as const)('says first that it is %s', (state) => {
    const { status } = statusOf({ declaration, destinations: [place(), { ...behind, state }] });
    expect(status.destinations[1]).toMatchObject({ state, version: 1 });
  });
});

describe('when the old token lives on at its issuer', () => {
  const former = (overrides: Partial<FormerVersion> = {}): FormerVersion => ({
    version: 1,
    expiry: knownUntil(daysFromNow(5)),
    standing: 'good',
    replacedAt: daysFromNow(-20),
    ...overrides,
  });

  it('shows it with its own expiry, and asks for nobody', () => {
    const { status, asks } = statusOf({ former: [former()], destinations: [place()] });
    expect(status.oldTokens).toEqual([{ version: 1, expiresAt: '2026-11-28T09:30:00Z', standing: 'good' }]);
    expect(asks).toBe(false);
  });

  it('asks for somebody where it has leaked', () => {
    const { status, asks } = statusOf({ former: [former({ standing: 'leaked' })], destinations: [place()] });
    expect([status.oldTokens[0]?.standing, asks]).toEqual(['leaked', true]);
  });

  it('shows one without a date', () => {
    const { status } = statusOf({ former: [former({ expiry: { kind: 'never', source: 'entered' } })] });
    expect(status.oldTokens).toMatchObject([{ version: 1, expiresAt: null }]);
  });

  it('shows none that has expired, nor of a kind whose old ones end by themselves', () => {
    expect(statusOf({ former: [former({ expiry: knownUntil(NOW) })] }).status.oldTokens).toEqual([]);
    expect(statusOf({ former: [former()] }, { livesOn: () => false }).status.oldTokens).toEqual([]);
  });
});

describe("when it is one of reseal's own tokens", () => {
  const own = aDeclaration({ name: 'reseal-seal-token', kind: 'github-token', owner: '*', destinations: [] });

  it('asks for nobody before the first look, which finds its date', () => {
    const { status, asks } = statusOf({ declaration: own, current: undefined });
    expect([status.state, asks]).toEqual(['unknown', false]);
  });

  it.each([
    ['it expires soon', aVersion({ expiry: knownUntil(daysFromNow(5)) })],
    ['GitHub does not take it any more', aVersion({ standing: 'revoked' })],
  ])('asks for somebody when %s', (_, current) => {
    expect(statusOf({ declaration: own, current }).asks).toBe(true);
  });
});
