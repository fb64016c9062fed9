import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findKind, KINDS } from '../../src/kinds/catalogue.ts';
import type { Visit } from '../../src/sandbox/visitor.ts';
import { openPage, submitForm } from '../../src/sandbox/visitor.ts';
import { findLeaks } from '../support/canary.ts';
import type { Installed, StatusJson } from '../support/installed.ts';
import { install, openedForm, PLACE } from '../support/installed.ts';
import type { Refusal } from '../support/kind-refusals.ts';
import { refusals } from '../support/kind-refusals.ts';
import type { Walk } from '../support/kind-walks.ts';
import { declare, EXPIRES, secretOfWalk, walksOf } from '../support/kind-walks.ts';
import type { Sink } from '../support/leaks.ts';

let one: Installed;
/** Where a person keeps the passwords of files: no place of ours. */
const outside = mkdtempSync(join(tmpdir(), 'reseal-passwords-'));
const walks = walksOf(KINDS);
const refused = refusals();
/** Declared for each kind of which something is refused. */
const victims = [...new Set(refused.map(({ kind }) => kind))].map((kind) => ({
  credential: `${kind}-refused`,
  kind,
  stored: Buffer.alloc(0),
}));

beforeAll(async () => {
  one = await install({ pipeline: true });
  declare(one, [...walks, ...victims]);
  for (const walk of walks) {
    accept(walk);
    one.leaks.canary(`the value of ${walk.credential}`, walk.canary);
    if (walk.password) one.leaks.canary(`the password of ${walk.credential}`, walk.password);
  }
  refused.forEach(({ what, kind, canary, password }, index) => {
    if (canary) one.leaks.canary(`${what} for ${kind} (${index})`, canary);
    if (password) one.leaks.canary(`the password with ${what} (${index})`, password);
  });
  const { code, stderr } = await one.program.run('init');
  if (code !== 0) throw new Error(stderr);
});

afterAll(async () => {
  rmSync(outside, { recursive: true });
  await one[Symbol.asyncDispose]();
});

/** Those who check it live know it. */
function accept({ kind, value }: Walk): void {
  const { github, cratesIo, pipeline } = one.sandbox;
  const token = value.toString('latin1');
  if (kind === 'crates-io-token') {
    cratesIo.addToken(token, { scopes: ['publish-update'] });
    one.leaks.meant('crates.io requests', token);
  }
  if (kind === 'github-token') {
    github.addToken(token, { permissions: { contents: 'write' }, expires: `${EXPIRES} 00:00:00 UTC` });
    one.leaks.meant('GitHub requests', `token ${token}`);
  }
  if (kind === 'npm-token') pipeline?.npm.addToken(token);
}

interface Ended {
  readonly code: number;
  readonly outcome: string | undefined;
  readonly said: string;
}

function ended({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }): Ended {
  const last = stdout.split('\n').at(-1) ?? '';
  const { outcome } = (last.startsWith('{') ? JSON.parse(last) : {}) as { outcome?: string };
  return { code, outcome, said: outcome === 'recorded' ? '' : `${stdout}\n${stderr}` };
}

/** What a person answers, whatever the page of this kind asks. */
function answers(page: string, { source }: Pick<Walk, 'source'>): Readonly<Record<string, string>> {
  const offers = (value: string) => page.includes(`name="expiration" value="${value}"`);
  if (source === 'read' && offers('found')) return { expiration: 'found' };
  if (offers('date')) return { expiration: 'date', 'expires-on': EXPIRES };
  return offers('30d') ? { expiration: '30d' } : offers('never') ? { expiration: 'never' } : {};
}

async function byForm(walk: Walk): Promise<Ended> {
  const { credential, value, password } = walk;
  const running = one.program.start('--json', 'rotate', credential);
  const address = await openedForm(running);
  const page = await openPage(address);
  const given = page.body.includes('name="file"') && !page.body.includes('name="token"');
  const token = given || value.includes('\n') ? new Uint8Array(value) : value.toString();
  const fields = { token, ...answers(page.body, walk), ...(password ? { password } : {}) };
  const first = await submitForm(address, page, fields);
  // A date that looks odd is asked about once.
  const last = isForm(first) ? await submitForm(address, first, fields) : first;
  if (isForm(last)) running.child.kill('SIGTERM');
  const result = ended(await running.finished);
  return isForm(last) ? { ...result, said: textOf(last) } : result;
}

function isForm({ body }: Visit): boolean {
  return body.includes('name="nonce"');
}

