import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { World } from '../../src/app.ts';
import { run } from '../../src/cli/commands/kinds.ts';
import { wrap } from '../../src/cli/kind-text.ts';
import { nearest } from '../../src/cli/nearest.ts';
import { openOutput } from '../../src/cli/output.ts';
import { parseConfig } from '../../src/config/load.ts';
import { isAppError } from '../../src/domain/error.ts';
import { KINDS } from '../../src/kinds/catalogue.ts';
import { configExample } from '../../src/kinds/example.ts';
import type { Kind } from '../../src/kinds/kind.ts';
import { comingDays, describeRule } from '../../src/kinds/lifetime-words.ts';
import { findLeaks } from '../support/canary.ts';
import { install } from '../support/installed.ts';
import { commandLine, hasScript, talkOnTerminal } from '../support/talk.ts';
import { cratesIoTokenValue } from '../support/tokens.ts';

const NOW = new Date('2026-11-26T06:00:00Z');
/** It stands for what must not be touched. */
const WORLD = { now: () => NOW } as World;
const NOWHERE = { configPath: '/nonexistent/config.yaml', dataDir: '/nonexistent' };

/** What the command prints without configuration, database or network. */
async function kinds(args: readonly string[], { json = false, terminal = false } = {}) {
  const [printed, said]: [string[], string[]] = [[], []];
  const out = {
    ...openOutput({ json, quiet: false, color: false }),
    terminal,
    result: (text: string) => printed.push(text),
    resultJson: (value: object) => printed.push(JSON.stringify(value)),
    talk: (text: string) => said.push(text),
    hint: (text: string) => said.push(text),
  };
  const code = await run({ world: WORLD, places: NOWHERE, out }, { arguments: args, options: {} });
  return { code, printed: printed.join('\n'), said: said.join('\n') };
}

