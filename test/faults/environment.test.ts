import { randomBytes } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createWebServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addDays } from '../../src/domain/calendar.ts';
import type { Finished, Running } from '../../src/sandbox/run.ts';
import type { Installed } from '../support/installed.ts';
import { installAndRecord } from '../support/installed.ts';
import type { Relay } from '../support/relay.ts';
import { startRelay } from '../support/relay.ts';
import { commandLine, talkTo } from '../support/talk.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe('a configuration that cannot be used', () => {
  let relay: Relay;
  let good: string;
  beforeAll(async () => {
    relay = await startRelay({ owners: ['ada'] });
    good = readFileSync(relay.configPath, 'utf8');
    expect((await relay.program.run('status')).code).toBeLessThan(2);
  });
  afterAll(() => relay[Symbol.asyncDispose]());

  /** Every row but the beats of the daemon, which say that it was started, and not what it did. */
  function rows(): string {
    const database = new Sqlite(join(relay.dataDir, 'reseal.db'), { readonly: true });
    const tables = database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'beat'")
      .pluck();
    const all = (tables.all() as string[]).map((name) => [
      name,
      database.prepare(`SELECT * FROM ${name}`).all(),
    ]);
    database.close();
    return JSON.stringify(all);
  }

  async function expectUntouched(config: string | Uint8Array): Promise<Finished> {
    const before = rows();
    writeFileSync(relay.configPath, config);
    const finished = await relay.program.run('daemon', '--once');
    expect(finished.code).toBe(2);
    expect(rows()).toBe(before);
    expect(relay.mail.messages).toEqual([]);
    return finished;
  }

  it.each<[string, string | Uint8Array, RegExp]>([
    ['is cut off', 'version: 1\nowners: { ada: [', /config\.yaml:2:17: /],
    ['is empty', '', /config\.yaml:1:1: /],
    [
      'is binary',
      Buffer.concat([Buffer.from('version: 1\n'), Buffer.alloc(64), Buffer.from([1, 2, 27, 7])]),
      /config\.yaml:2:1: /,
    ],
    [
      'is not text',
      Buffer.concat([Buffer.from('version: 1\n'), randomBytes(400), Buffer.of(0xff)]),
      /not UTF-8 text \(line [2-9]\d*, column \d+\)/,
    ],
  ])(
    'H1: ends with 2, says where, and leaves the database where the file %s',
    async (_what, config, said) => {
      expect((await expectUntouched(config)).stderr).toMatch(said);
    },
  );

  it('H2: names every option that is unknown, double or of another type, and leaves the database', async () => {
    const wrong = [
      ...good.trimEnd().split('\n'),
      'ownerz: {}',
      'owners: {}',
      'form: { port: "x" }',
      '__proto__: { version: 2 }',
    ].join('\n');
    const double = wrong.replace(/^( {2}ada: \{ kind.*)$/m, '$1\n$1');
    const { stderr } = await expectUntouched(double);
    for (const name of ['ownerz', 'owners', 'ada', 'form.port', '__proto__']) expect(stderr).toContain(name);
    expect(stderr.match(/\b\d+:\d+: /g)?.length).toBeGreaterThanOrEqual(5);
  });
});