/** The page as it is read. */
function textOf({ body }: Visit): string {
  const text = body.replace(/<style.*?<\/style>|<[^>]*>/gs, ' ').replace(/\s+/g, ' ');
  return text
    .replace(/&#39;|&quot;/g, '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&');
}

async function byStdin({ credential, value, password, source }: Walk): Promise<Ended> {
  const expires = source === 'entered' ? ['--expires', EXPIRES] : [];
  return ended(await feed(credential, value, password, expires));
}

async function feed(credential: string, value: Buffer, password?: string, more: readonly string[] = []) {
  const file = join(outside, `password-${credential}`);
  if (password !== undefined) writeFileSync(file, `${password}\n`, { mode: 0o600 });
  const opening = password === undefined ? [] : ['--password-file', file];
  const running = one.program.feed(undefined, '--json', 'rotate', credential, '--stdin', ...opening, ...more);
  running.child.stdin?.end(value);
  return await running.finished;
}

describe('each kind, from a person to where it belongs', () => {
  it.each(KINDS.map(({ id }) => [id]))('%s, by the form and by --stdin', async (kind) => {
    const own = walks.filter((walk) => walk.kind === kind);
    const byWay = (way: Walk['way']) => own.filter((walk) => walk.way === way);
    const results = new Map<string, Ended>();
    // Two programs at a time.
    await Promise.all([
      inTurn(byWay('form'), async (walk) => results.set(walk.credential, await byForm(walk))),
      inTurn(byWay('--stdin'), async (walk) => results.set(walk.credential, await byStdin(walk))),
    ]);
    for (const { credential, stored } of own) {
      expect([credential, results.get(credential)]).toEqual([
        credential,
        { code: 0, outcome: 'recorded', said: '' },
      ]);
      const opened = one.sandbox.github.secret(
        PLACE.repo,
        PLACE.environment,
        secretOfWalk(credential),
      )?.opened;
      expect(opened && Buffer.compare(opened, stored ?? Buffer.alloc(0))).toBe(stored ? 0 : undefined);
    }
  });
});

/** Stated for what cannot say it itself. */
function expiryOf(kind: string): readonly string[] {
  return findKind(kind)?.expiry.known === 'read' ? [] : ['--expires', EXPIRES];
}

async function inTurn<T>(all: readonly T[], act: (each: T) => Promise<unknown>): Promise<void> {
  for (const each of all) await act(each);
}

describe('what must not be taken', () => {
  it.each(victims.map(({ credential, kind }) => [kind, credential]))(
    'is named for %s by form and --stdin, and nothing is stored',
    async (kind, credential) => {
      const puts = one.sandbox.github.putCount();
      const all = refused.filter((each) => each.kind === kind);
      await expectOnPage(credential, all);
      await inTurn(all, async ({ what, value, password, says, code = 3 }) => {
        const result = ended(await feed(credential, value, password, expiryOf(kind)));
        expect([what, result.code]).toEqual([what, code]);
        expect(result.said).toMatch(says);
      });
      expect(one.sandbox.github.putCount()).toBe(puts);
      expect(
        one.sandbox.github.secret(PLACE.repo, PLACE.environment, secretOfWalk(credential)),
      ).toBeUndefined();
    },
  );
});

/** One form takes them all, one after the other, and stays open. */
async function expectOnPage(credential: string, all: readonly Refusal[]): Promise<void> {
  const running = one.program.start('--json', 'rotate', credential);
  const address = await openedForm(running);
  let page = await openPage(address);
  for (const { what, value, password, says, formSays = says } of all) {
    const fields = { token: new Uint8Array(value), ...answers(page.body, { source: 'entered' }) };
    const answer = await submitForm(address, page, { ...fields, ...(password ? { password } : {}) });
    expect([what, textOf(answer)]).toEqual([what, expect.stringMatching(formSays)]);
    page = isForm(answer) ? answer : await openPage(address);
  }
  running.child.kill('SIGTERM');
  expect(ended(await running.finished).outcome).toBe('abandoned');
}

describe('after all of them', () => {
  it('status knows of each when it ends, and from whom', async () => {
    const { stdout } = await one.program.run('--json', 'status');
    const { credentials } = JSON.parse(stdout) as StatusJson;
    const shown = credentials.filter(({ name }) => walks.some(({ credential }) => credential === name));
    expect(shown.map(({ name, version, expirySource }) => [name, version, expirySource])).toEqual(
      walks.map(({ credential, source }) => [credential, 1, source]),
    );
    for (const { credential, expiresAt } of walks.filter((walk) => walk.expiresAt !== undefined))
      expect(credentials.find(({ name }) => name === credential)?.expiresAt).toBe(expiresAt);
  });

  it('npm was shown its tokens in the Authorization header alone, once each', () => {
    const tokens = walks.filter(({ kind }) => kind === 'npm-token').map(({ value }) => value.toString());
    const requests = one.sandbox.pipeline?.npm.requests ?? [];
    const bearers = tokens.map((token) => `Bearer ${token}`);
    expect(requests.map(({ headers }) => headers.authorization).sort()).toEqual(bearers.sort());
    const rest = requests.map(({ path, query, rawHeaders, body }) => {
      const others = rawHeaders.filter((part) => !bearers.includes(part));
      return Buffer.from(`${path} ${query} ${others.join(' ')} ${body}`);
    });
    for (const token of tokens)
      expect(findLeaks(token, new Map([['the rest', Buffer.concat(rest)]]))).toEqual([]);
  });

  it('no value and no password is left anywhere, stored or refused', async () => {
    await one.program.run('daemon', '--once');
    for (const command of ['status', 'outbox', 'history', 'calendar'])
      for (const json of [[], ['--json']]) await one.program.run(...json, command);
    const { leaks, searched } = await one.leaks.search();
    expect(leaks).toEqual([]);
    expect(SEEN.filter((sink) => !searched.get(sink))).toEqual([]);
  });
});

/** A search that saw none of these would prove nothing. */
const SEEN: readonly Sink[] = [
  'stdout',
  'stderr',
  'database',
  'temporary files',
  'processes',
  'form answers',
  'GitHub requests',
  'crates.io requests',
  'history export',
  'database copy',
];
