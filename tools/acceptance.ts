// npm run acceptance -- --repo OWNER/NAME --environment NAME --token-file FILE [--crates-io URL --live-token-file FILE --dead-token-file FILE]
// [--api-url URL] [--yes]: asks the live services what docs/acceptance.md lists, for a person with a throw-away repository. It writes
// one secret of that environment, RESEAL_ACCEPTANCE, asks before each write, and prints no secret. Not part of any test of ours but the
// one that runs it against stand-ins.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Secret } from '../src/domain/secret.ts';
import { seal } from '../src/github/seal.ts';

const SECRET = 'RESEAL_ACCEPTANCE';
const LOOKS = 30;
const TOO_LARGE = 49_153;

const { values } = parseArgs({
  options: {
    repo: { type: 'string' },
    environment: { type: 'string' },
    'token-file': { type: 'string' },
    'api-url': { type: 'string', default: 'https://api.github.com' },
    'crates-io': { type: 'string', default: 'https://staging.crates.io' },
    'live-token-file': { type: 'string' },
    'dead-token-file': { type: 'string' },
    yes: { type: 'boolean', default: false },
  },
});

const notes: string[] = [];
const questions = createInterface({ input: process.stdin, output: process.stderr });

/** For the block at the end. */
function note(id: string, text: string): void {
  notes.push(`| ${id} | ${text} |`);
  console.log(`${id}  ${text}`);
}

async function mayWrite(what: string): Promise<boolean> {
  if (values.yes) return true;
  return /^y(es)?$/i.test(await questions.question(`${what}: write it? [y/N] `));
}

function lineOf(file: string | undefined, what: string): string {
  if (!file) throw new Error(`--${what} is missing: see docs/acceptance.md`);
  return readFileSync(file, 'utf8').trim();
}

interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

async function ask(path: string, put?: object): Promise<Asked> {
  const response = await fetch(
    `${values['api-url']}/repos/${values.repo}/environments/${values.environment}/secrets/${path}`,
    {
      method: put ? 'PUT' : 'GET',
      redirect: 'manual',
      headers: {
        authorization: `Bearer ${lineOf(values['token-file'], 'token-file')}`,
        accept: 'application/vnd.github+json',
        'user-agent': 'reseal-acceptance',
        'x-github-api-version': '2022-11-28',
        ...(put ? { 'content-type': 'application/json' } : {}),
      },
      ...(put ? { body: JSON.stringify(put) } : {}),
      signal: AbortSignal.timeout(20_000),
    },
  );
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text.startsWith('{') ? JSON.parse(text) : {},
  };
}

async function sealed(
  bytes: Uint8Array,
  keyId?: string,
): Promise<{ encrypted_value: string; key_id: string }> {
  const { body } = await ask('public-key');
  const value = await seal(new Secret(bytes), String(body['key']));
  return { encrypted_value: value, key_id: keyId ?? String(body['key_id']) };
}

const updatedAt = async () => String((await ask(SECRET)).body['updated_at'] ?? 'none');
const said = ({ status, body }: Asked) =>
  `${status}${typeof body['message'] === 'string' ? ` "${body['message']}"` : ''}`;

async function askGitHub(): Promise<void> {
  const key = await ask('public-key');
  note('c', `key: ${said(key)}, asks for ${key.headers.get('x-accepted-github-permissions') ?? 'no header'}`);
  const expiry = [key, await ask('public-key')].map(({ headers }) =>
    headers.get('github-authentication-token-expiration'),
  );
  note(
    'f',
    `expiry header: ${expiry.map((text) => text ?? 'absent').join(', then ')}; GitHub's clock: ${key.headers.get('date')}`,
  );
  if (!(await mayWrite(`${SECRET} in ${values.repo}, environment ${values.environment}, three times`)))
    return;
  const before = await updatedAt();
  const box = await sealed(randomBytes(24));
  const put = await ask(SECRET, box);
  note('c', `PUT: ${said(put)}, asks for ${put.headers.get('x-accepted-github-permissions') ?? 'no header'}`);
  note('a', await untilMoved(before, put));
  await sleep(2_000);
  const between = await updatedAt();
  await ask(SECRET, box);
  note('d', `the same bytes again: ${await untilMoved(between, put)}`);
  note('b', `another key id: ${said(await ask(SECRET, await sealed(randomBytes(24), '1')))}`);
  note('e', `${TOO_LARGE} bytes: ${said(await ask(SECRET, await sealed(Buffer.alloc(TOO_LARGE, 0x61))))}`);
}

async function untilMoved(before: string, put: Asked): Promise<string> {
  for (let look = 0; look < LOOKS; look++) {
    const now = await updatedAt();
    if (now !== before)
      return `updated_at went from ${before} to ${now} within ${look} s; the PUT's Date was ${put.headers.get('date')}`;
    await sleep(1_000);
  }
  return `updated_at stayed ${before} for ${LOOKS} s`;
}

async function askCratesIo(): Promise<void> {
  for (const [what, file] of [
    ['live', values['live-token-file']],
    ['dead', values['dead-token-file']],
  ] as const) {
    if (!file) continue;
    const response = await fetch(`${values['crates-io']}/api/v1/me/tokens/0`, {
      headers: { authorization: lineOf(file, file), 'user-agent': 'reseal-acceptance' },
      redirect: 'manual',
    });
    note('g', `a ${what} token: ${response.status} ${(await response.text()).slice(0, 300)}`);
  }
  note('h', 'look at "last used" of the live token before and after, and write it here');
}

if (!values.repo || !values.environment)
  throw new Error('--repo and --environment are missing: see docs/acceptance.md');
console.log(`acceptance against ${values['api-url']}, ${values.repo} › ${values.environment} › ${SECRET}\n`);
await askGitHub();
await askCratesIo();
questions.close();
console.log(
  `\nto paste into docs/acceptance.md, under "Answers":\n\n${new Date().toISOString().slice(0, 10)}\n\n| | answer |\n|---|---|\n${notes.join('\n')}`,
);
