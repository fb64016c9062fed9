import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Running } from '../../src/sandbox/run.ts';
import type { Relay } from '../support/relay.ts';
import { makeDue, startRelay } from '../support/relay.ts';

const open: Relay[] = [];
async function begin(owners: readonly string[] = ['ada'], extra = ''): Promise<Relay> {
  const relay = await startRelay({ owners, extra });
  open.push(relay);
  return relay;
}
afterEach(async () => {
  for (const relay of open.splice(0)) await relay[Symbol.asyncDispose]();
});

/** Less than a day is left, so its mail goes at once. */
async function stop(running: Running): Promise<number> {
  running.child.kill('SIGTERM');
  return (await running.finished).code;
}

/** A running daemon after its first round. */
async function started(relay: Relay): Promise<Running> {
  const beat = relay.beaten('/beat');
  const running = relay.program.start('daemon');
  await beat;
  return running;
}

function json(finished: { stdout: string }): Record<string, unknown> {
  return JSON.parse(finished.stdout) as Record<string, unknown>;
}

describe('F13: when a second daemon is started', () => {
  it('refuses, naming the process that runs, and changes nothing', async () => {
    const relay = await begin();
    const first = await started(relay);
    const second = await relay.program.run('daemon');
    expect(second.code).toBe(3);
    expect(second.stderr).toContain(`(process ${first.child.pid} on `);
    expect(await stop(first)).toBe(0);
  });

  it('starts at once after the first was killed', async () => {
    const relay = await begin();
    const first = await started(relay);
    first.child.kill('SIGKILL');
    await first.finished;
    expect(await stop(await started(relay))).toBe(0);
  });
});

describe('E12: when it is told to stop while a mail is going out', () => {
  it('waits for the answer, and sends one copy', async () => {
    const relay = await begin();
    makeDue(relay);
    const atDot = relay.mail.when('dot');
    const running = relay.program.start('daemon');
    await atDot;
    expect(await stop(running)).toBe(0);
    expect(relay.mail.messages).toHaveLength(1);
    expect((await relay.program.run('daemon', '--once')).code).toBe(0);
    expect(relay.mail.messages).toHaveLength(1);
  });

  it('ends after its grace when no answer comes, and says later that it may have arrived', async () => {
    const relay = await begin();
    makeDue(relay);
    relay.mail.fault({ at: 'dot', action: 'hang', accepted: true });
    const atDot = relay.mail.when('dot');
    const running = relay.program.start('daemon');
    await atDot;
    expect(await stop(running)).toBe(0);
    await relay.program.run('daemon', '--once');
    const messages = json(await relay.program.run('--json', 'outbox'))['messages'];
    expect(messages).toMatchObject([{ state: 'ambiguous', recipient: 'ada@example.org' }]);
    expect(relay.mail.messages).toHaveLength(1);
  }, 120_000);
});

describe('H3: when the configuration breaks while it runs', () => {
  it('keeps the last good one, tells everybody once, and is well again when it is mended', async () => {
    const relay = await begin(['ada', 'grace']);
    const good = readFileSync(relay.configPath, 'utf8');
    const running = await started(relay);
    relay.writeConfig(good.replace('owners:', 'ownerz:'));
    const failing = relay.beaten('/beat/fail');
    running.child.kill('SIGHUP');
    await failing;
    const mails = await relay.mail.waitForMessages(2);
    expect(mails.map(({ recipients }) => recipients[0]).sort()).toEqual([
      'ada@example.org',
      'grace@example.org',
    ]);
    for (const { subject } of mails) expect(subject).toContain('cannot use its configuration');

    const again = relay.beaten('/beat/fail');
    running.child.kill('SIGHUP');
    await again;
    expect(relay.mail.messages).toHaveLength(2);
    expect(relay.withStores((_stores, sql) => sql('SELECT name FROM trouble'))).toEqual([
      { name: 'configuration' },
    ]);

    relay.writeConfig(good);
    const well = relay.beaten('/beat');
    running.child.kill('SIGHUP');
    await well;
    expect(json(await relay.program.run('--json', 'status'))['troubles']).toEqual([]);
    expect(await stop(running)).toBe(0);
  });
});