describe('reseal kinds', () => {
  it('has a line for each kind, tab-separated for a pipe', async () => {
    const { code, printed } = await kinds([]);
    const [heads, ...rows] = printed.split('\n');
    expect({ code, heads }).toEqual({
      code: 0,
      heads: 'KIND\tWHAT IT IS\tEXPIRY\tCHECKED LIVE\tLIVES AT MOST',
    });
    expect(rows.map((row) => row.split('\t')[0])).toEqual(KINDS.map(({ id }) => id));
    for (const row of rows) expect(row.split('\t')).toHaveLength(5);
  });

  it('stacks what does not fit on a terminal of 80 columns, and loses nothing of it', async () => {
    const wide = await kinds([]);
    const { printed } = await kinds([], { terminal: true });
    for (const line of printed.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    const words = (text: string) => new Set(text.toLowerCase().match(/[a-z0-9.-]+[a-z0-9]/g));
    const shown = words(printed);
    const lines = wide.printed.split('\n').slice(1).join('\n');
    expect([...words(lines)].filter((word) => !shown.has(word))).toEqual([]);
  });

  it('tells what comes soon, with the days that are left', async () => {
    const { said } = await kinds([]);
    expect(said.replace(/\s+/g, ' ')).toContain('vscode-marketplace-token, 2026-12-01 (4 days left)');
  });

  it('gives everything as JSON', async () => {
    const { printed } = await kinds([], { json: true });
    const answer = JSON.parse(printed) as { schemaVersion: number; kinds: Record<string, unknown>[] };
    expect(answer.schemaVersion).toBe(1);
    expect(answer.kinds.map(({ id }) => id)).toEqual(KINDS.map(({ id }) => id));
    for (const kind of answer.kinds)
      expect(Object.entries(kind).filter(([, value]) => value === undefined)).toEqual([]);
  });
});

describe('reseal kinds NAME', () => {
  it.each(KINDS.map((kind) => [kind.id, kind] as const))(
    'shows all that is known of %s',
    async (id, kind) => {
      const { code, printed } = await kinds([id]);
      const shown = printed.replace(/\s+/g, ' ');
      const { pages, scopes, check, leak, instead, lifetimes, afterwards, revoking } = kind;
      const links = [pages?.make, pages?.renew, pages?.revoke, instead?.link].filter(
        (link) => link !== undefined,
      );
      const words = [kind.title, kind.grant, kind.expiry.how, leak.means, leak.automatic, instead?.text];
      const rest = [check?.proves, afterwards, revoking, ...(scopes ?? []), ...kind.sources];
      const rules = (lifetimes.rules ?? []).flatMap(({ since, olderEnd, advice, source }) => [
        since,
        olderEnd,
        advice,
        source,
      ]);
      const wanted = [...links, ...words, ...rest, ...rules].filter((one) => one !== undefined);
      const missing = wanted.filter((one) => !shown.toLowerCase().includes(plain(one).toLowerCase()));
      expect({ code, missing }).toEqual({ code: 0, missing: [] });
    },
  );

  it.each(KINDS.map(({ id }) => [id]))(
    'is no wider than 80 columns for %s, but for what is one word',
    async (id) => {
      const { printed } = await kinds([id]);
      const [text = '', example = ''] = printed.split('In the configuration');
      const sources = example.split('Where this comes from')[1] ?? '';
      const wide = `${text}${sources}`.split('\n').filter((line) => line.length > 80);
      expect(wide.filter((line) => line.trim().split(' ').length > 2)).toEqual([]);
    },
  );

  it('gives one kind as JSON, in a list as all of them', async () => {
    const { printed } = await kinds(['npm-token'], { json: true });
    const answer = JSON.parse(printed) as { schemaVersion: number; kinds: { id: string; example: string }[] };
    expect(answer.schemaVersion).toBe(1);
    expect(answer.kinds.map(({ id }) => id)).toEqual(['npm-token']);
    expect(answer.kinds[0]?.example).toContain('kind: npm-token');
  });

  it.each([
    ['npm', 'npm-token'],
    ['pypi-tokn', 'pypi-token'],
    ['PyPI_Token', 'pypi-token'],
    ['vscode', 'vscode-marketplace-token'],
    ['crates.io', 'crates-io-token'],
  ])('says of %s that %s was meant', async (typed, meant) => {
    const error: unknown = await kinds([typed]).catch((thrown: unknown) => thrown);
    expect(isAppError(error, 'invalid_input') && error.hints[0]).toBe(`did you mean "${meant}"?`);
  });

  it('names all of them where nothing is near', async () => {
    const error: unknown = await kinds(['zzzzzzzzzzzz']).catch((thrown: unknown) => thrown);
    expect(isAppError(error, 'invalid_input') && error.hints[0]).toContain('there are: crates-io-token, ');
  });
});

describe('configExample', () => {
  it.each(KINDS.map((kind) => [kind.id, kind] as const))(
    'of %s is a configuration that loads',
    (id, kind) => {
      const text = `version: 1\nowners: { ada: { email: ada@example.org } }\n${configExample(kind)}\n`;
      const read = parseConfig(text);
      const credentials = read.ok ? read.config.credentials : read.problems;
      expect(credentials).toMatchObject([{ kind: id, destinations: [{ environment: 'release' }] }]);
    },
  );
});

describe('lifetime words', () => {
  const rule = {
    since: '2026-08-17',
    maxDays: 30,
    olderEnd: '2026-11-30',
    about: 'keys for pushing',
    advice: '',
    source: '',
  };
  const kind = { title: 'key', lifetimes: { presets: [], custom: true, never: false, rules: [rule] } };

  it('count the days to what lies ahead alone', () => {
    expect(describeRule(rule, NOW)).toBe(
      'From 2026-08-17 on, for keys for pushing: 30 days at most. What was made before ends on 2026-11-30 at the latest (3 days left).',
    );
    expect(describeRule(rule, undefined)).not.toContain('left');
  });

  it('name the days that come, soonest first, and none that has passed', () => {
    const first = { ...rule, since: '2026-11-27', olderEnd: '2027-01-01' };
    const both = { ...kind, lifetimes: { ...kind.lifetimes, rules: [first, rule] } } as unknown as Kind;
    expect(comingDays(both, NOW).map(({ date, daysLeft }) => [date, daysLeft])).toEqual([
      ['2026-11-27', 0],
      ['2026-11-30', 3],
      ['2027-01-01', 35],
    ]);
    expect(comingDays(both, new Date('2027-01-02T00:00:00Z'))).toEqual([]);
  });
});

describe('docs/kinds.md', () => {
  const page = readFileSync('docs/kinds.md', 'utf8');
  const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^a-z0-9 _-]/g, '')
      .replaceAll(' ', '-'),
  );

  it('has a section for each kind, and its links lead to places that are there', () => {
    expect(KINDS.filter(({ id }) => !page.includes(`Kind \`${id}\`.`))).toEqual([]);
    const within = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
    expect(within.length).toBeGreaterThan(KINDS.length);
    expect(within.filter((anchor) => !headings.includes(anchor ?? ''))).toEqual([]);
    const files = [...page.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, path = '']) => path);
    expect(files.filter((path) => !existsSync(path))).toEqual([]);
  });

  it('links over https alone', () => {
    expect(page.match(/\bhttp:\S*/g)).toBeNull();
  });
});

