import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { attachStrace, tracing, wakeUntil } from '../support/failing-disk.ts';
import { PROGRAM } from '../support/installed.ts';
import type { Relay } from '../support/relay.ts';
import { makeDue, startRelay } from '../support/relay.ts';

const open: Relay[] = [];
afterEach(async () => {
  for (const relay of open.splice(0)) await relay[Symbol.asyncDispose]();
});

/** A round of the daemon on a disk on which these calls fail. */
async function roundOn(
  relay: Relay,
  inject: readonly string[],
): Promise<{ code: number | null; stderr: string }> {
  const options = inject.flatMap((what) => ['-e', `inject=${what}`]);
  const program = [process.execPath, PROGRAM, '--config', relay.configPath, '--data-dir', relay.dataDir];
  const path = ['-P', join(relay.dataDir, 'reseal.db'), '-P', join(relay.dataDir, 'reseal.db-wal')];
  const child = spawn('strace', [
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    ...path,
    ...options,
    ...program,
    'daemon',
    '--once',
  ]);
  const parts: Buffer[] = [];
  child.stderr.on('data', (part: Buffer) => parts.push(part));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stderr: Buffer.concat(parts).toString() };
}

async function withDueMail(): Promise<Relay> {
  const relay = await startRelay({ owners: ['ada'] });
  open.push(relay);
  makeDue(relay);
  return relay;
}

describe('F5: when the disk fails', () => {
  it.each([
    ['what was written cannot be brought to the disk', ['fsync,fdatasync:error=EIO']],
    ['nothing can be written', ['pwrite64,write:error=EIO']],
    ['nothing can be read', ['pread64:error=EIO']],
  ])('sends nothing, ends with an error, and the next start is sound (%s)', async (_name, inject) => {
    if (tracing.status !== 0) {
      expect(tracing.stderr).toMatch(/ptrace|not permitted/i);
      return;
    }
    const relay = await withDueMail();
    const { code, stderr } = await roundOn(relay, inject);
    expect(code).toBe(3);
    expect(stderr).toMatch(/SQLITE_IOERR|cannot be written|cannot be read/);
    expect(relay.mail.messages).toEqual([]);
    expect(existsSync(join(relay.dataDir, 'reseal.db'))).toBe(true);
    await relay.program.run('daemon', '--once');
    expect(relay.mail.messages).toHaveLength(1);
    expect((await relay.program.run('history', '--check')).code).toBe(0);
  });

  it('ends a daemon that is running: what a sync did not take may be lost although a later one succeeds', async () => {
    if (tracing.status !== 0) {
      expect(tracing.stderr).toMatch(/ptrace|not permitted/i);
      return;
    }
    const relay = await startRelay({ owners: ['ada'] });
    open.push(relay);
    const beat = relay.beaten('/beat');
    const running = relay.program.start('daemon');
    await beat;
    const disk = await attachStrace(running.child, relay.dataDir, 'fsync,fdatasync:error=EIO');
    makeDue(relay);
    const { code, stderr } = await wakeUntil(running.child, running.finished);
    await disk.ended;
    expect(code).toBe(3);
    expect(stderr).toMatch(/SQLITE_IOERR_FSYNC/);
    expect(relay.mail.messages).toEqual([]);
    // What was marked before the data may have gone out, for all that the next start knows: the same bytes, a quarter of an hour later.
    await relay.program.run('daemon', '--once');
    relay.withStores((_stores, sql) =>
      sql("UPDATE message SET next_attempt_at = '2020-01-01T00:00:00.000Z'"),
    );
    await relay.program.run('daemon', '--once');
    expect(relay.mail.messages).toHaveLength(1);
    expect((await relay.program.run('history', '--check')).code).toBe(0);
  });
});
