import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { addDays, startOfDay } from '../../src/domain/calendar.ts';
import { putInPlace } from '../support/put-in-place.ts';
import type { Relay } from '../support/relay.ts';
import { startRelay } from '../support/relay.ts';

const open: Relay[] = [];
async function begin(owners: readonly string[] = ['ada']): Promise<Relay> {
  const relay = await startRelay({ owners });
  open.push(relay);
  return relay;
}
afterEach(async () => {
  for (const relay of open.splice(0)) await relay[Symbol.asyncDispose]();
});

function day(ahead: number): string {
  return addDays(startOfDay(new Date()), ahead).toISOString().slice(0, 10);
}

async function record(relay: Relay, name: string, daysLeft: number): Promise<void> {
  // The first instant of tomorrow and so many days: floored, that is what is left.
  await relay.program.run('record', name, '--expires', day(daysLeft + 1));
}

async function json(relay: Relay, ...args: readonly string[]): Promise<Record<string, unknown>> {
  return JSON.parse((await relay.program.run('--json', ...args)).stdout) as Record<string, unknown>;
}

describe('remind', () => {
  it('shows with --dry-run what is due, and sends and changes nothing', async () => {
    const relay = await begin(['ada', 'grace']);
    await record(relay, 'ada', 6);
    await record(relay, 'grace', 200);
    const plan = { credential: 'ada', version: 1, leadDays: 7, recipients: ['ada@example.org'], covers: [] };
    for (let time = 0; time < 2; time++) {
      const { code, stdout } = await relay.program.run('--json', 'remind', '--dry-run');
      expect(code).toBe(1);
      expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, now: expect.any(String), due: [plan] });
    }
    expect((await relay.program.run('remind', '--dry-run')).stdout).toBe(
      'ada (7 days before), version 1: to ada@example.org',
    );
    expect(relay.mail.messages).toEqual([]);
    expect(relay.withStores((_stores, sql) => sql('SELECT * FROM reminder'))).toEqual([]);
  });

  it('says that nothing is due where nothing is, and ends with 0', async () => {
    const relay = await begin();
    await record(relay, 'ada', 200);
    const { code, stdout } = await relay.program.run('remind', '--dry-run');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'nothing is due' });
    expect((await relay.program.run('remind')).stdout).toBe('0 sent, 0 waiting');
  });

  it('sends what is due, once', async () => {
    const relay = await begin();
    await record(relay, 'ada', 6);
    expect((await relay.program.run('remind')).stdout).toBe('1 sent, 0 waiting');
    expect((await relay.program.run('remind')).stdout).toBe('0 sent, 0 waiting');
    expect(relay.mail.messages).toHaveLength(1);
  });

  it('F11: sends nothing from an older copy that was put in its place, and says so', async () => {
    const relay = await begin();
    await record(relay, 'ada', 6);
    const older = join(relay.folder, 'older.db');
    await relay.program.run('backup', older);
    expect((await relay.program.run('remind')).stdout).toBe('1 sent, 0 waiting');
    putInPlace(older, relay.dataDir);
    const { code, stdout, stderr } = await relay.program.run('remind');
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringMatching(/^1 held: nothing goes out/) });
    expect(stderr).toMatch(/history was seen to reach \d+:[0-9a-f]{16}, and ends at \d+:/);
    expect(await json(relay, 'remind')).toMatchObject({ sent: 0, heldSince: expect.any(String) });
    expect(relay.mail.messages).toHaveLength(1);
  });

  it('queues beside a running daemon, says so, and leaves the sending to it', async () => {
    const relay = await begin();
    const first = relay.beaten('/beat');
    const daemon = relay.program.start('daemon');
    await first;
    await record(relay, 'ada', 6);
    expect(await json(relay, 'remind')).toMatchObject({ sent: 0, waiting: 1, queued: true });
    expect(relay.mail.messages).toEqual([]);
    daemon.child.kill('SIGHUP');
    await relay.mail.waitForMessages(1);
    daemon.child.kill('SIGTERM');
    expect((await daemon.finished).code).toBe(0);
  });

  it('sends one mail by the real template with --test, and touches nothing owed', async () => {
    const relay = await begin();
    await record(relay, 'ada', 6);
    expect((await relay.program.run('remind', '--test', 'someone@example.org')).code).toBe(0);
    const [mail] = await relay.mail.waitForMessages(1);
    expect(mail?.recipients).toEqual(['someone@example.org']);
    expect(mail?.subject).toMatch(/^\[test\] ada expires in \d+ days/);
    expect(mail?.attachments.length).toBeGreaterThan(0);
    expect(relay.withStores((_stores, sql) => sql('SELECT * FROM message'))).toEqual([]);
  });

  it.each(['someone', 'a@b, c@d', '<a@example.org>', 'a@example.org\nBcc: b@example.org'])(
    'refuses %j as an address for --test',
    async (address) => {
      const relay = await begin();
      expect((await relay.program.run('remind', '--test', address)).code).toBe(2);
      expect(relay.mail.messages).toEqual([]);
    },
  );

  it('says why where the server does not take the test mail', async () => {
    const relay = await begin();
    relay.mail.fault({ at: 'recipient', action: 'reply', code: 550 });
    const { code, stderr } = await relay.program.run('remind', '--test', 'someone@example.org');
    expect({ code, said: stderr.includes('refused the mail (550)') }).toEqual({ code: 3, said: true });
  });
});

