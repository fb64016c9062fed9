import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { addDays } from '../../src/domain/calendar.ts';
import type { Program } from '../../src/sandbox/run.ts';
import { openProgram } from '../../src/sandbox/run.ts';
import { ROOT } from '../support/installed.ts';
import type { Relay } from '../support/relay.ts';
import { startRelay } from '../support/relay.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

/** A relay whose one mail is due. */
async function begin(): Promise<Relay> {
  const relay = await startRelay({ owners: ['ada'] });
  open.push(relay);
  relay.withStores(({ register }) => {
    const now = new Date();
    const expiry = { kind: 'known', at: addDays(now, 0.9), source: 'entered' } as const;
    const version = { expiry, lifetimeDays: 365, createdAt: undefined, checked: 'not-asked' } as const;
    register.addVersion('ada', version, now);
  });
  return relay;
}

/** The program as another release would have it: its version is `1000.0.0`, and its schema may have one change more. */
function anotherRelease({ configPath, dataDir }: Relay, migration?: string): Program {
  const folder = mkdtempSync(join(tmpdir(), 'reseal-release-'));
  open.push({ [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }) });
  for (const part of ['dist', 'migrations'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const described = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as object;
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...described, version: '1000.0.0' }));
  if (migration !== undefined) {
    const there = readdirSync(join(folder, 'migrations')).filter((name) => name.endsWith('.sql'));
    const next = String(there.length + 1).padStart(4, '0');
    writeFileSync(join(folder, 'migrations', `${next}_of_another_release.sql`), migration);
  }
  const work = join(folder, 'work');
  mkdirSync(work);
  return openProgram(join(folder, 'dist/main.js'), {
    folder: work,
    configPath,
    dataDir,
    remove: () => undefined,
  });
}

/** Kills it once the whole mail is at the server, which never says whether it took it. */
async function killWhileMailing(relay: Relay, program: Program): Promise<void> {
  relay.mail.fault({ at: 'dot', action: 'hang', accepted: true });
  const atDot = relay.mail.when('dot');
  const running = program.start('daemon');
  await atDot;
  running.child.kill('SIGKILL');
  await running.finished;
}

async function statesOf(program: Program): Promise<readonly string[]> {
  const { stdout } = await program.run('--json', 'outbox');
  return (JSON.parse(stdout) as { messages: { state: string }[] }).messages.map(({ state }) => state);
}

/** The time that passes between two tries. Past our own schema, which may be older. */
function letPausesPass({ dataDir }: Relay): void {
  const database = new Sqlite(join(dataDir, 'reseal.db'));
  database.exec(
    "UPDATE message SET next_attempt_at = '2020-01-01T00:00:00.000Z' WHERE next_attempt_at IS NOT NULL",
  );
  database.close();
}

function copiesOf({ mail }: Relay): { readonly sent: number; readonly different: number } {
  return {
    sent: mail.messages.length,
    different: new Set(mail.messages.map(({ raw }) => raw.toString())).size,
  };
}

function filesOf({ dataDir }: Relay): Readonly<Record<string, string>> {
  const hash = (name: string) =>
    createHash('sha256')
      .update(readFileSync(join(dataDir, name)))
      .digest('hex');
  return Object.fromEntries(readdirSync(dataDir).map((name) => [name, hash(name)]));
}

describe('H13: when the program is replaced while a mail is on its way', () => {
  it('takes the mail, after an upgrade and after the way back, for one that may have arrived, and repeats it byte for byte', async () => {
    const relay = await begin();
    const next = anotherRelease(relay);
    await killWhileMailing(relay, relay.program);
    await next.run('daemon', '--once');
    expect(await statesOf(next)).toEqual(['ambiguous']);
    expect(copiesOf(relay)).toEqual({ sent: 1, different: 1 });

    letPausesPass(relay);
    await killWhileMailing(relay, next);
    await relay.program.run('daemon', '--once');
    expect(await statesOf(relay.program)).toEqual(['ambiguous']);
    letPausesPass(relay);
    expect((await relay.program.run('daemon', '--once')).code).toBe(0);
    expect(await statesOf(relay.program)).toEqual([]);
    expect(copiesOf(relay)).toEqual({ sent: 3, different: 1 });
  });

  it('F10: refuses to go back behind a newer schema, says which release made it, and touches nothing', async () => {
    const relay = await begin();
    const next = anotherRelease(relay, 'CREATE TABLE of_another_release (id INTEGER PRIMARY KEY) STRICT;\n');
    await killWhileMailing(relay, relay.program);
    await next.run('daemon', '--once');
    expect(await statesOf(next)).toEqual(['ambiguous']);

    const before = filesOf(relay);
    for (const args of [['daemon', '--once'], ['status'], ['remind']]) {
      const { code, stderr } = await relay.program.run(...args);
      expect({ args, code, said: /newer/.test(stderr) }).toEqual({ args, code: 3, said: true });
    }
    expect(filesOf(relay)).toEqual(before);
    expect(copiesOf(relay).sent).toBe(1);

    letPausesPass(relay);
    expect((await next.run('daemon', '--once')).code).toBe(0);
    expect(copiesOf(relay)).toEqual({ sent: 2, different: 1 });
  });
});
