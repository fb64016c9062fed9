import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ground } from './settings-readers.ts';
import { reasonOf, startGround, valueIn } from './settings-readers.ts';

const REPO = 'joaoh82/rust_sqlite';
const ENVIRONMENT = /\/environments\/release$/;

let ground: Ground;

beforeEach(async () => {
  ground = await startGround();
});
afterEach(() => ground.github.close());

/** What GitHub answers of the compliant environment, with other fields. */
async function answerWith(changes: Record<string, unknown>): Promise<void> {
  const { verifyToken } = ground.pipeline;
  const address = `${ground.github.apiUrl}/repos/${REPO}/environments/release`;
  const headers = { authorization: `token ${verifyToken}`, 'user-agent': 'test' };
  const body = (await (await fetch(address, { headers })).json()) as object;
  ground.github.fault({ path: ENVIRONMENT, kind: 'status', status: 200, body: { ...body, ...changes } });
}

describe('environment', () => {
  it('reads wait timer, reviewers, self-review and bypass', async () => {
    ground.github.setEnvironment(REPO, 'release', {
      waitTimer: 30,
      reviewers: ['joaoh82', 'JoaoH82/Release-Team'],
      preventsSelfReview: true,
      adminsMayBypass: false,
    });
    expect(valueIn(await ground.open().environment('release'))).toEqual({
      name: 'release',
      waitTimer: 30,
      reviewers: ['joaoh82', 'joaoh82/release-team'],
      preventsSelfReview: true,
      adminsMayBypass: false,
      deploymentPolicy: 'custom',
    });
  });

  it('knows neither self-review where nobody reviews, nor a bypass that the answer leaves out', async () => {
    ground.github.setEnvironment(REPO, 'release', { reviewers: [], adminsMayBypass: undefined });
    const environment = valueIn(await ground.open().environment('release'));
    expect(environment).toMatchObject({
      reviewers: [],
      preventsSelfReview: undefined,
      adminsMayBypass: undefined,
    });
  });

  it.each([['any'], ['protected']] as const)('reads the policy %s, and no branches of it', async (policy) => {
    ground.github.setEnvironment(REPO, 'release', { deploymentBranches: policy });
    const settings = ground.open();
    expect(valueIn(await settings.environment('release'))?.deploymentPolicy).toBe(policy);
    expect(valueIn(await settings.deploymentBranches('release'))).toEqual([]);
    expect(ground.github.requests.filter(({ path }) => path.endsWith('policies'))).toEqual([]);
  });

  it('is found by another spelling, and asked for once', async () => {
    const settings = ground.open();
    expect(valueIn(await settings.environment('Release'))?.name).toBe('release');
    await settings.environment('RELEASE');
    expect(ground.github.requests).toHaveLength(2);
  });

  it.each(['rel/ease x', 'ré', 'a?b#c%'])('is found under a name that must be escaped: %s', async (name) => {
    ground.github.setEnvironment(REPO, name, { waitTimer: 5 });
    expect(valueIn(await ground.open().environment(name))).toMatchObject({ name, waitTimer: 5 });
  });

  it('asks for no name that would lead to another address', async () => {
    const { obstacle, reason } = reasonOf(await ground.open().environment('..'));
    expect(obstacle).toBe('unreachable');
    expect(reason).toContain('".." is no name of a repository or an environment');
    expect(ground.github.requests).toHaveLength(1);
  });

  describe('when there is none', () => {
    beforeEach(() => ground.github.removeEnvironment(REPO, 'release'));

    it('is absent, since the list lacks it', async () => {
      expect(valueIn(await ground.open().environment('release'))).toBeUndefined();
    });

    it('is absent among a hundred and forty others', async () => {
      for (let n = 0; n < 140; n++) ground.github.setEnvironment(REPO, `e${n}`, {});
      expect(valueIn(await ground.open().environment('release'))).toBeUndefined();
      const lists = ground.github.requests.filter(({ path }) => path.endsWith('/environments'));
      expect(lists).toHaveLength(2);
    });

    it('has no branches, no custom rules and no secrets', async () => {
      const settings = ground.open();
      expect(valueIn(await settings.deploymentBranches('release'))).toEqual([]);
      expect(valueIn(await settings.customRules('release'))).toEqual([]);
      expect(valueIn(await settings.environmentSecrets('release'))).toEqual([]);
    });

    it.each(['html', 'truncate', 'reset'] as const)(
      'is not known to be absent where the list cannot be read (%s)',
      async (kind) => {
        ground.github.fault({ path: /\/environments$/, kind });
        const settings = ground.open();
        expect(reasonOf(await settings.environment('release')).obstacle).toBe('unreachable');
        expect(reasonOf(await settings.environmentSecrets('release')).obstacle).toBe('unreachable');
      },
    );

    it('is not known to be absent where the list is not shown', async () => {
      const body = { message: 'Not Found' };
      ground.github.fault({ path: /\/environments$/, kind: 'status', status: 404, body });
      expect(reasonOf(await ground.open().environment('release')).obstacle).toBe('permission');
    });
  });

  it('is settling where the list has what the address does not', async () => {
    ground.github.fault({ path: ENVIRONMENT, kind: 'status', status: 404, body: { message: 'Not Found' } });
    expect(reasonOf(await ground.open().environment('release')).obstacle).toBe('settling');
  });

  it.each([
    ['name', 'staging'],
    ['protection_rules', undefined],
    ['protection_rules', [{}]],
    ['protection_rules', [{ type: 'wait_timer', wait_timer: '5' }]],
    ['protection_rules', [{ type: 'required_reviewers' }]],
    ['protection_rules', [{ type: 'required_reviewers', reviewers: [{ type: 'User', reviewer: null }] }]],
    [
      'protection_rules',
      [{ type: 'required_reviewers', reviewers: [{ type: 'Bot', reviewer: { login: 'b' } }] }],
    ],
    ['protection_rules', [{ type: 'required_reviewers', reviewers: [], prevent_self_review: 'no' }]],
    ['deployment_branch_policy', undefined],
    ['deployment_branch_policy', { protected_branches: true, custom_branch_policies: true }],
    ['deployment_branch_policy', { protected_branches: false, custom_branch_policies: false }],
    ['can_admins_bypass', 'yes'],
  ])('takes an answer whose %s is %j for none', async (field, value) => {
    await answerWith({ [field]: value });
    expect(reasonOf(await ground.open().environment('release')).obstacle).toBe('unreachable');
  });

  it('reads over kinds of rules that it does not know', async () => {
    await answerWith({ protection_rules: [{ id: 1, node_id: 'x', type: 'something_new' }] });
    expect(valueIn(await ground.open().environment('release'))).toMatchObject({
      reviewers: [],
      waitTimer: 0,
    });
  });
});

