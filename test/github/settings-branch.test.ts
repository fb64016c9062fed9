import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ACTIONS_APP } from '../../src/sandbox/pipeline.ts';
import type { Ground } from './settings-readers.ts';
import { reasonOf, startGround, valueIn } from './settings-readers.ts';

const REPO = 'joaoh82/rust_sqlite';
const PROTECTION = /\/branches\/main\/protection$/;
const TOGGLES = {
  enforce_admins: { enabled: false },
  required_conversation_resolution: { enabled: false },
  allow_force_pushes: { enabled: false },
  allow_deletions: { enabled: false },
};

let ground: Ground;

beforeEach(async () => {
  ground = await startGround();
});
afterEach(() => ground.github.close());

describe('classicProtection', () => {
  it('reads every switch, and who needs no pull request', async () => {
    ground.github.setClassicProtection(REPO, 'main', {
      checks: [
        { context: 'rust lint', app: ACTIONS_APP },
        { context: 'légacy ✓', app: undefined },
        { context: 'any', app: -1 },
      ],
      approvals: 2,
      bypassPullRequest: { users: ['joaoh82'], teams: ['release'], apps: ['dependabot'] },
      enforcesForAdmins: true,
      conversationResolution: false,
      allowsForcePushes: true,
      allowsDeletion: true,
    });
    expect(valueIn(await ground.open().classicProtection('main'))).toEqual({
      checks: [
        { context: 'rust lint', app: ACTIONS_APP },
        { context: 'légacy ✓', app: undefined },
        { context: 'any', app: undefined },
      ],
      approvals: 2,
      bypassPullRequest: ['joaoh82', 'joaoh82/release', 'dependabot'],
      adminsAreBound: true,
      conversationResolution: false,
      allowsForcePushes: true,
      allowsDeletion: true,
    });
  });

  it('reads one that asks for neither checks nor a pull request', async () => {
    ground.github.setClassicProtection(REPO, 'main', { checks: undefined, approvals: undefined });
    const protection = valueIn(await ground.open().classicProtection('main'));
    expect(protection).toMatchObject({ checks: [], approvals: undefined, bypassPullRequest: [] });
  });

  it('is absent where GitHub says that the branch is not protected, in one request', async () => {
    ground.github.setClassicProtection(REPO, 'main', undefined);
    expect(valueIn(await ground.open().classicProtection('main'))).toBeUndefined();
    expect(ground.github.requests).toHaveLength(2);
  });

  it('is absent of a branch that does not exist', async () => {
    expect(valueIn(await ground.open().classicProtection('no-such-branch'))).toBeUndefined();
  });

  it('is not shown where the branch is there and its protection is not found', async () => {
    const body = { message: 'Not Found' };
    ground.github.fault({ path: PROTECTION, kind: 'status', status: 404, body });
    const { obstacle, reason } = reasonOf(await ground.open().classicProtection('main'));
    expect(obstacle).toBe('permission');
    expect(reason).toContain('administration:read');
  });

  it('is not known to be absent where the branch cannot be read either', async () => {
    const token = ground.tokenWithout('contents');
    const body = { message: 'Not Found' };
    ground.github.fault({ path: PROTECTION, kind: 'status', status: 404, body });
    expect(reasonOf(await ground.open({ token }).classicProtection('main')).obstacle).toBe('permission');
  });

  it('is not known to be absent where GitHub does not say that there is no such branch', async () => {
    const body = { message: 'Not Found' };
    ground.github.fault({ path: /\/branches\/main/, kind: 'status', status: 404, body, times: 2 });
    expect(reasonOf(await ground.open().classicProtection('main')).obstacle).toBe('permission');
  });

  it('is read of a branch whose name must be escaped', async () => {
    ground.github.addBranch(REPO, 'release/v1 #2');
    ground.github.setClassicProtection(REPO, 'release/v1 #2', { approvals: 3 });
    expect(valueIn(await ground.open().classicProtection('release/v1 #2'))?.approvals).toBe(3);
  });

  it('tells a branch that was renamed from a repository that was', async () => {
    const to = `${ground.github.apiUrl}/repositories/1/branches/trunk/protection`;
    ground.github.fault({ path: PROTECTION, kind: 'redirect', to, status: 301 });
    const { obstacle, reason } = reasonOf(await ground.open().classicProtection('main'));
    expect(obstacle).toBe('unreachable');
    expect(reason).toContain('GitHub has the classic protection of the branch "main"');
    expect(reason).toContain('under another name');
  });

  it('asks for no name that would lead to another address', async () => {
    const settings = ground.open();
    expect(reasonOf(await settings.classicProtection('..')).reason).toContain('".." is no name of a branch');
    expect(reasonOf(await settings.branchRules('.')).reason).toContain('"." is no name of a branch');
    expect(ground.github.requests).toHaveLength(1);
  });

  it.each([
    {},
    { ...TOGGLES, enforce_admins: undefined },
    { ...TOGGLES, allow_deletions: { enabled: 'no' } },
    { ...TOGGLES, required_status_checks: {} },
    { ...TOGGLES, required_status_checks: { checks: [{ context: '', app_id: 1 }] } },
    { ...TOGGLES, required_status_checks: { checks: [{ context: 'a', app_id: '1' }] } },
    { ...TOGGLES, required_pull_request_reviews: {} },
    {
      ...TOGGLES,
      required_pull_request_reviews: {
        required_approving_review_count: 1,
        bypass_pull_request_allowances: { users: [{}] },
      },
    },
  ])('takes an answer such as %j for none', async (body) => {
    ground.github.fault({ path: PROTECTION, kind: 'status', status: 200, body });
    expect(reasonOf(await ground.open().classicProtection('main')).obstacle).toBe('unreachable');
  });
});

