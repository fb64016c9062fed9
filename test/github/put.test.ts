import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClientOptions } from '../../src/github/client.ts';
import { openSecretStore } from '../../src/github/environment-secrets.ts';
import type { PutAnswer } from '../../src/rotate/rotation.ts';
import type { GitHubSandbox } from '../../src/sandbox/github.ts';
import { DESTINATION, NOW } from '../support/builders.ts';
import { findLeaks } from '../support/canary.ts';
import {
  clientOf,
  ENVIRONMENT,
  freePort,
  hasOpenssl,
  REPO,
  SEALER,
  SECRET,
  SECRET_PATH,
  secretOf,
  selfSigned,
  startHalfOpen,
  startTestGitHub,
  TOKEN,
  TOKEN_FILE,
  UNRESOLVABLE,
  wireOf,
} from '../support/stand-ins.ts';

let github: GitHubSandbox;

/** Seals to the environment's key and puts it, as one rotation does. */
async function put(options: Partial<ClientOptions> = {}): Promise<PutAnswer> {
  const store = openSecretStore(clientOf(github));
  const { key, keyId } = await store.publicKey(DESTINATION);
  const value = await store.seal(secretOf(TOKEN), key);
  return openSecretStore(clientOf(github, options)).put(DESTINATION, { value, keyId });
}

function opened(): string {
  return Buffer.from(github.secret(REPO, ENVIRONMENT, SECRET)?.opened ?? []).toString();
}

beforeEach(async () => {
  github = await startTestGitHub();
});
afterEach(() => github.close());

