import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/sqlite/database.ts';
import type { Installed } from '../support/installed.ts';
import { dateOf, daysAgo, installAndRecord, PLACE, secretOf } from '../support/installed.ts';

const open: Installed[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

const SECRET = { repository: PLACE.repo, environment: PLACE.environment, name: PLACE.secret };

/** Version 1 recorded, and what GitHub shows of the secret kept as its baseline. */
async function adopted(): Promise<Installed> {
  const one = await installAndRecord();
  open.push(one);
  await one.program.run('daemon', '--once');
  return one;
}

/** A day has gone by, as far as looking is concerned. */
function tomorrow({ installation }: Installed): void {
  const db = openDatabase(join(installation.dataDir, 'reseal.db'), 'use', () => new Date());
  db.connection.exec("UPDATE destination SET look_at = '' WHERE look_at IS NOT NULL");
  db.close();
}

async function look(one: Installed): Promise<string> {
  tomorrow(one);
  return (await one.program.run('daemon', '--once')).stderr;
}

interface Credential {
  readonly state: string;
  readonly expiresAt: string | null;
  readonly expirySource: string;
  readonly daysLeft: number | null;
  readonly version: number;
  readonly changed: string | null;
  readonly destinations: readonly { readonly state: string; readonly changedAt: string | null }[];
}

async function status({ program }: Installed): Promise<{ code: number; first: Credential | undefined }> {
  const { code, stdout } = await program.run('--json', 'status');
  return { code, first: (JSON.parse(stdout) as { credentials: Credential[] }).credentials[0] };
}

/** Mails that tell of the change. */
async function tellings({ sandbox }: Installed): Promise<number> {
  const mails = await sandbox.mail.waitForMessages(sandbox.mail.messages.length);
  return mails.filter(({ text }) => text?.includes('confirm crates-io --stored')).length;
}

describe('a secret that somebody else changes', () => {
  it('B25: is noticed at the daily look, told once to everybody concerned, shown as unknown, and not overwritten', async () => {
    const one = await adopted();
    const at = daysAgo(0);
    one.sandbox.github.addSecret({ ...SECRET, value: 'of somebody else', at });
    expect(await look(one)).toContain('destination.changed-elsewhere');
    const { code, first } = await status(one);
    expect(code).toBe(1);
    expect(first).toMatchObject({
      state: 'unknown',
      expiresAt: null,
      expirySource: 'unknown',
      daysLeft: null,
      destinations: [{ state: 'changed-elsewhere', changedAt: expect.any(String) }],
    });
    expect(first?.changed).toContain(`somebody else changed ${PLACE.repo} › release › ${PLACE.secret}`);
    const told = await tellings(one);
    expect(told).toBeGreaterThan(0);
    await look(one);
    expect(await tellings(one)).toBe(told);
    expect(one.sandbox.github.putCount()).toBe(0);
    expect(Buffer.from(secretOf(one).opened).toString()).toBe('of somebody else');
  });

  it('is ours again once a person says what it is', async () => {
    const one = await adopted();
    one.sandbox.github.addSecret({ ...SECRET, value: 'of somebody else', at: daysAgo(0) });
    await look(one);
    const expires = dateOf(daysAgo(-200));
    const { code, stdout } = await one.program.run('confirm', 'crates-io', '--stored', '--expires', expires);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'crates-io: recorded as version 2' });
    expect(await look(one)).not.toContain('destination.');
    expect((await status(one)).first).toMatchObject({
      state: 'ok',
      version: 2,
      changed: null,
      destinations: [{ state: 'verified', changedAt: null }],
    });
  });

  it('B23: is shown as missing when it is gone, and as it was when it comes back unchanged', async () => {
    const one = await adopted();
    const was = secretOf(one).updatedAt;
    one.sandbox.github.removeSecret(SECRET);
    expect(await look(one)).toContain('destination.missing');
    expect((await status(one)).first?.destinations[0]?.state).toBe('missing');
    one.sandbox.github.addSecret({ ...SECRET, value: 'the same', at: was });
    await look(one);
    expect((await status(one)).first?.destinations[0]?.state).toBe('never-stored');
  });

  it('is unknown, and never fine, where GitHub refuses to show it', async () => {
    const one = await adopted();
    one.sandbox.github.fault({ method: 'GET', path: /secrets\//, kind: 'status', status: 404, times: 20 });
    expect(await look(one)).toContain('destination.unknown');
    const { code, first } = await status(one);
    expect({ code, state: first?.destinations[0]?.state }).toEqual({ code: 1, state: 'unknown' });
  });
});
