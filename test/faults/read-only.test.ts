import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readdirSync } from 'node:fs';
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

/** Root may write everywhere: then that is taken from it, and modes hold as for everybody (capabilities(7), setpriv(1)). */
const AS_USER =
  process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--'] : [];

async function withDueMail(): Promise<Relay> {
  const relay = await startRelay({ owners: ['ada'] });
  open.push(relay);
  makeDue(relay);
  return relay;
}

/** A command of an ordinary user. */
async function runAs(relay: Relay, ...args: readonly string[]) {
  const { configPath, dataDir, folder } = relay;
  const program = [process.execPath, PROGRAM, '--config', configPath, '--data-dir', dataDir, ...args];
  const [file = '', ...rest] = [...AS_USER, ...program];
  const child = spawn(file, rest, {
    cwd: folder,
    env: { ...process.env, HOME: folder },
  });
  const parts: Buffer[] = [];
  child.stdout.resume();
  child.stderr.on('data', (part: Buffer) => parts.push(part));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stderr: Buffer.concat(parts).toString() };
}

function setModes({ dataDir }: Relay, file: number, folder: number): void {
  for (const name of readdirSync(dataDir)) chmodSync(join(dataDir, name), file);
  chmodSync(dataDir, folder);
}

describe('F4: when the folder of the database is read-only for its user', () => {
  it('refuses to start, naming the path and what to do, sends nothing, and starts once it may write', async () => {
    const relay = await withDueMail();
    setModes(relay, 0o444, 0o555);
    for (const args of [['daemon'], ['daemon', '--once'], ['remind']]) {
      const { code, stderr } = await runAs(relay, ...args);
      expect({ args, code }).toEqual({ args, code: 3 });
      expect(stderr).toContain(`"${join(relay.dataDir, 'reseal.db')}" cannot be written`);
      expect(stderr).toContain('make its folder belong to the user that runs this');
    }
    expect(relay.mail.messages).toEqual([]);
    expect(readdirSync(relay.dataDir)).not.toContain('reseal.db-wal');
    setModes(relay, 0o600, 0o700);
    expect((await runAs(relay, 'daemon', '--once')).code).toBe(0);
    expect(relay.mail.messages).toHaveLength(1);
  });

  it.each([
    ['file', 0o444, 0o700],
    ['folder', 0o600, 0o555],
  ])('refuses where only the %s is', async (_what, file, folder) => {
    const relay = await withDueMail();
    setModes(relay, file, folder);
    const { code, stderr } = await runAs(relay, 'daemon', '--once');
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining(relay.dataDir) });
    expect(relay.mail.messages).toEqual([]);
    setModes(relay, 0o600, 0o700);
  });
});

describe('F4: when the volume becomes read-only while the daemon runs', () => {
  it('sends nothing and says so, can still be read, and sends once when it can be written again', async () => {
    if (tracing.status !== 0) {
      expect(tracing.stderr).toMatch(/ptrace|not permitted/i);
      return;
    }
    const relay = await startRelay({ owners: ['ada'] });
    open.push(relay);
    const first = relay.beaten('/beat');
    const running = relay.program.start('daemon');
    await first;
    // As the kernel answers once a file system was found to be faulty and was made read-only.
    const disk = await attachStrace(running.child, relay.dataDir, 'pwrite64,write,ftruncate:error=EROFS');
    makeDue(relay);
    const said = new Promise<string>((resolve) =>
      running.child.stderr?.on('data', (part: Buffer) => {
        if (part.includes('cycle.failed')) resolve(part.toString());
      }),
    );
    expect(await wakeUntil(running.child, said)).toContain('cannot be written');
    expect(relay.mail.messages).toEqual([]);
    expect((await relay.program.run('--json', 'status')).stdout).toContain('"ada"');
    expect(running.child.exitCode).toBeNull();
    await disk.mend();
    const beat = relay.beaten('/beat');
    await wakeUntil(running.child, relay.mail.waitForMessages(1, { timeoutMs: 62_000 }));
    await beat;
    running.child.kill('SIGTERM');
    expect((await running.finished).code).toBe(0);
    expect(relay.mail.messages).toHaveLength(1);
    expect(existsSync(join(relay.dataDir, 'reseal.db'))).toBe(true);
  }, 120_000);
});
