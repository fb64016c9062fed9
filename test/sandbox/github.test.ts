import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Octokit } from '@octokit/rest';
import sodium from 'libsodium-wrappers';
import { seal as sealWithTweetnacl } from 'tweetnacl-sealedbox-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GitHubOptions, GitHubSandbox } from '../../src/sandbox/github.ts';
import { startGitHub } from '../../src/sandbox/github.ts';

const PLACE = { owner: 'acme', repo: 'engine', environment_name: 'release' };
const SECRET = { ...PLACE, secret_name: 'CRATES_IO_TOKEN' };
const SECRET_PATH = '/repos/acme/engine/environments/release/secrets/CRATES_IO_TOKEN';
const HEADERS = { authorization: 'token sealer', 'user-agent': 'test' };
const IMPROPER = 'Bad request - validation failed due to an improperly encrypted secret';

let github: GitHubSandbox;
let clock: Date;

async function start(options: GitHubOptions = {}): Promise<void> {
  github = await startGitHub({ now: () => clock, ...options });
  github.addRepository({ fullName: 'acme/engine', id: 42 });
  github.addEnvironment('acme/engine', 'release');
  github.addToken('sealer', { permissions: { environments: 'write' }, expires: '2027-01-31 23:00:00 UTC' });
  github.addToken('auditor', { permissions: { actions: 'read', environments: 'read', secrets: 'read' } });
}

function client(token = 'sealer'): Octokit {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  return new Octokit({ auth: token, baseUrl: github.apiUrl, log });
}

async function sealFor(value: string): Promise<{ key_id: string; encrypted_value: string }> {
  const { data } = await client().rest.actions.getEnvironmentPublicKey(PLACE);
  const box = sodium.crypto_box_seal(value, Buffer.from(data.key, 'base64'));
  return { key_id: data.key_id, encrypted_value: Buffer.from(box).toString('base64') };
}

async function put(value: string, name = 'CRATES_IO_TOKEN'): Promise<number> {
  const sealed = await sealFor(value);
  const answer = await client().rest.actions.createOrUpdateEnvironmentSecret({
    ...PLACE,
    ...sealed,
    secret_name: name,
  });
  return answer.status;
}

async function rawPut(body: unknown, name = 'CRATES_IO_TOKEN'): Promise<{ status: number; message: string }> {
  const path = `/repos/acme/engine/environments/release/secrets/${name}`;
  const answer = await fetch(github.url + path, {
    method: 'PUT',
    headers: HEADERS,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, message: text === '' ? '' : JSON.parse(text).message };
}

function get(path: string, headers: Record<string, string> = HEADERS): Promise<Response> {
  return fetch(github.url + path, { headers, redirect: 'manual' });
}

async function updatedAt(): Promise<string> {
  const { data } = await client().rest.actions.getEnvironmentSecret(SECRET);
  return data.updated_at;
}

async function messageOf(answer: Response): Promise<unknown> {
  const body = (await answer.json()) as { message?: unknown };
  return body.message;
}

function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString();
}

