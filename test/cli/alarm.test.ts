import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Running } from '../../src/sandbox/run.ts';
import { openPage, submitForm } from '../../src/sandbox/visitor.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import type { Installed } from '../support/installed.ts';
import {
  dateOf,
  daysAgo,
  install,
  installAndRecord,
  openedForm,
  secretOf,
  statusOf,
} from '../support/installed.ts';
import { putInPlace } from '../support/put-in-place.ts';

const EVERY_OWNER = ['backup@example.org', 'joao@example.org'];

const open: Installed[] = [];
async function keep(installed: Promise<Installed>): Promise<Installed> {
  const one = await installed;
  open.push(one);
  return one;
}
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

/** Follows `rotate` without --json until the address stands alone on its line. */
async function addressOf(running: Running): Promise<string> {
  for await (const line of running.lines) if (/^http:\S+$/.test(line)) return line;
  throw new Error(`the form did not open: ${(await running.finished).stderr}`);
}

async function end(running: Running, signal: NodeJS.Signals) {
  running.child.kill(signal);
  return running.finished;
}

interface Owed {
  readonly state: string;
  readonly recipient: string;
  readonly reminders: readonly { readonly topic: string }[];
}

/** Who waits to be told what. */
async function owed({ program }: Installed): Promise<readonly string[]> {
  const { stdout } = await program.run('--json', 'outbox');
  const { messages } = JSON.parse(stdout) as { messages: readonly Owed[] };
  return messages.flatMap(({ recipient, reminders }) =>
    reminders.filter(({ topic }) => topic !== 'expiry').map(({ topic }) => `${recipient} ${topic}`),
  );
}

async function eventsOf({ program }: Installed): Promise<readonly string[]> {
  const { stdout } = await program.run('--json', 'history', 'crates-io');
  return (JSON.parse(stdout) as { events: { type: string }[] }).events.map(({ type }) => type);
}

/** Whether a first try failed before the kill depends on the instant: it is tried again now. */
function forgetFailures({ installation }: Installed): void {
  const db = openDatabase(join(installation.dataDir, 'reseal.db'), 'use', () => new Date());
  db.connection.exec(
    "UPDATE message SET next_attempt_at = '2026-01-01T00:00:00.000Z' WHERE next_attempt_at IS NOT NULL; DELETE FROM circuit",
  );
  db.close();
}

