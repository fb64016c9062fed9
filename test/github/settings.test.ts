import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAppError } from '../../src/domain/error.ts';
import type { KeptAnswer } from '../../src/github/settings.ts';
import type { GitHubSettings } from '../../src/verify/sources.ts';
import { facts } from '../support/pipeline-facts.ts';
import type { Ground } from './settings-readers.ts';
import { READERS, reasonOf, startGround, valueIn } from './settings-readers.ts';

const REPO = 'joaoh82/rust_sqlite';

async function readAll(settings: GitHubSettings) {
  const [repository, environment, deploymentBranches, customRules, files] = await Promise.all([
    settings.repository(),
    settings.environment('release'),
    settings.deploymentBranches('release'),
    settings.customRules('release'),
    settings.files(),
  ]);
  const secrets = {
    environment: await settings.environmentSecrets('release'),
    repository: await settings.repositorySecrets(),
    organisation: await settings.organisationSecrets(),
    dependabot: await settings.dependabotSecrets(),
  };
  const classic = await settings.classicProtection('main');
  const rules = await settings.branchRules('main');
  const workflows = valueIn(await settings.workflowTexts()).map(({ file }) => file);
  return {
    repository,
    environment,
    deploymentBranches,
    customRules,
    files,
    secrets,
    classic,
    rules,
    workflows,
  };
}

