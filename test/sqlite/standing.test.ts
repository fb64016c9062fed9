import { describe, expect, it } from 'vitest';
import type { NewVersion } from '../../src/domain/credential.ts';
import { aDeclaration, DESTINATION, daysFromNow, knownUntil, later, NOW } from '../support/builders.ts';
import type { Stores } from '../support/database.ts';
import { openStores, rowsOf } from '../support/database.ts';

const STAGING = { ...DESTINATION, environment: 'staging' };
const VERSION: NewVersion = {
  expiry: knownUntil(daysFromNow(200)),
  lifetimeDays: 365,
  createdAt: daysFromNow(-165),
  checked: 'live',
  fingerprint: 'aaaaaaaa.bbbbbbbbbbbbbbbb',
};

function record(stores: Stores, version: NewVersion = VERSION, at: Date = NOW): number {
  return stores.register.addVersion('crates-io', version, at);
}

/** A rotation that stored one place, up to its record. */
function rotate(stores: Stores, id: string, version: NewVersion = VERSION, completes?: number): number {
  const { rotations } = stores;
  rotations.open({ id, credential: 'crates-io', openedAt: NOW, pid: 1, host: 'here', completes });
  for (const state of ['submitted', 'checked'] as const) rotations.move(id, state, NOW);
  const destination = completes === undefined ? DESTINATION : STAGING;
  const intent = {
    destination,
    keyId: '1',
    baselineUpdatedAt: undefined,
    intendedAt: NOW,
    localAt: NOW,
  };
  rotations.intend(id, intent, version);
  rotations.settleDestination(id, destination, { state: 'verified', at: NOW, remoteUpdatedAt: NOW });
  rotations.move(id, 'stored', NOW);
  rotations.move(id, 'verified', NOW);
  return rotations.record(id, version, NOW);
}

const found = ({ register }: Stores) => register.find('crates-io');
const lastEvent = ({ history }: Stores) => history.list().at(-1);

describe('Register.declare', () => {
  it.each(['revoked', 'leaked'] as const)(
    'keeps since when it is %s, with its entry in the history',
    (standing) => {
      const stores = openStores();
      record(stores);
      expect(stores.register.declare('crates-io', standing, later(5))).toBe(true);
      expect(found(stores)?.current).toMatchObject({ version: 1, standing, standingAt: later(5) });
      expect(found(stores)?.current?.revokedAt).toEqual(standing === 'revoked' ? later(5) : undefined);
      expect(lastEvent(stores)).toMatchObject({
        type: `credential.${standing}`,
        subject: 'crates-io',
        result: 'version 1',
      });
      expect(stores.outbox.toPlan(NOW, 10)).toEqual(['crates-io']);
    },
  );

  it('says the second time that it is nothing new, and keeps the first instant', () => {
    const stores = openStores();
    record(stores);
    stores.register.declare('crates-io', 'revoked', later(5));
    const events = stores.history.list().length;
    expect(stores.register.declare('crates-io', 'revoked', later(9))).toBe(false);
    expect(found(stores)?.current).toMatchObject({ standingAt: later(5), revokedAt: later(5) });
    expect(stores.history.list()).toHaveLength(events);
  });

  it('makes a leak of what was revoked, and never takes a leak back', () => {
    const stores = openStores();
    record(stores);
    stores.register.declare('crates-io', 'revoked', later(5));
    expect(stores.register.declare('crates-io', 'leaked', later(6))).toBe(true);
    expect(found(stores)?.current).toMatchObject({ standing: 'leaked', standingAt: later(6) });
    expect(stores.register.declare('crates-io', 'revoked', later(7))).toBe(false);
    expect(found(stores)?.current).toMatchObject({ standing: 'leaked', revokedAt: later(5) });
  });

  it('keeps of a leaked one that it is revoked now', () => {
    const stores = openStores();
    record(stores);
    stores.register.declare('crates-io', 'leaked', later(5));
    stores.register.declare('crates-io', 'revoked', later(6));
    expect(found(stores)?.current).toMatchObject({ standing: 'leaked', revokedAt: later(6) });
  });

  it('gives a credential without a version one without a date', () => {
    const stores = openStores();
    expect(stores.register.declare('crates-io', 'leaked', NOW)).toBe(true);
    expect(found(stores)?.current).toMatchObject({
      version: 1,
      standing: 'leaked',
      expiry: { kind: 'unknown' },
      fingerprint: undefined,
    });
  });

  it('brings a retired one back: somebody must be told', () => {
    const stores = openStores();
    record(stores);
    stores.register.retire('crates-io', NOW);
    stores.register.declare('crates-io', 'leaked', later(1));
    expect(found(stores)?.retiredAt).toBeUndefined();
  });

  it('is over with the next version', () => {
    const stores = openStores();
    record(stores);
    stores.register.declare('crates-io', 'leaked', NOW);
    rotate(stores, 'r1');
    expect(found(stores)?.current).toMatchObject({ version: 2, standing: 'good' });
    expect(found(stores)?.former).toMatchObject([{ version: 1, standing: 'leaked' }]);
  });
});

