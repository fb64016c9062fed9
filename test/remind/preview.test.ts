import { describe, expect, it } from 'vitest';
import { addDays } from '../../src/domain/calendar.ts';
import type { Declaration, NewVersion } from '../../src/domain/credential.ts';
import { UNKNOWN_EXPIRY } from '../../src/domain/expiry.ts';
import { planRegister } from '../../src/register/register.ts';
import type { ReminderPolicy } from '../../src/remind/policy.ts';
import type { DueReminder } from '../../src/remind/preview.ts';
import { previewDue } from '../../src/remind/preview.ts';
import type { Planning } from '../../src/remind/sweep.ts';
import { sweep } from '../../src/remind/sweep.ts';
import { aDeclaration, aPolicy, DESTINATION, knownUntil, NOW } from '../support/builders.ts';
import type { Stores } from '../support/database.ts';
import { openStores, rowsOf } from '../support/database.ts';
import { beginUnconfirmed, rotateTo } from '../support/open-ends.ts';

const CHANNELS = ['mail', 'webhook'];

const named = (name: string, overrides: Partial<Declaration> = {}) => aDeclaration({ name, ...overrides });

function aNewVersion(overrides: Partial<NewVersion> = {}): NewVersion {
  return { expiry: UNKNOWN_EXPIRY, lifetimeDays: 365, createdAt: undefined, checked: 'live', ...overrides };
}

function planningOf({ outbox, register }: Stores, now: Date, policy: ReminderPolicy = aPolicy()): Planning {
  return { outbox, find: (name) => register.find(name), policy, now: () => now, report: () => undefined };
}

const namesOf = ({ register }: Stores) => register.list().map(({ declaration }) => declaration.name);

/** What a sweep has really put into messages, in the form of the preview. */
function carried({ outbox }: Stores, now: Date): readonly DueReminder[] {
  const all: (DueReminder & { readonly recipient: string })[] = [];
  for (;;) {
    const message = outbox.claim('a-run', now, CHANNELS);
    if (!message) break;
    for (const { credential, version, topic, leadDays, covers, recipient } of message.reminders)
      all.push({ credential, version, topic, leadDays, recipients: [], covers, recipient });
  }
  const groups = Map.groupBy(all, ({ credential, topic, leadDays }) => `${credential} ${topic} ${leadDays}`);
  return [...groups.values()].map((same): DueReminder => {
    const [{ recipient: _, ...first }] = same as [DueReminder & { readonly recipient: string }];
    const covers = [...new Set(same.flatMap((one) => one.covers))].sort((a, b) => b - a);
    return { ...first, recipients: same.map(({ recipient }) => recipient).sort(), covers };
  });
}

function inOrder(due: readonly DueReminder[]): readonly DueReminder[] {
  return due
    .map((one) => ({ ...one, recipients: [...one.recipients].sort() }))
    .sort((a, b) => (`${a.credential} ${a.leadDays}` < `${b.credential} ${b.leadDays}` ? -1 : 1));
}

/** Credentials in every state, as of `NOW`; what is due, was recorded at `recordedAt`. */
function aFullHouse(recordedAt = addDays(NOW, -355)): Stores {
  const declarations = [
    named('in-ten-days'),
    named('in-half-a-day', { owner: 'grace' }),
    named('last-month'),
    named('in-a-year'),
    named('put-off'),
    named('retired'),
    named('never'),
    named('unknown', { owner: 'grace' }),
    named('planned', { planned: true }),
    named('half'),
    named('foreign'),
    named('replaced'),
    named('gone', { owner: 'nobody' }),
  ];
  const stores = openStores(declarations);
  const { register } = stores;
  const record = (name: string, days: number) =>
    register.addVersion(name, aNewVersion({ expiry: knownUntil(addDays(NOW, days)) }), recordedAt);
  record('in-ten-days', 10);
  record('in-half-a-day', 0.5);
  record('last-month', -30);
  record('in-a-year', 365);
  record('put-off', 10);
  record('retired', 10);
  record('gone', 5);
  for (const name of ['half', 'foreign', 'replaced']) record(name, 365);
  beginUnconfirmed(stores, 'half', addDays(NOW, -3));
  stores.rotations.disown('foreign', DESTINATION, NOW);
  rotateTo(stores, 'replaced', aNewVersion({ expiry: knownUntil(addDays(NOW, 365)) }), addDays(NOW, -20));
  register.addVersion('never', aNewVersion({ expiry: { kind: 'never', source: 'entered' } }), recordedAt);
  register.addVersion('unknown', aNewVersion(), recordedAt);
  register.acknowledge('put-off', addDays(NOW, 3), NOW);
  register.retire('retired', NOW);
  // It has left the file, and its owner too.
  register.apply(planRegister(declarations.slice(0, -1), register.list()), NOW);
  return stores;
}

