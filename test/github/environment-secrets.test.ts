import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Destination } from '../../src/domain/credential.ts';
import { isAppError } from '../../src/domain/error.ts';
import { openSecretStore } from '../../src/github/environment-secrets.ts';
import type { SecretStore } from '../../src/rotate/rotation.ts';
import type { GitHubSandbox } from '../../src/sandbox/github.ts';
import { DESTINATION, NOW } from '../support/builders.ts';
import {
  clientOf,
  ENVIRONMENT,
  KEY_PATH,
  REPO,
  REPO_PATH,
  SEALER,
  SECRET,
  SECRET_PATH,
  startTestGitHub,
} from '../support/stand-ins.ts';

let github: GitHubSandbox;
let store: SecretStore;

async function failureOf(work: Promise<unknown>): Promise<{ code: string; message: string; hints: string }> {
  try {
    await work;
  } catch (error) {
    if (isAppError(error)) {
      return { code: error.code, message: error.message, hints: error.hints.join('\n') };
    }
    throw error;
  }
  throw new Error('nothing was thrown');
}

function addSecret(at = '2025-11-30T16:04:12Z'): void {
  github.addSecret({ repository: REPO, environment: ENVIRONMENT, name: SECRET, at: new Date(at) });
}

beforeEach(async () => {
  github = await startTestGitHub();
  store = openSecretStore(clientOf(github));
});
afterEach(() => github.close());

