import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../../src/app.ts';
import { openApp } from '../../src/app.ts';
import type { Context, Given } from '../../src/cli/command.ts';
import { run } from '../../src/cli/commands/import.ts';
import type { Output } from '../../src/cli/output.ts';
import { parseConfig } from '../../src/config/load.ts';
import { checkChain } from '../../src/sqlite/history.ts';
import { createInstallation } from '../../src/sqlite/installation.ts';
import { NOW } from '../support/builders.ts';
import { INSTALL_ID, makeFolder, openTestDatabase } from '../support/database.ts';

export const CONFIG = [
  '# ours',
  'version: 1',
  'owners:',
  '  ada: { email: ada@example.org } # of releases',
  'credentials:',
  '  old-one:',
  '    kind: npm-token',
  '    owner: ada',
  '    destinations:',
  '      - { repo: example/old, environment: release, secret: NPM_TOKEN }',
  '',
].join('\n');

interface Told {
  readonly code: number;
  readonly json: Record<string, unknown>;
  readonly talk: string;
}

/** An installation whose commands run in this process. */
export function openScene(config: string = CONFIG, fetch: typeof globalThis.fetch = failing) {
  const folder = makeFolder();
  const configPath = join(folder, 'config', 'config.yaml');
  mkdirSync(join(folder, 'config'));
  writeFileSync(configPath, config, { mode: 0o600 });
  const db = openTestDatabase(join(folder, 'reseal.db'));
  createInstallation(db, INSTALL_ID, NOW);
  const world: World = {
    now: () => NOW,
    sleep: async () => undefined,
    randomBytes: (size) => Buffer.alloc(size, 7),
    fetch,
    env: {},
    actor: 'ada@host',
    host: 'host',
    version: '0.1.0',
  };
  const places = { configPath, dataDir: folder };
  const open = () => {
    const parsed = parseConfig(readFileSync(configPath, 'utf8'));
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    return openApp(db, parsed.config, places, world);
  };
  open().syncRegister();
  return {
    folder,
    configPath,
    db,
    open,
    config: () => readFileSync(configPath, 'utf8'),
    chain: () => checkChain(db, INSTALL_ID).broken,
    write: (csv: string | Buffer, name = 'credentials.csv') => {
      writeFileSync(join(folder, name), csv);
      return join(folder, name);
    },
    run: async (options: Given['options'], ...args: readonly string[]): Promise<Told> => {
      const told = { json: {} as Record<string, unknown>, talk: '' };
      const context: Context = { world, places, out: capture(told) };
      const code = await run(context, { arguments: args, options });
      return { code, ...told };
    },
  };
}

const failing: typeof globalThis.fetch = () => Promise.reject(new Error('no network in this test'));

function capture(told: { json: Record<string, unknown>; talk: string }): Output {
  const say = (text: string) => {
    told.talk += `${text}\n`;
  };
  const out: Output = {
    json: true,
    quiet: false,
    color: false,
    terminal: false,
    result: say,
    resultJson: (value) => {
      told.json = value as Record<string, unknown>;
    },
    resultJsonWith: () => undefined,
    talk: say,
    hint: say,
    error: () => undefined,
    style: (_format, text) => text,
    aloud: () => out,
    flush: async () => undefined,
  };
  return out;
}
