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
  startTestGitHub,
  TOKEN,
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
    it("answers stored and created for a new secret, with GitHub's time and the id of the request", async () => {
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

    it('leaves just the pasted bytes in the environment (I16)', async () => {
      await put();
      expect(opened()).toBe(TOKEN);
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

    it('answers stored without a time where the answer carries none (B29)', async () => {
      github.fault({ method: 'PUT', kind: 'headers', headers: { date: '' } });
      expect(await put()).toMatchObject({ kind: 'stored', serverTime: undefined });
    });
  });

  describe('when GitHub says no for good', () => {
    it('answers stale-key to a box sealed for another key (B9)', async () => {
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

    it("hands on GitHub's own words at another 422 (B10)", async () => {
      const message = 'Environment secrets are limited to 100 per environment.';
      github.fault({ method: 'PUT', kind: 'status', status: 422, body: { message } });
      expect(await put()).toMatchObject({ kind: 'stale-key', reason: expect.stringContaining(message) });
    });

    it('answers refused and names the permission when the token may only read (B30)', async () => {
      github.addToken(SEALER, { permissions: { environments: 'read' } });
      expect(await put()).toMatchObject({
        kind: 'refused',
        hints: ['GitHub asks for the permission environments:write: add it to the token'],
      });
    });

    it('answers refused when the environment has gone meanwhile (B28)', async () => {
      github.fault({ method: 'PUT', kind: 'status', status: 404 });
      expect(await put()).toMatchObject({
        kind: 'refused',
        reason: 'GitHub shows no such environment to this token any more',
      });
    });

    it.each([401, 403, 410, 429])('answers refused at %i', async (status) => {
      github.fault({ method: 'PUT', kind: 'status', status });
      expect((await put()).kind).toBe('refused');
    });

    it('answers refused to a renamed repository, and follows nothing (B6)', async () => {
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

    it.each([301, 302, 307, 308] as const)(
      'sends nothing to the other host that a %i names (B7, T3)',
      async (status) => {
        const elsewhere = await startTestGitHub();
        github.fault({ method: 'PUT', kind: 'redirect', to: `${elsewhere.url}/x`, status });
        expect(await put()).toMatchObject({
          kind: 'refused',
          reason: expect.stringContaining('pointed to another host, and was not followed'),
        });
        expect(elsewhere.requests).toEqual([]);
        await elsewhere.close();
      },
    );
  });

  describe('when nobody can say whether it landed', () => {
    it.each([409, 408, 500, 502, 503, 504])('answers unclear at %i (B8, B14)', async (status) => {
      github.fault({ method: 'PUT', kind: 'status', status });
      expect(await put()).toEqual({ kind: 'unclear', reason: `GitHub answered ${status}` });
      expect(github.putCount()).toBe(0);
    });

    it('answers unclear at a 502 behind which it did land', async () => {
      github.fault({ method: 'PUT', kind: 'apply-then-status', status: 502 });
      expect((await put()).kind).toBe('unclear');
      expect(opened()).toBe(TOKEN);
    });

    it.each(['truncate', 'html', 'empty'] as const)(
      'answers unclear to a 200 with a %s body: it is no answer to a write (T1)',
      async (kind) => {
        github.fault({ method: 'PUT', kind });
        expect(await put()).toEqual({ kind: 'unclear', reason: 'GitHub answered 200' });
      },
    );

    it.each(['hang', 'apply-then-hang'] as const)(
      'answers unclear at the deadline of a %s (B15)',
      async (kind) => {
        github.fault({ method: 'PUT', kind });
        expect(await put({ deadlineMs: 150 })).toEqual({
          kind: 'unclear',
          reason: 'no answer from GitHub (no answer in time)',
        });
        expect(github.putCount()).toBe(kind === 'hang' ? 0 : 1);
      },
    );

    it.each(['reset', 'apply-then-reset'] as const)('answers unclear to a %s (B16)', async (kind) => {
      github.fault({ method: 'PUT', kind });
      expect((await put()).kind).toBe('unclear');
      expect(github.putCount()).toBe(kind === 'reset' ? 0 : 1);
    });
  });

  describe('when no connection came about', () => {
    it('answers not-sent to a refused one', async () => {
      const apiUrl = `http://127.0.0.1:${await freePort()}`;
      expect(await put({ apiUrl })).toEqual({
        kind: 'not-sent',
        reason: 'no answer from GitHub (ECONNREFUSED)',
      });
    });

    it.skipIf(!hasOpenssl)('answers not-sent to a certificate that is not trusted (B18)', async () => {
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
