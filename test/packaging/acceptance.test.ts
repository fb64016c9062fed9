import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { makeFolder } from '../support/database.ts';
import { PLACE } from '../support/installed.ts';

const ROOT = join(import.meta.dirname, '../..');
const OLD = new Date('2026-01-01T00:00:00Z');
const READER = `github_pat_${'r'.repeat(40)}`;
const DEAD = `cio${'d'.repeat(32)}`;
const NAME = 'RESEAL_ACCEPTANCE';
const LETTERS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'k', 'l'];

interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The script as a person runs it, who gives these answers, a line each. */
function run(
  args: readonly string[],
  answers: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Said> {
  const { CI: _, ...rest } = process.env;
  const child = spawn(process.execPath, [join(ROOT, 'tools/acceptance.ts'), ...args], {
    env: { ...rest, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  child.stdin.end(answers.map((answer) => `${answer}\n`).join(''));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

async function begin(): Promise<{ sandbox: Sandbox; args: readonly string[] }> {
  const sandbox = await startSandbox(PLACE, OLD);
  onTestFinished(() => sandbox.close());
  sandbox.github.addToken(READER, { permissions: { environments: 'read' }, repositories: [PLACE.repo] });
  const folder = makeFolder();
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), `${text}\n`, { mode: 0o600 });
    return join(folder, name);
  };
  const options = {
    repo: PLACE.repo,
    environment: PLACE.environment,
    secret: NAME,
    'api-url': sandbox.github.apiUrl,
    'registry-url': sandbox.cratesIo.url,
    'token-file': file('seal', sandbox.sealToken),
    'read-token-file': file('read', READER),
    'live-token-file': file('live', sandbox.offeredToken),
    'dead-token-file': file('dead', DEAD),
  };
  return { sandbox, args: Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]) };
}

const puts = ({ github }: Sandbox) => github.requests.filter(({ method }) => method === 'PUT');

describe('the acceptance script, against the stand-ins', () => {
  it('when each write is allowed, answers every question that a script can, and prints no secret', async () => {
    const { sandbox, args } = await begin();
    const { code, stdout, stderr } = await run(args, [...Array(7).fill('y'), 'never', 'a minute ago']);
    expect({ code, asked: stderr.match(/Write it\?/g)?.length }).toEqual({ code: 0, asked: 7 });
    const page = readFileSync(join(ROOT, 'docs/acceptance.md'), 'utf8');
    for (const letter of LETTERS) {
      expect(page).toContain(`\n| ${letter} | `);
      expect(stdout).toContain(`\n| ${letter} | `);
    }
    expect(stdout).toMatch(/\| a \| as expected \| moved from nothing to 20\S+Z, seen after \d/);
    expect(stdout).toMatch(/\| b \| as expected \| another key id: 422 /);
    expect(stdout).toMatch(/\| b \| as expected \| another key: 422 /);
    expect(stdout).toMatch(/\| d \| as expected \| moved from 20/);
    expect(stdout).toMatch(/\| g \| as expected \| a dead token: 403 .*authentication failed/);
    expect(stdout).toMatch(/\| g \| as expected \| a live, scoped token: 403 .*read as live/);
    expect(stdout).toMatch(/\| h \| to note \| "Last used" before: never; after: a minute ago/);
    expect(stdout).toMatch(/\| i \| as expected \| 403 .*environments=write/);
    for (const secret of [sandbox.sealToken, sandbox.offeredToken, READER, DEAD])
      expect(stdout + stderr).not.toContain(secret);
    const touched = puts(sandbox).map(({ path }) => path.split('/').at(-1));
    expect(new Set(touched)).toEqual(new Set([NAME]));
    expect(sandbox.github.secret(PLACE.repo, PLACE.environment, PLACE.secret)?.updatedAt).toEqual(OLD);
  }, 60_000);

  it('when nobody says yes, writes nothing', async () => {
    const { sandbox, args } = await begin();
    const { code, stdout } = await run(args, ['', 'n', 'later']);
    expect({ code, puts: puts(sandbox) }).toEqual({ code: 0, puts: [] });
    expect(stdout).toMatch(/\n\| c \| as expected \| GET of the key: 200, asks for environments=read/);
  }, 30_000);

  it('when a machine that builds runs it, asks no live service', async () => {
    const { args } = await begin();
    const live = [...args, '--api-url', 'https://api.github.test'];
    const { code, stdout, stderr } = await run(live, [], { CI: 'true' });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('CI is set, and api.github.test is a live service');
  });

  it.each(['repo', 'environment', 'secret', 'token-file'])(
    'when --%s is missing, guesses none',
    async (name) => {
      const { args } = await begin();
      const at = args.indexOf(`--${name}`);
      const { code, stderr } = await run(args.toSpliced(at, 2), []);
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: `--${name} is missing: see docs/acceptance.md\n`,
      });
    },
  );
});