describe('previewDue', () => {
  it.each<[string, Partial<ReminderPolicy>]>([
    ['the owners', {}],
    ['those who join', { escalate: { daysBefore: 7, to: ['grace'] } }],
    [
      'webhooks',
      {
        webhooks: [
          { name: 'ops', owners: undefined },
          { name: 'graces', owners: ['grace'] },
        ],
      },
    ],
  ])('returns what a sweep then puts into messages, for %s', (_name, overrides) => {
    const stores = aFullHouse();
    const planning = planningOf(stores, NOW, aPolicy(overrides));
    const preview = previewDue(planning, namesOf(stores));
    expect(sweep(planning)).toBe(0);
    expect(inOrder(preview)).toEqual(inOrder(carried(stores, NOW)));
    expect(new Set(preview.map(({ credential }) => credential))).toEqual(
      new Set([
        'in-ten-days',
        'in-half-a-day',
        'last-month',
        'never',
        'unknown',
        'gone',
        'half',
        'foreign',
        'replaced',
      ]),
    );
  });

  it('returns the most urgent first, with whom it tells and what it stands for', () => {
    const stores = aFullHouse();
    const all = previewDue(planningOf(stores, NOW), namesOf(stores));
    expect(
      all.map(({ topic }) => topic).filter((topic, index, { [index - 1]: last }) => topic !== last),
    ).toEqual(['unconfirmed', 'changed', 'expiry', 'old-token', 'rotated', 'standing']);
    const [first, ...others] = all.filter(({ topic }) => topic === 'expiry');
    expect(first).toMatchObject({ credential: 'last-month', topic: 'expiry', leadDays: -28 });
    expect(others).toContainEqual({
      credential: 'in-ten-days',
      version: 1,
      topic: 'expiry',
      leadDays: 14,
      recipients: ['ada@example.org'],
      covers: [60, 30],
    });
    expect(others).toContainEqual({
      credential: 'gone',
      version: 1,
      topic: 'expiry',
      leadDays: 7,
      recipients: ['ada@example.org', 'grace@example.org'],
      covers: [60, 30, 14],
    });
  });

  it('changes nothing', () => {
    const stores = aFullHouse();
    const tables = ['credential', 'reminder', 'message', 'recipient'];
    const before = tables.map((table) => rowsOf(stores.db, table));
    previewDue(planningOf(stores, NOW), namesOf(stores));
    expect(tables.map((table) => rowsOf(stores.db, table))).toEqual(before);
  });

  it('returns the same again after a sweep whose mail is still waiting, and nothing once it went out', () => {
    const stores = openStores();
    stores.register.addVersion('crates-io', aNewVersion({ expiry: knownUntil(addDays(NOW, 13)) }), NOW);
    const planning = planningOf(stores, NOW);
    const preview = previewDue(planning, namesOf(stores));
    sweep(planning);
    expect(previewDue(planning, namesOf(stores))).toEqual(preview);
    const message = stores.outbox.claim('a-run', NOW, CHANNELS);
    if (!message) throw new Error('nothing was due');
    stores.outbox.markData(message, Buffer.from('mail'), NOW);
    stores.outbox.settle(
      message,
      { state: 'sent', nextAttemptAt: undefined, code: 250, error: undefined },
      NOW,
    );
    expect(previewDue(planning, namesOf(stores))).toEqual([]);
  });

  it('leaves out what was given up, and returns who is told instead', () => {
    const stores = openStores();
    stores.register.addVersion('crates-io', aNewVersion({ expiry: knownUntil(addDays(NOW, 13)) }), NOW);
    const planning = planningOf(stores, NOW);
    sweep(planning);
    const message = stores.outbox.claim('a-run', NOW, CHANNELS);
    if (!message) throw new Error('nothing was due');
    stores.outbox.settle(message, { state: 'dead', nextAttemptAt: undefined, code: 550, error: 'no' }, NOW);
    const preview = previewDue(planning, namesOf(stores));
    expect(preview).toMatchObject([{ leadDays: 14, recipients: ['grace@example.org'] }]);
    sweep(planning);
    expect(inOrder(carried(stores, NOW))).toEqual(inOrder(preview));
  });

  it('leaves out what is owed and not due: what was put off', () => {
    const stores = openStores();
    const { register } = stores;
    register.addVersion('crates-io', aNewVersion({ expiry: knownUntil(addDays(NOW, 13)) }), NOW);
    sweep(planningOf(stores, NOW));
    register.acknowledge('crates-io', addDays(NOW, 2), NOW);
    expect(stores.outbox.owed()).toMatchObject([{ leadDays: 14, dueAt: addDays(NOW, 2) }]);
    expect(previewDue(planningOf(stores, NOW), namesOf(stores))).toEqual([]);
    expect(previewDue(planningOf(stores, addDays(NOW, 2)), namesOf(stores))).toMatchObject([
      { leadDays: 14 },
    ]);
  });

  it('returns what a tighter one has overtaken as covered by it, not beside it', () => {
    const stores = openStores();
    stores.register.addVersion('crates-io', aNewVersion({ expiry: knownUntil(addDays(NOW, 13)) }), NOW);
    sweep(planningOf(stores, NOW));
    const later = addDays(NOW, 8);
    const planning = planningOf(stores, later);
    const preview = previewDue(planning, namesOf(stores));
    expect(preview).toMatchObject([{ leadDays: 7, covers: [14] }]);
    sweep(planning);
    expect(inOrder(preview)).toEqual(inOrder(carried(stores, later)));
  });

  it('I1: agrees with the sweep when a quiet time ends: nothing else makes it look again', () => {
    const stores = openStores();
    const { register } = stores;
    register.addVersion(
      'crates-io',
      aNewVersion({ expiry: knownUntil(addDays(NOW, 15)) }),
      addDays(NOW, -300),
    );
    register.acknowledge('crates-io', addDays(NOW, 4), NOW);
    for (let day = 0; day < 4; day++) sweep(planningOf(stores, addDays(NOW, day)));
    const end = addDays(NOW, 4);
    const preview = previewDue(planningOf(stores, end), namesOf(stores));
    expect(preview).toMatchObject([{ leadDays: 14, covers: [60, 30] }]);
    sweep(planningOf(stores, end));
    expect(inOrder(carried(stores, end))).toEqual(inOrder(preview));
  });

  it.each([1, 2, 3, 5, 8, 13, 21, 34])(
    'agrees with the sweep also %i days later, at each instant in between',
    (days) => {
      const stores = aFullHouse(NOW);
      for (let day = 0; day < days; day++) sweep(planningOf(stores, addDays(NOW, day)));
      const now = addDays(NOW, days - 0.01);
      const planning = planningOf(stores, now);
      const preview = previewDue(planning, namesOf(stores));
      sweep(planning);
      const keys = (due: readonly DueReminder[]) => inOrder(due).map(({ covers: _, ...key }) => key);
      expect(keys(preview)).toEqual(keys(carried(stores, now)));
    },
  );
});
