import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { fakeCratesIoToken } from '../../src/sandbox/crates-io.ts';
import type { Finished } from '../../src/sandbox/run.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import type { Installed } from '../support/installed.ts';
import { dateOf, daysAgo, installAndRecord, PLACE, PROGRAM } from '../support/installed.ts';

const SECRET = { repository: PLACE.repo, environment: PLACE.environment, name: PLACE.secret };
const IN_A_YEAR = dateOf(daysAgo(-300));

const open: Installed[] = [];
async function begin(): Promise<Installed> {
  const one = await installAndRecord();
  open.push(one);
  return one;
}
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

/** A scheduled rotation, with a token of its own. */
async function rotate({ installation, sandbox }: Installed, seed: number): Promise<number | null> {
  const token = fakeCratesIoToken(Buffer.alloc(64, seed));
  sandbox.cratesIo.addToken(token, { scopes: ['publish-update'] });
  const { configPath, dataDir } = installation;
  const args = ['--config', configPath, '--data-dir', dataDir, 'rotate', 'crates-io', '--stdin'];
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin.end(token);
  return new Promise((resolve) => child.once('close', resolve));
}

function confirm({ program }: Installed, ...flags: readonly string[]): Promise<Finished> {
  return program.run('confirm', 'crates-io', ...flags);
}

interface Credential {
  readonly version: number;
  readonly state: string;
  readonly expiresAt: string;
  readonly oldTokens: readonly { readonly version: number }[];
  readonly destinations: readonly { readonly state: string; readonly remoteUpdatedAt: string }[];
}

async function credentialOf({ program }: Installed): Promise<Credential | undefined> {
  const { stdout } = await program.run('--json', 'status');
  return (JSON.parse(stdout) as { credentials: Credential[] }).credentials[0];
}

async function eventsOf({ program }: Installed): Promise<readonly string[]> {
  const { stdout } = await program.run('--json', 'history', 'crates-io');
  return (JSON.parse(stdout) as { events: { type: string }[] }).events.map(({ type }) => type);
}

/** The next look of the daemon comes now. */
async function look({ installation, program }: Installed): Promise<void> {
  const db = openDatabase(join(installation.dataDir, 'reseal.db'), 'use', () => new Date());
  db.connection.exec("UPDATE destination SET look_at = '' WHERE look_at IS NOT NULL");
  db.close();
  await program.run('daemon', '--once');
}

describe('confirm --old-revoked', () => {
  it('I13: after scheduled rotations: the replaced tokens are shown until it is said, all at once', async () => {
    const one = await begin();
    expect([await rotate(one, 1), await rotate(one, 2)]).toEqual([0, 0]);
    expect((await credentialOf(one))?.oldTokens.map(({ version }) => version)).toEqual([2, 1]);
    const { code, stdout } = await one.program.run('--json', 'confirm', 'crates-io', '--old-revoked');
    expect({ code, said: JSON.parse(stdout) }).toEqual({
      code: 0,
      said: { schemaVersion: 1, name: 'crates-io', outcome: 'old-revoked', versions: [2, 1] },
    });
    expect(await credentialOf(one)).toMatchObject({ version: 3, oldTokens: [] });
    const events = await eventsOf(one);
    expect(events.filter((type) => type === 'credential.rotated')).toHaveLength(2);
    expect(events.filter((type) => type === 'credential.old-token-revoked')).toHaveLength(2);
  });

  it('says in one line what it noted, and with 2 that nothing is left', async () => {
    const one = await begin();
    await rotate(one, 1);
    expect(await confirm(one, '--old-revoked')).toMatchObject({
      code: 0,
      stdout: 'crates-io: version 1 is noted as revoked; nobody is asked about it any more',
    });
    const again = await confirm(one, '--old-revoked');
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('no old token of "crates-io" waits to be revoked');
    expect(again.stderr).toContain('reseal rotate crates-io --revoked');
  });
});

describe('confirm --stored, of what somebody else wrote', () => {
  async function changedElsewhere(): Promise<{ one: Installed; at: Date }> {
    const one = await begin();
    await rotate(one, 1);
    const at = daysAgo(-1);
    one.sandbox.github.touchSecret({ ...SECRET, value: 'of somebody else', at });
    await look(one);
    expect((await credentialOf(one))?.destinations).toMatchObject([{ state: 'changed-elsewhere' }]);
    return { one, at };
  }

  it('records it as the next version, verified at the time that GitHub shows', async () => {
    const { one, at } = await changedElsewhere();
    const { code, stdout } = await confirm(one, '--stored', '--expires', IN_A_YEAR);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'crates-io: recorded as version 3' });
    const shown = `${at.toISOString().slice(0, 19)}Z`;
    expect(await credentialOf(one)).toMatchObject({
      version: 3,
      expiresAt: `${IN_A_YEAR}T00:00:00Z`,
      destinations: [{ state: 'verified', remoteUpdatedAt: shown }],
    });
    expect(one.sandbox.github.putCount()).toBe(1);
  });

  it('is refused with 3 where the secret is gone by now, and records nothing', async () => {
    const { one } = await changedElsewhere();
    one.sandbox.github.removeSecret(SECRET);
    const { code, stderr } = await confirm(one, '--stored', '--expires', IN_A_YEAR);
    expect({ code, said: stderr.includes('GitHub shows no secret at') }).toEqual({ code: 3, said: true });
    expect(await credentialOf(one)).toMatchObject({ version: 2 });
  });
});

describe('confirm with flags that do not go together', () => {
  it('ends with 2 and says why, and asks GitHub nothing', async () => {
    const one = await begin();
    for (const [flags, why] of [
      [[], 'say which it was'],
      [['--stored', '--not-stored', '--expires', IN_A_YEAR], 'these contradict each other'],
      [['--stored', '--old-revoked', '--expires', IN_A_YEAR], 'these contradict each other'],
      [['--stored'], '--stored needs the expiry'],
      [['--stored', '--expires', '2020-01-01'], 'does not lie in the future'],
      [['--not-stored', '--expires', IN_A_YEAR], '--expires belongs to --stored'],
      [['--old-revoked', '--expires', IN_A_YEAR], '--expires belongs to --stored'],
    ] as const) {
      const { code, stderr } = await confirm(one, ...flags);
      expect({ flags, code, said: stderr.includes(why) }).toEqual({ flags, code: 2, said: true });
    }
    expect(one.sandbox.github.requests).toEqual([]);
  });
});