describe('ack', () => {
  it('is quiet until the date, and the mail comes then', async () => {
    const relay = await begin();
    await record(relay, 'ada', 29);
    const until = day(5);
    expect(await json(relay, 'ack', 'ada', '--until', until)).toMatchObject({
      acknowledgedUntil: `${until}T00:00:00Z`,
    });
    expect((await relay.program.run('remind')).stdout).toBe('0 sent, 0 waiting');
    const [credential] = (await json(relay, 'status'))['credentials'] as Record<string, string>[];
    expect(credential).toMatchObject({ acknowledgedUntil: `${until}T00:00:00Z` });
  });

  it('holds back what is queued already', async () => {
    const relay = await begin();
    await record(relay, 'ada', 29);
    await relay.mail.stop();
    await relay.program.run('remind');
    await relay.program.run('ack', 'ada', '--until', day(5));
    await relay.mail.start();
    relay.withStores((_stores, sql) => sql('DELETE FROM circuit'));
    expect((await relay.program.run('remind')).stdout).toBe('0 sent, 0 waiting');
    expect((await json(relay, 'outbox'))['owed']).toMatchObject([
      { credential: 'ada', state: 'owed', dueAt: `${day(5)}T00:00:00Z` },
    ]);
  });

  it('says that it is shorter than asked for', async () => {
    const relay = await begin();
    await record(relay, 'ada', 29);
    const { code, stdout, stderr } = await relay.program.run('ack', 'ada', '--until', day(29));
    expect({ code, stdout }).toEqual({ code: 0, stdout: `ada: quiet until ${day(27)}` });
    expect(stderr).toContain('not as long as asked');
  });

  it.each([
    ['in the last three days', 1, 3],
    ['into the past', 29, -1],
  ])('refuses %s', async (_when, daysLeft, until) => {
    const relay = await begin();
    await record(relay, 'ada', daysLeft);
    expect((await relay.program.run('ack', 'ada', '--until', day(until))).code).toBe(2);
  });
});

describe('retire', () => {
  it('ends the reminders, and recording it again brings them back', async () => {
    const relay = await begin();
    await record(relay, 'ada', 6);
    expect((await relay.program.run('retire', 'ada')).code).toBe(0);
    expect((await relay.program.run('remind')).stdout).toBe('0 sent, 0 waiting');
    const status = await relay.program.run('status');
    expect({ code: status.code, said: status.stdout.includes('retired') }).toEqual({ code: 0, said: true });
    await record(relay, 'ada', 5);
    expect((await relay.program.run('remind')).stdout).toBe('1 sent, 0 waiting');
  });

  it('names what there is where the name is unknown', async () => {
    const relay = await begin();
    const { code, stderr } = await relay.program.run('retire', 'nobody');
    expect({ code, said: stderr.includes('there are: ada') }).toEqual({ code: 2, said: true });
  });
});

describe('outbox', () => {
  it('says that everything has been delivered where it has', async () => {
    const relay = await begin();
    const { code, stdout } = await relay.program.run('outbox');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'everything that was owed has been delivered' });
  });

  it('shows what waits, for whom, why, and until when', async () => {
    const relay = await begin();
    await record(relay, 'ada', 6);
    relay.mail.fault({ at: 'recipient', action: 'reply', code: 451 });
    await relay.program.run('remind');
    const { code, stdout } = await relay.program.run('--json', 'outbox');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      messages: [
        {
          id: '1',
          state: 'pending',
          channel: 'mail',
          recipient: 'ada@example.org',
          reminders: [{ credential: 'ada', version: 1, leadDays: 7 }],
          attempts: 1,
          lastError: expect.stringContaining('451'),
          nextAttemptAt: expect.any(String),
        },
      ],
    });
    expect((await relay.program.run('outbox')).stdout).toContain('ada (7 days before)');
    expect((await relay.program.run('outbox', 'retry', '1')).code).toBe(0);
    expect((await relay.program.run('remind')).stdout).toBe('1 sent, 0 waiting');
  });

  it.each([['retry', '7'], ['retry', 'x'], ['retry'], ['resend', '1']])(
    'refuses `outbox %s %s`',
    async (...args) => {
      const relay = await begin();
      expect((await relay.program.run('outbox', ...args)).code).toBe(2);
    },
  );
});

describe('calendar', () => {
  it('prints every expiry with alarms, and nothing of what has no date', async () => {
    const relay = await begin(['ada', 'grace']);
    await record(relay, 'ada', 200);
    const { code, stdout } = await relay.program.run('calendar');
    expect(code).toBe(0);
    expect(stdout.match(/BEGIN:VEVENT/g)).toHaveLength(1);
    expect(stdout).toContain('BEGIN:VALARM');
    expect(stdout).toMatch(new RegExp(`DTSTART:${day(201).replaceAll('-', '')}T000000Z`));
  });
});

describe('when no channel is configured', () => {
  it('counts nothing as delivered: it stays owed, visible, and the round is not good', async () => {
    const relay = await begin();
    await record(relay, 'ada', 6);
    relay.writeConfig(readFileSync(relay.configPath, 'utf8').replace(/^mail:.*\n/m, ''));
    const { code, stderr } = await relay.program.run('daemon', '--once');
    expect({ code, said: stderr.includes('mail.not-configured') }).toEqual({ code: 1, said: true });
    expect(relay.beats).toEqual(['/beat/fail']);
    expect((await json(relay, 'status'))['deliveries']).toMatchObject({ pending: 1, sent: 0 });
  });
});
