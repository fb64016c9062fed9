import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { World } from '../../src/app.ts';
import { openApp } from '../../src/app.ts';
import type { Context } from '../../src/cli/command.ts';
import { run } from '../../src/cli/commands/runbook.ts';
import { openOutput } from '../../src/cli/output.ts';
import { parseConfig } from '../../src/config/load.ts';
import { openFindingStore } from '../../src/findings.ts';
import { createInstallation } from '../../src/sqlite/installation.ts';
import { NOW } from '../support/builders.ts';
import { INSTALL_ID, makeFolder, openTestDatabase } from '../support/database.ts';

const EXAMPLE = readFileSync('examples/reseal.sqlrite.yaml', 'utf8');
const FINDING = {
  rule: 'environment-exists',
  subject: 'release',
  outcome: 'fail',
  severity: 'high',
  expected: 'the environment release exists',
  observed: 'there is none',
  why: '',
  remedy: 'create it',
  section: 4,
} as const;

const WORLD: World = {
  now: () => NOW,
  sleep: () => Promise.resolve(),
  randomBytes: (size) => Buffer.alloc(size, 7),
  fetch,
  env: {},
  actor: 'ada@host',
  host: 'host',
  version: '0.1.0',
};

/** A configuration in a folder of its own, and what the command prints. */
function begin(text = EXAMPLE, json = false) {
  const folder = makeFolder();
  const places = { configPath: join(folder, 'config.yaml'), dataDir: folder };
  writeFileSync(places.configPath, text, { mode: 0o600 });
  const [printed, said]: [string[], string[]] = [[], []];
  const out = {
    ...openOutput({ json, quiet: false, color: false }),
    result: (line: string) => printed.push(line),
    resultJson: (value: object) => printed.push(JSON.stringify(value)),
    talk: (line: string) => said.push(line),
  };
  const context: Context = { world: WORLD, places, out };
  return {
    places,
    printed,
    said,
    run: (args: readonly string[] = [], options = {}) => run(context, { arguments: args, options }),
  };
}

function twoPipelines(): string {
  const [before = '', pipelines = ''] = EXAMPLE.split(/^pipelines:\n/m);
  return `${before}pipelines:\n${pipelines}${pipelines.replace(/^ {2}rust_sqlite:/m, '  second:')}`;
}

describe('runbook', () => {
  describe('when there is no database yet', () => {
    it('prints it all the same, and says that nothing was verified', async () => {
      const { run: command, printed, said } = begin();
      expect(await command()).toBe(0);
      expect(printed).toHaveLength(1);
      expect(printed[0]).toMatch(/^# Runbook: how `joaoh82\/rust_sqlite` is released\n/);
      expect(printed[0]).toContain(
        '[GitHub › Settings › Environments › New environment](<https://github.com/joaoh82/rust_sqlite/settings/environments/new>)',
      );
      expect(printed[0]).toContain('docker compose exec reseal reseal rotate crates-io');
      expect(said).toEqual(['note: rust_sqlite was not verified yet: its checks have no answer']);
    });

    it('prints one page', async () => {
      const { run: command, printed } = begin();
      expect(await command(['rust_sqlite'], { html: true })).toBe(0);
      expect(printed[0]).toMatch(/^<!doctype html>/);
    });

    it('prints it as JSON', async () => {
      const { run: command, printed } = begin(EXAMPLE, true);
      await command();
      expect(JSON.parse(printed[0] ?? '')).toMatchObject({
        schemaVersion: 1,
        runbooks: [{ pipeline: 'rust_sqlite', repo: 'joaoh82/rust_sqlite' }],
      });
    });
  });

  describe('when the pipeline was verified', () => {
    it('shows what was found', async () => {
      const { run: command, printed, said, places } = begin();
      const parsed = parseConfig(EXAMPLE);
      const [pipeline] = parsed.ok ? parsed.config.pipelines : [];
      if (!parsed.ok || !pipeline) throw new Error('the example does not load');
      const db = openTestDatabase(join(places.dataDir, 'reseal.db'));
      createInstallation(db, INSTALL_ID, NOW);
      const app = openApp(db, parsed.config, places, WORLD);
      openFindingStore(app).record(pipeline, [FINDING], NOW);
      expect(await command()).toBe(0);
      expect(printed[0]).toMatch(
        /^\* Check: ✗ \*\*fails\*\*.*`environment-exists`\n {2}- `release`: fails\..*Seen: there is none/m,
      );
      expect(said).toEqual([]);
    });
  });

  describe('when several pipelines are declared', () => {
    it('prints all of them, each with addresses of its own', async () => {
      const { run: command, printed } = begin(twoPipelines());
      await command();
      const anchors = [...(printed[0] ?? '').matchAll(/<a id="([^"]*)">/g)].map(([, anchor]) => anchor);
      expect(anchors).toContain('second-chapter-1');
      expect(new Set(anchors).size).toBe(anchors.length);
    });

    it('wants one named for a page', async () => {
      const { run: command } = begin(twoPipelines());
      await expect(command([], { html: true })).rejects.toMatchObject({
        code: 'invalid_input',
        hints: ['name one of them: rust_sqlite, second'],
      });
    });
  });

  describe('when no such pipeline is declared', () => {
    it('is refused with the names that there are', async () => {
      const { run: command, printed } = begin();
      await expect(command(['rust-sqlite'])).rejects.toMatchObject({
        code: 'invalid_input',
        hints: ['there are: rust_sqlite'],
      });
      expect(printed).toEqual([]);
    });

    it('says so where there is none at all', async () => {
      await expect(begin('version: 1\n').run()).rejects.toMatchObject({
        code: 'invalid_input',
        message: 'no pipeline is declared, so there is no runbook to write',
      });
    });
  });

  describe('when the API is no GitHub that is known', () => {
    it('names the pages in words', async () => {
      const { run: command, printed } = begin(
        EXAMPLE.replace('https://api.github.com', 'http://127.0.0.1:1'),
      );
      await command();
      expect(printed[0]).toContain('Page: GitHub › Settings › Environments › New environment\n');
    });
  });
});