describe('put', () => {
  describe('when GitHub takes it', () => {
    it("B23: answers stored and created for a new secret, with GitHub's time and the id of the request", async () => {
      expect(await put()).toEqual({
        kind: 'stored',
        created: true,
        serverTime: NOW,
        requestId: expect.stringMatching(/^SAND:/),
      });
    });

    it('answers stored and not created for one that was there', async () => {
      github.addSecret({ repository: REPO, environment: ENVIRONMENT, name: SECRET });
      expect(await put()).toMatchObject({ kind: 'stored', created: false });
    });

    it('B12: leaves just the pasted bytes in the environment, sealed to its own key (I16)', async () => {
      await put();
      expect(opened()).toBe(TOKEN);
    });

    it('B12: seals to the key of that very environment, and names it in the same request', async () => {
      github.addEnvironment(REPO, 'staging');
      const places = ['release', 'staging'].map((environment) => ({ ...DESTINATION, environment }));
      const keyIds: string[] = [];
      for (const place of places) {
        const store = openSecretStore(clientOf(github));
        const { key, keyId } = await store.publicKey(place);
        await store.put(place, { value: await store.seal(secretOf(TOKEN), key), keyId });
        keyIds.push(keyId);
      }
      const held = places.map(({ environment }) => github.secret(REPO, environment, SECRET));
      expect(held.map((one) => Buffer.from(one?.opened ?? []).toString())).toEqual([TOKEN, TOKEN]);
      expect(held.map((one) => one?.keyId)).toEqual(keyIds);
      const sent = github.requests.filter(({ method }) => method === 'PUT');
      expect(sent.map(({ body }) => JSON.parse(body.toString()).key_id)).toEqual(keyIds);
    });

    it('sends no trace of the token but the sealed value', async () => {
      await put();
      expect(findLeaks(TOKEN, new Map([['requests', wireOf(github.requests)]]))).toEqual([]);
    });

    it("says where the token file's own token goes: into one header only", async () => {
      await put();
      const bare = github.requests.map(({ rawHeaders, ...rest }) => ({
        ...rest,
        rawHeaders: rawHeaders.filter((text) => text !== `token ${SEALER}`),
      }));
      expect(findLeaks(SEALER, new Map([['requests', wireOf(bare)]]))).toEqual([]);
    });

    it('B29: answers stored without a time where the answer carries none', async () => {
      github.fault({ method: 'PUT', kind: 'headers', headers: { date: '' } });
      expect(await put()).toMatchObject({ kind: 'stored', serverTime: undefined });
    });
  });

  describe('when GitHub says no for good', () => {
    it('B9: answers stale-key to a box sealed for another key', async () => {
      const store = openSecretStore(clientOf(github));
      const { key, keyId } = await store.publicKey(DESTINATION);
      const value = await store.seal(secretOf(TOKEN), key);
      github.rotateKey(REPO, ENVIRONMENT);
      expect(await store.put(DESTINATION, { value, keyId })).toEqual({
        kind: 'stale-key',
        reason:
          'GitHub did not take the sealed value (422: Bad request - validation failed due to an improperly encrypted secret)',
      });
      expect(github.putCount()).toBe(0);
    });

    it("B10: hands on GitHub's own words at another 422", async () => {
      const message = 'Environment secrets are limited to 100 per environment.';
      github.fault({ method: 'PUT', kind: 'status', status: 422, body: { message } });
      expect(await put()).toMatchObject({ kind: 'stale-key', reason: expect.stringContaining(message) });
    });

    it('B2, B30: answers refused and names the permission when the token may only read', async () => {
      github.addToken(SEALER, { permissions: { environments: 'read' } });
      expect(await put()).toMatchObject({
        kind: 'refused',
        hints: ['GitHub asks for the permission environments:write: add it to the token'],
      });
    });

    it('B28: answers refused when the environment has gone meanwhile', async () => {
      const store = openSecretStore(clientOf(github));
      const { key, keyId } = await store.publicKey(DESTINATION);
      const value = await store.seal(secretOf(TOKEN), key);
      github.removeEnvironment(REPO, ENVIRONMENT);
      expect(await store.put(DESTINATION, { value, keyId })).toMatchObject({
        kind: 'refused',
        reason: 'GitHub shows no such environment to this token any more',
      });
    });

    it.each([400, 403, 410, 451])('answers refused at %i, for this place alone', async (status) => {
      github.fault({ method: 'PUT', kind: 'status', status });
      const answer = await put();
      expect(answer).toMatchObject({ kind: 'refused' });
      expect(answer).not.toHaveProperty('everywhere');
    });

    it.each([
      ["GitHub's own", undefined],
      ['a log-in page', '<h1>Log in</h1>'],
    ])('B1: answers refused everywhere at a 401, %s, after one request', async (_, body) => {
      github.fault({ method: 'PUT', kind: 'status', status: 401, body, times: 9 });
      expect(await put()).toMatchObject({ kind: 'refused', everywhere: true });
      expect(github.requests.filter(({ method }) => method === 'PUT')).toHaveLength(1);
    });

    it('B31: answers refused with the page of single sign-on', async () => {
      const page = `${github.url}/orgs/example/sso?authorization_request=A1`;
      const headers = { 'x-github-sso': `required; url=${page}` };
      github.fault({ method: 'PUT', kind: 'status', status: 403, headers });
      expect(await put()).toEqual({
        kind: 'refused',
        reason: `the token in "${TOKEN_FILE}" is not authorised for the organisation's single sign-on`,
        hints: [`authorise it within the hour at ${page}`],
      });
    });

    it('B3: answers limited, until when, and for how long', async () => {
      const headers = {
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': String(Date.parse('2026-11-23T10:00:00Z') / 1000),
      };
      github.fault({ method: 'PUT', kind: 'status', status: 403, headers });
      expect(await put()).toEqual({
        kind: 'limited',
        reason: "GitHub's limit until 10:00 UTC: this hour's requests are used up",
        waitMs: 30 * 60_000,
      });
    });

    it.each([
      [403, { 'retry-after': '37' }, 37_000],
      [429, { 'retry-after': '37' }, 37_000],
      [429, {}, 60_000],
    ] as const)('B4: answers limited at %i with %j', async (status, headers, waitMs) => {
      github.fault({ method: 'PUT', kind: 'status', status, headers });
      expect(await put()).toEqual({
        kind: 'limited',
        reason: "GitHub's limit until 09:31 UTC: it asks to slow down",
        waitMs,
      });
    });

    it('B6: answers refused to a renamed repository, and follows nothing', async () => {
      const store = openSecretStore(clientOf(github));
      const { key, keyId } = await store.publicKey(DESTINATION);
      const value = await store.seal(secretOf(TOKEN), key);
      github.renameRepository(REPO, 'example/gears');
      expect(await store.put(DESTINATION, { value, keyId })).toMatchObject({
        kind: 'refused',
        reason: expect.stringContaining('renamed'),
      });
      expect(github.putCount()).toBe(0);
    });
  });

  describe('when nobody can say whether it landed', () => {
    // What redirects to a foreign host is not GitHub alone, and may have handed the write on before.
    it.each([301, 302, 307, 308] as const)(
      'B7: answers unclear to a %i, and sends nothing to the other host that it names (T3)',
      async (status) => {
        const elsewhere = await startTestGitHub();
        github.fault({ method: 'PUT', kind: 'redirect', to: `${elsewhere.url}/x`, status });
        expect(await put()).toMatchObject({
          kind: 'unclear',
          reason: expect.stringContaining('an unexpected redirect was refused'),
        });
        expect(elsewhere.requests).toEqual([]);
        await elsewhere.close();
      },
    );

    it.each([400, 403, 404, 410, 422])(
      "B19: answers unclear to a page with %i that is not GitHub's",
      async (status) => {
        github.fault({ method: 'PUT', kind: 'status', status, body: '<h1>No</h1>' });
        expect((await put()).kind).toBe('unclear');
      },
    );

    it.each([
      ['a page', '<h1>Created</h1>'],
      ['a list', []],
      ['a text', '"{}"'],
    ])('B19: answers unclear to a 201 with %s: GitHub says {}', async (_, body) => {
      github.fault({ method: 'PUT', kind: 'status', status: 201, body });
      expect((await put()).kind).toBe('unclear');
    });

    it('B20: answers unclear to a 200 whose body drips, at the deadline', async () => {
      github.fault({ method: 'PUT', kind: 'drip', everyMs: 20 });
      expect(await put({ deadlineMs: 300 })).toEqual({ kind: 'unclear', reason: 'GitHub answered 200' });
    });

    it('B21: answers unclear to a 200 with a huge body', async () => {
      github.fault({ method: 'PUT', kind: 'huge', bytes: 2_000_000 });
      expect(await put()).toEqual({ kind: 'unclear', reason: 'GitHub answered 200' });
    });

    it.each([202, 203, 206, 207, 226])(
      'answers unclear at %i: only 201 and 204 say that it is stored',
      async (status) => {
        github.fault({ method: 'PUT', kind: 'status', status, body: {} });
        expect((await put()).kind).toBe('unclear');
      },
    );

    it.each([409, 408, 500, 502, 503, 504])('B8, B14: answers unclear at %i', async (status) => {
      github.fault({ method: 'PUT', kind: 'status', status });
      expect(await put()).toEqual({ kind: 'unclear', reason: `GitHub answered ${status}` });
      expect(github.putCount()).toBe(0);
    });

    it('B14: answers unclear at a 502 behind which it did land', async () => {
      github.fault({ method: 'PUT', kind: 'apply-then-status', status: 502 });
      expect((await put()).kind).toBe('unclear');
      expect(opened()).toBe(TOKEN);
    });

    it.each(['truncate', 'html', 'empty'] as const)(
      'B19: answers unclear to a 200 with a %s body: it is no answer to a write (T1)',
      async (kind) => {
        github.fault({ method: 'PUT', kind });
        expect(await put()).toEqual({ kind: 'unclear', reason: 'GitHub answered 200' });
      },
    );

    it.each(['hang', 'apply-then-hang'] as const)(
      'B15: answers unclear at the deadline of a %s',
      async (kind) => {
        github.fault({ method: 'PUT', kind });
        expect(await put({ deadlineMs: 150 })).toEqual({
          kind: 'unclear',
          reason: 'no answer from GitHub (no answer in time)',
        });
        expect(github.putCount()).toBe(kind === 'hang' ? 0 : 1);
      },
    );

    it.each(['reset', 'apply-then-reset'] as const)('answers unclear to a %s', async (kind) => {
      github.fault({ method: 'PUT', kind });
      expect((await put()).kind).toBe('unclear');
      expect(github.putCount()).toBe(kind === 'reset' ? 0 : 1);
    });
  });

  it('B16: answers unclear at the deadline when the other side is gone without a word', async () => {
    const { port, taken, close } = await startHalfOpen();
    const apiUrl = `http://127.0.0.1:${port}`;
    const reason = 'no answer from GitHub (no answer in time)';
    expect(await put({ apiUrl, deadlineMs: 300 })).toEqual({ kind: 'unclear', reason });
    expect(taken()).toBe(1);
    await close();
  });

  describe('when no connection came about', () => {
    it('B17: answers not-sent to a name that does not resolve', async () => {
      expect(await put({ apiUrl: UNRESOLVABLE })).toEqual({
        kind: 'not-sent',
        reason: expect.stringMatching(/^no answer from GitHub \((ENOTFOUND|EAI_AGAIN)\)$/),
      });
    });

    it('answers not-sent to a refused one', async () => {
      const apiUrl = `http://127.0.0.1:${await freePort()}`;
      expect(await put({ apiUrl })).toEqual({
        kind: 'not-sent',
        reason: 'no answer from GitHub (ECONNREFUSED)',
      });
    });

    it.skipIf(!hasOpenssl)('B18: answers not-sent to a certificate that is not trusted', async () => {
      const secure = await startTestGitHub(() => NOW, { tls: selfSigned() });
      expect((await put({ apiUrl: secure.apiUrl })).kind).toBe('not-sent');
      expect(secure.requests).toEqual([]);
      await secure.close();
    });
  });

  it('goes out once, whatever the answer is', async () => {
    github.fault({ method: 'PUT', kind: 'status', status: 503 });
    await put();
    expect(github.requests.filter(({ method }) => method === 'PUT')).toHaveLength(1);
    expect(github.requests.at(-1)?.path).toMatch(SECRET_PATH);
  });
});
