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
  TOKEN_FILE,
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
      expect(view).toMatchObject({ updatedAt: new Date('2025-11-30T16:04:12Z'), serverTime: NOW });
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

  describe('when the token is not accepted', () => {
    it.each(['precheck', 'read', 'publicKey', 'names'] as const)(
      'B1: says unauthorized of %s, with one request and no more',
      async (call) => {
        github.removeToken(SEALER);
        expect((await failureOf(store[call](DESTINATION))).code).toBe('unauthorized');
        expect(github.requests).toHaveLength(1);
      },
    );

    it('B1: says which file the token was read from', async () => {
      github.removeToken(SEALER);
      expect((await failureOf(store.precheck(DESTINATION))).message).toBe(
        `GitHub does not accept the token in "${TOKEN_FILE}"`,
      );
    });
  });

  describe('when the token lacks the permission', () => {
    it('B2: names it', async () => {
      github.addToken(SEALER, { permissions: { actions: 'read' } });
      const { code, hints } = await failureOf(store.precheck(DESTINATION));
      expect(code).toBe('forbidden');
      expect(hints).toBe('GitHub asks for the permission environments:read: add it to the token');
    });
  });

  describe('when the repository is not shown', () => {
    it('B5: says so of a name that does not exist', async () => {
      const wrong = { ...DESTINATION, repo: 'example/gadgets' };
      const { code, message } = await failureOf(store.precheck(wrong));
      expect(code).toBe('not_found');
      expect(message).toContain('no repository "example/gadgets"');
    });

    it('B5: says so of one that the token was not made for', async () => {
      github.addToken(SEALER, { permissions: { environments: 'write' }, repositories: ['example/other'] });
      const { code, hints } = await failureOf(store.precheck(DESTINATION));
      expect(code).toBe('not_found');
      expect(hints).toContain('the token was made for this repository');
    });
  });

  describe('when the environment is not there', () => {
    it('B5: says so, and creates none', async () => {
      github.removeEnvironment(REPO, ENVIRONMENT);
      const { code, message, hints } = await failureOf(store.precheck(DESTINATION));
      expect(code).toBe('not_found');
      expect(message).toBe(`GitHub shows no environment "${ENVIRONMENT}" in ${REPO} to this token`);
      expect(hints).toContain('reseal creates none');
      expect(github.requests.every(({ method }) => method === 'GET')).toBe(true);
    });
  });

  describe('when the repository was renamed', () => {
    const to = '"example/gears"';

    it('B6: says its new name, which it asks the same GitHub for by number', async () => {
      github.renameRepository(REPO, 'example/gears');
      expect(await failureOf(store.precheck(DESTINATION))).toEqual({
        code: 'moved',
        message: `the repository has been renamed or transferred to ${to} (the repository ${REPO})`,
        hints: expect.stringContaining('making sure that it is still yours'),
      });
      expect(github.requests.map(({ path }) => path)).toEqual([
        `/repos/${REPO}`,
        expect.stringMatching(/^\/repositories\/\d+$/),
      ]);
    });

    it.each(['read', 'publicKey', 'names'] as const)('B6: says so of %s too', async (call) => {
      github.renameRepository(REPO, 'example/gears');
      const { code, message } = await failureOf(store[call](DESTINATION));
      expect([code, message]).toEqual(['moved', expect.stringContaining(to)]);
    });

    it('B6: says moved without a name where GitHub does not show it to the token', async () => {
      github.renameRepository(REPO, 'example/gears');
      github.addToken(SEALER, { permissions: { environments: 'write' }, repositories: [] });
      const { code, message } = await failureOf(store.precheck(DESTINATION));
      expect([code, message.includes('gears')]).toEqual(['moved', false]);
    });

    it.each([
      ['about another repository', { id: 1, full_name: 'example/gears' }],
      ['with a name that cannot be', { id: 42, full_name: 'example/gears\u001b[2J' }],
      ['without a name', { id: 42 }],
    ])('B6: takes no name from an answer %s', async (_, body) => {
      github.fault({ path: REPO_PATH, kind: 'redirect', to: `${github.url}/repositories/42`, status: 301 });
      github.fault({ path: /^\/repositories\/42$/, kind: 'status', status: 200, body });
      const { code, message } = await failureOf(store.precheck(DESTINATION));
      expect([code, message]).toEqual([
        'moved',
        `the repository has been renamed or transferred (the repository ${REPO})`,
      ]);
    });

    it('B6: says moved also when GitHub answers under another name', async () => {
      const body = { id: 42, full_name: 'example/gears' };
      github.fault({ path: REPO_PATH, kind: 'status', status: 200, body });
      const { code, message } = await failureOf(store.precheck(DESTINATION));
      expect([code, message]).toEqual(['moved', expect.stringContaining(to)]);
    });
  });

  describe('when an answer points to another host', () => {
    it.each([REPO_PATH, KEY_PATH, SECRET_PATH])(
      'B7: refuses it, asked for %s, and asks nobody else',
      async (path) => {
        const elsewhere = await startTestGitHub();
        github.fault({ path, kind: 'redirect', to: `${elsewhere.url}/repositories/42`, status: 301 });
        expect((await failureOf(store.precheck(DESTINATION))).code).toBe('refused');
        expect(elsewhere.requests).toEqual([]);
        expect(github.requests.at(-1)?.path).toMatch(path);
        await elsewhere.close();
      },
    );
  });

  describe('when what answers is not GitHub (T1)', () => {
    it.each([
      ['repository', REPO_PATH],
      ['key', KEY_PATH],
      ['secret', SECRET_PATH],
    ])('B19: says so of the %s, for every shape of a broken 200', async (_, path) => {
      addSecret();
      for (const kind of ['truncate', 'html', 'empty'] as const) {
        github.fault({ path, kind });
        const { code, message } = await failureOf(store.precheck(DESTINATION));
        expect([kind, code]).toEqual([kind, 'unavailable']);
        expect(message).toMatch(/is not GitHub's answer$/);
      }
    });

    it.each([
      ['no number', { full_name: REPO }],
      ['a number in quotes', { id: '42', full_name: REPO }],
      ['no name', { id: 42 }],
      ['half a name', { id: 42, full_name: 'widgets' }],
      ['a list', [{ id: 42, full_name: REPO }]],
      ['an inherited name', JSON.parse(`{"id":42,"__proto__":{"full_name":"${REPO}"}}`)],
    ])("B19: takes a repository with %s for no answer of GitHub's", async (_, body) => {
      github.fault({ path: REPO_PATH, kind: 'status', status: 200, body });
      expect((await failureOf(store.precheck(DESTINATION))).message).toMatch(/is not GitHub's answer$/);
    });

    it.each([
      ['31 bytes', Buffer.alloc(31, 7).toString('base64')],
      ['33 bytes', Buffer.alloc(33, 7).toString('base64')],
      ['nothing but zeros', Buffer.alloc(32).toString('base64')],
      ['small order', Buffer.from(`ec${'ff'.repeat(30)}7f`, 'hex').toString('base64')],
      ['no padding', Buffer.alloc(32, 7).toString('base64').replace('=', '')],
      ['no base64', 'a key'],
      ['no text', 42],
    ])('B12: refuses a public key of %s', async (_, key) => {
      github.fault({ path: KEY_PATH, kind: 'status', status: 200, body: { key_id: '1', key } });
      expect((await failureOf(store.publicKey(DESTINATION))).message).toMatch(/is not GitHub's answer$/);
    });

    it.each([[''], [undefined], [7], ['1 2'], ['x'.repeat(101)]])(
      'B12: refuses a public key with the id %j',
      async (key_id) => {
        const body = { key_id, key: Buffer.alloc(32, 7).toString('base64') };
        github.fault({ path: KEY_PATH, kind: 'status', status: 200, body });
        expect((await failureOf(store.publicKey(DESTINATION))).code).toBe('unavailable');
      },
    );
  });
});

describe('publicKey', () => {
  it('B12: takes key and id from one answer, of the very environment', async () => {
    github.addEnvironment(REPO, 'staging');
    const keys = [];
    for (const environment of ['release', 'staging']) {
      keys.push(await store.publicKey({ ...DESTINATION, environment }));
    }
    expect(github.requests.map(({ path }) => path)).toEqual([
      `/repos/${REPO}/environments/release/secrets/public-key`,
      `/repos/${REPO}/environments/staging/secrets/public-key`,
    ]);
    expect(new Set(keys.map(({ key }) => key)).size).toBe(2);
    expect(new Set(keys.map(({ keyId }) => keyId)).size).toBe(2);
  });

  it.each(['.', '..'])(
    'B12: asks for no environment "%s", which would lead to another address',
    async (environment) => {
      const wrong = { ...DESTINATION, environment };
      expect((await failureOf(store.publicKey(wrong))).code).toBe('invalid_input');
      await expect(store.put(wrong, { value: 'x', keyId: '1' })).rejects.toMatchObject({
        code: 'invalid_input',
      });
      expect(github.requests).toEqual([]);
    },
  );
});

describe('read', () => {
  const created_at = '2025-01-01T00:00:00Z';

  it.each([
    ['another secret', { name: 'OTHER', created_at, updated_at: '2026-01-01T00:00:00Z' }],
    ['no time', { name: SECRET, created_at }],
    ['no time of creation', { name: SECRET, updated_at: '2026-01-01T00:00:00Z' }],
    ['a time that is none', { name: SECRET, created_at, updated_at: 'yesterday' }],
    ['a day that is none', { name: SECRET, created_at, updated_at: '2026-02-30T00:00:00Z' }],
    ['a day alone', { name: SECRET, created_at, updated_at: '2026-02-03' }],
    ['a time without a zone', { name: SECRET, created_at, updated_at: '2026-02-03T00:00:00' }],
    ['a number for a time', { name: SECRET, created_at, updated_at: 1_767_225_600 }],
    ['several secrets', [{ name: SECRET, created_at, updated_at: '2026-01-01T00:00:00Z' }]],
  ])("B19: takes an answer about %s for no answer of GitHub's", async (_, body) => {
    github.fault({ path: SECRET_PATH, kind: 'status', status: 200, body });
    expect((await failureOf(store.read(DESTINATION))).code).toBe('unavailable');
  });

  it('B23: says absent only where the environment is seen', async () => {
    expect(await store.read(DESTINATION)).toEqual({ updatedAt: undefined, serverTime: NOW });
  });

  it('B28: takes a 404 for no absence when the environment is gone', async () => {
    addSecret();
    github.removeEnvironment(REPO, ENVIRONMENT);
    expect((await failureOf(store.read(DESTINATION))).code).toBe('not_found');
  });

  it('B5: takes a 404 for no absence when the token does not see the repository any more', async () => {
    addSecret();
    github.addToken(SEALER, { permissions: { environments: 'write' }, repositories: [] });
    expect((await failureOf(store.read(DESTINATION))).code).toBe('not_found');
  });

  it("takes a proxy's 404 for no absence", async () => {
    github.fault({ path: SECRET_PATH, kind: 'status', status: 404, body: '<h1>Not Found</h1>' });
    expect((await failureOf(store.read(DESTINATION))).code).toBe('unavailable');
  });

  it("B29: returns no time of GitHub's where the answer carries none", async () => {
    addSecret();
    github.fault({ path: SECRET_PATH, kind: 'headers', headers: { date: '' } });
    expect((await store.read(DESTINATION)).serverTime).toBeUndefined();
  });
});

describe('names', () => {
  const at = new Date('2026-01-01T00:00:00Z');

  function addNames(count: number): readonly string[] {
    const names = Array.from({ length: count }, (_, index) => `SECRET_${String(index).padStart(3, '0')}`);
    for (const name of names) github.addSecret({ repository: REPO, environment: ENVIRONMENT, name, at });
    return names;
  }

  async function listed(): Promise<readonly string[]> {
    return (await store.names(DESTINATION)).map(({ name }) => name);
  }

  it('returns nothing of an environment without secrets', async () => {
    expect(await store.names(DESTINATION)).toEqual([]);
  });

  it('B24: returns the old and the new name of a renamed secret as they are now, with their times', async () => {
    github.addSecret({ repository: REPO, environment: ENVIRONMENT, name: 'CARGO_TOKEN', at });
    expect(await store.names(DESTINATION)).toEqual([{ name: 'CARGO_TOKEN', updatedAt: at }]);
  });

  it('B24: returns as many as GitHub holds, a hundred to a page', async () => {
    const names = addNames(100);
    expect(await listed()).toEqual(names);
    expect(String(github.requests[0]?.query)).toBe('per_page=100&page=1');
    expect(github.requests).toHaveLength(1);
  });

  it('B24: goes on to the last page where a server gives fewer to a page', async () => {
    const names = addNames(250);
    expect(await listed()).toEqual(names);
    expect(github.requests.map(({ query }) => query.get('page'))).toEqual(['1', '2', '3']);
  });

  it('B24: goes by the count where no Link comes along, and follows none that does', async () => {
    const names = addNames(150);
    const elsewhere = await startTestGitHub();
    const link = `<${elsewhere.url}/x?page=2>; rel="next"`;
    github.fault({ path: /\/secrets$/, kind: 'headers', headers: { link: '' } });
    expect(await listed()).toEqual(names);
    github.fault({ path: /\/secrets$/, kind: 'headers', headers: { link } });
    expect(await listed()).toEqual(names);
    expect(elsewhere.requests).toEqual([]);
    await elsewhere.close();
  });

  it('ends after ten pages with a server that has no end', async () => {
    addNames(1);
    const headers = { link: '<https://x.example/?page=2>; rel="next"' };
    github.fault({ path: /\/secrets$/, kind: 'headers', headers, times: 99 });
    const body = { total_count: 5_000, secrets: [secretBody('A')] };
    github.fault({ path: /\/secrets$/, kind: 'status', status: 200, body, times: 99 });
    expect((await failureOf(store.names(DESTINATION))).code).toBe('unavailable');
    expect(github.requests.length).toBeLessThanOrEqual(10);
  });

  function secretBody(name: unknown, updated_at: unknown = '2026-01-01T00:00:00Z') {
    return { name, created_at: '2025-01-01T00:00:00Z', updated_at };
  }

  it.each([
    ['no count', { secrets: [] }],
    ['a count that is none', { total_count: '1', secrets: [secretBody('A')] }],
    ['a negative count', { total_count: -1, secrets: [] }],
    ['fewer than it counts', { total_count: 2, secrets: [] }],
    ['no list', { total_count: 0, secrets: {} }],
    ['one that is null', { total_count: 1, secrets: [null] }],
    ['one without a name', { total_count: 1, secrets: [secretBody(undefined)] }],
    ['one with a name that cannot be', { total_count: 1, secrets: [secretBody('A B')] }],
    ['one without a time', { total_count: 2, secrets: [secretBody('A'), secretBody('B', null)] }],
    ['a list alone', [secretBody('A')]],
  ])("B24: takes %s for no answer of GitHub's, rather than for a missing name", async (_, body) => {
    github.fault({ path: /\/secrets$/, kind: 'status', status: 200, body, times: 10 });
    expect((await failureOf(store.names(DESTINATION))).code).toBe('unavailable');
  });

  it('B5: says so where the environment is not shown', async () => {
    github.removeEnvironment(REPO, ENVIRONMENT);
    expect((await failureOf(store.names(DESTINATION))).code).toBe('not_found');
  });
});