describe('openGitHubSettings', () => {
  let ground: Ground;

  beforeEach(async () => {
    ground = await startGround();
  });
  afterEach(() => ground.github.close());

  describe('on the compliant pipeline', () => {
    it('reads exactly the facts with which every declared line holds', async () => {
      const { repository, environment, deploymentBranches, customRules, files, secrets, branches } = facts();
      const main = branches.get('main');
      expect(await readAll(ground.open())).toEqual({
        repository,
        environment,
        deploymentBranches,
        customRules,
        files,
        secrets,
        classic: main?.classic,
        rules: main?.rules,
        workflows: ['ci.yml', 'release.yml'],
      });
    });

    it('reads the same from an Enterprise Server', async () => {
      const expected = await readAll(ground.open());
      const server = await startGround({ enterpriseVersion: '3.19.0' });
      const settings = server.open();
      expect(await readAll(settings)).toEqual(expected);
      expect(server.github.requests.every(({ path }) => path.startsWith('/api/v3/repos/'))).toBe(true);
      await server.github.close();
    });

    it('asks once for each setting, however often it is read', async () => {
      const settings = ground.open();
      await Promise.all([readAll(settings), readAll(settings)]);
      await readAll(settings);
      const asked = ground.github.requests.map(({ path, query }) => `${path}?${query}`);
      expect(asked).toHaveLength(new Set(asked).size);
      expect(asked).toHaveLength(14);
    });

    it('asks with GET alone', async () => {
      await readAll(ground.open());
      expect(new Set(ground.github.requests.map(({ method }) => method))).toEqual(new Set(['GET']));
    });

    it('asks for nothing before the repository has answered', async () => {
      const held = ground.github.fault({ path: /^\/repos\/joaoh82\/rust_sqlite$/, kind: 'hold' });
      const arrived = ground.github.when({ path: /^\/repos\/joaoh82\/rust_sqlite$/ });
      const all = readAll(ground.open());
      await arrived;
      expect(ground.github.requests).toHaveLength(1);
      held.release();
      await all;
    });
  });

  describe('when it is opened again with the answers of before', () => {
    it('takes every 304 as what was answered, and uses nothing of the hourly limit', async () => {
      const answers = new Map<string, KeptAnswer>();
      const first = await readAll(ground.open({ answers }));
      const before = ground.github.requests.length;
      const used = await remaining();
      expect(await readAll(ground.open({ answers }))).toEqual(first);
      const again = ground.github.requests.slice(before + 1);
      expect(again.every(({ headers }) => headers['if-none-match'] !== undefined)).toBe(true);
      expect(await remaining()).toBe(used - 1);
    });

    it('sees what has changed in between', async () => {
      const answers = new Map<string, KeptAnswer>();
      await readAll(ground.open({ answers }));
      ground.github.setEnvironment(REPO, 'release', { waitTimer: 30 });
      const environment = valueIn(await ground.open({ answers }).environment('release'));
      expect(environment?.waitTimer).toBe(30);
    });

    it('follows all pages again where the first has not changed', async () => {
      for (let n = 0; n < 130; n++) ground.github.addRepositorySecret({ repository: REPO, name: `S${n}` });
      const answers = new Map<string, KeptAnswer>();
      await ground.open({ answers }).repositorySecrets();
      expect(valueIn(await ground.open({ answers }).repositorySecrets())).toHaveLength(130);
    });

    it('takes kept answers that were stored as JSON', async () => {
      const answers = new Map<string, KeptAnswer>();
      const first = await readAll(ground.open({ answers }));
      const stored = new Map(JSON.parse(JSON.stringify([...answers])) as [string, KeptAnswer][]);
      expect(await readAll(ground.open({ answers: stored }))).toEqual(first);
    });

    it('reads anew with another token, whose tags are others', async () => {
      const answers = new Map<string, KeptAnswer>();
      const first = await readAll(ground.open({ answers }));
      ground.github.addToken('another-token-of-the-owner', {
        permissions: { actions: 'read', administration: 'read', contents: 'read', secrets: 'read' },
      });
      const environment = await ground
        .open({ answers, token: 'another-token-of-the-owner' })
        .environment('release');
      expect(environment).toEqual(first.environment);
    });

    it('keeps no broken answer', async () => {
      const answers = new Map<string, KeptAnswer>();
      ground.github.fault({ path: /\/environments\/release$/, kind: 'truncate' });
      expect(reasonOf(await ground.open({ answers }).environment('release')).obstacle).toBe('unreachable');
      expect((await ground.open({ answers }).environment('release')).known).toBe(true);
    });

    async function remaining(): Promise<number> {
      const headers = { authorization: `token ${ground.pipeline.verifyToken}`, 'user-agent': 'test' };
      const answer = await fetch(`${ground.github.url}/rate_limit`, { headers });
      return Number(answer.headers.get('x-ratelimit-remaining'));
    }
  });

  describe('of the repository', () => {
    it('reads an organisation, a private repository and another default branch', async () => {
      ground.github.setRepository(REPO, { ownedByOrganisation: true, private: true });
      ground.github.setDefaultBranch(REPO, 'trunk');
      expect(valueIn(await ground.open().repository())).toEqual({
        fullName: REPO,
        private: true,
        defaultBranch: 'trunk',
        ownedByOrganisation: true,
      });
    });

    it('takes another spelling of its name, and shows GitHub’s', async () => {
      const settings = ground.open({ repo: 'JoaoH82/Rust_SQLite' });
      expect(valueIn(await settings.repository()).fullName).toBe(REPO);
    });

    it('says the new name of one that was renamed, and reads nothing of it', async () => {
      ground.github.renameRepository(REPO, 'elsewhere/taken-over');
      const settings = ground.open();
      for (const { read } of READERS) {
        expect(reasonOf(await read(settings))).toEqual({
          obstacle: 'unreachable',
          reason: expect.stringContaining('renamed or transferred to "elsewhere/taken-over"'),
        });
      }
      expect(ground.github.requests.map(({ path }) => path)).toEqual([
        `/repos/${REPO}`,
        expect.stringMatching(/^\/repositories\/\d+$/),
      ]);
    });

    it('refuses a name that would lead to another address', () => {
      let thrown: unknown;
      try {
        ground.open({ repo: 'joaoh82/..' });
      } catch (error) {
        thrown = error;
      }
      expect(isAppError(thrown, 'invalid_input')).toBe(true);
    });

    it.each([
      ['full_name', 7],
      ['full_name', 'a name'],
      ['private', 'no'],
      ['default_branch', ''],
      ['owner', null],
    ])('takes an answer whose %s is %j for none', async (field, value) => {
      const body = { full_name: REPO, private: false, default_branch: 'main', owner: { type: 'User' } };
      const path = /^\/repos\/joaoh82\/rust_sqlite$/;
      ground.github.fault({ path, kind: 'status', status: 200, body: { ...body, [field]: value } });
      expect(reasonOf(await ground.open().repository()).obstacle).toBe('unreachable');
    });
  });
});
