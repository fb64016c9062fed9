import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { acquireLock, isLocked } from '../../src/sqlite/lock.ts';
import { makeFolder } from '../support/database.ts';

const LOCK_MODULE = new URL('../../src/sqlite/lock.ts', import.meta.url).href;

/** Another process that takes the lock, says what it got, and then does nothing until it is killed. */
async function holdElsewhere(path: string): Promise<{ child: ChildProcess; said: string }> {
  const script = `
    import { acquireLock } from ${JSON.stringify(LOCK_MODULE)};
    const lock = acquireLock(process.argv[1]);
    process.stdout.write(lock ? 'held' : 'refused');
    process.stdin.resume();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: said.toString() };
}

function lockPath(): string {
  return join(makeFolder(), 'daemon.lock');
}

describe('acquireLock', () => {
  describe('when another process holds it', () => {
    it('F13: refuses, until that process is killed, and is free at once then', async () => {
      const path = lockPath();
      const { child, said } = await holdElsewhere(path);
      expect(said).toBe('held');
      expect(acquireLock(path)).toBeUndefined();
      expect(isLocked(path)).toBe(true);
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect(isLocked(path)).toBe(false);
      const lock = acquireLock(path);
      expect(lock).toBeDefined();
      lock?.release();
    });

    it('refuses the other process where this one holds it', async () => {
      const path = lockPath();
      const lock = acquireLock(path);
      expect((await holdElsewhere(path)).said).toBe('refused');
      lock?.release();
      expect((await holdElsewhere(path)).said).toBe('held');
    });
  });

  it('F4: says that its file cannot be opened, where it cannot', () => {
    expect(() => acquireLock(makeFolder())).toThrow(expect.objectContaining({ code: 'storage' }));
  });

  describe('when this process holds it', () => {
    it('refuses a second time, and gives it again after its release', () => {
      const path = lockPath();
      const lock = acquireLock(path);
      expect(acquireLock(path)).toBeUndefined();
      lock?.release();
      const again = acquireLock(path);
      expect(again).toBeDefined();
      again?.release();
    });
  });

  describe('when there are several', () => {
    it('keeps them apart', () => {
      const [one, other] = [acquireLock(lockPath()), acquireLock(lockPath())];
      expect([one, other]).not.toContain(undefined);
      one?.release();
      other?.release();
    });
  });
});

describe('isLocked', () => {
  it('is false where there is no file, and makes none', () => {
    const path = lockPath();
    expect(isLocked(path)).toBe(false);
    expect(isLocked(path)).toBe(false);
  });

  it('looks without taking it', () => {
    const path = lockPath();
    const lock = acquireLock(path);
    expect(isLocked(path)).toBe(true);
    lock?.release();
    expect(isLocked(path)).toBe(false);
    const again = acquireLock(path);
    expect(again).toBeDefined();
    again?.release();
  });
});
