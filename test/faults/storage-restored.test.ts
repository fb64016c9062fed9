import { copyFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { addDays } from '../../src/domain/calendar.ts';
import { sweep } from '../../src/remind/sweep.ts';
import { aPolicy } from '../support/builders.ts';
import { makeOldDatabase } from '../support/old-databases.ts';
import type { Relay } from '../support/relay.ts';
import { startRelay } from '../support/relay.ts';

const open: Relay[] = [];
async function begin(owners: readonly string[] = ['ada']): Promise<Relay> {
  const relay = await startRelay({ owners });
  open.push(relay);
  return relay;
}
afterEach(async () => {
  for (const relay of open.splice(0)) await relay[Symbol.asyncDispose]();
});

const json = async (relay: Relay, ...args: readonly string[]) => {
  const { stdout, code } = await relay.program.run('--json', ...args);
  return { code, ...(JSON.parse(stdout) as Record<string, unknown>) } as Record<string, unknown> & {
    code: number;
  };
};

/** Sends what is due. @returns to whom mail arrived by it */
async function round(relay: Relay): Promise<readonly string[]> {
  const before = relay.mail.messages.length;
  await relay.program.run('daemon', '--once');
  return relay.mail.messages.slice(before).flatMap(({ recipients }) => recipients);
}

/** Yesterday: a token with 1.9 days left was recorded, and the mail of three days before went out. */
function yesterday(relay: Relay, name = 'ada'): void {
  relay.withStores(({ register, outbox }) => {
    const then = addDays(new Date(), -1);
    const expiry = { kind: 'known', at: addDays(new Date(), 0.9), source: 'entered' } as const;
    register.addVersion(
      name,
      { expiry, lifetimeDays: 365, createdAt: undefined, checked: 'not-asked' },
      then,
    );
    const policy = aPolicy({ addresses: new Map([[name, `${name}@example.org`]]) });
    sweep({ outbox, find: register.find, policy, now: () => then, report: () => undefined });
    const message = outbox.claim('yesterday', then, ['mail']);
    if (!message) throw new Error('nothing was due yesterday');
    outbox.markData(message, new Uint8Array(1), then);
    outbox.settle(message, { state: 'sent', nextAttemptAt: undefined, code: 250, error: undefined }, then);
  });
}

describe("F12: when yesterday's backup is restored", () => {
  it('sends no mail twice, says what was not sent, and goes on with the next lead time', async () => {
    const relay = await begin(['ada', 'grace']);
    yesterday(relay);
    const backup = join(relay.folder, 'yesterday.db');
    expect((await relay.program.run('backup', backup)).code).toBe(0);
    expect(await round(relay)).toEqual(['ada@example.org']);
    expect(await round(relay)).toEqual([]);

    expect((await relay.program.run('restore', backup)).code).toBe(1);
    // It runs, plans, and sends nothing; and it says so wherever one looks.
    expect(await round(relay)).toEqual([]);
    expect((await relay.program.run('remind')).code).toBe(1);
    expect(relay.mail.messages).toHaveLength(1);
    const status = await json(relay, 'status');
    expect(status.code).toBe(1);
    expect(status['troubles']).toMatchObject([
      { name: 'held', detail: expect.stringContaining('reseal resume') },
    ]);
    expect((await relay.program.run('healthcheck')).code).toBe(1);
    expect(relay.beats.at(-1)).toBe('/beat/fail');
    // What falls due while it is held, nobody can have been told.
    const tomorrow = addDays(new Date(), 0.8).toISOString();
    await relay.program.run('record', 'grace', '--expires', tomorrow);

    const rehearsed = await json(relay, 'resume', '--dry-run');
    expect(rehearsed).toMatchObject({
      code: 0,
      held: true,
      assumedSent: [{ credential: 'ada', leadDays: 1, recipient: 'ada@example.org' }],
      goingOut: [{ credential: 'grace', leadDays: 1, recipient: 'grace@example.org' }],
    });
    expect(await round(relay)).toEqual([]);
    const { stdout } = await relay.program.run('resume');
    expect(stdout).toContain('ada (1 day before) to ada@example.org');
    expect(stdout).toContain('grace (1 day before) to grace@example.org');

    expect(await round(relay)).toEqual(['grace@example.org']);
    expect(await round(relay)).toEqual([]);
    const { troubles, credentials } = await json(relay, 'status');
    expect(troubles).toEqual([]);
    expect(credentials).toMatchObject([{ name: 'ada', nextReminderAt: expect.any(String) }, {}]);
    expect(relay.beats.at(-1)).toBe('/beat');
    const { events } = await json(relay, 'history');
    expect((events as { type: string }[]).map(({ type }) => type)).toEqual(
      expect.arrayContaining(['installation.restored', 'mail.assumed-sent', 'installation.resumed']),
    );
    expect((await json(relay, 'history', '--check'))['broken']).toBeNull();
    expect(await json(relay, 'resume')).toMatchObject({ code: 0, held: false });
  });

  it('sends it all the same where a person says so', async () => {
    const relay = await begin();
    yesterday(relay);
    const backup = join(relay.folder, 'yesterday.db');
    await relay.program.run('backup', backup);
    expect(await round(relay)).toHaveLength(1);
    await relay.program.run('restore', backup);
    const future = await relay.program.run('resume', '--assume-sent-until', '2999-01-01');
    expect([future.code, future.stderr]).toEqual([
      2,
      expect.stringContaining('since when nothing can have been sent'),
    ]);
    const before = addDays(new Date(), -2).toISOString().slice(0, 10);
    expect(await json(relay, 'resume', '--dry-run', '--assume-sent-until', before)).toMatchObject({
      assumedSent: [],
      goingOut: [{ credential: 'ada', leadDays: 1 }],
    });
    expect(await json(relay, 'resume', '--send-all')).toMatchObject({
      assumedSent: [],
      assumedSentUntil: null,
    });
    expect(await round(relay)).toHaveLength(1);
  });

  it('is refused while a daemon runs', async () => {
    const relay = await begin();
    const backup = join(relay.folder, 'now.db');
    await relay.program.run('backup', backup);
    const beat = relay.beaten('/beat');
    const daemon = relay.program.start('daemon');
    await beat;
    const { code, stderr } = await relay.program.run('restore', backup);
    expect([code, stderr]).toEqual([3, expect.stringContaining('a daemon is running')]);
    // A backup is made beside it all the same.
    expect((await relay.program.run('backup', join(relay.folder, 'beside.db'))).code).toBe(0);
    daemon.child.kill('SIGTERM');
    expect((await daemon.finished).code).toBe(0);
  });
});

describe('F11: when an older database lies where a newer one was', () => {
  it('sends nothing, names both ends of the history, and goes on when a person says so', async () => {
    const relay = await begin();
    yesterday(relay);
    const path = join(relay.dataDir, 'reseal.db');
    const older = join(relay.folder, 'older.db');
    await relay.program.run('backup', older);
    expect(await round(relay)).toHaveLength(1);
    // As somebody does who knows no `restore`; a lost write-ahead log looks the same.
    for (const name of readdirSync(relay.dataDir))
      if (/^reseal\.db-/.test(name)) rmSync(join(relay.dataDir, name));
    copyFileSync(older, path);
    expect(await round(relay)).toEqual([]);
    const { troubles } = await json(relay, 'status');
    expect(troubles).toMatchObject([
      { name: 'held', detail: expect.stringMatching(/was seen to reach \d+:[0-9a-f]{16}, and ends at \d+:/) },
    ]);
    expect(await json(relay, 'resume')).toMatchObject({ assumedSent: [{ credential: 'ada', leadDays: 1 }] });
    expect(await round(relay)).toEqual([]);
    expect((await json(relay, 'status'))['troubles']).toEqual([]);
  });
});

describe('F9: when the program meets the first schema that it ever had', () => {
  it('brings it up to date with the first command, and shows what was known', async () => {
    const relay = await begin();
    for (const name of readdirSync(relay.dataDir)) rmSync(join(relay.dataDir, name));
    makeOldDatabase(join(relay.dataDir, 'reseal.db'), 1);
    const { credentials } = await json(relay, 'status');
    expect(credentials).toMatchObject([{ name: 'ada', version: 1, expirySource: 'entered' }]);
    expect(readdirSync(relay.dataDir)).toContain('reseal.db.before-0002');
  });
});
