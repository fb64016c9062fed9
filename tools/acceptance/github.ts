import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Secret } from '../../src/domain/secret.ts';
import { seal } from '../../src/github/seal.ts';
import { judgeTokenExpiry } from '../../src/github/token-expiry.ts';
import type { Talk } from './talk.ts';

export interface GitHubQuestions {
  readonly apiUrl: string;
  readonly place: { readonly repo: string; readonly environment: string; readonly secret: string };
  readonly token: string;
  /** One that may only read. */
  readonly readToken: string | undefined;
  readonly talk: Talk;
}

interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Box {
  readonly encrypted_value: string;
  readonly key_id: string;
}

type Call = (path: string, put?: Box, token?: string) => Promise<Asked>;

const CALL_MS = 20_000;
const LOOK_FOR_MS = 60_000;
const LOOK_EVERY_MS = 250;
/** docs.github.com, "Secrets reference": 48 KB. */
const MOST_BYTES = 49_152;

export async function askGitHub({ apiUrl, place, token, readToken, talk }: GitHubQuestions): Promise<void> {
  const call = openCall(apiUrl, place, token);
  const key = await call('public-key');
  talk.note(
    'c',
    `GET of the key: ${said(key)}, asks for ${permissions(key)}`,
    /^GET of the key: 200, .*environments=read/,
  );
  const keyBytes = Buffer.from(String(key.body['key']), 'base64').length;
  talk.note(
    'k',
    `the key has ${keyBytes} bytes, its id ${JSON.stringify(key.body['key_id'])}`,
    /^the key has 32 bytes, its id "/,
  );
  talk.note(
    'l',
    headersOf(key, /^(x-github-api-version|x-ratelimit|deprecation|sunset|keep-alive|x-github-enterprise)/),
  );
  await askExpiry(call, key, talk);
  const before = await call(place.secret);
  talk.say(
    `\n${place.secret} is ${before.status === 404 ? 'not there yet' : `there since ${before.body['created_at']}: what it holds will be lost`}\n`,
  );
  if (key.status === 200) await write(call, place.secret, key, talk);
  if (readToken !== undefined && (await talk.mayWrite('i: a PUT with the token that may only read')))
    talk.note(
      'i',
      refusal(await call(place.secret, await sealed(key, 24), readToken)),
      /^403 .*environments=write/,
    );
  talk.say(`\nwhen you are done, delete ${place.secret} in the settings of the repository`);
}

async function write(call: Call, secret: string, key: Asked, talk: Talk): Promise<void> {
  const box = await sealed(key, 24);
  const put = async (id: string, what: string, sent: Box) => {
    if (!(await talk.mayWrite(`${id}: ${what}, into ${secret}`))) return undefined;
    // GitHub's times have whole seconds: a write within that of the last one would not show.
    if (id === 'a' || id === 'd') await wait(2_000);
    const before = await call(secret);
    return { before, answer: await call(secret, sent) };
  };
  const first = await put('a', '24 random bytes', box);
  if (first) {
    talk.note(
      'c',
      `PUT: ${said(first.answer)}, asks for ${permissions(first.answer)}`,
      /^PUT: 20[14], .*environments=write/,
    );
    talk.note('a', await untilMoved(call, secret, first.before, first.answer), /^moved .* whole seconds$/);
  }
  const again = first && (await put('d', 'the same sealed bytes once more', box));
  if (again) talk.note('d', await untilMoved(call, secret, again.before, again.answer), /^moved /);
  const foreignId = await put('b', 'a box for the right key under another key id', { ...box, key_id: '1' });
  if (foreignId) talk.note('b', `another key id: ${said(foreignId.answer)}`, /: 422 /);
  const foreignKey = await put('b', 'a box for another key under the right id', await sealedToNobody(key));
  if (foreignKey) talk.note('b', `another key: ${said(foreignKey.answer)}`, /: 422 /);
  const most = await put('e', `${MOST_BYTES} bytes`, await sealed(key, MOST_BYTES));
  if (most) talk.note('e', `${MOST_BYTES} bytes: ${said(most.answer)}`, /: 20[14]$/);
  const more = await put('e', `${MOST_BYTES + 1} bytes`, await sealed(key, MOST_BYTES + 1));
  if (more) talk.note('e', `${MOST_BYTES + 1} bytes: ${said(more.answer)}`, /: 422 /);
}