describe('wrap', () => {
  it('breaks between words, and leaves whole what is wider than a line', () => {
    const link = `https://example.org/${'a'.repeat(40)}`;
    expect(wrap(`see ${link} or go on`, 20, '    ', '  - ').split('\n')).toEqual([
      '  - see',
      `    ${link}`,
      '    or go on',
    ]);
  });
});

describe('nearest', () => {
  it('knows nothing near to what is too short or too long', () => {
    expect([nearest('n', ['npm']), nearest('n'.repeat(61), ['npm'])]).toEqual([undefined, undefined]);
  });
});

describe('reseal kinds --recognise', () => {
  it('names the kind of a value, prints nothing of it, and leaves nothing behind', async () => {
    await using one = await install();
    const token = cratesIoTokenValue();
    one.leaks.canary('a value to be recognised', token);
    const { code, stdout, stderr } = await one.program.feed(`${token}\n`, 'kinds', '--recognise').finished;
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'it looks like a crates.io token: declare kind crates-io-token',
    });
    expect(findLeaks(token, new Map([['stderr', Buffer.from(stderr)]]))).toEqual([]);
    expect(one.sandbox.cratesIo.requests).toEqual([]);
  });

  it('ends with 1 where it recognises nothing, and with 2 where nothing comes', async () => {
    await using one = await install();
    const recognise = async (text: string, ...json: readonly string[]) =>
      await one.program.feed(text, ...json, 'kinds', '--recognise').finished;
    const unknown = await recognise('hunter two');
    expect([unknown.code, unknown.stdout]).toEqual([1, 'not recognised: kind generic takes anything']);
    const asJson = await recognise('hunter two', '--json');
    expect([asJson.code, JSON.parse(asJson.stdout)]).toEqual([1, { schemaVersion: 1, recognised: null }]);
    expect((await recognise('')).code).toBe(2);
  });

  it.each([
    [
      '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n',
      'a private key (PEM): app-store-connect-key',
    ],
    ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 ada@example.org\n', 'an SSH public key: it is no secret'],
    ['xoxb-0', 'a Slack token: there is no kind of its own for it'],
  ])('says what to do with what is no kind of its own', async (value, said) => {
    await using one = await install();
    const { code, stdout } = await one.program.feed(value, 'kinds', '--recognise').finished;
    expect([code, stdout]).toEqual([0, expect.stringContaining(said)]);
  });

  it('refuses more than GitHub stores, and a name beside it', async () => {
    await using one = await install();
    const large = await one.program.feed('a'.repeat(49_153), 'kinds', '--recognise').finished;
    expect([large.code, large.stderr]).toEqual([
      2,
      expect.stringContaining('reseal kinds --recognise < FILE'),
    ]);
    expect((await one.program.feed('a', 'kinds', 'npm-token', '--recognise').finished).code).toBe(2);
  });

  it.skipIf(!hasScript)('does not show what is typed on a terminal', async () => {
    await using one = await install();
    const token = cratesIoTokenValue();
    one.leaks.canary('a value to be recognised', token);
    const talk = talkOnTerminal(one, commandLine(one, 'kinds', '--recognise'));
    await talk.heard('paste the value');
    talk.child.stdin?.write(`${token}\r`);
    const { code, said } = await talk.finished;
    expect({
      code,
      found: said.includes('kind crates-io-token'),
      shown: said.includes(token.slice(3, 15)),
    }).toEqual({
      code: 0,
      found: true,
      shown: false,
    });
  });
});

/** As it stands after line breaks were put in. */
function plain(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
