import { describe, expect, it } from 'vitest';
import { deliverDue } from '../../src/remind/deliver.ts';
import { sweep } from '../../src/remind/sweep.ts';
import {
  aDeclaration,
  aPolicy,
  aVersion,
  daysFromNow,
  knownUntil,
  later,
  MINUTE_MS,
  NOW,
} from '../support/builders.ts';
import type { openStores } from '../support/database.ts';
import { rowsOf } from '../support/database.ts';
import { ACCEPTED, aChannel, aRound, openWith } from '../support/round.ts';

const HOUR_MS = 60 * MINUTE_MS;

function planAtOf(stores: ReturnType<typeof openStores>): Record<string, unknown> {
  return Object.fromEntries(rowsOf(stores.db, 'credential').map((row) => [row['name'], row['plan_at']]));
}

describe('sweep', () => {
  it('I4: plans what is due, and changes nothing when it is repeated', () => {
    const stores = openWith(['a', 'b'], 10, ['ada', 'grace']);
    const { plan } = aRound(stores, []);
    plan();
    const before = [rowsOf(stores.db, 'reminder'), rowsOf(stores.db, 'message'), planAtOf(stores)];
    expect(before[1]).toHaveLength(2);
    for (let round = 0; round < 3; round++) {
      plan();
      stores.outbox.replanAll();
      plan();
    }
    expect([rowsOf(stores.db, 'reminder'), rowsOf(stores.db, 'message'), planAtOf(stores)]).toEqual(before);
  });

  it('looks again at a credential when its next reminder comes, and not before', () => {
    const stores = openWith(['a'], 10);
    const { plan, clock } = aRound(stores, []);
    plan();
    const next = new Date(String(planAtOf(stores)['a']));
    expect(next.toISOString()).toBe('2026-11-27T09:00:00.000Z');
    expect(stores.outbox.toPlan(new Date(next.getTime() - 1), 10)).toEqual([]);
    expect(stores.outbox.toPlan(next, 10)).toEqual(['a']);
    clock.now = next;
    plan();
    expect(stores.outbox.toPlan(next, 10)).toEqual([]);
  });

  it('plans more credentials than share a transaction', () => {
    const names = Array.from({ length: 1100 }, (_unused, index) => `c${index}`);
    const stores = openWith(names);
    aRound(stores, []).plan();
    expect(rowsOf(stores.db, 'reminder').filter(({ state }) => state === 'carried')).toHaveLength(1100);
    expect(rowsOf(stores.db, 'message')).toHaveLength(1);
  });

  describe('when one credential cannot be planned', () => {
    it('I8: tells it, tries it again in an hour, and plans the others', async () => {
      const stores = openWith(['poison', 'good']);
      const { channel, mails } = aChannel(ACCEPTED);
      const { round, events } = aRound(stores, channel);
      const poisoned = {
        ...round,
        policy: aPolicy(),
        outbox: {
          ...round.outbox,
          remindersOf: (credential: string, version: number) => {
            if (credential === 'poison') throw new TypeError('boom');
            return round.outbox.remindersOf(credential, version);
          },
        },
      };
      expect(sweep(poisoned)).toBe(1);
      expect(sweep(poisoned)).toBe(0);
      expect(await deliverDue(round)).toEqual({ sent: 1, failed: 0 });
      expect(mails[0]?.payload).toContain('rotate good');
      expect(events).toEqual(['plan.failed', 'mail.sent']);
      expect(planAtOf(stores)['poison']).toBe(later(HOUR_MS).toISOString());
    });

    it('E20: counts a credential that nobody can be told of as failed, never as done', () => {
      const stores = openWith(['a']);
      const policy = aPolicy({ addresses: new Map() });
      const { round, reports } = aRound(stores, []);
      expect(sweep({ ...round, policy })).toBe(1);
      expect(reports).toMatchObject([{ event: 'plan.failed', detail: expect.stringContaining('a: ') }]);
      expect(rowsOf(stores.db, 'reminder')).toEqual([]);
      expect(sweep({ ...round, policy, now: () => later(HOUR_MS) })).toBe(1);
      expect(sweep({ ...round, policy: aPolicy(), now: () => later(2 * HOUR_MS) })).toBe(0);
      expect(stores.outbox.waiting()).toMatchObject([{ recipient: 'ada@example.org' }]);
    });
  });

  describe('when something is recorded while it plans', () => {
    it('I1: does not take for planned what it has not seen', () => {
      const stores = openWith(['a'], 300);
      const { round } = aRound(stores, []);
      const find = (name: string) => {
        const before = stores.register.find(name);
        stores.register.addVersion('a', aVersion({ expiry: knownUntil(daysFromNow(0.5)) }), NOW);
        return before;
      };
      let racing = true;
      const planning = {
        ...round,
        policy: aPolicy(),
        find: (name: string) => {
          if (!racing) return stores.register.find(name);
          racing = false;
          return find(name);
        },
      };
      sweep(planning);
      expect(stores.outbox.waiting()).toMatchObject([
        { reminders: [{ credential: 'a', version: 2, leadDays: 1 }] },
      ]);
    });
  });

  describe('when an expiry is recorded again', () => {
    it('E24: plans by the new date, and nothing of the old one goes out', async () => {
      const stores = openWith(['a'], 10);
      const { channel, mails } = aChannel(ACCEPTED);
      const { cycle, plan } = aRound(stores, channel);
      plan();
      stores.register.addVersion('a', aVersion({ expiry: knownUntil(daysFromNow(200)) }), NOW);
      await cycle();
      expect(mails).toEqual([]);
      stores.register.addVersion('a', aVersion({ expiry: knownUntil(daysFromNow(5)) }), NOW);
      await cycle();
      expect(mails).toHaveLength(1);
      expect(mails[0]?.payload).toContain('expires in 5 days');
    });
  });

  it('plans a credential that was declared meanwhile, and forgets none that has left the file', async () => {
    const stores = openWith(['a']);
    const { channel, mails } = aChannel(ACCEPTED);
    const { cycle } = aRound(stores, channel);
    stores.register.apply(
      [
        { kind: 'vanish', name: 'a' },
        { kind: 'add', declaration: aDeclaration({ name: 'b' }) },
      ],
      NOW,
    );
    stores.register.addVersion('b', aVersion(), daysFromNow(-300));
    await cycle();
    expect(mails).toHaveLength(1);
    expect(mails[0]?.payload).toMatch(/[^a-z]a expires in 10 days/);
    expect(mails[0]?.payload).toContain('rotate b');
  });
});