async function askExpiry(call: Call, first: Asked, talk: Talk): Promise<void> {
  await wait(2_000);
  const both = [first, await call('public-key')];
  const seen = both.map(({ headers }) => ({
    header: headers.get('github-authentication-token-expiration') ?? undefined,
    serverTime: new Date(headers.get('date') ?? Number.NaN),
  }));
  const texts = seen.map(({ header, serverTime }) => `${header ?? 'absent'} at ${serverTime.toISOString()}`);
  const read = judgeTokenExpiry(seen);
  talk.note(
    'f',
    `${texts.join(', then ')}: ${read.kind}${read.kind === 'known' ? ` ${read.at.toISOString()}` : ''}`,
    /: known /,
  );
}

function openCall(apiUrl: string, { repo, environment }: GitHubQuestions['place'], token: string): Call {
  const secrets = `${apiUrl}/repos/${repo}/environments/${encodeURIComponent(environment)}/secrets`;
  return async (path, put, other = token) => {
    const response = await fetch(`${secrets}/${path}`, {
      method: put ? 'PUT' : 'GET',
      redirect: 'manual',
      headers: {
        authorization: `Bearer ${other}`,
        accept: 'application/vnd.github+json',
        'user-agent': 'reseal-acceptance',
        'x-github-api-version': '2022-11-28',
        ...(put ? { 'content-type': 'application/json' } : {}),
      },
      ...(put ? { body: JSON.stringify(put) } : {}),
      signal: AbortSignal.timeout(CALL_MS),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parse(text) };
  };
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

async function sealed(key: Asked, bytes: number): Promise<Box> {
  const text = Buffer.from(
    randomBytes(Math.ceil(bytes / 2))
      .toString('hex')
      .slice(0, bytes),
  );
  return {
    encrypted_value: await seal(new Secret(text), String(key.body['key'])),
    key_id: String(key.body['key_id']),
  };
}

/** To a key whose other half is thrown away. */
async function sealedToNobody(key: Asked): Promise<Box> {
  const { x = '' } = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' });
  const nobody = Buffer.from(x, 'base64url').toString('base64');
  return {
    encrypted_value: await seal(new Secret(randomBytes(24)), nobody),
    key_id: String(key.body['key_id']),
  };
}

async function untilMoved(call: Call, secret: string, before: Asked, put: Asked): Promise<string> {
  const old = before.body['updated_at'];
  const began = performance.now();
  while (performance.now() - began < LOOK_FOR_MS) {
    const { body } = await call(secret);
    const now = body['updated_at'];
    if (now !== undefined && now !== old) {
      const late = ((performance.now() - began) / 1000).toFixed(1);
      const fine = /T\d\d:\d\d:\d\d(Z|[+-])/.test(String(now)) ? 'whole seconds' : 'finer than seconds';
      return `moved from ${old ?? 'nothing'} to ${now}, seen after ${late} s; the PUT's Date was ${put.headers.get('date')}; created_at ${body['created_at']}; ${fine}`;
    }
    await wait(LOOK_EVERY_MS);
  }
  return `stayed ${old} for ${LOOK_FOR_MS / 1000} s after ${said(put)}`;
}

function said({ status, headers, body }: Asked): string {
  const to = headers.get('location');
  const words = typeof body['message'] === 'string' ? ` "${body['message']}"` : '';
  return `${status}${words}${to ? ` to ${to}` : ''}`;
}

function refusal(asked: Asked): string {
  return `${said(asked)}, asks for ${permissions(asked)}`;
}

function permissions({ headers }: Asked): string {
  return headers.get('x-accepted-github-permissions') ?? 'nothing by name';
}

function headersOf({ headers }: Asked, names: RegExp): string {
  const found = [...headers].filter(([name]) => names.test(name)).map(([name, value]) => `${name}: ${value}`);
  return found.length > 0 ? found.join('; ') : 'none of these headers';
}
