import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Connection from 'better-sqlite3';
import { createTransport } from 'nodemailer';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { ENCODINGS } from '../support/canary.ts';
import { PLACE } from '../support/installed.ts';
import type { LeakWatch, Sink } from '../support/leaks.ts';
import { SINKS, watchForLeaks } from '../support/leaks.ts';

const TOKEN = 'cioA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6';

/** A place like an installation, in which a token is left on purpose. */
interface Scene {
  readonly sandbox: Sandbox;
  readonly folder: string;
  readonly leaks: LeakWatch;
}

async function withScene(use: (scene: Scene) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'reseal-leaks-'));
  const sandbox = await startSandbox(PLACE, new Date(0));
  const places = { folder: join(folder, 'own'), secretFiles: [], home: join(folder, 'home') };
  const leaks = watchForLeaks({
    places: { ...places, project: join(folder, 'project') },
    databasePath: join(folder, 'own/reseal.db'),
    services: [
      { sink: 'GitHub requests', listener: sandbox.github, authorization: `token ${sandbox.sealToken}` },
      { sink: 'crates.io requests', listener: sandbox.cratesIo, authorization: TOKEN },
    ],
    mail: sandbox.mail,
    canaries: { 'the token': TOKEN },
  });
  try {
    await use({ sandbox, folder, leaks });
  } finally {
    await leaks.search();
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function leave(folder: string, path: string, text = TOKEN): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** A process that copies what it reads. */
async function say(command: string): Promise<void> {
  const child = spawn('sh', ['-c', command], { stdio: 'pipe' });
  child.stdin.end(TOKEN);
  await once(child, 'close');
}

function keep(folder: string, sql: readonly string[]): Connection.Database {
  mkdirSync(join(folder, 'own'), { recursive: true });
  const db = new Connection(join(folder, 'own/reseal.db'));
  for (const statement of sql) db.exec(statement);
  return db;
}

const ROW = ['CREATE TABLE event (result TEXT) STRICT', `INSERT INTO event VALUES ('${TOKEN}')`];

/** How to leave a token in each sink. Answers what is to be closed after the search. */
const PLANTS: Readonly<Record<Sink, (scene: Scene) => unknown>> = {
  stdout: () => say('cat'),
  stderr: () => say('cat >&2'),
  'log file': ({ folder }) => leave(folder, 'own/data/reseal.log'),
  database: ({ folder }) => keep(folder, ROW).close(),
  'database -wal': ({ folder }) => keep(folder, ['PRAGMA journal_mode = WAL', ...ROW]),
  'database -shm, -journal': ({ folder }) => leave(folder, 'own/data/other.db-journal'),
  'temporary files': ({ folder }) => leave(folder, 'own/tmp/anything'),
  processes: async () => {
    const child = spawn('sh', ['-c', 'read line', 'sh', TOKEN], { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(child, 'spawn');
    child.stdin.end('\n');
    await once(child, 'close');
  },
  'form answers': async () => {
    const server = createServer((_request, response) => response.end(TOKEN)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await (await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)).text();
    server.close();
  },
  mails: ({ sandbox }) =>
    createTransport(sandbox.mail.url).sendMail({
      from: 'a@example.org',
      to: 'b@example.org',
      text: `${'a line. '.repeat(20)}${TOKEN}`,
      textEncoding: 'base64',
    }),
  'GitHub requests': ({ sandbox }) => fetch(sandbox.github.url, { headers: { 'x-note': TOKEN } }),
  'crates.io requests': ({ sandbox }) => fetch(`${sandbox.cratesIo.url}/?token=${TOKEN}`),
  'history export': ({ folder }) => keep(folder, ROW).close(),
  'database copy': ({ folder }) => keep(folder, ROW).close(),
  'crash files': ({ folder }) => leave(folder, 'own/report.20261123.093000.1.0.001.json'),
  'home and shell history': ({ folder }) => leave(folder, 'home/.bash_history'),
  'npm and Node caches': ({ folder }) => leave(folder, 'home/.npm/_cacache/content-v2/x'),
  'project files': ({ folder }) => leave(folder, 'project/src/notes.txt'),
};

describe('I15: the search for a token that was left somewhere', () => {
  it('knows 18 sinks and 14 encodings', () => {
    expect({ sinks: new Set(SINKS).size, encodings: new Set(ENCODINGS).size }).toEqual({
      sinks: 18,
      encodings: 14,
    });
  });

  it.each(SINKS)('finds one in: %s', async (sink) => {
    await withScene(async (scene) => {
      const planted = await PLANTS[sink](scene);
      const { leaks, searched } = await scene.leaks.search();
      if (planted instanceof Connection) planted.close();
      expect(leaks.filter((leak) => leak.startsWith(`${sink} (`)).join()).toContain('the token, as ');
      expect(searched.get(sink)).toBeGreaterThanOrEqual(TOKEN.length);
    });
  });

  it.each(['own/reseal.log', 'own/core.4711', 'project/core', 'home/heap.heapsnapshot'])(
    'objects to a file that must not exist, whatever it holds: %s',
    async (path) => {
      await withScene(async ({ folder, leaks }) => {
        leave(folder, path, 'harmless');
        expect((await leaks.search()).leaks).toEqual([expect.stringContaining('there is one')]);
      });
    },
  );

  it('objects to a second check of a token that was pasted once', async () => {
    await withScene(async ({ sandbox, leaks }) => {
      for (let time = 0; time < 2; time++)
        await fetch(sandbox.cratesIo.url, { headers: { authorization: TOKEN } });
      expect((await leaks.search()).leaks).toEqual([expect.stringContaining('2 hold the token')]);
    });
  });

  it('finds nothing where nothing was left', async () => {
    await withScene(async ({ folder, leaks }) => {
      keep(folder, ['CREATE TABLE event (result TEXT) STRICT', "INSERT INTO event VALUES ('cio')"]).close();
      expect((await leaks.search()).leaks).toEqual([]);
    });
  });
});
