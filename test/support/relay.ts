import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStores } from '../../src/app.ts';
import { addDays } from '../../src/domain/calendar.ts';
import { MAX_REPEATS } from '../../src/remind/outcome.ts';
import { startGitHub } from '../../src/sandbox/github.ts';
import type { MailSink } from '../../src/sandbox/mail.ts';
import { startMailSink } from '../../src/sandbox/mail.ts';
import type { Program } from '../../src/sandbox/run.ts';
import { openProgram } from '../../src/sandbox/run.ts';
import type { Database } from '../../src/sqlite/database.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { readInstallId } from '../../src/sqlite/installation.ts';
import { aPolicy } from './builders.ts';
import { PROGRAM, ROOT } from './installed.ts';
import { watchForLeaks } from './leaks.ts';

/** An installation for reminders alone: the built program, a real mail sink, a GitHub whose clock can be moved. */
export interface Relay extends AsyncDisposable {
  readonly program: Program;
  readonly mail: MailSink;
  readonly folder: string;
  readonly configPath: string;
  readonly dataDir: string;
  /** How the watcher was called: `/beat` or `/beat/fail`. */
  readonly beats: readonly string[];
  /** Resolves when the watcher is next called like this. */
  beaten(path: string): Promise<void>;
  /** Moves GitHub's clock. */
  advanceGitHub(ms: number): void;
  writeConfig(text: string): void;
  /** The database, opened beside the program; closed before the call returns. */
  withStores<T>(
    use: (stores: ReturnType<typeof openStores>, sql: (text: string) => unknown[], db: Database) => T,
  ): T;
}

export interface RelayOptions {
  /** Names of owners; each has the address NAME@example.org, and a credential of the same name. */
  readonly owners: readonly string[];
  /** Lines that are added to the configuration. */
  readonly extra?: string;
}

export async function startRelay({ owners, extra = '' }: RelayOptions): Promise<Relay> {
  let ahead = 0;
  const github = await startGitHub({ now: () => new Date(Date.now() + ahead) });
  const password = randomBytes(16).toString('hex');
  const mail = await startMailSink({ credentials: { user: 'reseal', password } });
  const watcher = await startWatcher();
  const folder = mkdtempSync(join(tmpdir(), 'reseal-relay-'));
  const configPath = join(folder, 'config.yaml');
  const dataDir = join(folder, 'data');
  writeFileSync(join(folder, 'smtp_url'), `${mail.url}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'heartbeat_url'), `${watcher.url}\n`, { mode: 0o600 });
  const writeConfig = (text: string) => writeFileSync(configPath, text, { mode: 0o600 });
  writeConfig(configFor({ owners, extra, folder, apiUrl: github.apiUrl }));
  const program = openProgram(PROGRAM, { folder, configPath, dataDir, remove: () => undefined });
  const leaks = watchForLeaks({
    places: { folder, secretFiles: [join(folder, 'smtp_url')], home: join(folder, 'home'), project: ROOT },
    databasePath: join(dataDir, 'reseal.db'),
    services: [{ sink: 'GitHub requests', listener: github }],
    mail,
    canaries: { 'the password of the mail server': password },
  });
  await program.run('init');
  return {
    program,
    mail,
    folder,
    configPath,
    dataDir,
    beats: watcher.calls,
    beaten: watcher.beaten,
    advanceGitHub: (ms) => {
      ahead += ms;
    },
    writeConfig,
    withStores: (use) => {
      const db = openDatabase(join(dataDir, 'reseal.db'), 'use', () => new Date());
      try {
        const installId = readInstallId(db) ?? '';
        const stores = openStores(db, {
          installId,
          actor: 'test@host',
          policy: aPolicy(),
          maxRepeats: MAX_REPEATS,
        });
        const sql = (text: string) => {
          const statement = db.connection.prepare(text);
          return statement.reader ? statement.all() : [statement.run()];
        };
        return use(stores, sql, db);
      } finally {
        db.close();
      }
    },
    [Symbol.asyncDispose]: async () => {
      await program.stopAll();
      const { leaks: found } = await leaks.search();
      await Promise.all([github.close(), mail.close(), watcher.close()]);
      rmSync(folder, { recursive: true, force: true });
      if (found.length > 0) throw new Error(`a secret was left behind:\n${found.join('\n')}`);
    },
  };
}

/** Its last day: told at once, whatever the hour. */
export function makeDue(relay: Relay, name = 'ada'): void {
  relay.withStores(({ register }) => {
    const now = new Date();
    const expiry = { kind: 'known', at: addDays(now, 0.9), source: 'entered' } as const;
    register.addVersion(name, { expiry, lifetimeDays: 365, createdAt: undefined, checked: 'not-asked' }, now);
  });
}

export function configFor(given: {
  readonly owners: readonly string[];
  readonly extra: string;
  readonly folder: string;
  readonly apiUrl: string;
}): string {
  const { owners, extra, folder, apiUrl } = given;
  return `version: 1
github: { api-url: "${apiUrl}" }
mail: { url-file: ${folder}/smtp_url, from: reseal <reseal@example.org> }
reminders: { heartbeat: { url-file: ${folder}/heartbeat_url } }
${/^web:/m.test(extra) ? '' : 'web: { port: 0 }'}
owners:
${owners.map((name) => `  ${name}: { email: ${name}@example.org }`).join('\n')}
credentials:
${owners.map((name) => `  ${name}: { kind: generic, owner: ${name}, lifetime: 365d }`).join('\n')}
${extra}
`;
}

async function startWatcher() {
  const calls: string[] = [];
  const waiting = new Set<{ path: string; resolve: () => void }>();
  const server = createServer((request, response) => {
    calls.push(request.url ?? '');
    response.end('OK');
    for (const one of [...waiting]) {
      if (one.path !== request.url) continue;
      waiting.delete(one);
      one.resolve();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/beat`,
    calls,
    beaten: (path: string) => new Promise<void>((resolve) => waiting.add({ path, resolve })),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
