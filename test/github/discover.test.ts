import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDiscoverer } from '../../src/github/discover.ts';
import type { Discoverer } from '../../src/register/found.ts';
import type { GitHubSandbox } from '../../src/sandbox/github.ts';
import { startGitHub } from '../../src/sandbox/github.ts';
import { daysFromNow, NOW } from '../support/builders.ts';
import { clientOf, SEALER, TOKEN_FILE } from '../support/stand-ins.ts';

const WIDGETS = 'acme/widgets';
const GADGETS = 'acme/gadgets';

let github: GitHubSandbox;

beforeEach(async () => {
  github = await startGitHub({ now: () => NOW });
  for (const fullName of [WIDGETS, GADGETS]) addOwned({ fullName, private: true });
  github.addEnvironment(WIDGETS, 'release');
  github.addSecret({ repository: WIDGETS, environment: 'release', name: 'NPM_TOKEN', at: daysFromNow(-9) });
  github.addToken(SEALER, { permissions: { environments: 'read', actions: 'read' } });
});
afterEach(() => github.close());

function addOwned(repository: Parameters<GitHubSandbox['addRepository']>[0]): void {
  github.addRepository(repository);
  github.setRepository(repository.fullName, { ownedByOrganisation: true });
}

function open(token = SEALER): Discoverer {
  return openDiscoverer(clientOf(github, { token }));
}

describe('listRepositories', () => {
  it('lists those of an organisation from every page, and leaves out the archived ones', async () => {
    const names = Array.from({ length: 60 }, (_, n) => `acme/r${String(n).padStart(2, '0')}`);
    for (const fullName of names) addOwned({ fullName });
    addOwned({ fullName: 'acme/old', archived: true });
    const { repos, leftOut } = await open().listRepositories('acme');
    expect(repos).toEqual([GADGETS, ...names, WIDGETS]);
    expect(leftOut).toEqual(['acme/old']);
  });

  it('lists private ones of a user whose token it is', async () => {
    github.addRepository({ fullName: 'ada/secretive', private: true });
    github.addToken('token-of-ada', { permissions: {}, login: 'ada' });
    expect((await open('token-of-ada').listRepositories('Ada')).repos).toEqual(['ada/secretive']);
  });

  it('lists public ones of another user', async () => {
    github.addRepository({ fullName: 'grace/private', private: true });
    github.addRepository({ fullName: 'grace/public' });
    expect((await open().listRepositories('grace')).repos).toEqual(['grace/public']);
  });

  it.each([
    ['nobody', 'not_found', /neither an organisation nor a user "nobody"/],
    ['..', 'invalid_input', /no name of a repository/],
  ])('refuses "%s"', async (owner, code, message) => {
    await expect(open().listRepositories(owner)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('gives no part of a list whose end cannot be read', async () => {
    for (let n = 0; n < 60; n++) addOwned({ fullName: `acme/r${n}` });
    let calls = 0;
    const fetch: typeof globalThis.fetch = (...args) => {
      calls += 1;
      if (calls === 2) github.fault({ path: /^\/orgs\/acme\/repos$/, kind: 'status', status: 502 });
      return globalThis.fetch(...args);
    };
    const listing = openDiscoverer(clientOf(github, { fetch })).listRepositories('acme');
    await expect(listing).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('discover', () => {
  it('finds environments, empty ones too, and secrets with their times', async () => {
    github.addEnvironment(GADGETS, 'release: prod/eu');
    expect(await open().discover([WIDGETS, GADGETS, 'Acme/Widgets'])).toEqual({
      found: [
        {
          destination: { repo: 'Acme/Widgets', environment: 'release', secret: 'NPM_TOKEN' },
          createdAt: daysFromNow(-9),
          updatedAt: daysFromNow(-9),
        },
      ],
      environments: [
        { repo: 'Acme/Widgets', environment: 'release' },
        { repo: GADGETS, environment: 'release: prod/eu' },
      ],
      unread: [],
    });
  });

  it('reads every page of environments and of secrets', async () => {
    for (let n = 0; n < 104; n++) github.addEnvironment(GADGETS, `e${n}`);
    for (let n = 0; n < 99; n++)
      github.addSecret({ repository: WIDGETS, environment: 'release', name: `S${n}` });
    const { found, environments } = await open().discover([WIDGETS, GADGETS]);
    expect([found.length, environments.length]).toEqual([100, 105]);
  });

  it.each([['rel\u001b[31mease'], ['rel\u202eease'], ['rel\u0007']])(
    'shows no name that a terminal would take for more, and finds the others: %j',
    async (name) => {
      github.addEnvironment(WIDGETS, name);
      const { found, environments, unread } = await open().discover([WIDGETS]);
      expect(found).toHaveLength(1);
      expect(environments).toEqual([{ repo: WIDGETS, environment: 'release' }]);
      expect(unread).toEqual([
        { where: WIDGETS, reason: 'one of its environments has a name that cannot be declared' },
      ]);
    },
  );

  it('says which environments it could not read, and finds the others', async () => {
    github.addEnvironment(WIDGETS, 'staging');
    github.fault({ path: /\/environments\/staging\/secrets$/, kind: 'status', status: 502 });
    const { found, unread } = await open().discover([WIDGETS]);
    expect(found).toHaveLength(1);
    expect(unread).toEqual([
      { where: `${WIDGETS} › staging`, reason: expect.stringContaining('GitHub answered 502') },
    ]);
  });

  it.each([
    ['a repository that is not there', 'acme/nothing', {}, 'GitHub shows no repository "acme/nothing"'],
    ['a name that leads elsewhere', 'acme/..', {}, 'is no name of a repository'],
    ['a token without the permission', WIDGETS, { actions: undefined }, 'actions:read'],
    ['a token without the secrets’ permission', WIDGETS, { environments: undefined }, 'environments:read'],
  ])('says why it could not read %s', async (_, repo, less, words) => {
    const permissions = Object.entries({ environments: 'read', actions: 'read', ...less }).filter(
      ([, to]) => to,
    );
    github.addToken('narrow-token', { permissions: Object.fromEntries(permissions) });
    const { found, unread } = await open('narrow-token').discover([repo]);
    expect(found).toEqual([]);
    expect(unread).toEqual([expect.objectContaining({ reason: expect.stringContaining(words) })]);
  });

  it('says that a repository has another name by now', async () => {
    github.renameRepository(WIDGETS, 'acme/gizmos');
    const { unread } = await open().discover([WIDGETS]);
    expect(unread).toEqual([{ where: WIDGETS, reason: expect.stringContaining('renamed or transferred') }]);
  });

  it('names the page of an organisation’s single sign-on', async () => {
    const headers = { 'x-github-sso': 'required; url=https://github.com/orgs/acme/sso' };
    github.fault({ path: /\/environments$/, kind: 'status', status: 403, headers });
    const { unread } = await open().discover([WIDGETS]);
    expect(unread[0]?.reason).toContain("not authorised for the organisation's single sign-on");
  });

  it.each([
    ['refuses the token', 401, {}, `does not accept the token in "${TOKEN_FILE}"`],
    ['asks to slow down', 429, { 'retry-after': '60' }, "GitHub's limit until"],
  ])('asks for nothing more once GitHub %s', async (_, status, headers, words) => {
    github.fault({ path: /\/environments$/, kind: 'status', status, headers });
    const { unread } = await open().discover([WIDGETS, GADGETS, 'acme/third']);
    expect(unread.map(({ where }) => where)).toEqual([WIDGETS, GADGETS, 'acme/third']);
    for (const { reason } of unread) expect(reason).toContain(words);
    expect(github.requests).toHaveLength(1);
  });
});
