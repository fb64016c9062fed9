import { describe, expect, it } from 'vitest';
import type { NewVersion } from '../../src/domain/credential.ts';
import { UNKNOWN_EXPIRY } from '../../src/domain/expiry.ts';
import { planRegister } from '../../src/register/register.ts';
import { aDeclaration, aReminder, daysFromNow, knownUntil, later, NOW } from '../support/builders.ts';
import { openStores, rowsOf } from '../support/database.ts';

const ADOPTED: NewVersion = {
  expiry: knownUntil('2027-06-01'),
  lifetimeDays: 365,
  createdAt: daysFromNow(-175),
  checked: 'not-asked',
};

describe('Register', () => {
  it('gives back a declaration as it was declared, so that the next start changes nothing', () => {
    const declarations = [
      aDeclaration(),
      aDeclaration({ name: 'bare', purpose: undefined, lifetime: undefined, nameAtIssuer: undefined }),
    ];
    const { register } = openStores(declarations);
    expect(register.list().map(({ declaration }) => declaration)).toEqual([
      JSON.parse(JSON.stringify(declarations[1])),
      declarations[0],
    ]);
    expect(planRegister(declarations, register.list())).toEqual([]);
  });

  describe('when there are more credentials than are read at once', () => {
    const names = Array.from({ length: 1203 }, (_, index) => `c${String(index).padStart(5, '0')}`);
    const openMany = () => openStores(names.map((name) => aDeclaration({ name })));
    const namesIn = (batches: Iterable<readonly { declaration: { name: string } }[]>) =>
      [...batches].flat().map(({ declaration }) => declaration.name);

    it('H4: gives all of them by name, some hundred at a time, without those that are named', () => {
      const { register } = openMany();
      expect(namesIn(register.inBatches())).toEqual(names);
      expect(Math.max(...[...register.inBatches()].map((batch) => batch.length))).toBeLessThan(1000);
      expect(namesIn(register.inBatches(names.slice(1)))).toEqual(names.slice(0, 1));
      expect(namesIn([register.list()])).toEqual(names);
    });

    it('gives those that are asked for, and nothing for what there is not', () => {
      const { register } = openMany();
      const some = register.some(['c00007', 'unheard-of', 'c01200']);
      expect(namesIn([some]).toSorted()).toEqual(['c00007', 'c01200']);
      expect(register.some([])).toEqual([]);
    });
  });

  it('knows no version before one is recorded', () => {
    const { register } = openStores();
    expect(register.find('crates-io')).toMatchObject({
      current: undefined,
      declared: true,
      destinations: [],
    });
    expect(register.find('unheard-of')).toBeUndefined();
  });

  it('I13: counts versions 1, 2, 3…, each with its entry in the history', () => {
    const { register, history } = openStores();
    for (const expected of [1, 2, 3]) {
      expect(register.addVersion('crates-io', ADOPTED, NOW)).toBe(expected);
    }
    const recorded = history.list().filter(({ type }) => type === 'credential.recorded');
    expect(recorded.map(({ subject, result }) => `${subject} ${result}`)).toEqual([
      'crates-io version 1',
      'crates-io version 2',
      'crates-io version 3',
    ]);
    expect(register.list()[0]?.current?.version).toBe(3);
  });

  it.each<[string, NewVersion]>([
    ['a known date', ADOPTED],
    ['a date to the millisecond', { ...ADOPTED, expiry: knownUntil(later(1)), createdAt: later(-1) }],
    ['none that was recorded', { ...ADOPTED, expiry: UNKNOWN_EXPIRY, lifetimeDays: undefined }],
    ['never', { ...ADOPTED, expiry: { kind: 'never', source: 'entered' }, createdAt: undefined }],
  ])('gives back what was recorded: %s', (_name, version) => {
    const { register } = openStores();
    register.addVersion('crates-io', version, later(250));
    expect(register.find('crates-io')?.current).toEqual({
      ...version,
      version: 1,
      standing: 'good',
      standingAt: undefined,
      recordedAt: later(250),
    });
  });

  it('clears an acknowledgement with the version that it was about', () => {
    const { db, register } = openStores();
    db.connection.exec("UPDATE credential SET acknowledged_until = '2027-01-01T00:00:00.000Z'");
    expect(register.find('crates-io')?.acknowledgedUntil).toEqual(new Date('2027-01-01'));
    register.addVersion('crates-io', ADOPTED, NOW);
    expect(register.find('crates-io')?.acknowledgedUntil).toBeUndefined();
  });

  it('ends the open reminders of the version before', () => {
    const { db, register, outbox } = openStores();
    register.addVersion('crates-io', ADOPTED, NOW);
    const step = { kind: 'owe', key: aReminder(), dueAt: NOW, urgent: false } as const;
    outbox.apply([{ credential: 'crates-io', steps: [step], nextPlanAt: undefined }]);
    register.addVersion('crates-io', ADOPTED, NOW);
    expect(rowsOf(db, 'reminder')).toMatchObject([{ state: 'cancelled' }]);
  });

  it('acknowledges until a date, with its entry in the history', () => {
    const { register, history, outbox } = openStores();
    register.addVersion('crates-io', ADOPTED, NOW);
    const step = { kind: 'owe', key: aReminder(), dueAt: NOW, urgent: false } as const;
    outbox.apply([{ credential: 'crates-io', steps: [step], nextPlanAt: undefined }]);
    register.acknowledge('crates-io', daysFromNow(3), NOW);
    expect(register.find('crates-io')?.acknowledgedUntil).toEqual(daysFromNow(3));
    expect(outbox.owed()).toMatchObject([{ dueAt: daysFromNow(3), state: 'owed' }]);
    expect(history.list().at(-1)).toMatchObject({
      type: 'credential.acknowledged',
      subject: 'crates-io',
      result: 'until 2026-11-26T09:30:00.000Z',
    });
    // Asked for again, for less: it is owed by the date that holds.
    register.acknowledge('crates-io', daysFromNow(1), NOW);
    expect(outbox.owed()).toMatchObject([{ dueAt: daysFromNow(1) }]);
  });

  it('E23: retires, with its entry in the history; a new version brings the credential back', () => {
    const { register, history, outbox } = openStores();
    register.addVersion('crates-io', ADOPTED, NOW);
    const step = { kind: 'owe', key: aReminder(), dueAt: NOW, urgent: false } as const;
    outbox.apply([{ credential: 'crates-io', steps: [step], nextPlanAt: undefined }]);
    register.retire('crates-io', later(1));
    expect(register.find('crates-io')?.retiredAt).toEqual(later(1));
    expect(outbox.owed()).toEqual([]);
    expect(history.list().at(-1)).toMatchObject({ type: 'credential.retired', subject: 'crates-io' });
    register.addVersion('crates-io', ADOPTED, later(2));
    expect(register.find('crates-io')?.retiredAt).toBeUndefined();
  });

  it('refuses a version of a credential that nobody declared, and leaves no trace', () => {
    const { db, register, history } = openStores();
    const before = history.list().length;
    expect(() => register.addVersion('unheard-of', ADOPTED, NOW)).toThrow('FOREIGN KEY');
    expect(rowsOf(db, 'version')).toEqual([]);
    expect(history.list()).toHaveLength(before);
  });

  it('H5: a credential that leaves the file keeps its versions, and is the same when it returns', () => {
    const { register, history } = openStores();
    register.addVersion('crates-io', ADOPTED, NOW);
    register.apply(planRegister([], register.list()), NOW);
    expect(register.find('crates-io')).toMatchObject({ declared: false, current: { version: 1 } });
    register.apply(planRegister([aDeclaration({ owner: 'grace' })], register.list()), NOW);
    expect(register.find('crates-io')).toMatchObject({
      declared: true,
      current: { version: 1 },
      declaration: { owner: 'grace' },
    });
    const told = history.list().filter(({ type }) => type === 'credential.declared');
    expect(told.map(({ result }) => result)).toEqual(['declared', 'no longer declared', 'declared again']);
  });

  it('tells which fields of a declaration changed', () => {
    const { register, history } = openStores();
    register.apply(planRegister([aDeclaration({ owner: 'grace', planned: true })], register.list()), NOW);
    expect(history.list().at(-1)).toMatchObject({
      result: 'changed',
      detail: '{"changed":"owner, planned"}',
    });
  });
});
