import { randomBytes } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { listen } from '../../src/sandbox/http.ts';
import type { Running } from '../../src/sandbox/run.ts';
import { openPage, submitForm } from '../../src/sandbox/visitor.ts';
import { findLeaks } from '../support/canary.ts';
import type { Installed } from '../support/installed.ts';
import { dateOf, daysAgo, install, installAndRecord, openedForm } from '../support/installed.ts';
import type { Sink } from '../support/leaks.ts';

const open: Installed[] = [];
async function begin(): Promise<Installed> {
  const one = await installAndRecord();
  open.push(one);
  return one;
}
/** Each disposal searches again, as it does after every test of the built program. */
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

/** Pastes each of these in turn into the form of a rotation that has been started. */
async function paste(running: Running, tokens: readonly string[]): Promise<void> {
  const address = await openedForm(running);
  let page = await openPage(address);
  for (const token of tokens) page = await submitForm(address, page, { token, expiration: '365d' });
}

/** What a rotation cannot go without: a search that saw none of it would prove nothing. */
const PRESENT: readonly Sink[] = [
  'stdout',
  'stderr',
  'database',
  'database -wal',
  'database -shm, -journal',
  'temporary files',
  'processes',
  'form answers',
  'mails',
  'GitHub requests',
  'crates.io requests',
  'history export',
  'database copy',
];

describe('I15: a pasted token', () => {
  it('is in none of 18 sinks, in none of 14 encodings, nor are twelve characters of it; nor a foreign one that was refused', async () => {
    const one = await begin();
    const token = one.sandbox.offeredToken;
    const foreign = `npm_${randomBytes(18).toString('hex')}`;
    one.leaks.canary('a token of another kind', foreign);
    const running = one.program.start('--json', 'rotate', 'crates-io');
    await paste(running, [foreign, `${token}\u200b`, token]);
    expect((await running.finished).code).toBe(0);
    await one.program.run('daemon', '--once');
    for (const command of ['status', 'outbox', 'calendar', 'history'])
      for (const json of [[], ['--json']]) await one.program.run(...json, command);

    const { leaks, searched } = await one.leaks.search();
    expect(leaks).toEqual([]);
    expect(PRESENT.filter((sink) => !searched.get(sink))).toEqual([]);
  });

  it('goes to its issuer in one request, in the Authorization header alone', async () => {
    const one = await begin();
    const token = one.sandbox.offeredToken;
    const running = one.program.start('--json', 'rotate', 'crates-io');
    await paste(running, [token]);
    await running.finished;
    const [asked, ...more] = one.sandbox.cratesIo.requests;
    expect(more).toEqual([]);
    expect(asked?.headers['authorization']).toBe(token);
    const rest = (asked?.rawHeaders ?? []).filter(
      (_, index, all) => all[index - 1]?.toLowerCase() !== 'authorization',
    );
    const sink = Buffer.from(`${asked?.path} ${asked?.query} ${rest.join(' ')}${asked?.body}`);
    expect(findLeaks(token, new Map([['the rest', sink]]))).toEqual([]);
  });
});

describe('I15: the secret addresses of webhook and heartbeat', () => {
  it('are nowhere but in their files and in the calls to them, also when these fail', async () => {
    const one = await install();
    open.push(one);
    const { folder, configPath } = one.installation;
    const failing = await listen({
      now: () => new Date(),
      respond: () => ({ status: 500, body: 'no' }),
      errorBody: () => 'no',
    });
    const secrets = ['heartbeat', 'webhook'].map((name) => {
      const secret = randomBytes(16).toString('hex');
      writeFileSync(join(folder, `${name}_url`), `${failing.url}/${secret}\n`, { mode: 0o600 });
      one.leaks.canary(`the address of the ${name}`, secret);
      return `/${secret}`;
    });
    appendFileSync(configPath, `\nwebhooks:\n  chat: { url-file: ${folder}/webhook_url }\n`);
    const expires = ['--expires', dateOf(daysAgo(-6))];
    // The watcher is called after a round in which all went well: the first, in which there is nothing to post.
    const commands = [
      ['init'],
      ['daemon', '--once'],
      ['record', 'crates-io', ...expires],
      ['daemon', '--once'],
    ];
    for (const args of [...commands, ['outbox'], ['--json', 'outbox'], ['status'], ['config', 'show']])
      await one.program.run(...args);
    const called = failing.requests.map(({ path }) => path);
    await failing.close();
    expect(called).toEqual(secrets);
    expect((await one.leaks.search()).leaks).toEqual([]);
  });
});

describe('I15: the tests of the built program', () => {
  const folder = join(import.meta.dirname, '..');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
  const installing = /import \{[^}]*\b(install|installAndRecord|startRelay)\b[^}]*\} from/;

  it('all end with the search: whoever installs it disposes of it', () => {
    const found = files.filter(({ text }) => installing.test(text));
    const without = found.filter(({ text }) => !/Symbol\.asyncDispose|await using/.test(text));
    expect(found.length).toBeGreaterThan(10);
    expect(without.map(({ name }) => name)).toEqual([]);
  });

  it('none starts it outside of an installation, but for the demo, which shows its token on purpose', () => {
    const bare = files.filter(({ text }) => /\bPROGRAM\b[^}]*\} from/.test(text) && !installing.test(text));
    expect(bare.map(({ name }) => name)).toEqual(['e2e/demo.test.ts']);
  });

  it('none keeps to itself what the program said: a spawnSync, which cannot be listened to, is noted', () => {
    const silent = files.filter(
      ({ text }) => /spawnSync\([^)]*PROGRAM/s.test(text) && !text.includes('leaks.note'),
    );
    // Of commands.test.ts these are help, versions and wrong usage, without an installation's secrets.
    expect(silent.map(({ name }) => name)).toEqual(['cli/commands.test.ts']);
  });
});
