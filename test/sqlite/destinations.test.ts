import { describe, expect, it } from 'vitest';
import type { Look } from '../../src/register/register.ts';
import { DESTINATION, daysFromNow, later, NOW } from '../support/builders.ts';
import { openStores, rowsOf } from '../support/database.ts';

const NAME = 'crates-io';
const FOUND = { updatedAt: daysFromNow(-30), differs: false };

function openFound() {
  const stores = openStores();
  stores.register.noteRemote(NAME, DESTINATION, FOUND, NOW);
  const note = (look: Partial<Look>, at: Date) => {
    const whole: Look = { state: undefined, read: true, nextLookAt: later(1_000, at), detail: {}, ...look };
    stores.register.noteLook(NAME, DESTINATION, whole, at);
    return stores.register.find(NAME)?.destinations[0];
  };
  return { ...stores, note };
}

describe('Register.toLookAt', () => {
  it('finds what is due by its index, the longest due first, at most so many', () => {
    const { db, register } = openStores();
    for (const [index, at] of [3, 1, 2, 4].entries())
      register.noteRemote(NAME, { ...DESTINATION, secret: `T${index}` }, FOUND, daysFromNow(at));
    expect(register.toLookAt(daysFromNow(3), 2).map(({ destination }) => destination.secret)).toEqual([
      'T1',
      'T2',
    ]);
    expect(register.toLookAt(daysFromNow(0.9), 9)).toEqual([]);
    const plan = db.connection
      .prepare(
        `EXPLAIN QUERY PLAN SELECT state FROM destination
         WHERE look_at IS NOT NULL AND look_at <= CAST(? AS TEXT) ORDER BY look_at LIMIT CAST(? AS INTEGER)`,
      )
      .all('', 9) as { detail: string }[];
    expect(plan.map(({ detail }) => detail)).toEqual([
      'SEARCH destination USING INDEX destination_to_look (look_at>? AND look_at<?)',
    ]);
  });
});

describe('Register.noteLook', () => {
  it('B25: keeps when it was first seen, through what cannot be read, until it is as it was', () => {
    const { note } = openFound();
    const first = note({ state: 'changed-elsewhere' }, daysFromNow(1));
    expect(first).toMatchObject({ changedAt: daysFromNow(1), checkedAt: daysFromNow(1) });
    expect(note({ state: 'missing' }, daysFromNow(2))?.changedAt).toEqual(daysFromNow(1));
    expect(note({ state: 'unknown', read: false }, daysFromNow(3))).toMatchObject({
      changedAt: daysFromNow(1),
      checkedAt: daysFromNow(2),
    });
    expect(note({ state: 'missing' }, daysFromNow(4))?.changedAt).toEqual(daysFromNow(1));
    expect(note({ state: 'never-stored' }, daysFromNow(5))?.changedAt).toBeUndefined();
  });

  it('writes into the history, and has it planned, where the state changes and not else', () => {
    const { db, note, outbox, history } = openFound();
    const seen = () => history.list().filter(({ type }) => type === 'destination.seen').length;
    outbox.toPlan(NOW, 9);
    outbox.apply([{ credential: NAME, steps: [], nextPlanAt: daysFromNow(300) }]);
    note({}, daysFromNow(1));
    note({ state: 'never-stored' }, daysFromNow(2));
    expect([seen(), outbox.toPlan(daysFromNow(2), 9)]).toEqual([0, []]);
    note({ state: 'missing' }, daysFromNow(3));
    expect([seen(), outbox.toPlan(daysFromNow(3), 9)]).toEqual([1, [NAME]]);
    expect(rowsOf(db, 'destination')[0]).toMatchObject({ remote_updated_at: FOUND.updatedAt.toISOString() });
  });
});

describe('Register.unwatch', () => {
  it.each([
    ['a version is recorded', 'addVersion'],
    ['it is declared revoked', 'declare'],
    ['its declaration changes', 'apply'],
  ] as const)('leaves it alone until %s', (_, change) => {
    const { register } = openFound();
    register.unwatch(NAME, DESTINATION);
    expect(register.toLookAt(daysFromNow(9), 9)).toEqual([]);
    const declaration = register.find(NAME)?.declaration;
    if (!declaration) throw new Error('it is not declared');
    if (change === 'declare') register.declare(NAME, 'revoked', NOW);
    if (change === 'apply') register.apply([{ kind: 'change', declaration, changed: ['purpose'] }], NOW);
    if (change === 'addVersion') {
      const expiry = { kind: 'never', source: 'entered' } as const;
      const version = {
        expiry,
        lifetimeDays: undefined,
        createdAt: undefined,
        checked: 'not-asked',
      } as const;
      register.addVersion(NAME, version, NOW);
    }
    expect(register.toLookAt(NOW, 9)).toHaveLength(1);
  });
});
