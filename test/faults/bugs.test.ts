import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { addDays } from '../../src/domain/calendar.ts';
import type { Finished, Program } from '../../src/sandbox/run.ts';
import { openProgram } from '../../src/sandbox/run.ts';
import type { Bug } from '../support/bug-at.ts';
import { findLeaks } from '../support/canary.ts';
import type { Installed } from '../support/installed.ts';
import { installAndRecord, PROGRAM, ROOT, secretOf, statusOf } from '../support/installed.ts';
import type { Relay } from '../support/relay.ts';
import { startRelay } from '../support/relay.ts';

const PRELOAD = pathToFileURL(join(import.meta.dirname, '../support/bug-at.ts')).href;

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

/** Where the next process finds its bug; the text of that bug is a secret that no other has. */
function openBugs() {
  const folder = mkdtempSync(join(tmpdir(), 'reseal-bug-'));
  open.push({ [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }) });
  const file = join(folder, 'bug.json');
  return {
    env: { NODE_OPTIONS: `--import=${PRELOAD}`, RESEAL_TEST_BUG: file },
    plant: (bug: Omit<Bug, 'text'>) => {
      const text = `npm_${randomBytes(18).toString('hex')}`;
      writeFileSync(file, JSON.stringify({ ...bug, text } satisfies Bug));
      return text;
    },
  };
}

const REPORTED =
  /^reseal: internal error \([A-Za-z]+(, ERR_STRANGE)?\); please report it with the command that you ran$/;