describe('H3: when it is told to reload while a round runs', () => {
  it('comes round again for it, and does not wait for the minute', async () => {
    const relay = await begin();
    makeDue(relay);
    const atDot = relay.mail.when('dot');
    const running = relay.program.start('daemon');
    await atDot;
    relay.writeConfig(readFileSync(relay.configPath, 'utf8').replace('owners:', 'ownerz:'));
    const failing = relay.beaten('/beat/fail');
    const told = performance.now();
    running.child.kill('SIGHUP');
    await failing;
    expect(performance.now() - told).toBeLessThan(20_000);
    expect(await stop(running)).toBe(0);
  });
});

describe('E20: when nobody is left to be told', () => {
  it('refuses to start, naming the credential', async () => {
    const relay = await begin();
    relay.writeConfig(
      readFileSync(relay.configPath, 'utf8')
        .replace(/owners:\n {2}ada.*\n/, 'owners: {}\n')
        .replace(/credentials:\n {2}ada.*\n/, 'credentials: {}\n'),
    );
    const { code, stderr } = await relay.program.run('daemon', '--once');
    expect(code).toBe(2);
    expect(stderr).toContain('there is nobody to tell of "ada"');
    expect((await relay.program.run('retire', 'ada')).code).toBe(0);
    expect((await relay.program.run('daemon', '--once')).code).toBe(0);
  });

  it('keeps the last good configuration where it is running already', async () => {
    const relay = await begin();
    const running = await started(relay);
    relay.writeConfig(
      readFileSync(relay.configPath, 'utf8')
        .replace(/owners:\n {2}ada.*\n/, 'owners: {}\n')
        .replace(/credentials:\n {2}ada.*\n/, 'credentials: {}\n'),
    );
    const failing = relay.beaten('/beat/fail');
    running.child.kill('SIGHUP');
    await failing;
    const [mail] = await relay.mail.waitForMessages(1);
    expect(mail?.text).toContain('there is nobody to tell of "ada"');
    // What is refused changes nothing of what is registered.
    expect(relay.withStores((_stores, sql) => sql('SELECT declared FROM credential'))).toEqual([
      { declared: 1 },
    ]);
    expect(await stop(running)).toBe(0);
  });
});