describe('what was replaced', () => {
  it('is every version that a rotation replaced, newest first, until it is said to be revoked', () => {
    const stores = openStores();
    record(stores);
    rotate(stores, 'r1');
    rotate(stores, 'r2');
    expect(found(stores)?.former).toEqual([
      { version: 2, expiry: VERSION.expiry, standing: 'good', replacedAt: NOW },
      { version: 1, expiry: VERSION.expiry, standing: 'good', replacedAt: NOW },
    ]);
    expect(stores.register.list()[0]?.former).toEqual(found(stores)?.former);
    expect(stores.register.revokeFormer('crates-io', later(3))).toEqual([2, 1]);
    expect(found(stores)?.former).toEqual([]);
    expect(found(stores)?.current?.revokedAt).toBeUndefined();
    const said = stores.history.list().filter(({ type }) => type === 'credential.old-token-revoked');
    expect(said.map(({ result }) => result)).toEqual([
      'version 2, as a person said',
      'version 1, as a person said',
    ]);
    expect(stores.outbox.toPlan(NOW, 10)).toEqual(['crates-io']);
  });

  it('is not what was recorded again by hand: that is the same token with another date', () => {
    const stores = openStores();
    record(stores);
    record(stores);
    expect(found(stores)?.former).toEqual([]);
    expect(stores.register.revokeFormer('crates-io', NOW)).toEqual([]);
  });

  it('is not what was revoked before it was replaced', () => {
    const stores = openStores();
    record(stores);
    stores.register.declare('crates-io', 'revoked', NOW);
    rotate(stores, 'r1');
    expect(found(stores)?.former).toEqual([]);
  });

  it('changes nothing, and says nothing to the history, where nothing waits', () => {
    const stores = openStores();
    record(stores);
    const events = stores.history.list();
    expect(stores.register.revokeFormer('crates-io', NOW)).toEqual([]);
    expect(stores.history.list()).toEqual(events);
  });

  it('of another credential is left alone', () => {
    const stores = openStores([aDeclaration(), aDeclaration({ name: 'npm' })]);
    record(stores);
    rotate(stores, 'r1');
    expect(stores.register.revokeFormer('npm', NOW)).toEqual([]);
    expect(found(stores)?.former).toHaveLength(1);
  });
});

describe('Register.adopt', () => {
  it('records the next version as what these places hold, by the times of GitHub', () => {
    const stores = openStores([aDeclaration({ destinations: [DESTINATION, STAGING] })]);
    record(stores);
    rotate(stores, 'r1');
    stores.rotations.disown('crates-io', DESTINATION, later(1));
    const seen = [{ destination: DESTINATION, updatedAt: later(500) }];
    const version = { ...VERSION, expiry: knownUntil('2027-06-01'), fingerprint: undefined };
    expect(stores.register.adopt('crates-io', version, seen, later(9))).toBe(3);
    expect(found(stores)).toMatchObject({
      current: { version: 3, expiry: knownUntil('2027-06-01'), fingerprint: undefined },
      destinations: [
        {
          destination: DESTINATION,
          version: 3,
          state: 'verified',
          remoteUpdatedAt: later(500),
          storedAt: later(500),
          changedAt: undefined,
        },
      ],
    });
    expect(lastEvent(stores)).toMatchObject({
      type: 'credential.recorded',
      result: 'version 3, stored by somebody else',
    });
  });

  it('asks nobody to revoke what somebody else replaced: no rotation of ours did', () => {
    const stores = openStores();
    record(stores);
    stores.register.adopt('crates-io', VERSION, [], NOW);
    expect(found(stores)?.former).toEqual([]);
  });
});