describe('startGitHub', () => {
  beforeEach(async () => {
    clock = new Date('2026-11-22T10:00:00.700Z');
    await start();
  });
  afterEach(() => github.close());

  describe('when a secret is put', () => {
    it('answers 201 with {} the first time and 204 without a body after that', async () => {
      const sealed = await sealFor('one');
      const address = github.url + SECRET_PATH;
      const init = { method: 'PUT', headers: HEADERS, body: JSON.stringify(sealed) };
      const first = await fetch(address, init);
      const second = await fetch(address, init);
      expect([first.status, await first.text()]).toEqual([201, '{}']);
      expect([second.status, await second.text()]).toEqual([204, '']);
    });

    it('opens what libsodium sealed', async () => {
      expect(await put('cio-token')).toBe(201);
      expect(text(github.secret('acme/engine', 'release', 'crates_io_token')?.opened)).toBe('cio-token');
    });

    it('opens what an independent implementation sealed', async () => {
      const { data } = await client().rest.actions.getEnvironmentPublicKey(PLACE);
      const box = sealWithTweetnacl(Buffer.from('from tweetnacl'), Buffer.from(data.key, 'base64'));
      const encrypted_value = Buffer.from(box).toString('base64');
      await client().rest.actions.createOrUpdateEnvironmentSecret({
        ...SECRET,
        key_id: data.key_id,
        encrypted_value,
      });
      expect(text(github.secret('ACME/Engine', 'Release', 'CRATES_IO_TOKEN')?.opened)).toBe('from tweetnacl');
    });

    it('moves updated_at by whole seconds and keeps created_at', async () => {
      await put('one');
      clock = new Date('2026-11-22T10:00:05.200Z');
      await put('two');
      const { data } = await client().rest.actions.getEnvironmentSecret(SECRET);
      expect(data).toEqual({
        name: 'CRATES_IO_TOKEN',
        created_at: '2026-11-22T10:00:00Z',
        updated_at: '2026-11-22T10:00:05Z',
      });
      expect(github.putCount('acme/engine', 'release', 'CRATES_IO_TOKEN')).toBe(2);
    });

    it('never serves the value nor records it in the clear', async () => {
      await put('a value nobody may see');
      const { data } = await client().rest.actions.listEnvironmentSecrets(PLACE);
      const wire = github.requests.map((request) => `${request.body}${request.rawHeaders}`).join();
      expect(JSON.stringify(data) + wire).not.toContain('nobody may see');
    });

    it('stores names in upper case and finds them in any', async () => {
      await put('x', 'npm_token');
      const { data } = await client().rest.actions.getEnvironmentSecret({
        ...PLACE,
        secret_name: 'Npm_Token',
      });
      expect(data.name).toBe('NPM_TOKEN');
    });
  });

  describe('when the box is wrong', () => {
    it("answers 422 to another environment's key", async () => {
      github.addEnvironment('acme/engine', 'staging');
      const other = await client().rest.actions.getEnvironmentPublicKey({
        ...PLACE,
        environment_name: 'staging',
      });
      const own = await sealFor('x');
      const box = sodium.crypto_box_seal('x', Buffer.from(other.data.key, 'base64'));
      const encrypted_value = Buffer.from(box).toString('base64');
      expect(await rawPut({ key_id: own.key_id, encrypted_value })).toEqual({
        status: 422,
        message: IMPROPER,
      });
      expect(github.putCount()).toBe(0);
    });

    it('answers 422 to a key that was rotated away, and opens with the new one', async () => {
      const sealed = await sealFor('late');
      github.rotateKey('acme/engine', 'release');
      expect(await rawPut(sealed)).toEqual({ status: 422, message: IMPROPER });
      expect(await put('again')).toBe(201);
    });

    it('answers 422 to plain text, to a wrong key_id and to missing fields', async () => {
      const sealed = await sealFor('x');
      expect(await rawPut({ ...sealed, encrypted_value: 'plain' })).toMatchObject({ status: 422 });
      expect(await rawPut({ ...sealed, key_id: '1' })).toEqual({ status: 422, message: IMPROPER });
      expect(await rawPut({ encrypted_value: sealed.encrypted_value })).toEqual({
        status: 422,
        message: 'Invalid request.\n\n"key_id" wasn\'t supplied.',
      });
      expect(await rawPut('{')).toEqual({ status: 400, message: 'Problems parsing JSON' });
    });

    it.each(['1BAD', 'a%20b', 'A-B'])('answers 422 to the name %s', async (name) => {
      const answer = await rawPut(await sealFor('x'), name);
      expect(answer.status).toBe(422);
      expect(answer.message).toMatch(/^Secret names can only contain alphanumeric characters/);
    });

    it('answers 422 to a name that starts with GITHUB_', async () => {
      const answer = await rawPut(await sealFor('x'), 'github_token');
      expect(answer).toEqual({ status: 422, message: 'Secret names must not start with GITHUB_.' });
    });

    it('answers 422 beyond 48 KB, and takes exactly 48 KB', async () => {
      expect(await rawPut(await sealFor('x'.repeat(49_153)))).toMatchObject({ status: 422 });
      expect(await rawPut(await sealFor('x'.repeat(49_152)))).toMatchObject({ status: 201 });
    });

    it('answers 422 to the 101st secret, but still updates the 100th', async () => {
      for (let i = 1; i <= 100; i += 1) {
        github.addSecret({ repository: 'acme/engine', environment: 'release', name: `S${i}` });
      }
      expect(await rawPut(await sealFor('x'), 'ONE_MORE')).toMatchObject({ status: 422 });
      expect(await rawPut(await sealFor('x'), 'S100')).toMatchObject({ status: 204 });
    });
  });

  describe('when secrets are listed', () => {
    it('answers page by page, and octokit finds them all', async () => {
      for (let i = 10; i < 75; i += 1) {
        github.addSecret({ repository: 'acme/engine', environment: 'release', name: `S${i}` });
      }
      const first = await client().rest.actions.listEnvironmentSecrets(PLACE);
      expect(first.data.secrets).toHaveLength(30);
      expect(first.data.total_count).toBe(65);
      const base = `${github.url}/repositories/42/environments/release/secrets?per_page=30`;
      expect(first.headers.link).toBe(`<${base}&page=2>; rel="next", <${base}&page=3>; rel="last"`);
      const octokit = client();
      const all = await octokit.paginate(octokit.rest.actions.listEnvironmentSecrets, PLACE);
      expect(all.map((secret) => secret.name)).toEqual(Array.from({ length: 65 }, (_, i) => `S${i + 10}`));
    });

    it('answers the repository level apart from the environment level', async () => {
      github.addSecret({ repository: 'acme/engine', name: 'LEGACY' });
      const { data } = await client('auditor').rest.actions.listRepoSecrets(PLACE);
      expect(data.secrets.map((secret) => secret.name)).toEqual(['LEGACY']);
      const environment = await client().rest.actions.listEnvironmentSecrets(PLACE);
      expect(environment.data.total_count).toBe(0);
    });
  });

  describe('when reads lag behind writes', () => {
    it('answers what was before, for as many reads as asked', async () => {
      await put('one');
      github.setReadLag({ reads: 2 });
      clock = new Date('2026-11-22T10:01:00Z');
      await put('two');
      expect(await updatedAt()).toBe('2026-11-22T10:00:00Z');
      expect(await updatedAt()).toBe('2026-11-22T10:00:00Z');
      expect(await updatedAt()).toBe('2026-11-22T10:01:00Z');
    });

    it('answers 404 for a new secret until the handed-in clock has moved on', async () => {
      github.setReadLag({ milliseconds: 5000 });
      await put('one');
      await expect(updatedAt()).rejects.toMatchObject({ status: 404 });
      clock = new Date('2026-11-22T10:00:06Z');
      expect(await updatedAt()).toBe('2026-11-22T10:00:00Z');
    });
  });

  describe('when someone else writes', () => {
    it('shows another updated_at, and counts no write of ours', async () => {
      await put('ours');
      clock = new Date('2026-11-23T08:00:00Z');
      github.touchSecret({
        repository: 'acme/engine',
        environment: 'release',
        name: 'CRATES_IO_TOKEN',
        value: 'theirs',
      });
      expect(await updatedAt()).toBe('2026-11-23T08:00:00Z');
      expect(text(github.secret('acme/engine', 'release', 'CRATES_IO_TOKEN')?.opened)).toBe('theirs');
      expect(github.putCount()).toBe(1);
    });

    it('shows another created_at after delete and create', async () => {
      await put('one');
      await client().rest.actions.deleteEnvironmentSecret(SECRET);
      clock = new Date('2026-11-22T11:00:00Z');
      expect(await put('two')).toBe(201);
      expect(github.secret('acme/engine', 'release', 'CRATES_IO_TOKEN')?.createdAt).toEqual(clock);
    });
  });

  describe('when a token is not enough', () => {
    it('answers 401 to an unknown one, whatever the path', async () => {
      for (const path of ['/rate_limit', '/repos/acme/engine', '/nowhere']) {
        const answer = await get(path, { ...HEADERS, authorization: 'token stolen' });
        expect(answer.status).toBe(401);
        expect(await answer.json()).toEqual({
          message: 'Bad credentials',
          documentation_url: 'https://docs.github.com/rest',
          status: '401',
        });
      }
    });

    it('answers 401 to none where one is needed', async () => {
      const answer = await get(SECRET_PATH, { 'user-agent': 'test' });
      expect([answer.status, await messageOf(answer)]).toEqual([401, 'Requires authentication']);
    });

    it('answers 403 and names the permission', async () => {
      const sealed = await sealFor('x');
      const attempt = client('auditor').rest.actions.createOrUpdateEnvironmentSecret({
        ...SECRET,
        ...sealed,
      });
      await expect(attempt).rejects.toMatchObject({
        status: 403,
        response: {
          data: { message: 'Resource not accessible by personal access token', status: '403' },
          headers: { 'x-accepted-github-permissions': 'environments=write' },
        },
      });
    });

    it('answers 403 where environments is there and actions is not', async () => {
      const attempt = client('sealer').rest.repos.getEnvironment(PLACE);
      await expect(attempt).rejects.toMatchObject({
        status: 403,
        response: { headers: { 'x-accepted-github-permissions': 'actions=read' } },
      });
      const { data } = await client('auditor').rest.repos.getEnvironment({
        ...PLACE,
        environment_name: 'RELEASE',
      });
      expect(data).toMatchObject({ name: 'release', protection_rules: [], deployment_branch_policy: null });
    });

    it("refuses an App's token in other words", async () => {
      github.addToken('ghs_app', { permissions: {}, kind: 'app' });
      const answer = await get(SECRET_PATH, { ...HEADERS, authorization: 'Bearer ghs_app' });
      expect(await messageOf(answer)).toBe('Resource not accessible by integration');
    });

    it('answers 404 for a private repository that it was not given', async () => {
      github.addRepository({ fullName: 'acme/hidden', private: true });
      github.addToken('narrow', { permissions: { environments: 'write' }, repositories: ['acme/engine'] });
      const hidden = client('narrow').rest.repos.get({ owner: 'acme', repo: 'hidden' });
      await expect(hidden).rejects.toMatchObject({ status: 404 });
      const given = await client('narrow').rest.repos.get(PLACE);
      expect(given.data).toMatchObject({ id: 42, full_name: 'acme/engine', private: false });
    });
  });

  describe('when asked for what is not there', () => {
    it.each([
      '/nowhere',
      '/repos/acme/other',
      '/repos/acme/engine/nowhere',
      '/repos/acme/engine/environments/x',
    ])("answers 404 in GitHub's shape to %s", async (path) => {
      const answer = await get(path, { ...HEADERS, authorization: 'bearer auditor' });
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ message: 'Not Found', status: '404' });
    });

    it('takes an environment with a slash in its name only percent-encoded', async () => {
      github.addEnvironment('acme/engine', 'rel/ease x');
      const { data } = await client().rest.actions.getEnvironmentPublicKey({
        ...PLACE,
        environment_name: 'rel/ease x',
      });
      expect(Buffer.from(data.key, 'base64')).toHaveLength(32);
      expect((await get('/repos/acme/engine/environments/rel/ease x/secrets')).status).toBe(404);
    });
  });

  describe('when a repository was renamed', () => {
    it('answers 301 to a read and 307 to a write, by number', async () => {
      github.renameRepository('acme/engine', 'acme/motor');
      const read = await get('/repos/acme/engine');
      expect([read.status, read.headers.get('location')]).toEqual([301, `${github.url}/repositories/42`]);
      expect(await read.json()).toMatchObject({
        message: 'Moved Permanently',
        url: `${github.url}/repositories/42`,
      });
      const write = await fetch(github.url + SECRET_PATH, {
        method: 'PUT',
        headers: HEADERS,
        redirect: 'manual',
      });
      expect(write.status).toBe(307);
      expect(write.headers.get('location')).toBe(
        `${github.url}/repositories/42/environments/release/secrets/CRATES_IO_TOKEN`,
      );
    });

    it('shows what a client that follows would have done', async () => {
      const sealed = await sealFor('x');
      github.renameRepository('acme/engine', 'acme/motor');
      const { status } = await client().rest.actions.createOrUpdateEnvironmentSecret({
        ...SECRET,
        ...sealed,
      });
      expect(status).toBe(201);
      expect(github.putCount('acme/motor')).toBe(1);
    });

    it('answers the new repository when another takes the name', async () => {
      github.renameRepository('acme/engine', 'acme/motor');
      const id = github.addRepository({ fullName: 'acme/engine' });
      const { data } = await client().rest.repos.get(PLACE);
      expect([data.id, id === 42]).toEqual([id, false]);
    });
  });

  describe('when any answer is given', () => {
    it("carries GitHub's headers and the handed-in clock", async () => {
      const { headers } = await client().rest.repos.get(PLACE);
      expect(headers).toMatchObject({
        date: 'Sun, 22 Nov 2026 10:00:00 GMT',
        'x-ratelimit-limit': '5000',
        'x-ratelimit-remaining': '4999',
        'x-ratelimit-reset': String(Date.parse('2026-11-22T11:00:00Z') / 1000),
        'x-accepted-github-permissions': 'metadata=read',
        'github-authentication-token-expiration': '2027-01-31 23:00:00 UTC',
      });
      expect(headers['x-github-request-id']).toMatch(/^SAND:/);
    });

    it('answers /rate_limit and /meta', async () => {
      const { data } = await client().rest.rateLimit.get();
      expect(data.resources.core).toMatchObject({ limit: 5000 });
      expect((await client().rest.meta.get()).data.verifiable_password_authentication).toBe(false);
    });

    it('refuses a request without User-Agent', async () => {
      const answer = await get('/meta', { 'user-agent': '' });
      expect(answer.status).toBe(403);
    });
  });

  describe('when asked whose a token is', () => {
    const user = (token: string) => get('/user', { authorization: `token ${token}`, 'user-agent': 'test' });

    it('says it, with the end and the scopes that it has', async () => {
      github.addUserToken('mine', {
        login: 'ada',
        expires: '2027-01-31 23:00:00 UTC',
        scopes: ['repo', 'gist'],
      });
      const { data, headers } = await client('mine').rest.users.getAuthenticated();
      expect(data).toMatchObject({ login: 'ada', type: 'User' });
      expect(headers).toMatchObject({
        'github-authentication-token-expiration': '2027-01-31 23:00:00 UTC',
        'x-oauth-scopes': 'repo, gist',
      });
    });

    it('sends the scopes of a classic token also where it has none, and of others never', async () => {
      github.addUserToken('none', { scopes: [] });
      expect((await user('none')).headers.get('x-oauth-scopes')).toBe('');
      expect((await user('auditor')).headers.has('x-oauth-scopes')).toBe(false);
    });

    it('lets a token that is only to be checked see nothing else', async () => {
      github.addUserToken('mine');
      const secrets = await get('/repos/acme/engine/environments/release/secrets', {
        authorization: 'token mine',
      });
      expect(secrets.status).toBe(403);
    });

    it('refuses nobody, somebody unknown, and an app', async () => {
      github.addToken('app', { permissions: {}, kind: 'app' });
      const answers = [
        await get('/user', { 'user-agent': 'test' }),
        await user('unknown'),
        await user('app'),
      ];
      const seen = await Promise.all(answers.map(async (one) => [one.status, await messageOf(one)]));
      expect(seen).toEqual([
        [401, 'Requires authentication'],
        [401, 'Bad credentials'],
        [403, 'Resource not accessible by integration'],
      ]);
    });
  });

  describe('when resources are added', () => {
    it('answers them in pages and with their own permission', async () => {
      const rules = Array.from({ length: 40 }, (_, i) => ({ type: `rule-${i}` }));
      github.addResource({
        repository: 'acme/engine',
        path: 'rules/branches/main',
        permission: 'metadata',
        body: rules,
      });
      const octokit = client();
      const all = await octokit.paginate(octokit.rest.repos.getBranchRules, { ...PLACE, branch: 'main' });
      expect(all).toHaveLength(40);
    });
  });

  describe('when it plays Enterprise Server', () => {
    it('answers under its prefix and without rate limits', async () => {
      await github.close();
      await start({ enterpriseVersion: '3.18.2' });
      expect(await put('x')).toBe(201);
      const meta = await client().rest.meta.get();
      expect(meta.data).toMatchObject({ installed_version: '3.18.2' });
      expect(meta.headers['x-ratelimit-limit']).toBeUndefined();
      await expect(client().rest.rateLimit.get()).rejects.toMatchObject({ status: 404 });
      expect((await get('/meta')).status).toBe(404);
    });
  });

  describe.skipIf(!existsSync('/usr/bin/gh'))('when gh is the client', () => {
    it('takes a secret that gh sealed', async () => {
      const home = mkdtempSync(join(tmpdir(), 'reseal-gh-'));
      const env = {
        PATH: '/usr/bin:/bin',
        HOME: home,
        GH_CONFIG_DIR: home,
        GH_HOST: 'github.localhost',
        GH_TOKEN: 'sealer',
        GH_NO_UPDATE_NOTIFIER: '1',
        GH_PROMPT_DISABLED: '1',
        NO_COLOR: '1',
        HTTP_PROXY: github.url,
      };
      const args = [
        'secret',
        'set',
        'CRATES_IO_TOKEN',
        '--env',
        'release',
        '-R',
        'github.localhost/acme/engine',
      ];
      await promisify(execFile)('/usr/bin/gh', [...args, '--body', 'sealed by gh'], { env });
      rmSync(home, { recursive: true });
      expect(text(github.secret('acme/engine', 'release', 'CRATES_IO_TOKEN')?.opened)).toBe('sealed by gh');
    });
  });
});
