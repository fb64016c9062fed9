import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/sqlite/database.ts';
import { NOW } from '../support/builders.ts';
import { makeFolder } from '../support/database.ts';
import { contentsOf, makeOldDatabase } from '../support/old-databases.ts';

// Some of the statements, so that the suite stays quick; `all` each night.
const STRIDE = process.env['RESEAL_MIGRATION_KILLS'] === 'all' ? 1 : 9;
const CHILD = new URL('../support/migration-child.ts', import.meta.url).pathname;
/** A container may forbid one process to look at another: then nothing can be stopped inside a write, and this says so. */
const tracing = spawnSync('strace', ['-f', '-o', '/dev/null', 'true'], { encoding: 'utf8' });

/** A database of the first schema that was ever released, what it says, and what it says once it is brought up to date. */
function aFirstDatabase() {
  const folder = makeFolder();
  const path = join(folder, 'first.db');
  makeOldDatabase(path, 1);
  const before = contentsOf(path);
  let number = 0;
  /** A copy in a folder of its own. */
  const copy = () => {
    const own = join(folder, String(number++));
    mkdirSync(own);
    copyFileSync(path, join(own, 'reseal.db'));
    return { own, file: join(own, 'reseal.db') };
  };
  return { before, copy };
}

function migrateIn(file: string, killAt: number, inject?: string) {
  const program = [process.execPath, CHILD, file, String(killAt)];
  const options = ['-f', '-qq', '-o', '/dev/null', '-P', `${file}-wal`, '-P', file];
  const [command = '', ...args] = inject
    ? ['strace', ...options, '-e', `inject=${inject}`, ...program]
    : program;
  const { status, signal, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (signal === null && status !== 0 && status !== 128 + 9) throw new Error(stderr);
  return { killed: status !== 0, statements: Number(stdout) };
}

/** Looks at what a killed migration left behind, then starts again. */
function lookAt(own: string, file: string, before: unknown, after: unknown): 'old' | 'new' {
  const left = contentsOf(file);
  const isNew = (left as { version: number }).version !== 1;
  expect(left).toEqual(isNew ? after : before);
  const kept = `${file}.before-0002`;
  const wasKept = existsSync(kept);
  if (isNew) expect(wasKept).toBe(true);
  if (wasKept) expect(contentsOf(kept)).toEqual(before);
  openDatabase(file, 'use', () => NOW).close();
  expect(contentsOf(file)).toEqual(after);
  expect(contentsOf(kept)).toEqual(before);
  expect(readdirSync(own).filter((name) => name.includes('.new'))).toEqual([]);
  return isNew ? 'new' : 'old';
}

describe('F9: when an upgrade from the first schema is killed', () => {
  it('at a statement, the old database and its copy are whole, and the next start brings it up to date', () => {
    const { before, copy } = aFirstDatabase();
    const whole = copy();
    const { statements } = migrateIn(whole.file, 0);
    const after = contentsOf(whole.file);
    expect(statements).toBeGreaterThan(100);
    const places = Array.from({ length: statements }, (_, index) => index + 1);
    const chosen = places.filter((place) => place <= 2 || place === statements || place % STRIDE === 0);
    for (const place of chosen) {
      const { own, file } = copy();
      expect({ place, ...migrateIn(file, place) }).toMatchObject({ place, killed: true });
      expect({ place, left: lookAt(own, file, before, after) }).toEqual({ place, left: 'old' });
    }
  }, 300_000);

  it('inside a write or a sync, the database is old or new, and never between', () => {
    if (tracing.status !== 0) {
      expect(tracing.stderr).toMatch(/ptrace|not permitted/i);
      return;
    }
    const { before, copy } = aFirstDatabase();
    const whole = copy();
    migrateIn(whole.file, 0);
    const after = contentsOf(whole.file);
    const found = new Set<string>();
    for (const call of ['pwrite64', 'fdatasync', 'ftruncate']) {
      for (let time = 1; ; time += call === 'pwrite64' && time > 2 ? 4 * STRIDE : 1) {
        const { own, file } = copy();
        const { killed } = migrateIn(file, 0, `${call}:signal=KILL:when=${time}`);
        found.add(lookAt(own, file, before, after));
        if (!killed) break;
      }
    }
    expect([...found].sort()).toEqual(['new', 'old']);
  }, 300_000);
});
