import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { addDays } from '../../src/domain/calendar.ts';
import type { Relay } from '../support/relay.ts';
import { startRelay } from '../support/relay.ts';

const PRELOAD = join(import.meta.dirname, '../support/loaded.cjs');
const PATIENCE = { timeout: 20_000, interval: 20 };
/** Of the memory of a process that has nothing but a timer. */
const MOST_MEMORY = 1.65;

/** MiB that lie in memory (VmRSS, proc_pid_status(5)). */
function residentMib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

describe.skipIf(process.platform !== 'linux')('an idle daemon that has sent a mail', () => {
  let relay: Relay;
  let pid: number;
  let loaded: { readonly files: readonly string[]; readonly parts: readonly string[] };
  const folder = mkdtempSync(join(tmpdir(), 'reseal-idle-'));
  beforeAll(async () => {
    relay = await startRelay({ owners: ['ada'] });
    // A watcher is called each minute: what that loads stays.
    const text = readFileSync(relay.configPath, 'utf8');
    relay.writeConfig(text.replace(/^reminders: .*heartbeat.*\n/m, ''));
    // Whoever first sees a configuration parses it, and keeps it.
    await relay.program.run('record', 'ada', '--never');
    relay.withStores(({ register }) => {
      const now = new Date();
      const expiry = { kind: 'known', at: addDays(now, 0.9), source: 'entered' } as const;
      register.addVersion(
        'ada',
        { expiry, lifetimeDays: 365, createdAt: undefined, checked: 'not-asked' },
        now,
      );
    });
    const file = join(folder, 'loaded.json');
    vi.stubEnv('NODE_OPTIONS', `--require=${PRELOAD}`);
    vi.stubEnv('RESEAL_TEST_LOADED', file);
    const running = relay.program.start('daemon');
    vi.unstubAllEnvs();
    pid = running.child.pid ?? 0;
    await vi.waitFor(
      () =>
        expect(
          relay.withStores((_stores, sql) => sql("SELECT 1 FROM beat WHERE name = 'good-cycle'")),
        ).toHaveLength(1),
      PATIENCE,
    );
    process.kill(pid, 'SIGUSR2');
    await vi.waitFor(() => expect(existsSync(file)).toBe(true), PATIENCE);
    loaded = JSON.parse(readFileSync(file, 'utf8'));
  }, 60_000);
  afterAll(async () => {
    await relay[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  it('holds nothing that talks to others, parses, seals, draws or renders', () => {
    expect(relay.mail.messages).toHaveLength(1);
    const chunks = loaded.files
      .filter((file) => basename(dirname(file)) === 'program')
      .map((file) => basename(file).replace(/-[\w-]{8}\.js$/, ''));
    expect(chunks).toContain('daemon');
    const heavy = [
      ...['client', 'environment-secrets', 'libsodium-wrappers', 'rotate', 'read-certificate'],
      ...['smtp', 'smtp-connection', 'mail-composer', 'webhook', 'heartbeat'],
      ...[
        'verification',
        'all',
        'lib',
        'npm-provenance',
        'schema',
        'load',
        'page',
        'overview',
        'metrics',
        'demo',
      ],
    ];
    expect(chunks.filter((name) => heavy.includes(name))).toEqual([]);
    const parts = [
      'https',
      '_tls_wrap',
      'internal/deps/undici/undici',
      'internal/deps/cjs-module-lexer/lexer',
    ];
    expect(loaded.parts.filter((name) => parts.includes(name))).toEqual([]);
  });

  it(`takes no more than ${MOST_MEMORY} times the memory of a bare process`, async () => {
    mkdirSync(join(folder, 'bare'));
    const file = join(folder, 'bare/timer.mjs');
    writeFileSync(file, "setInterval(() => undefined, 60_000); console.log('up');\n");
    const bare = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      await new Promise((resolve) => bare.stdout.once('data', resolve));
      expect(residentMib(pid) / residentMib(bare.pid ?? 0)).toBeLessThanOrEqual(MOST_MEMORY);
    } finally {
      bare.kill();
    }
  });
});
