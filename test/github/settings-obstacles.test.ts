import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FaultKind } from '../../src/sandbox/http-faults.ts';
import type { Ground, ReaderCase } from './settings-readers.ts';
import { READERS, reasonOf, startGround, TOKEN_FILE } from './settings-readers.ts';

const REPO = 'joaoh82/rust_sqlite';
const REPOSITORY: ReaderCase = {
  name: 'repository',
  read: (settings) => settings.repository(),
  permission: 'metadata',
  path: /^\/repos\/joaoh82\/rust_sqlite$/,
};
const ALL = [REPOSITORY, ...READERS];
const GUARDED = READERS.filter(({ permission }) => permission !== 'metadata');
const NOT_FOUND = { message: 'Not Found', documentation_url: 'https://docs.github.com/rest', status: '404' };

let ground: Ground;

beforeEach(async () => {
  ground = await startGround();
});
afterEach(() => ground.github.close());

describe('when the token lacks a permission', () => {
  it.each(GUARDED)('$name names it', async ({ read, permission }) => {
    const { obstacle, reason } = reasonOf(
      await read(ground.open({ token: ground.tokenWithout(permission) })),
    );
    expect(obstacle).toBe('permission');
    expect(reason).toContain(`GitHub asks for the permission ${permission}:read: add it to the token`);
    expect(reason).toContain(TOKEN_FILE);
    expect(reason).not.toContain('\n');
  });

  it.each(GUARDED)('leaves to $name what does not need it', async ({ permission }) => {
    const settings = ground.open({ token: ground.tokenWithout(permission) });
    const others = READERS.filter((one) => one.permission !== permission);
    const read = await Promise.all(others.map((one) => one.read(settings)));
    expect(read.filter(({ known }) => !known)).toEqual([]);
  });

  it.each(GUARDED)('$name names it where GitHub does not', async ({ read, path, permission }) => {
    const body = { ...NOT_FOUND, message: 'Resource not accessible by personal access token', status: '403' };
    const headers = { 'x-accepted-github-permissions': '' };
    ground.github.fault({ path, kind: 'status', status: 403, body, headers });
    const { obstacle, reason } = reasonOf(await read(ground.open()));
    expect(obstacle).toBe('permission');
    expect(reason).toContain(`reading it takes ${permission}:read`);
  });

  it.each(READERS)(
    '$name takes a bare 404 for what the token may not see',
    async ({ read, path, permission }) => {
      // A listing that is refused as well as the thing itself, as for a token that sees neither.
      ground.github.fault({ path, kind: 'status', status: 404, body: NOT_FOUND, times: 9 });
      ground.github.fault({
        path: /\/environments$|\/contents\b/,
        kind: 'status',
        status: 404,
        body: NOT_FOUND,
        times: 9,
      });
      const { obstacle, reason } = reasonOf(await read(ground.open()));
      expect(obstacle).toBe('permission');
      expect(reason).toContain(`${permission}:read`);
    },
  );

  it('says that the role of its user is too small, where it is that', async () => {
    const body = { ...NOT_FOUND, message: 'Must have admin rights to Repository.', status: '403' };
    ground.github.fault({ path: /\/protection$/, kind: 'status', status: 403, body });
    const { obstacle, reason } = reasonOf(await ground.open().classicProtection('main'));
    expect(obstacle).toBe('permission');
    expect(reason).toContain('the role of its user in the repository is too small');
  });

  it('gives the page for single sign-on, where it is that', async () => {
    const headers = {
      'x-github-sso': 'required; url=http://127.0.0.1/orgs/acme/sso?authorization_request=A1',
    };
    ground.github.fault({ path: /\/actions\/secrets$/, kind: 'status', status: 403, headers });
    const { obstacle, reason } = reasonOf(await ground.open().repositorySecrets());
    expect(obstacle).toBe('permission');
    expect(reason).toContain('single sign-on');
  });
});

describe('when the repository is private and the token may not see it', () => {
  it.each(ALL)('$name says so', async ({ read }) => {
    ground.github.setRepository(REPO, { private: true });
    ground.github.addToken('token-for-another-repository', {
      permissions: {},
      repositories: ['acme/engine'],
    });
    const { obstacle, reason } = reasonOf(await read(ground.open({ token: 'token-for-another-repository' })));
    expect(obstacle).toBe('permission');
    expect(reason).toContain(`GitHub shows no repository "${REPO}" to the token`);
    expect(ground.github.requests).toHaveLength(1);
  });
});

describe('when the plan does not have it', () => {
  it.each(READERS.filter(({ name }) => name === 'classicProtection' || name === 'branchRules'))(
    '$name says so',
    async ({ read }) => {
      ground.github.setRepository(REPO, { private: true, plan: 'free' });
      const { obstacle, reason } = reasonOf(await read(ground.open()));
      expect(obstacle).toBe('plan');
      expect(reason).toContain('the GitHub plan of this repository does not include it');
    },
  );

  it('is none of a public repository’s troubles', async () => {
    ground.github.setRepository(REPO, { plan: 'free' });
    expect((await ground.open().branchRules('main')).known).toBe(true);
  });
});

