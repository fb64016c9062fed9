import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { addDays } from '../../src/domain/calendar.ts';
import type { Relay } from '../support/relay.ts';
import { startRelay } from '../support/relay.ts';

const OWNERS = Array.from({ length: 30 }, (_, index) => `owner-${String(index).padStart(2, '0')}`);
const ROUNDS = 3;

const open: Relay[] = [];
afterEach(async () => {
  for (const relay of open.splice(0)) await relay[Symbol.asyncDispose]();
});

/** A daemon whose lock nobody else will see: its file is taken away, as on a volume that does not keep locks. */
async function startUnlocked(relay: Relay) {
  const beat = relay.beaten('/beat');
  const running = relay.program.start('daemon');
  await beat;
  for (const name of readdirSync(relay.dataDir).filter((one) => one.startsWith('daemon.lock')))
    rmSync(join(relay.dataDir, name));
  return running;
}

/** A new version for every credential, with less than a day left: each of its mails goes at once. */
function makeAllDue(relay: Relay): void {
  relay.withStores(({ register }, _sql, db) => {
    const now = new Date();
    const expiry = { kind: 'known', at: addDays(now, 0.9), source: 'entered' } as const;
    const version = { expiry, lifetimeDays: 365, createdAt: undefined, checked: 'not-asked' } as const;
    db.transaction(() => {
      for (const name of OWNERS) register.addVersion(name, version, now);
    });
  });
}

describe('F14: when two daemons run on one database and no lock holds', () => {
  it('sends each mail once, whichever of them claims it', async () => {
    const relay = await startRelay({ owners: OWNERS });
    open.push(relay);
    const daemons = [await startUnlocked(relay), await startUnlocked(relay)];
    for (let round = 1; round <= ROUNDS; round++) {
      makeAllDue(relay);
      const settled = () =>
        relay.withStores(
          (_stores, sql) => sql("SELECT 1 FROM message WHERE state = 'sent'").length >= OWNERS.length * round,
        );
      do {
        const beat = relay.beaten('/beat');
        for (const { child } of daemons) child.kill('SIGHUP');
        await beat;
      } while (!settled());
    }
    expect(daemons.map(({ child }) => child.exitCode)).toEqual([null, null]);
    for (const { child } of daemons) child.kill('SIGTERM');
    const codes = await Promise.all(daemons.map(async ({ finished }) => (await finished).code));
    expect(codes).toEqual([0, 0]);

    const mails = await relay.mail.waitForMessages(OWNERS.length * ROUNDS);
    const copies = Map.groupBy(mails, ({ messageId }) => messageId ?? '');
    expect([...copies.values()].filter(({ length }) => length > 1)).toEqual([]);
    const counts = Map.groupBy(mails, ({ recipients }) => recipients.join());
    expect([...counts.values()].map(({ length }) => length)).toEqual(OWNERS.map(() => ROUNDS));
    const logs = await Promise.all(daemons.map(async ({ finished }) => (await finished).stderr));
    // Both had a part in it.
    expect(logs.map((log) => /[1-9]\d* sent/.test(log))).toEqual([true, true]);
  }, 120_000);
});