describe('H5: when a credential has left the configuration', () => {
  it('goes on reminding until it is retired, and says so', async () => {
    const relay = await begin(['ada', 'grace']);
    makeDue(relay, 'grace');
    relay.writeConfig(readFileSync(relay.configPath, 'utf8').replace(/ {2}grace: \{ kind.*\n/, ''));
    expect((await relay.program.run('daemon', '--once')).code).toBe(0);
    const [mail] = await relay.mail.waitForMessages(1);
    expect(mail?.recipients).toEqual(['grace@example.org']);
    expect(mail?.text?.replace(/\s+/g, ' ')).toContain('no longer in the configuration');
    expect((await relay.program.run('status')).stdout).toContain('grace is no longer in the configuration');
    makeDue(relay, 'grace');
    expect((await relay.program.run('retire', 'grace')).code).toBe(0);
    expect((await relay.program.run('daemon', '--once')).code).toBe(0);
    expect(relay.mail.messages).toHaveLength(1);
  });
});

describe('H12: when nobody looks', () => {
  it('calls the watcher after each good round, and falls silent when it is killed', async () => {
    const relay = await begin();
    const running = await started(relay);
    expect(relay.beats).toEqual(['/beat']);
    running.child.kill('SIGKILL');
    await running.finished;
    const calls = relay.beats.length;
    expect((await relay.program.run('healthcheck')).code).toBe(0);
    relay.withStores((_stores, sql) => sql("UPDATE beat SET at = '2026-01-01T00:00:00.000Z'"));
    const { code, stdout } = await relay.program.run('healthcheck');
    expect({ code, said: stdout.startsWith('not healthy') }).toEqual({ code: 1, said: true });
    expect(relay.beats).toHaveLength(calls);
  });

  it('calls the failing form when a mail was given up, and is red', async () => {
    const relay = await begin();
    makeDue(relay);
    relay.mail.fault({ at: 'recipient', action: 'reply', code: 550, times: 3 });
    for (let round = 0; round < 3; round++) {
      relay.withStores((_stores, sql) =>
        sql(
          "UPDATE message SET next_attempt_at = '2020-01-01T00:00:00.000Z' WHERE next_attempt_at IS NOT NULL",
        ),
      );
      await relay.program.run('daemon', '--once');
    }
    expect(relay.beats.at(-1)).toBe('/beat/fail');
    expect((await relay.program.run('status')).code).toBe(1);
    const outbox = await relay.program.run('--json', 'outbox');
    expect(outbox.code).toBe(1);
    const [message] = json(outbox)['messages'] as { id: string; state: string; lastError: string }[];
    expect(message).toMatchObject({ state: 'dead', lastError: expect.stringContaining('550') });
    expect((await relay.program.run('outbox', 'retry', message?.id ?? '')).code).toBe(0);
    expect((await relay.program.run('daemon', '--once')).code).toBe(0);
    expect(relay.mail.messages).toHaveLength(1);
    expect(relay.beats.at(-1)).toBe('/beat');
  });

  it('says nothing while mail only waits: the silence tells', async () => {
    const relay = await begin();
    makeDue(relay);
    await relay.mail.stop();
    expect((await relay.program.run('daemon', '--once')).code).toBe(1);
    expect(relay.beats).toEqual([]);
    await relay.mail.start();
  });
});

describe('G1: when the clock of the machine is wrong', () => {
  it('sends nothing while GitHub shows another time, says so, and goes on when they agree', async () => {
    const relay = await begin();
    makeDue(relay);
    relay.advanceGitHub(-50 * 365 * 86_400_000);
    const held = await relay.program.run('daemon', '--once');
    expect(held.stderr).toContain('clock.refused');
    expect(relay.mail.messages).toEqual([]);
    expect(relay.beats).toEqual(['/beat/fail']);
    const status = await relay.program.run('status');
    expect({ code: status.code, said: status.stdout.includes("GitHub's shows") }).toEqual({
      code: 1,
      said: true,
    });
    relay.advanceGitHub(50 * 365 * 86_400_000);
    expect((await relay.program.run('daemon', '--once')).code).toBe(0);
    expect(relay.mail.messages).toHaveLength(1);
  });
});

describe('F1: when another command holds the database', () => {
  it('loses nothing, and sends when it is free again', async () => {
    const relay = await begin();
    makeDue(relay);
    const { default: Sqlite } = await import('better-sqlite3');
    const other = new Sqlite(join(relay.dataDir, 'reseal.db'));
    other.exec('BEGIN IMMEDIATE');
    const held = await relay.program.run('daemon', '--once');
    expect({ code: held.code, said: /in use by another command/.test(held.stderr) }).toEqual({
      code: 3,
      said: true,
    });
    other.exec('ROLLBACK');
    other.close();
    expect((await relay.program.run('daemon', '--once')).code).toBe(0);
    expect(relay.mail.messages).toHaveLength(1);
  });
});

describe('when a webhook is configured', () => {
  it('is called like anybody who is mailed, once', async () => {
    const { createServer } = await import('node:http');
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        bodies.push(Buffer.concat(chunks).toString());
        response.end('ok');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const relay = await begin(['ada']);
    const file = join(relay.folder, 'room_url');
    writeFileSync(file, `http://127.0.0.1:${port}/hook\n`, { mode: 0o600 });
    relay.writeConfig(
      `${readFileSync(relay.configPath, 'utf8')}\nwebhooks: { room: { url-file: ${file}, format: slack } }\n`,
    );
    makeDue(relay);
    expect((await relay.program.run('daemon', '--once')).code).toBe(0);
    expect((await relay.program.run('daemon', '--once')).code).toBe(0);
    server.close();
    expect(relay.mail.messages).toHaveLength(1);
    expect(bodies).toHaveLength(1);
    expect(JSON.parse(bodies[0] ?? '')).toMatchObject({
      text: expect.stringContaining('ada expires within 24 hours'),
    });
  });
});
