import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GitHubOptions, GitHubSandbox } from '../../src/sandbox/github.ts';
import { startGitHub } from '../../src/sandbox/github.ts';
import type { SandboxPipeline } from '../../src/sandbox/pipeline.ts';
import { PIPELINE_CHECKS, setUpPipeline } from '../../src/sandbox/pipeline.ts';

const NOW = new Date('2026-11-22T10:00:00Z');
const REPO = 'joaoh82/rust_sqlite';

let github: GitHubSandbox;
let pipeline: SandboxPipeline;

async function start(options: GitHubOptions = {}): Promise<void> {
  github = await startGitHub({ now: () => NOW, ...options });
  pipeline = setUpPipeline(github);
}

function get(tail: string, headers: Record<string, string> = {}): Promise<Response> {
  const authorization = `token ${pipeline.verifyToken}`;
  return fetch(`${github.apiUrl}/repos/${REPO}/${tail}`, {
    headers: { authorization, 'user-agent': 'test', ...headers },
  });
}

async function bodyOf(tail: string): Promise<unknown> {
  return (await get(tail)).json();
}

async function refusalOf(tail: string, headers: Record<string, string> = {}) {
  const answer = await get(tail, headers);
  const { message } = (await answer.json()) as { message: string };
  return { status: answer.status, message };
}

beforeEach(() => start());
afterEach(() => github.close());

describe('setUpPipeline', () => {
  it('protects the environment as the example declares it', async () => {
    expect(await bodyOf('environments/release')).toMatchObject({
      name: 'release',
      protection_rules: [
        { type: 'required_reviewers', reviewers: [{ type: 'User', reviewer: { login: 'joaoh82' } }] },
        { type: 'branch_policy' },
      ],
      deployment_branch_policy: { protected_branches: false, custom_branch_policies: true },
      can_admins_bypass: true,
    });
    expect(await bodyOf('environments/release/deployment-branch-policies')).toMatchObject({
      total_count: 1,
      branch_policies: [{ name: 'main', type: 'branch' }],
    });
  });

  it('protects the branch with the fourteen checks, pinned to GitHub Actions', async () => {
    expect(await bodyOf('branches/main/protection')).toMatchObject({
      required_status_checks: { checks: PIPELINE_CHECKS.map((context) => ({ context, app_id: 15_368 })) },
      required_pull_request_reviews: { required_approving_review_count: 1 },
      required_conversation_resolution: { enabled: true },
      enforce_admins: { enabled: false },
    });
    expect(PIPELINE_CHECKS).toHaveLength(14);
  });

  it('puts the secret into the environment, and nowhere wider', async () => {
    expect(await bodyOf('environments/release/secrets')).toMatchObject({
      total_count: 1,
      secrets: [{ name: 'CRATES_IO_TOKEN' }],
    });
    for (const level of ['actions/secrets', 'actions/organization-secrets', 'dependabot/secrets']) {
      expect(await bodyOf(level)).toEqual({ total_count: 0, secrets: [] });
    }
  });

  it('holds the workflows and the settings of Dependabot', async () => {
    expect(await bodyOf('contents/.github/workflows')).toMatchObject([
      { name: 'ci.yml' },
      { name: 'release.yml' },
    ]);
    expect(await bodyOf('contents/.github')).toMatchObject([{ name: 'dependabot.yml' }, { type: 'dir' }]);
  });

  it('keeps the value and the key of an environment that is already there', () => {
    const value = 'cioAbCdEfGhIjKlMnOpQrStUvWxYz012345';
    github.addSecret({ repository: REPO, environment: 'release', name: 'CRATES_IO_TOKEN', value });
    const key = github.key(REPO, 'release').id;
    setUpPipeline(github);
    expect(Buffer.from(github.secret(REPO, 'release', 'CRATES_IO_TOKEN')?.opened ?? []).toString()).toBe(
      value,
    );
    expect(github.key(REPO, 'release').id).toBe(key);
  });

  it('makes one for any repository, with its owner as the reviewer', async () => {
    const { verifyToken } = setUpPipeline(github, { repo: 'acme/engine', private: true });
    const headers = { authorization: `token ${verifyToken}`, 'user-agent': 'test' };
    const answer = await fetch(`${github.url}/repos/acme/engine/environments/release`, { headers });
    expect(await answer.json()).toMatchObject({
      protection_rules: [{ reviewers: [{ reviewer: { login: 'acme' } }] }, {}],
    });
    expect((await get('../../acme/engine')).status).toBe(404);
  });
});