describe('H7: when its container is stopped', () => {
  /** `docker stop` and `podman stop` kill after ten seconds, where nothing else is said. */
  const DEFAULT_MS = 10_000;

  async function begin(): Promise<Relay> {
    const relay = await startRelay({ owners: ['ada'] });
    open.push(relay);
    return relay;
  }

  /** As the engine does it. @returns the exit code, which is -1 where it had to be killed */
  async function stop({ child, finished }: Running, patienceMs: number): Promise<number> {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
    const { code } = await finished;
    clearTimeout(timer);
    return code;
  }

  it('ends with 0 within the ten seconds that are usual, where nothing is on its way', async () => {
    const relay = await begin();
    const beat = relay.beaten('/beat');
    const running = relay.program.start('daemon');
    await beat;
    expect(await stop(running, DEFAULT_MS)).toBe(0);
  });

  it('ends with 0 in that time too, where GitHub or the mail server falls silent', async () => {
    const [mailing, asking] = [await begin(), await begin()];
    mailing.withStores(({ register }) => {
      const now = new Date();
      const expiry = { kind: 'known', at: addDays(now, 0.9), source: 'entered' } as const;
      const version = { expiry, lifetimeDays: 365, createdAt: undefined, checked: 'not-asked' } as const;
      register.addVersion('ada', version, now);
    });
    mailing.mail.fault({ at: 'dot', action: 'hang', accepted: true });
    const atDot = mailing.mail.when('dot');
    const asked = Promise.withResolvers<void>();
    const silent = createServer(
      (socket) => void socket.on('error', () => undefined).on('data', () => asked.resolve()),
    );
    const port = await listening(silent);
    const config = readFileSync(asking.configPath, 'utf8');
    asking.writeConfig(config.replace(/api-url: "[^"]*"/, `api-url: "http://127.0.0.1:${port}"`));

    const [one, other] = [mailing.program.start('daemon'), asking.program.start('daemon')];
    await Promise.all([atDot, asked.promise]);
    expect(await Promise.all([stop(one, DEFAULT_MS), stop(other, DEFAULT_MS)])).toEqual([0, 0]);
    silent.close();

    // What the database says afterwards is what a kill at that moment would have left.
    await mailing.program.run('daemon', '--once');
    const { stdout } = await mailing.program.run('--json', 'outbox');
    expect(JSON.parse(stdout)).toMatchObject({ messages: [{ state: 'ambiguous' }] });
    expect(mailing.mail.messages).toHaveLength(1);
    expect((await mailing.program.run('history', '--check')).code).toBe(0);
  }, 120_000);
});

describe('H9: a secret file of any kind', () => {
  const FILES = ['github_seal_token', 'github_verify_token', 'smtp_url', 'heartbeat_url', 'webhook_url'];
  let one: Installed;
  const calls: string[] = [];
  const server = createWebServer((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    request.resume().on('end', () => response.end('ok'));
  });
  const pathOf = (name: string) => join(one.installation.folder, name);

  beforeAll(async () => {
    const port = await listening(server);
    one = await installAndRecord({ pipeline: true });
    writeFileSync(pathOf('heartbeat_url'), `http://127.0.0.1:${port}/beat\n`, { mode: 0o600 });
    writeFileSync(pathOf('webhook_url'), `http://127.0.0.1:${port}/hook\n`, { mode: 0o600 });
    const { configPath } = one.installation;
    const webhooks = `webhooks: { room: { url-file: ${pathOf('webhook_url')}, format: json } }`;
    writeFileSync(configPath, `${readFileSync(configPath, 'utf8')}\n${webhooks}\n`);
  });
  afterAll(async () => {
    server.close();
    await one[Symbol.asyncDispose]();
  });

  /** One round without the right of root to read everything (util-linux's setpriv), as a container's user has none. */
  async function round(): Promise<string> {
    const drop = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : [];
    const { code, said } = await talkTo(one, [...drop, ...commandLine(one, 'daemon', '--once')]).finished;
    expect(code).toBeLessThan(4);
    return said;
  }

  it('is named where it is missing, each one', async () => {
    const texts = FILES.map((name) => [name, readFileSync(pathOf(name))] as const);
    for (const name of FILES) rmSync(pathOf(name));
    const said = await round();
    for (const name of FILES) expect(said).toMatch(new RegExp(`/${name}\\\\" is not there`));
    for (const [name, text] of texts) writeFileSync(pathOf(name), text, { mode: 0o600 });
    expect(readdirSync(one.installation.folder)).toEqual(expect.arrayContaining(FILES));
  });

  it('is named where it cannot be read, each one, with whom it must be readable for', async () => {
    for (const name of FILES) chmodSync(pathOf(name), 0o000);
    passAnHour();
    const said = await round();
    for (const name of FILES) expect(said).toMatch(new RegExp(`/${name}\\\\" cannot be read by user \\d+`));
    for (const name of FILES) chmodSync(pathOf(name), 0o600);
  });

  it('is read without the line break at its end, whichever that is', async () => {
    for (const [index, name] of FILES.entries()) {
      const text = readFileSync(pathOf(name), 'utf8').trimEnd();
      writeFileSync(pathOf(name), text + (index % 2 === 0 ? '\r\n' : '\n'));
    }
    passAnHour();
    const from = one.sandbox.github.requests.length;
    await round();
    const sent = one.sandbox.github.requests.slice(from).map(({ headers }) => headers.authorization);
    expect(sent).toEqual(
      expect.arrayContaining([
        `token ${one.sandbox.sealToken}`,
        `token ${one.sandbox.pipeline?.verifyToken}`,
      ]),
    );
    expect(calls).toEqual(expect.arrayContaining(['POST /hook', expect.stringMatching(/^\w+ \/beat/)]));
    expect(one.sandbox.mail.messages.length).toBeGreaterThan(0);
  });

  /** What could not be read is asked for again in an hour. */
  function passAnHour(): void {
    const database = new Sqlite(join(one.installation.dataDir, 'reseal.db'));
    database.exec(`UPDATE circuit SET next_try_at = '2020-01-01T00:00:00.000Z';
      UPDATE message SET next_attempt_at = '2020-01-01T00:00:00.000Z' WHERE next_attempt_at IS NOT NULL;`);
    database.close();
  }
});