describe('what is recorded by hand over a rotation', () => {
  it('is the same token with another date: places and fingerprint stay with it', () => {
    const stores = openStores();
    rotate(stores, 'r1');
    const { fingerprint: _, ...dated } = VERSION;
    expect(record(stores, { ...dated, expiry: knownUntil('2027-01-01') })).toBe(2);
    expect(found(stores)).toMatchObject({
      current: { version: 2, fingerprint: VERSION.fingerprint },
      destinations: [{ version: 2, state: 'verified' }],
      former: [],
    });
  });
});

describe('RotationLog.record, of what completes a version', () => {
  it('I13: makes no version; the places are verified at the one there is; one entry in the history', () => {
    const stores = openStores([aDeclaration({ destinations: [DESTINATION, STAGING] })]);
    rotate(stores, 'r1');
    const before = [rowsOf(stores.db, 'version'), rowsOf(stores.db, 'reminder')];
    const otherwise = { ...VERSION, expiry: knownUntil('2030-01-01') };
    expect(rotate(stores, 'r2', otherwise, 1)).toBe(1);
    expect([rowsOf(stores.db, 'version'), rowsOf(stores.db, 'reminder')]).toEqual(before);
    expect(found(stores)?.destinations).toMatchObject([
      { destination: DESTINATION, version: 1, state: 'verified' },
      { destination: STAGING, version: 1, state: 'verified' },
    ]);
    expect(lastEvent(stores)).toMatchObject({ type: 'credential.completed', result: 'version 1' });
    const told = stores.history.list().filter(({ type }) => type.startsWith('credential.r'));
    expect(told.map(({ type }) => type)).toEqual(['credential.rotated']);
  });

  it('is known of the journal before it ends, so that recovery ends it the same way', () => {
    const stores = openStores();
    record(stores);
    stores.rotations.open({
      id: 'r1',
      credential: 'crates-io',
      openedAt: NOW,
      pid: 1,
      host: 'h',
      completes: 1,
    });
    expect(stores.rotations.unfinished()[0]?.completes).toBe(1);
  });
});

describe('since when a rotation is unconfirmed', () => {
  it('is told from the first one on, until all of them are settled', () => {
    const stores = openStores();
    for (const [id, at] of [
      ['r1', later(1)],
      ['r2', later(2)],
    ] as const) {
      stores.rotations.open({ id, credential: 'crates-io', openedAt: at, pid: 1, host: 'here' });
      stores.db.connection.prepare("UPDATE rotation SET state = 'unconfirmed' WHERE id = ?").run(id);
    }
    expect([found(stores)?.unconfirmedSince, stores.register.list()[0]?.unconfirmedSince]).toEqual([
      later(1),
      later(1),
    ]);
    stores.rotations.move('r1', 'failed', NOW);
    expect(found(stores)?.unconfirmedSince).toEqual(later(2));
    rotate(stores, 'r3');
    expect(found(stores)?.unconfirmedSince).toBeUndefined();
  });

  it('is planned anew when it begins and when it ends', () => {
    const stores = openStores();
    const planned = () => {
      stores.db.connection.exec("UPDATE credential SET plan_at = '9999-01-01T00:00:00.000Z'");
      return stores.outbox.toPlan(NOW, 10);
    };
    stores.rotations.open({ id: 'r1', credential: 'crates-io', openedAt: NOW, pid: 1, host: 'here' });
    stores.db.connection.exec("UPDATE rotation SET state = 'stored'");
    expect(planned()).toEqual([]);
    stores.rotations.move('r1', 'unconfirmed', NOW);
    expect(stores.outbox.toPlan(NOW, 10)).toEqual(['crates-io']);
    expect(planned()).toEqual([]);
    stores.rotations.move('r1', 'failed', NOW);
    expect(stores.outbox.toPlan(NOW, 10)).toEqual(['crates-io']);
  });
});