describe('deploymentBranches', () => {
  it('reads patterns of branches and tags from every page', async () => {
    const patterns = Array.from({ length: 120 }, (_, n) => ({
      pattern: `release/${n}`,
      type: n % 2 === 0 ? ('branch' as const) : ('tag' as const),
    }));
    ground.github.setEnvironment(REPO, 'release', { deploymentBranches: patterns });
    expect(valueIn(await ground.open().deploymentBranches('release'))).toEqual(patterns);
  });

  it('takes a pattern without a type for a branch, as older Enterprise Servers answer', async () => {
    const body = { total_count: 1, branch_policies: [{ id: 1, name: 'main' }] };
    ground.github.fault({ path: /policies$/, kind: 'status', status: 200, body });
    expect(valueIn(await ground.open().deploymentBranches('release'))).toEqual([
      { pattern: 'main', type: 'branch' },
    ]);
  });

  it('takes fewer than GitHub counts for no list', async () => {
    const [path, policy] = [/policies$/, { id: 1, name: 'main', type: 'branch' }];
    for (const branch_policies of [[policy], []]) {
      const body = { total_count: 2, branch_policies };
      ground.github.fault({ path, kind: 'status', status: 200, body });
    }
    expect(reasonOf(await ground.open().deploymentBranches('release')).obstacle).toBe('unreachable');
  });
});

describe('customRules', () => {
  it('names the apps whose rules are switched on', async () => {
    ground.github.setEnvironment(REPO, 'release', {
      customRules: [
        { app: 'change-window', enabled: true },
        { app: 'old-gate', enabled: false },
      ],
    });
    expect(valueIn(await ground.open().customRules('release'))).toEqual(['change-window']);
  });

  it('takes fewer than GitHub counts for no list', async () => {
    const body = { total_count: 1, custom_deployment_protection_rules: [] };
    ground.github.fault({ path: /protection_rules$/, kind: 'status', status: 200, body });
    expect(reasonOf(await ground.open().customRules('release')).obstacle).toBe('unreachable');
  });
});
