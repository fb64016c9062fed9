import { existsSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import type { Installed, StatusJson } from '../support/installed.ts';
import { dateOf, daysAgo, install, PLACE, PROGRAM } from '../support/installed.ts';
import type { Talk } from '../support/talk.ts';
import { hasScript, talkOnTerminal, talkTo } from '../support/talk.ts';

const ENTER = '\r';
const CTRL_C = '\x03';
const CTRL_D = '\x04';
const DOWN = '\x1b[B';

let one: Installed;
let fresh: { readonly config: string; readonly data: string };

beforeEach(async () => {
  one = await install();
  const folder = mkdtempSync(join(one.installation.folder, 'fresh-'));
  fresh = { config: join(folder, 'reseal', 'config.yaml'), data: join(folder, 'data') };
});
afterEach(() => one[Symbol.asyncDispose]());

function line(...args: readonly string[]): readonly string[] {
  return [process.execPath, PROGRAM, '--config', fresh.config, '--data-dir', fresh.data, ...args];
}

function onTerminal(...args: readonly string[]): Talk {
  return talkOnTerminal(one, line(...args), { env: { TERM: 'xterm', NO_COLOR: '1' } });
}

async function answer(
  talk: Talk,
  answers: readonly (readonly [question: string, answer: string])[],
): Promise<void> {
  for (const [question, typed] of answers) {
    await talk.heard(question);
    talk.child.stdin?.write(typed);
  }
}

function upToGitHub(repo: string, token: string): readonly (readonly [string, string])[] {
  return [
    ['Who is reminded?', `ada@example.org${ENTER}`],
    ['A short name', `ada${ENTER}`],
    ['time zone', `Europe/Lisbon${ENTER}`],
    ['How does mail go out?', ENTER],
    ['Where are your repositories?', `${DOWN}${ENTER}`],
    ['Address of its API', `${one.sandbox.github.apiUrl}${ENTER}`],
    ['Which repository', `${repo}${ENTER}`],
    ['fine-grained', ENTER],
    ['only reads', `${token}${ENTER}`],
  ];
}

async function credentialsIn(): Promise<StatusJson['credentials']> {
  const talk = talkTo(one, line('--json', 'status'));
  return (JSON.parse((await talk.finished).said) as StatusJson).credentials;
}

describe.skipIf(!hasScript)('init on a terminal (needs script of util-linux)', () => {
  it('finds secrets at GitHub, shows what it writes, and records estimates as estimates', async () => {
    const { github, sealToken } = one.sandbox;
    github.addToken(sealToken, {
      permissions: { environments: 'write', actions: 'read' },
      repositories: [PLACE.repo],
    });
    const talk = onTerminal('init');
    await answer(talk, [
      ...upToGitHub(PLACE.repo, join(one.installation.folder, 'github_seal_token')),
      ['Which of these', ENTER],
      ['Remind by these', ENTER],
      ['Declare another', ENTER],
      ['Write this to', ENTER],
    ]);
    const { code, said } = await talk.finished;
    expect(code).toBe(0);
    expect(said).not.toMatch(/\x1b\[[0-9;]*m/);
    expect(said).toContain('reseal daemon');
    expect(statSync(fresh.config).mode & 0o777).toBe(0o600);
    const result = parseConfig(readFileSync(fresh.config, 'utf8'));
    expect(result).toMatchObject({
      ok: true,
      config: {
        timezone: 'Europe/Lisbon',
        owners: [{ name: 'ada', email: 'ada@example.org' }],
        credentials: [
          { name: 'crates-io-token', kind: 'crates-io-token', owner: 'ada', destinations: [PLACE] },
        ],
      },
    });
    const [found] = await credentialsIn();
    expect(found).toMatchObject({ name: 'crates-io-token', expirySource: 'estimated', version: 1 });
    expect(found?.expiresAt?.slice(0, 10)).toBe(dateOf(daysAgo(358 - 365)));
  });

  it('goes on without GitHub where the token cannot be read, and asks for what it would have found', async () => {
    const talk = onTerminal('init');
    await answer(talk, [
      ...upToGitHub(PLACE.repo, join(one.installation.folder, 'no-such-token')),
      ['Going on without', ''],
      ['Declare a credential by hand?', ENTER],
      ['Repository whose environment', ENTER],
      ['Environment', ENTER],
      ['Name of the secret', `NPM_TOKEN${ENTER}`],
      ['What is it?', ENTER],
      ['Declare another', ENTER],
      ['Write this to', ENTER],
    ]);
    expect((await talk.finished).code).toBe(0);
    const all = await credentialsIn();
    expect(all.find(({ name }) => name === 'npm-token')).toMatchObject({ state: 'unknown', version: null });
  });

  it.each([
    ['in the middle', 3],
    ['at the last question', 99],
  ])('writes nothing when Ctrl-C is pressed %s', async (_, count) => {
    const talk = onTerminal('init');
    const all = [...upToGitHub('', ''), ['Declare a credential by hand?', `${DOWN}${ENTER}`]] as const;
    await answer(talk, all.slice(0, count));
    await talk.heard(count < all.length ? 'How does mail go out?' : 'Write this to');
    talk.child.stdin?.write(CTRL_C);
    const { code, said } = await talk.finished;
    expect({ code, config: existsSync(fresh.config), data: existsSync(fresh.data) }).toEqual({
      code: 130,
      config: false,
      data: false,
    });
    expect(said).toContain('nothing was written');
  });

  it.each([['--no-questions'], ['--quiet']])('asks nothing with %s', async (flag) => {
    const { code, said } = await onTerminal('init', flag).finished;
    expect(code).toBe(0);
    expect(said).not.toContain('Who is reminded?');
    expect(readFileSync(fresh.config, 'utf8')).toContain('credentials: {}');
  });

  it('writes nothing, and says so, when the input ends', async () => {
    const talk = onTerminal('init');
    await talk.heard('Who is reminded?');
    talk.child.stdin?.write(CTRL_D);
    const { code, said } = await talk.finished;
    expect({ code, config: existsSync(fresh.config) }).toEqual({ code: 130, config: false });
    expect(said).toContain('nothing was written');
  });

  it('asks nothing where a configuration is there', async () => {
    await talkTo(one, line('init')).finished;
    const { code, said } = await onTerminal('init').finished;
    expect(code).toBe(0);
    expect(said).toContain('was there already');
    expect(said).not.toContain('Who is reminded?');
  });
});

describe('init', () => {
  it('writes the commented starter where nobody can be asked', async () => {
    const { code, said } = await talkTo(one, line('init')).finished;
    expect(code).toBe(0);
    expect(said).toContain('edit it');
    expect(readFileSync(fresh.config, 'utf8')).toContain('credentials: {}');
  });
});