describe('when what answers is no answer', () => {
  const FAULTS: readonly (FaultKind & { readonly says: string })[] = [
    { kind: 'html', says: "is not GitHub's answer" },
    { kind: 'truncate', says: "is not GitHub's answer" },
    { kind: 'empty', says: "is not GitHub's answer" },
    { kind: 'cut', says: 'was cut off' },
    { kind: 'huge', bytes: 2_000_000, says: 'is larger than reseal reads' },
    { kind: 'drip', everyMs: 20, says: 'did not come to an end in time' },
    { kind: 'hang', says: 'no answer in time' },
    { kind: 'reset', says: 'cannot reach GitHub' },
    { kind: 'status', status: 500, says: 'GitHub answered 500' },
    { kind: 'status', status: 502, body: '<html>Unicorn!</html>', says: 'GitHub answered 502' },
    { kind: 'status', status: 200, body: null, says: "is not GitHub's answer" },
    { kind: 'status', status: 200, body: [{}], says: "is not GitHub's answer" },
    { kind: 'status', status: 200, body: { total_count: -1 }, says: "is not GitHub's answer" },
    { kind: 'status', status: 204, body: undefined, says: "is not GitHub's answer" },
    { kind: 'status', status: 404, body: 'nothing here', says: "is not GitHub's answer" },
    { kind: 'redirect', to: 'https://login.example.org/', says: 'an unexpected redirect was refused' },
  ];
  const CASES = ALL.flatMap((reader) => FAULTS.map((fault) => ({ reader, fault, ...label(reader, fault) })));

  function label({ name }: ReaderCase, fault: FaultKind) {
    return { title: `${name}: ${fault.kind} ${'status' in fault ? fault.status : ''}` };
  }

  it.each(CASES)('$title is unreachable', async ({ reader, fault: { says, ...fault } }) => {
    ground.github.fault({ path: reader.path, ...fault });
    const { obstacle, reason } = reasonOf(await reader.read(ground.open({ deadlineMs: 300 })));
    expect(obstacle).toBe('unreachable');
    expect(reason).toContain(says);
    expect(reason).not.toContain('\n');
    expect(reason).not.toContain(ground.pipeline.verifyToken);
  });

  it.each(READERS)('leaves the others standing when $name fails', async ({ path, name }) => {
    ground.github.fault({ path, kind: 'html', times: 9 });
    const settings = ground.open();
    const others = READERS.filter((one) => one.name !== name && !DEPENDS[one.name]?.includes(name));
    const read = await Promise.all(others.map((one) => one.read(settings)));
    expect(read.filter(({ known }) => !known)).toEqual([]);
  });

  const DEPENDS: Partial<Record<string, readonly string[]>> = { deploymentBranches: ['environment'] };

  it('reads on where only the repository’s own answer is broken', async () => {
    ground.github.fault({ path: REPOSITORY.path, kind: 'status', status: 503 });
    const settings = ground.open();
    expect(reasonOf(await settings.repository()).obstacle).toBe('unreachable');
    expect((await settings.environment('release')).known).toBe(true);
  });

  it('says that nothing listens', async () => {
    const settings = ground.open();
    await ground.github.close();
    const { obstacle, reason } = reasonOf(await settings.environment('release'));
    expect(obstacle).toBe('unreachable');
    expect(reason).toContain('ECONNREFUSED');
  });
});

describe('when GitHub wants no more requests of this token', () => {
  it('asks once with a token that it does not accept', async () => {
    const settings = ground.open({ token: 'a-token-that-was-revoked' });
    const read = await Promise.all(ALL.map((one) => one.read(settings)));
    for (const fact of read) {
      expect(reasonOf(fact)).toEqual({
        obstacle: 'unreachable',
        reason: expect.stringContaining(`GitHub does not accept the token in "${TOKEN_FILE}"`),
      });
    }
    expect(ground.github.requests).toHaveLength(1);
  });

  it.each([
    { status: 403, headers: { 'x-ratelimit-remaining': '0' } },
    { status: 429, headers: { 'retry-after': '30' } },
    {
      status: 403,
      headers: {},
      body: { ...NOT_FOUND, message: 'You have exceeded a secondary rate limit.' },
    },
  ])('asks for nothing more after a limit (%j)', async (answer) => {
    const settings = ground.open();
    await settings.repository();
    ground.github.fault({ path: /\/environments\/release$/, kind: 'status', ...answer });
    await settings.environment('release');
    const asked = ground.github.requests.length;
    const { obstacle, reason } = reasonOf(await settings.classicProtection('main'));
    expect(obstacle).toBe('unreachable');
    expect(reason).toContain("GitHub's limit");
    expect(ground.github.requests).toHaveLength(asked);
  });
});
