import { existsSync, globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { addDays, DAY_MS, startOfDay } from '../../src/domain/calendar.ts';
import { openProgram } from '../../src/sandbox/run.ts';
import { PROGRAM } from '../support/installed.ts';
import type { Relay } from '../support/relay.ts';
import { startRelay } from '../support/relay.ts';

/** Debian's libfaketime: the clock of a process as a file says it. Its timers keep to the real one. */
const [FAKETIME] = globSync('/usr/lib/*/faketime/libfaketime.so.1');
const HOUR_MS = 3_600_000;

const open: Relay[] = [];
async function begin(): Promise<Relay> {
  const relay = await startRelay({ owners: ['ada', 'grace'] });
  open.push(relay);
  return relay;
}
afterEach(async () => {
  for (const relay of open.splice(0)) await relay[Symbol.asyncDispose]();
});

/** The program with a clock that is ahead by what the file says, such as `+45d`. */
function withClock(relay: Relay, ahead: string) {
  const file = join(relay.folder, 'clock');
  const shift = (by: string) => writeFileSync(file, by);
  shift(ahead);
  const { folder, configPath, dataDir } = relay;
  const env = {
    LD_PRELOAD: FAKETIME ?? '',
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
  const program = openProgram(PROGRAM, { folder, configPath, dataDir, remove: () => undefined }, env);
  return { program, shift };
}

async function record(relay: Relay, daysLeft: number): Promise<void> {
  const expires = addDays(startOfDay(new Date()), daysLeft + 1)
    .toISOString()
    .slice(0, 10);
  for (const name of ['ada', 'grace'])
    expect((await relay.program.run('record', name, '--expires', expires)).code).toBe(0);
}

describe.skipIf(!FAKETIME || !existsSync(FAKETIME))('a daemon that did not run (needs libfaketime)', () => {
  it('G7, G12: stopped for 45 days, it sends exactly one mail to each owner, which says what was missed', async () => {
    const relay = await begin();
    await record(relay, 40);
    const first = relay.program.start('daemon');
    await relay.mail.waitForMessages(2, { timeoutMs: 30_000 });
    first.child.kill('SIGTERM');
    expect((await first.finished).code).toBe(0);

    relay.advanceGitHub(45 * DAY_MS);
    const { program } = withClock(relay, '+45d');
    const second = program.start('daemon');
    const mails = await relay.mail.waitForMessages(4, { timeoutMs: 30_000 });
    // A second round, so that whatever else it would send is there.
    const beat = relay.beaten('/beat');
    second.child.kill('SIGHUP');
    await beat;
    second.child.kill('SIGTERM');
    expect((await second.finished).code).toBe(0);

    const later = mails.slice(2);
    expect(later.map(({ recipients }) => recipients)).toEqual([['ada@example.org'], ['grace@example.org']]);
    expect(relay.mail.messages).toHaveLength(4);
    for (const mail of later) {
      expect(mail.subject).toMatch(/(has expired|expired \d days? ago)/);
      const text = mail.text?.replace(/\s+/g, ' ');
      expect(text).toMatch(/30, 14, 7, 3 and 1 days before/);
      expect(text).toMatch(/reseal did not run from \d{4}-\d{2}-\d{2} \d{2}:\d{2} UTC to \d{4}-\d{2}-\d{2}/);
    }
    const status = JSON.parse((await program.run('--json', 'status')).stdout) as {
      deliveries: Record<string, number>;
    };
    expect(status.deliveries).toMatchObject({ sent: 4, pending: 0, dead: 0, ambiguous: 0 });
  }, 120_000);

  it('G8: suspended for ten hours, it sends what fell due within a minute of waking', async () => {
    const relay = await begin();
    // Less than ten hours until the last day begins, which waits for no morning.
    relay.withStores(({ register }) => {
      const now = new Date();
      const expiry = {
        kind: 'known',
        at: new Date(now.getTime() + DAY_MS + 5 * HOUR_MS),
        source: 'entered',
      } as const;
      register.addVersion(
        'ada',
        { expiry, lifetimeDays: 365, createdAt: undefined, checked: 'not-asked' },
        now,
      );
    });
    const { program, shift } = withClock(relay, '+0');
    const woken = relay.beaten('/beat');
    const running = program.start('daemon');
    await woken;
    const before = relay.mail.messages.length;
    running.child.kill('SIGSTOP');
    shift('+10h');
    relay.advanceGitHub(10 * HOUR_MS);
    running.child.kill('SIGCONT');
    const mails = await relay.mail.waitForMessages(before + 1, { timeoutMs: 62_000 });
    running.child.kill('SIGTERM');
    expect((await running.finished).code).toBe(0);
    expect(mails.at(-1)?.subject).toMatch(/^ada expires within 24 hours/);
  }, 120_000);
});
