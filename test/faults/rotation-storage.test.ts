import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/sqlite/database.ts';
import type { Interrupted, Rotating, Way } from '../support/interrupted.ts';
import { openInterrupted, PUT_PATH } from '../support/interrupted.ts';
import type { Copy } from '../support/stop-at.ts';

const open: Interrupted[] = [];
afterEach(async () => {
  for (const { one } of open.splice(0)) await one[Symbol.asyncDispose]();
});

async function begin(): Promise<Interrupted> {
  const job = await openInterrupted();
  open.push(job);
  return job;
}

function pidOf({ running }: Rotating): string {
  return String(running.child.pid);
}

/** The copy as the next start would find it: opened, with its log replayed. */
function journalIn(folder: string): string | undefined {
  const db = openDatabase(join(folder, 'reseal.db'), 'use', () => new Date());
  try {
    const sql = `SELECT state || '/' || COALESCE((SELECT group_concat(state) FROM rotation_destination WHERE rotation = id), '')
      FROM rotation ORDER BY opened_at DESC LIMIT 1`;
    return db.connection.prepare(sql).pluck().get() as string | undefined;
  } finally {
    db.close();
  }
}

describe('A14: when the power fails', () => {
  // Shown: which files hold what at each commit, and that SQLite is told to wait for the disk. Not shown: that the disk does keep what
  // it says it has kept.
  let made: Promise<readonly Copy[]> | undefined;
  /** One rotation serves all that follow. */
  const copied = () => (made ??= copyAll());

  async function copyAll(): Promise<readonly Copy[]> {
    const job = await openInterrupted();
    const copies = job.copy();
    expect((await job.start('--stdin').ended).code).toBe(0);
    const all = copies();
    kept.push(job);
    return all;
  }

  const kept: Interrupted[] = [];
  afterAll(async () => {
    for (const { one } of kept) await one[Symbol.asyncDispose]();
  });

  it('after a durable step, the files of that moment open at that step; inside one, at the step before', async () => {
    const copies = await copied();
    let committed: string | undefined;
    const seen: (string | undefined)[] = [];
    for (const { at, journal, folder } of copies) {
      if (at === 'after-commit') {
        committed = journal;
        if (seen.at(-1) !== journal) seen.push(journal);
      }
      const opened = `${folder}-opened`;
      cpSync(folder, opened, { recursive: true });
      expect(journalIn(opened)).toBe(committed);
    }
    expect(seen.filter((journal) => journal !== undefined && journal !== null)).toEqual([
      'opened/',
      'submitted/',
      'checked/',
      'intended/intended',
      'intended/stored',
      'intended/verified',
      'stored/verified',
      'verified/verified',
      'recorded/verified',
    ]);
  });

  it('in the middle of writing a step, the torn log opens at the step before', async () => {
    const copies = await copied();
    const commits = copies.filter(({ at }) => at === 'after-commit');
    for (const [index, { folder }] of commits.entries()) {
      // Half of the last page of the log has not come to the disk.
      const torn = `${folder}-torn`;
      cpSync(folder, torn, { recursive: true });
      const log = join(torn, 'reseal.db-wal');
      truncateSync(log, statSync(log).size - 2_048);
      if (index > 0) expect(journalIn(torn)).toBe(commits[index - 1]?.journal ?? undefined);
    }
    expect(commits.length).toBeGreaterThan(8);
  });

  it('every commit of a rotation was made with a write-ahead log and synchronous=FULL', async () => {
    const copies = await copied();
    expect(new Set(copies.map(({ synchronous, mode }) => `${mode} ${synchronous}`))).toEqual(
      new Set(['wal 2']),
    );
  });
});

const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;

/** From now on no file of that process may grow or be written: as on a full disk, every write fails. */
function fillDisk(rotating: Rotating): void {
  execFileSync('prlimit', ['--pid', pidOf(rotating), '--fsize=0']);
}