describe('precheck', () => {
  describe('when the token has environments:write and metadata:read and nothing else', () => {
    it("returns when the secret was last changed, and GitHub's time", async () => {
      addSecret();
      const view = await store.precheck(DESTINATION);
      expect(view).toEqual({ updatedAt: new Date('2025-11-30T16:04:12Z'), serverTime: NOW });
    });

    it('returns no time for a secret that is to be created', async () => {
      expect((await store.precheck(DESTINATION)).updatedAt).toBeUndefined();
    });

    it('writes nothing and asks no more than three questions', async () => {
      await store.precheck(DESTINATION);
      expect(github.requests.map(({ method }) => method)).toEqual(['GET', 'GET', 'GET']);
    });

    it('finds a place whose name has other capitals and odd characters', async () => {
      github.addEnvironment(REPO, 'rel/ease x');
      const odd: Destination = { repo: 'Example/Widgets', environment: 'rel/ease x', secret: SECRET };
      expect((await store.precheck(odd)).updatedAt).toBeUndefined();
      expect(github.requests[1]?.path).toContain('/environments/rel%2Fease%20x/');
    });
  });

  describe('when the token is not accepted (B1)', () => {
    it('says unauthorized, and asks nothing more', async () => {
      github.removeToken(SEALER);
      expect((await failureOf(store.precheck(DESTINATION))).code).toBe('unauthorized');
      expect(github.requests).toHaveLength(1);
    });
  });

  describe('when the token lacks the permission (B2)', () => {
    it('names it', async () => {
      github.addToken(SEALER, { permissions: { actions: 'read' } });
      const { code, hints } = await failureOf(store.precheck(DESTINATION));
      expect(code).toBe('forbidden');
      expect(hints).toBe('GitHub asks for the permission environments:read: add it to the token');
    });
  });

  describe('when the repository is not shown (B5)', () => {
    it('says so of a name that does not exist', async () => {
      const wrong = { ...DESTINATION, repo: 'example/gadgets' };
      const { code, message } = await failureOf(store.precheck(wrong));
      expect(code).toBe('not_found');
      expect(message).toContain('no repository "example/gadgets"');
    });

    it('says so of one that the token was not made for', async () => {
      github.addToken(SEALER, { permissions: { environments: 'write' }, repositories: ['example/other'] });
      const { code, hints } = await failureOf(store.precheck(DESTINATION));
      expect(code).toBe('not_found');
      expect(hints).toContain('the token was made for this repository');
    });
  });

  describe('when the environment is not there (B5)', () => {
    it('says so, and creates none', async () => {
      github.removeEnvironment(REPO, ENVIRONMENT);
      const { code, message, hints } = await failureOf(store.precheck(DESTINATION));
      expect(code).toBe('not_found');
      expect(message).toBe(`GitHub shows no environment "${ENVIRONMENT}" in ${REPO} to this token`);
      expect(hints).toContain('reseal creates none');
      expect(github.requests.every(({ method }) => method === 'GET')).toBe(true);
    });
  });

  describe('when the repository was renamed (B6)', () => {
    it('says moved, and does not follow', async () => {
      github.renameRepository(REPO, 'example/gears');
      expect((await failureOf(store.precheck(DESTINATION))).code).toBe('moved');
      expect(github.requests).toHaveLength(1);
    });

    it('says moved also when GitHub answers under another name', async () => {
      const body = { full_name: 'example/gears' };
      github.fault({ path: REPO_PATH, kind: 'status', status: 200, body });
      expect((await failureOf(store.precheck(DESTINATION))).code).toBe('moved');
    });
  });

  describe('when what answers is not GitHub (B19, T1)', () => {
    it.each([
      ['repository', REPO_PATH],
      ['key', KEY_PATH],
      ['secret', SECRET_PATH],
    ])('says so of the %s, for every shape of a broken 200', async (_, path) => {
      addSecret();
      for (const kind of ['truncate', 'html', 'empty'] as const) {
        github.fault({ path, kind });
        const { code, message } = await failureOf(store.precheck(DESTINATION));
        expect([kind, code]).toEqual([kind, 'unavailable']);
        expect(message).toMatch(/is not GitHub's answer$/);
      }
    });

    it.each([
      ['31 bytes', Buffer.alloc(31, 7).toString('base64')],
      ['33 bytes', Buffer.alloc(33, 7).toString('base64')],
      ['nothing but zeros', Buffer.alloc(32).toString('base64')],
      ['no base64', 'a key'],
      ['no text', 42],
    ])('refuses a public key of %s', async (_, key) => {
      github.fault({ path: KEY_PATH, kind: 'status', status: 200, body: { key_id: '1', key } });
      expect((await failureOf(store.publicKey(DESTINATION))).message).toMatch(/is not GitHub's answer$/);
    });

    it.each([[''], [undefined], [7]])('refuses a public key with the id %j', async (key_id) => {
      const body = { key_id, key: Buffer.alloc(32, 7).toString('base64') };
      github.fault({ path: KEY_PATH, kind: 'status', status: 200, body });
      expect((await failureOf(store.publicKey(DESTINATION))).code).toBe('unavailable');
    });
  });
});

describe('read', () => {
  it.each([
    ['another secret', { name: 'OTHER', updated_at: '2026-01-01T00:00:00Z' }],
    ['no time', { name: SECRET }],
    ['a time that is none', { name: SECRET, updated_at: 'yesterday' }],
    ['a number for a time', { name: SECRET, updated_at: 1_767_225_600 }],
  ])("takes an answer about %s for no answer of GitHub's", async (_, body) => {
    github.fault({ path: SECRET_PATH, kind: 'status', status: 200, body });
    expect((await failureOf(store.read(DESTINATION))).code).toBe('unavailable');
  });

  it('says absent only where the environment is seen', async () => {
    expect(await store.read(DESTINATION)).toEqual({ updatedAt: undefined, serverTime: NOW });
  });

  it('takes a 404 for no absence when the environment is gone (B28)', async () => {
    addSecret();
    github.removeEnvironment(REPO, ENVIRONMENT);
    expect((await failureOf(store.read(DESTINATION))).code).toBe('not_found');
  });

  it('takes a 404 for no absence when the token does not see the repository any more', async () => {
    addSecret();
    github.addToken(SEALER, { permissions: { environments: 'write' }, repositories: [] });
    expect((await failureOf(store.read(DESTINATION))).code).toBe('not_found');
  });

  it("takes a proxy's 404 for no absence", async () => {
    github.fault({ kind: 'status', status: 404, body: '<h1>Not Found</h1>', times: 2 });
    expect((await failureOf(store.read(DESTINATION))).code).toBe('not_found');
  });

  it("returns no time of GitHub's where the answer carries none (B29)", async () => {
    addSecret();
    github.fault({ path: SECRET_PATH, kind: 'headers', headers: { date: '' } });
    expect((await store.read(DESTINATION)).serverTime).toBeUndefined();
  });
});
