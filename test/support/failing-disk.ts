import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** A container may forbid one process to look at another: then nothing can make a disk fail, and this says so. */
export const tracing = spawnSync('strace', ['-f', '-o', '/dev/null', 'true'], { encoding: 'utf8' });

/**
 * From now on these system calls of a running process fail on its database (`--inject` of strace(1)). Resolves once that holds.
 *
 * @param what such as `fsync,fdatasync:error=EIO`
 */
export async function attachStrace(
  { pid }: ChildProcess,
  dataDir: string,
  what: string,
): Promise<{ readonly mend: () => Promise<void>; readonly ended: Promise<void> }> {
  const path = ['-P', join(dataDir, 'reseal.db'), '-P', join(dataDir, 'reseal.db-wal')];
  const strace = spawn('strace', [
    '-f',
    '-o',
    '/dev/null',
    ...path,
    '-e',
    `inject=${what}`,
    '-p',
    String(pid),
  ]);
  const ended = new Promise<void>((resolve) => strace.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let said = '';
    strace.stderr.on('data', (part: Buffer) => {
      said += part.toString();
      if (said.includes(`Process ${pid} attached`)) resolve();
    });
    strace.once('close', () => reject(new Error(`strace did not attach: ${said}`)));
  });
  return {
    mend: () => {
      strace.kill('SIGINT');
      return ended;
    },
    ended,
  };
}

/** Wakes a daemon until something has happened: a signal that comes while a round is ending is lost. */
export async function wakeUntil<T>(child: ChildProcess, happened: Promise<T>): Promise<T> {
  const wake = () => void child.kill('SIGHUP');
  wake();
  const again = setInterval(wake, 200);
  try {
    return await happened;
  } finally {
    clearInterval(again);
  }
}