describe('branchRules', () => {
  it('reads the four kinds that are asked about, by their ruleset, and leaves out the rest', async () => {
    const source = ground.github.addRuleset(REPO, {
      rules: [
        { type: 'pull_request', approvals: 1, conversationResolution: true },
        {
          type: 'required_status_checks',
          checks: [
            { context: 'rust lint', app: ACTIONS_APP },
            { context: 'legacy', app: undefined },
          ],
        },
        { type: 'non_fast_forward' },
        { type: 'deletion' },
        { type: 'required_linear_history' },
      ],
    });
    expect(valueIn(await ground.open().branchRules('main'))).toEqual([
      { source, type: 'pull-request', approvals: 1, conversationResolution: true },
      {
        source,
        type: 'checks',
        checks: [
          { context: 'rust lint', app: ACTIONS_APP },
          { context: 'legacy', app: undefined },
        ],
      },
      { source, type: 'no-force-push' },
      { source, type: 'no-deletion' },
    ]);
  });

  it('reads active rulesets only, and those that reach the branch', async () => {
    const rules = [{ type: 'deletion' as const }];
    const source = ground.github.addRuleset(REPO, { rules, branches: ['~ALL'], level: 'organisation' });
    ground.github.addRuleset(REPO, { rules, enforcement: 'evaluate' });
    ground.github.addRuleset(REPO, { rules, enforcement: 'disabled' });
    ground.github.addRuleset(REPO, { rules, branches: ['develop'] });
    expect(valueIn(await ground.open().branchRules('main'))).toEqual([{ source, type: 'no-deletion' }]);
  });

  it('reads a hundred rulesets over several pages', async () => {
    const ids = Array.from({ length: 100 }, (_, n) =>
      ground.github.addRuleset(REPO, {
        name: `ruleset ${n}`,
        rules: [{ type: 'deletion' }, { type: 'non_fast_forward' }, { type: 'required_linear_history' }],
      }),
    );
    const settings = ground.open();
    const rules = valueIn(await settings.branchRules('main'));
    expect(rules.map(({ source }) => source)).toEqual(ids.flatMap((id) => [id, id]));
    const read = await Promise.all(ids.map((id) => settings.ruleset(id)));
    expect(read.map((fact) => valueIn(fact).name)).toEqual(ids.map((_, n) => `ruleset ${n}`));
  });

  it('reads a server that gives thirty to a page, whatever is asked', async () => {
    const page = (start: number) =>
      Array.from({ length: 30 }, (_, n) => ({ type: 'deletion', ruleset_id: start + n }));
    const link = { link: `<${ground.github.apiUrl}/x?page=2>; rel="next"` };
    const path = /\/rules\/branches\/main$/;
    ground.github.fault({ path, kind: 'status', status: 200, body: page(1), headers: link });
    ground.github.fault({ path, kind: 'status', status: 200, body: page(31) });
    expect(valueIn(await ground.open().branchRules('main'))).toHaveLength(60);
  });

  it('takes a list without an end for none', async () => {
    const link = { link: `<${ground.github.apiUrl}/x?page=2>; rel="next"` };
    const body = [{ type: 'deletion', ruleset_id: 1 }];
    const path = /\/rules\/branches\/main$/;
    const endless = ground.github.fault({
      path,
      kind: 'status',
      status: 200,
      body,
      headers: link,
      times: 99,
    });
    expect(reasonOf(await ground.open().branchRules('main')).obstacle).toBe('unreachable');
    expect(endless.hits).toBeLessThan(99);
  });

  it('is empty of a branch that does not exist and that no ruleset reaches', async () => {
    expect(valueIn(await ground.open().branchRules('no-such-branch'))).toEqual([]);
  });

  it('needs no more than metadata:read', async () => {
    ground.github.addRuleset(REPO, { rules: [{ type: 'deletion' }] });
    ground.github.addToken('nothing-but-metadata', { permissions: {}, repositories: [REPO] });
    expect(valueIn(await ground.open({ token: 'nothing-but-metadata' }).branchRules('main'))).toHaveLength(1);
  });

  it.each([
    [{ type: '' }],
    [{ type: 'deletion' }],
    [{ type: 'pull_request', ruleset_id: 1 }],
    [{ type: 'pull_request', ruleset_id: 1, parameters: { required_approving_review_count: 1 } }],
    [{ type: 'required_status_checks', ruleset_id: 1, parameters: {} }],
    [{ type: 'required_status_checks', ruleset_id: 1, parameters: { required_status_checks: [{}] } }],
  ])('takes a list that holds %j for none', async (rule) => {
    ground.github.fault({ path: /\/rules\//, kind: 'status', status: 200, body: [rule] });
    expect(reasonOf(await ground.open().branchRules('main')).obstacle).toBe('unreachable');
  });
});

describe('ruleset', () => {
  const bypass = [
    { type: 'RepositoryRole', id: 5, mode: 'pull_request' },
    { type: 'DeployKey', id: null, mode: 'always' },
  ] as const;

  it('shows who may bypass it only to who may write it', async () => {
    const id = ground.github.addRuleset(REPO, { name: 'main is guarded', bypass });
    expect(valueIn(await ground.open().ruleset(id))).toEqual({
      id,
      name: 'main is guarded',
      source: REPO,
      bypass: undefined,
    });
    ground.github.addToken('admin-of-the-repository', { permissions: { administration: 'write' } });
    expect(valueIn(await ground.open({ token: 'admin-of-the-repository' }).ruleset(id)).bypass).toEqual([
      { type: 'RepositoryRole', id: 5, mode: 'pull_request' },
      { type: 'DeployKey', id: undefined, mode: 'always' },
    ]);
  });

  it("reads the organisation's", async () => {
    const id = ground.github.addRuleset(REPO, { level: 'organisation', name: 'everywhere' });
    expect(valueIn(await ground.open().ruleset(id))).toMatchObject({ name: 'everywhere', source: 'joaoh82' });
  });

  it('has no more than twenty requests in flight, however many are asked for', async () => {
    let [flying, most] = [0, 0];
    const counting: typeof fetch = async (input, init) => {
      most = Math.max(most, ++flying);
      return fetch(input, init).finally(() => flying--);
    };
    const ids = Array.from({ length: 100 }, () => ground.github.addRuleset(REPO, {}));
    const settings = ground.open({ fetch: counting });
    const read = await Promise.all(ids.map((id) => settings.ruleset(id)));
    expect(read.every(({ known }) => known)).toBe(true);
    expect(most).toBe(20);
  });

  it('takes one that is not shown for a permission', async () => {
    expect(reasonOf(await ground.open().ruleset(77)).obstacle).toBe('permission');
  });

  it('takes a bypass without a mode for always', async () => {
    const body = { id: 5, name: 'n', source: REPO, bypass_actors: [{ actor_type: 'Team', actor_id: 3 }] };
    ground.github.fault({ path: /\/rulesets\/5$/, kind: 'status', status: 200, body });
    expect(valueIn(await ground.open().ruleset(5)).bypass).toEqual([{ type: 'Team', id: 3, mode: 'always' }]);
  });

  it.each([
    { id: 6, name: 'n', source: REPO },
    { id: 5, name: '', source: REPO },
    { id: 5, name: 'n' },
    { id: 5, name: 'n', source: REPO, bypass_actors: {} },
    { id: 5, name: 'n', source: REPO, bypass_actors: [{ actor_type: 'Team', actor_id: 'x' }] },
    { id: 5, name: 'n', source: REPO, bypass_actors: [{ actor_type: 'Team', bypass_mode: 'never' }] },
  ])('takes an answer such as %j for none', async (body) => {
    ground.github.fault({ path: /\/rulesets\/5$/, kind: 'status', status: 200, body });
    expect(reasonOf(await ground.open().ruleset(5)).obstacle).toBe('unreachable');
  });

  it.each([
    { kind: 'html' },
    { kind: 'truncate' },
    { kind: 'status', status: 503 },
    { kind: 'reset' },
  ] as const)('is unreachable behind %j', async (fault) => {
    const id = ground.github.addRuleset(REPO, {});
    ground.github.fault({ path: /\/rulesets\//, ...fault });
    expect(reasonOf(await ground.open().ruleset(id)).obstacle).toBe('unreachable');
  });
});