describe('the settings of a repository', () => {
  it.each([
    ['environments/release/deployment-branch-policies', 'actions=read'],
    ['environments/release/deployment_protection_rules', 'actions=read'],
    ['actions/organization-secrets', 'secrets=read'],
    ['dependabot/secrets', 'dependabot_secrets=read'],
    ['branches/main', 'contents=read'],
    ['branches/main/protection', 'administration=read'],
    ['contents/.github%2Fworkflows', 'contents=read'],
  ])('answer %s only to a token with %s', async (tail, permission) => {
    github.addToken('seal-only', { permissions: { environments: 'write' } });
    const answer = await get(tail, { authorization: 'token seal-only' });
    expect(answer.status).toBe(403);
    expect(answer.headers.get('x-accepted-github-permissions')).toBe(permission);
    expect((await get(tail)).status).toBe(200);
  });

  it.each(['rules/branches/main', 'rulesets/1'])(
    'answer %s to every token that sees the repository',
    async (tail) => {
      github.addToken('seal-only', { permissions: { environments: 'write' } });
      const answer = await get(tail, { authorization: 'token seal-only' });
      expect(answer.headers.get('x-accepted-github-permissions')).toBe('metadata=read');
      expect(answer.status).toBe(tail === 'rulesets/1' ? 404 : 200);
    },
  );

  it('tell a branch without protection from one that does not exist', async () => {
    github.setClassicProtection(REPO, 'main', undefined);
    expect(await refusalOf('branches/main/protection')).toEqual({
      status: 404,
      message: 'Branch not protected',
    });
    expect(await refusalOf('branches/none/protection')).toEqual({ status: 404, message: 'Branch not found' });
    expect(await refusalOf('branches/none')).toEqual({ status: 404, message: 'Branch not found' });
    expect((await get('branches/main')).status).toBe(200);
  });

  it.each(['branches/main/protection', 'rules/branches/main', 'rulesets/1'])(
    'refuse %s of a private repository on the free plan',
    async (tail) => {
      github.setRepository(REPO, { private: true, plan: 'free' });
      expect(await refusalOf(tail)).toEqual({
        status: 403,
        message: 'Upgrade to GitHub Pro or make this repository public to enable this feature.',
      });
    },
  );

  it('list the rules of rulesets in pages, with a Link', async () => {
    const rules = [{ type: 'deletion' as const }];
    for (let n = 0; n < 31; n++) github.addRuleset(REPO, { rules });
    const first = await get('rules/branches/main');
    expect(await first.json()).toHaveLength(30);
    expect(first.headers.get('link')).toContain('page=2>; rel="next"');
    expect(await bodyOf('rules/branches/main?page=2')).toHaveLength(1);
  });

  it('change with a ruleset, and lose it again', async () => {
    const id = github.addRuleset(REPO, { rules: [{ type: 'deletion' }] });
    github.setRuleset(REPO, id, { rules: [{ type: 'non_fast_forward' }] });
    expect(await bodyOf('rules/branches/main')).toMatchObject([{ type: 'non_fast_forward', ruleset_id: id }]);
    github.removeRuleset(REPO, id);
    expect(await bodyOf('rules/branches/main')).toEqual([]);
  });

  it('show the organisation’s rulesets unless they are not wanted', async () => {
    const id = github.addRuleset(REPO, { level: 'organisation' });
    expect(await bodyOf(`rulesets/${id}`)).toMatchObject({ source_type: 'Organization', source: 'joaoh82' });
    expect((await get(`rulesets/${id}?includes_parents=false`)).status).toBe(404);
  });

  it('give folders, files, and neither', async () => {
    expect(await bodyOf('contents')).toMatchObject([
      { name: '.github', type: 'dir' },
      { name: 'Cargo.toml' },
      {},
    ]);
    const file = (await bodyOf('contents/.github%2Fworkflows%2Fci.yml')) as { content: string; size: number };
    expect(Buffer.from(file.content, 'base64')).toHaveLength(file.size);
    expect(file.content.split('\n')[0]).toHaveLength(60);
    expect(await refusalOf('contents/none')).toEqual({ status: 404, message: 'Not Found' });
  });

  it('give the files of the branch that is named, else of the default branch', async () => {
    github.addBranch(REPO, 'develop');
    github.setFile(REPO, 'NEW', 'new', 'develop');
    expect((await get('contents/NEW')).status).toBe(404);
    expect((await get('contents/NEW?ref=develop')).status).toBe(200);
    github.setDefaultBranch(REPO, 'develop');
    expect((await get('contents/NEW')).status).toBe(200);
    github.removeFile(REPO, 'NEW');
    expect((await get('contents/NEW')).status).toBe(404);
  });

  it('are none in an empty repository', async () => {
    github.removeBranch(REPO, 'main');
    expect(await refusalOf('contents')).toEqual({ status: 404, message: 'This repository is empty.' });
  });

  it('send no content of what is larger than 1 MB', async () => {
    github.setFile(REPO, 'BIG', 'x'.repeat(1_000_001));
    expect(await bodyOf('contents/BIG')).toMatchObject({ encoding: 'none', content: '', size: 1_000_001 });
  });

  it('cannot be changed where there is nothing to change', () => {
    expect(() => github.setFile(REPO, 'x', 'x', 'none')).toThrow('has no branch none');
    expect(() => github.setClassicProtection(REPO, 'none', {})).toThrow('has no branch none');
    expect(() => github.setRuleset(REPO, 1, {})).toThrow('has no ruleset 1');
  });
});

describe('conditional requests', () => {
  const TAIL = 'environments/release';

  it('are answered with 304, nothing, and no charge while nothing has changed', async () => {
    const first = await get(TAIL);
    const etag = first.headers.get('etag') ?? '';
    const again = await get(TAIL, { 'if-none-match': etag });
    expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag]);
    expect(again.headers.get('x-ratelimit-used')).toBe(first.headers.get('x-ratelimit-used'));
  });

  it('are answered in full after a change', async () => {
    const etag = (await get(TAIL)).headers.get('etag') ?? '';
    github.setEnvironment(REPO, 'release', { waitTimer: 1 });
    expect((await get(TAIL, { 'if-none-match': etag })).status).toBe(200);
  });

  it('are answered in full to another token', async () => {
    const etag = (await get(TAIL)).headers.get('etag') ?? '';
    github.addToken('another', { permissions: { actions: 'read' } });
    const answer = await get(TAIL, { 'if-none-match': etag, authorization: 'token another' });
    expect(answer.status).toBe(200);
  });

  it('are refused like all others where the token may not read', async () => {
    const etag = (await get(TAIL)).headers.get('etag') ?? '';
    github.addToken(pipeline.verifyToken, { permissions: {} });
    expect((await get(TAIL, { 'if-none-match': etag })).status).toBe(403);
  });

  it('have no tag where the answer is an error', async () => {
    expect((await get('environments/none')).headers.get('etag')).toBeNull();
  });
});