describe.runIf(hasPrlimit)('a full disk', () => {
  describe('before the write', () => {
    it('A17: when the check cannot be written down, rejects the token, and puts nothing', async () => {
      const job = await begin();
      const { cratesIo, github } = job.one.sandbox;
      const held = cratesIo.fault({ kind: 'hold' });
      const arrived = cratesIo.when({});
      const rotating = job.start('--stdin');
      await arrived;
      fillDisk(rotating);
      held.release();
      const { code, stdout, stderr } = await rotating.ended;
      expect(code).toBe(3);
      expect(`${stdout}${stderr}`).toContain('cannot be written');
      expect(github.requests.filter(({ method }) => method === 'PUT')).toEqual([]);
      expect(await job.round()).toEqual(['rotation.abandoned']);
      expect(job.kept()).toMatchObject({ versions: [1], rotated: 0 });
    });

    it.each(['--stdin', 'form'] as const)(
      'A17: when the intent cannot be written down (%s), has failed, and puts nothing',
      async (way: Way) => {
        const job = await begin();
        const { cratesIo, github } = job.one.sandbox;
        const checked = cratesIo.when({});
        const rotating = job.start(way);
        await checked;
        // What is read next, just before the intent.
        const held = github.fault({ method: 'GET', path: new RegExp(PUT_PATH), kind: 'hold' });
        await github.when({ method: 'GET', path: new RegExp(PUT_PATH) });
        fillDisk(rotating);
        held.release();
        const { code, stdout } = await rotating.ended;
        expect([code, outcomeOf(stdout)]).toEqual([3, 'failed']);
        expect(stdout).toContain('cannot be written');
        expect(stdout).not.toMatch(/may have|has the new token/);
        if (rotating.page) expect(JSON.stringify(await rotating.page)).toContain('cannot be written');
        expect(github.requests.filter(({ method }) => method === 'PUT')).toEqual([]);
        expect(await job.round()).toEqual(['rotation.abandoned']);
        expect(job.kept()).toMatchObject({ versions: [1], rotated: 0 });
      },
    );
  });

  describe('after the write', () => {
    it.each(['--stdin', 'form'] as const)(
      'A18: when the answer cannot be written down (%s), says that GitHub has it and our record failed; `confirm` settles it',
      async (way: Way) => {
        const job = await begin();
        const { github } = job.one.sandbox;
        const held = github.fault({ method: 'PUT', kind: 'hold' });
        const arrived = github.when({ method: 'PUT' });
        const rotating = job.start(way);
        await arrived;
        fillDisk(rotating);
        held.release();
        const { code, stdout } = await rotating.ended;
        expect([code, outcomeOf(stdout)]).toEqual([4, 'unconfirmed']);
        expect(stdout).toContain('GitHub has the new token, and our own record of it failed');
        expect(stdout).toContain('reseal confirm crates-io --stored --expires');
        if (rotating.page) {
          const page = JSON.stringify(await rotating.page);
          expect(page).toContain('GitHub has the new token, and our own record of it failed');
          expect(page).toContain('reseal confirm crates-io --stored --expires');
        }
        expect(job.kept()).toMatchObject({ journal: 'intended/intended', versions: [1] });
        expect(await job.shown()).toMatchObject({ code: 1, version: 1, destination: 'unconfirmed' });
        const expires = new Date(Date.now() + 360 * 86_400_000).toISOString().slice(0, 10);
        const said = await job.one.program.run('confirm', 'crates-io', '--stored', '--expires', expires);
        expect(said.code).toBe(0);
        expect(job.kept()).toMatchObject({ journal: 'recorded/verified', versions: [1, 2], rotated: 1 });
        expect([github.putCount(), job.holdsNew()]).toEqual([1, true]);
      },
    );
  });
});

const CGROUP = `/sys/fs/cgroup/memory/reseal-test-${process.pid}`;
const LIMIT = join(CGROUP, 'memory.limit_in_bytes');

/** Only the superuser may make such a group, and not everywhere. */
function mayLimitMemory(): boolean {
  try {
    mkdirSync(CGROUP);
    writeFileSync(LIMIT, '65536');
    rmdirSync(CGROUP);
    return true;
  } catch {
    return false;
  }
}

describe('want of memory', () => {
  // Another kind of system has no such test; killing is tested everywhere.
  const limited = mayLimitMemory() ? it : () => undefined;
  limited('A16: killed by the kernel for it, is recovered as from any kill', async () => {
    mkdirSync(CGROUP);
    try {
      const job = await begin();
      const { github } = job.one.sandbox;
      const held = github.fault({ method: 'PUT', kind: 'hold' });
      const arrived = github.when({ method: 'PUT' });
      const rotating = job.start('--stdin');
      await arrived;
      writeFileSync(LIMIT, '65536');
      writeFileSync(join(CGROUP, 'cgroup.procs'), pidOf(rotating));
      held.release();
      expect((await rotating.ended).signal).toBe('SIGKILL');
      expect(job.kept().versions).toEqual([1]);
      const [event] = await job.round();
      // It depends on the page that was one too many whether the answer was written down before.
      expect(['rotation.unconfirmed', 'rotation.recorded']).toContain(event);
      expect(job.kept().versions).toEqual(event === 'rotation.recorded' ? [1, 2] : [1]);
      expect(job.holdsNew()).toBe(true);
    } finally {
      rmdirSync(CGROUP);
    }
  });

  it('A16: killed by SIGKILL, as the kernel would, is recovered as from any kill', async () => {
    const job = await begin();
    const { github } = job.one.sandbox;
    github.fault({ method: 'PUT', kind: 'apply-then-hang' });
    const applied = github.when({ method: 'PUT', stage: 'applied' });
    const rotating = job.start('--stdin');
    await applied;
    rotating.running.child.kill('SIGKILL');
    expect((await rotating.ended).signal).toBe('SIGKILL');
    expect(await job.round()).toEqual(['rotation.unconfirmed']);
    expect(job.kept()).toMatchObject({ journal: 'unconfirmed/unconfirmed', versions: [1] });
  });
});

function outcomeOf(stdout: string): unknown {
  return (JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { outcome: string }).outcome;
}
