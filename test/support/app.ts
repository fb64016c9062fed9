import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from '../../src/app.ts';
import { openApp } from '../../src/app.ts';
import { parseConfig } from '../../src/config/load.ts';
import { createInstallation } from '../../src/sqlite/installation.ts';
import { NOW } from './builders.ts';
import { INSTALL_ID, makeFolder, openTestDatabase } from './database.ts';
import type { TestClock } from './stand-ins.ts';
import { SEALER } from './stand-ins.ts';

export interface AppOptions {
  readonly apiUrl: string;
  readonly clock: TestClock;
  /** Undefined: none is configured. */
  readonly token?: string | undefined;
  /** Instead of the sealer's file alone. */
  readonly github?: string;
  /** YAML below `credentials:`, a line each. */
  readonly credentials?: readonly string[];
  readonly fetch?: typeof globalThis.fetch;
}

export interface TestApp {
  readonly app: App;
  readonly tokenFile: string;
  /** Puts another token into the file. */
  writeToken(token: string): void;
}

/** The shell of the program over a real database, in this process: `ada` owns what is declared. */
export function openTestApp(options: AppOptions): TestApp {
  const folder = makeFolder();
  const tokenFile = join(folder, 'seal-token');
  const token = 'token' in options ? options.token : SEALER;
  if (token !== undefined) writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 });
  const github = options.github ?? (token === undefined ? '' : `seal: { token-file: ${tokenFile} }`);
  const written = [
    'version: 1',
    `github: { api-url: "${options.apiUrl}"${github && `, ${github}`} }`,
    'owners: { ada: { email: ada@example.org }, grace: { email: grace@example.org } }',
    ...(options.credentials ? ['credentials:', ...options.credentials.map((line) => `  ${line}`)] : []),
  ];
  const parsed = parseConfig(written.join('\n'));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const db = openTestDatabase(join(folder, 'reseal.db'));
  createInstallation(db, INSTALL_ID, NOW);
  const app = openApp(
    db,
    parsed.config,
    { configPath: join(folder, 'config.yaml'), dataDir: folder },
    {
      now: options.clock.now,
      sleep: options.clock.sleep,
      randomBytes: (size) => Buffer.alloc(size, 7),
      fetch: options.fetch ?? fetch,
      env: {},
      actor: 'ada@host',
      host: 'host',
      version: '0.1.0',
    },
  );
  app.syncRegister();
  return { app, tokenFile, writeToken: (next) => writeFileSync(tokenFile, `${next}\n`) };
}