describe('rotate --leaked', () => {
  it('without a daemon: mails every owner while the form is open, and shows in order what to do', async () => {
    const one = await keep(installAndRecord());
    const running = one.program.start('rotate', 'crates-io', '--leaked');
    const address = await addressOf(running);
    const mails = await one.sandbox.mail.waitForMessages(2, { timeoutMs: 20_000 });
    expect(mails.flatMap(({ recipients }) => recipients).sort()).toEqual(EVERY_OWNER);
    expect(mails.map(({ subject }) => /leaked/.test(subject ?? ''))).toEqual([true, true]);
    expect((await openPage(address)).status).toBe(200);
    const { code, stderr } = await end(running, 'SIGINT');
    expect(code).toBe(130);
    expect(stderr).toContain('recorded: "crates-io" has leaked; mail to every owner is queued');
    expect(stderr).toContain(
      'what was recorded of it stands until a new one is stored: reseal rotate crates-io',
    );
    const said = [
      'This credential has leaked. In this order:',
      '1. Revoke the old one now at crates.io',
      'https://crates.io/settings/tokens',
      '2. Make the new one at crates.io',
      '3. Then look through everything that was published with the old one since 20',
      '4. Jobs that wait for an approval',
      'open this address',
    ].map((text) => stderr.indexOf(text));
    expect(said).toEqual(said.toSorted((a, b) => a - b));
    expect(said[0]).toBeGreaterThan(0);
    const { status } = await statusOf(one);
    expect(status.credentials[0]).toMatchObject({ state: 'revoked', version: 1 });
  });

  it('killed right after the address line: recorded, and owed to every owner, for good', async () => {
    const one = await keep(installAndRecord());
    await one.sandbox.mail.stop();
    const running = one.program.start('--json', 'rotate', 'crates-io', '--leaked');
    await openedForm(running);
    const { stdout } = await end(running, 'SIGKILL');
    for (const line of stdout.split('\n')) expect(JSON.parse(line)).toHaveProperty('step');
    expect((await statusOf(one)).status.credentials[0]).toMatchObject({ state: 'revoked' });
    expect([...(await owed(one))].sort()).toEqual(EVERY_OWNER.map((address) => `${address} leaked`));
    expect((await eventsOf(one)).filter((type) => type === 'credential.leaked')).toHaveLength(1);
    await one.sandbox.mail.start();
    forgetFailures(one);
    await one.program.run('daemon', '--once');
    const mails = await one.sandbox.mail.waitForMessages(2);
    expect(mails.flatMap(({ recipients }) => recipients).sort()).toEqual(EVERY_OWNER);
  });

  it('F11: sends nothing from an older copy that was put in its place, and says so', async () => {
    const one = await keep(installAndRecord());
    const { dataDir } = one.installation;
    const older = join(dataDir, 'older.db');
    await one.program.run('backup', older);
    await one.program.run('record', 'crates-io', '--expires', dateOf(daysAgo(-300)));
    await one.program.run('remind');
    const sent = one.sandbox.mail.messages.length;
    putInPlace(older, dataDir);
    const { stderr } = await one.program.run('rotate', 'crates-io', '--leaked', '--stdin');
    expect(stderr).toContain('warning: the mail about it is held: its history was seen to reach');
    expect(one.sandbox.mail.messages).toHaveLength(sent);
  });

  it('is never made less of, and told no second time', async () => {
    const one = await keep(installAndRecord());
    await one.program.run('rotate', 'crates-io', '--leaked', '--stdin');
    await one.sandbox.mail.waitForMessages(2);
    const { code, stderr } = await one.program.run('rotate', 'crates-io', '--revoked', '--stdin');
    expect({ code, said: stderr.split('\n')[0] }).toEqual({
      code: 3,
      said: '"crates-io" is recorded as leaked already',
    });
    const events = await eventsOf(one);
    expect(events.filter((type) => /^credential\.(leaked|revoked)$/.test(type))).toEqual([
      'credential.leaked',
    ]);
    expect(one.sandbox.mail.messages).toHaveLength(2);
  });

  it('beside a daemon: leaves the mail to it, and says so', async () => {
    const one = await keep(installAndRecord());
    const daemon = one.program.start('daemon');
    // Those of the seven days before: the daemon is up.
    await one.sandbox.mail.waitForMessages(2, { timeoutMs: 20_000 });
    const running = one.program.start('rotate', 'crates-io', '--leaked');
    await addressOf(running);
    daemon.child.kill('SIGHUP');
    const mails = await one.sandbox.mail.waitForMessages(4, { timeoutMs: 20_000 });
    expect(mails.slice(2).map(({ subject }) => /leaked/.test(subject ?? ''))).toEqual([true, true]);
    const { code, stderr } = await end(running, 'SIGINT');
    expect({ code, left: stderr.includes('the daemon that is running sends the mail') }).toEqual({
      code: 130,
      left: true,
    });
  });

  it('while another form is open: is recorded and owed all the same, and ends with 3', async () => {
    const one = await keep(installAndRecord());
    const first = one.program.start('--json', 'rotate', 'crates-io');
    const address = await openedForm(first);
    const { code, stderr } = await one.program.run('rotate', 'crates-io', '--leaked');
    expect({ code, open: stderr.includes('is open already') }).toEqual({ code: 3, open: true });
    expect((await statusOf(one)).status.credentials[0]?.state).toBe('revoked');
    expect(await one.sandbox.mail.waitForMessages(2)).toHaveLength(2);
    // The first form is not disturbed, and its token answers the alarm.
    await submitForm(address, await openPage(address), {
      token: one.sandbox.offeredToken,
      expiration: '365d',
    });
    expect((await first.finished).code).toBe(0);
    expect((await statusOf(one)).status.credentials[0]).toMatchObject({ state: 'ok', version: 2 });
  });

  it('gives a credential that was never recorded a version without a date', async () => {
    const one = await keep(install());
    await one.program.run('init');
    const { code } = await one.program.run('rotate', 'crates-io', '--leaked', '--stdin');
    expect(code).toBe(3);
    expect((await statusOf(one)).status.credentials[0]).toMatchObject({
      state: 'revoked',
      version: 1,
      expirySource: 'unknown',
    });
    expect(await one.sandbox.mail.waitForMessages(2)).toHaveLength(2);
  });

  it('is over with the new token; the leaked one is asked about until it is said to be revoked', async () => {
    const one = await keep(installAndRecord());
    const running = one.program.start('rotate', 'crates-io', '--leaked');
    const address = await addressOf(running);
    const done = await submitForm(address, await openPage(address), {
      token: one.sandbox.offeredToken,
      expiration: '365d',
    });
    const { code, stderr } = await running.finished;
    expect(code).toBe(0);
    for (const text of [done.body, stderr])
      expect(text).toContain('If the leaked token is not revoked yet, revoke it now at crates.io');
    const before = await one.program.run('status');
    expect([before.code, before.stdout]).toEqual([
      1,
      expect.stringContaining('version 1, which has leaked,'),
    ]);
    await one.program.run('confirm', 'crates-io', '--old-revoked');
    expect((await one.program.run('status')).stdout).not.toContain('old token');
    expect(Buffer.from(secretOf(one).opened).toString()).toBe(one.sandbox.offeredToken);
  });
});

describe('rotate with flags that contradict each other', () => {
  it('ends with 2 and says why, records nothing, and asks GitHub nothing', async () => {
    const one = await keep(installAndRecord());
    const events = await eventsOf(one);
    for (const [flags, why] of [
      [['--leaked', '--revoked'], 'contradict each other'],
      [['--only-missing', '--leaked'], 'must not be stored again'],
      [['--only-missing', '--revoked'], 'must not be stored again'],
      [['--only-missing', '--expires', dateOf(daysAgo(-300))], 'its expiry is known'],
      [['--only-missing', '--lifetime', '90d'], 'its expiry is known'],
    ] as const) {
      const { code, stderr } = await one.program.run('rotate', 'crates-io', ...flags);
      expect({ flags, code }).toEqual({ flags, code: 2 });
      expect(stderr).toMatch(why);
    }
    expect(await eventsOf(one)).toEqual(events);
    expect(one.sandbox.github.requests).toEqual([]);
  });
});