/** Lines of talk that are neither JSON nor indented: those of the last resort. */
function lastWords({ stderr }: Finished): readonly string[] {
  return stderr.split('\n').filter((line) => line !== '' && !/^[{ ]/.test(line));
}

/** Whatever the program printed and whatever is in its folder. */
function leaksOf(text: string, finished: Finished, dataDir: string): readonly string[] {
  const files = readdirSync(dataDir).map((name) => [name, readFileSync(join(dataDir, name))] as const);
  const said = Buffer.from(finished.stdout + finished.stderr);
  return findLeaks(text, new Map([['output', said], ...files]));
}

describe('H11: a bug in the daemon', () => {
  /** In what is planned, gathered, claimed, marked before the data, settled, and in the beat. */
  const BUGS: readonly Omit<Bug, 'text'>[] = [
    { at: { write: 'INSERT INTO reminder' }, how: 'throw', what: 'error' },
    { at: { write: 'INSERT INTO message' }, how: 'reject', what: 'text' },
    { at: { write: "UPDATE message SET state = 'in-flight'" }, how: 'later', what: 'hostile' },
    { at: { write: "UPDATE message SET stage = 'data'" }, how: 'throw', what: 'hostile' },
    { at: { write: 'last_code = @code' }, how: 'later', what: 'group' },
    { at: { write: 'INSERT INTO beat' }, how: 'reject', what: 'object' },
  ];

  function makeDue(relay: Relay): void {
    relay.withStores(({ register }) => {
      const now = new Date();
      const expiry = { kind: 'known', at: addDays(now, 0.9), source: 'entered' } as const;
      const version = { expiry, lifetimeDays: 365, createdAt: undefined, checked: 'not-asked' } as const;
      register.addVersion('ada', version, now);
    });
  }

  /** The time that passes between two tries. */
  function letPausesPass(relay: Relay): void {
    relay.withStores((_stores, sql) =>
      sql(
        "UPDATE message SET next_attempt_at = '2020-01-01T00:00:00.000Z' WHERE next_attempt_at IS NOT NULL",
      ),
    );
  }

  it('ends it with 70 and one line that holds nothing of what was thrown; the next start carries on', async () => {
    const relay = await startRelay({ owners: ['ada'] });
    open.push(relay);
    const { env, plant } = openBugs();
    const { folder, configPath, dataDir } = relay;
    const program: Program = openProgram(
      PROGRAM,
      { folder, configPath, dataDir, remove: () => undefined },
      env,
    );
    for (const bug of BUGS) {
      makeDue(relay);
      letPausesPass(relay);
      const text = plant(bug);
      const ended = await program.run('daemon');
      expect({ bug, code: ended.code, words: lastWords(ended) }).toEqual({
        bug,
        code: 70,
        words: [expect.stringMatching(REPORTED)],
      });
      expect(leaksOf(text, ended, dataDir)).toEqual([]);
    }

    for (let round = 0; round < 2; round++) {
      letPausesPass(relay);
      await relay.program.run('daemon', '--once');
    }
    // A version that another has followed is not spoken of any more.
    const states = relay.withStores((_stores, sql) =>
      sql('SELECT DISTINCT state FROM message ORDER BY state'),
    );
    expect(states).toEqual([{ state: 'cancelled' }, { state: 'sent' }]);
    // A mail whose answer was lost goes out again, and is the same.
    const mails = await relay.mail.waitForMessages(relay.mail.messages.length);
    const copies = Map.groupBy(mails, ({ headers }) => headers.get('message-id'));
    for (const same of copies.values()) expect(new Set(same.map(({ raw }) => raw.toString())).size).toBe(1);
    expect(mails.at(-1)?.subject).toMatch(/^ada expires within 24 hours/);
    expect((await relay.program.run('history', '--check')).code).toBe(0);
  }, 120_000);
});

describe('H11: a container that has ended so', () => {
  it('is started again', () => {
    expect(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8')).toMatch(/^ {4}restart: unless-stopped$/m);
  });
});

describe('H11: a bug in a rotation', () => {
  const PUT = { answer: { method: 'PUT', path: '/secrets/' } };

  async function begin() {
    const { env, plant } = openBugs();
    const one = await installAndRecord({}, env);
    open.push(one);
    const rotate = async (bug: Omit<Bug, 'text'>) => {
      const text = plant(bug);
      one.leaks.canary('what was thrown', text);
      return one.program.feed(
        `${one.sandbox.offeredToken}\n`,
        ...['--json', 'rotate', 'crates-io', '--stdin', '--lifetime', '365d'],
      ).finished;
    };
    return { one, rotate };
  }

  const unsettled = async (one: Installed) => (await statusOf(one)).status.credentials[0]?.unsettled;

  it('ends it with 70 once GitHub has the token, which status says and the daemon finds out', async () => {
    const { one, rotate } = await begin();
    const ended = await rotate({ at: PUT, how: 'later', what: 'hostile' });
    expect([ended.code, lastWords(ended).at(-1)]).toEqual([70, expect.stringMatching(REPORTED)]);
    expect(await unsettled(one)).toContain('the new token may be in GitHub');
    expect(Buffer.from(secretOf(one).opened).toString()).toBe(one.sandbox.offeredToken);
    expect((await one.program.run('daemon', '--once')).stderr).toContain('rotation.recorded');
    expect((await statusOf(one)).status.credentials[0]).toMatchObject({ version: 2, unsettled: null });
  });

  it('ends it with 70 before anything was sent; an answer that breaks its reader is none, and never a refusal', async () => {
    const { one, rotate } = await begin();
    const ended = await rotate({ at: { write: 'INSERT INTO rotation' }, how: 'throw', what: 'error' });
    expect([ended.code, lastWords(ended).at(-1)]).toEqual([70, expect.stringMatching(REPORTED)]);
    expect(JSON.parse(ended.stdout.split('\n').at(-1) ?? '')).toMatchObject({ error: { code: 'internal' } });
    expect([one.sandbox.github.putCount(), await unsettled(one)]).toEqual([0, null]);

    const again = await rotate({ at: PUT, how: 'throw', what: 'error' });
    expect(again.stdout).toContain('"outcome":"unclear"');
    expect([again.code, await unsettled(one)]).toEqual([0, null]);
    expect(one.sandbox.github.putCount()).toBe(2);
  });
});
