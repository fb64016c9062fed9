import { createHash } from 'node:crypto';
import type { components } from '@octokit/openapi-types';
import { HTML, nodeId, teamBody, userBody } from './github-bodies.ts';
import type {
  BranchState,
  CheckSetting,
  ClassicSettings,
  RuleSetting,
  RulesetSettings,
} from './github-settings-state.ts';
import type { RepositoryState } from './github-state.ts';

// Typed by GitHub's published OpenAPI description, as github-bodies.ts is.
type Schemas = components['schemas'];

const WHEN = '2026-01-05T09:00:00Z';

/** GET …/branches/{branch}/protection; what is not asked for is left out, as GitHub's recorded answers show. */
export function protectionBody(
  api: string,
  { fullName }: RepositoryState,
  branch: string,
  settings: ClassicSettings,
): Schemas['branch-protection'] {
  const url = `${api}/repos/${fullName}/branches/${encodeURIComponent(branch)}/protection`;
  const { checks, approvals } = settings;
  return {
    url,
    ...(checks === undefined ? {} : { required_status_checks: checksBody(url, checks) }),
    ...(approvals === undefined
      ? {}
      : { required_pull_request_reviews: reviewsBody(url, api, fullName, settings) }),
    required_signatures: { url: `${url}/required_signatures`, enabled: false },
    enforce_admins: { url: `${url}/enforce_admins`, enabled: settings.enforcesForAdmins },
    required_linear_history: { enabled: false },
    allow_force_pushes: { enabled: settings.allowsForcePushes },
    allow_deletions: { enabled: settings.allowsDeletion },
    block_creations: { enabled: false },
    required_conversation_resolution: { enabled: settings.conversationResolution },
    lock_branch: { enabled: false },
    allow_fork_syncing: { enabled: false },
  };
}

function checksBody(
  url: string,
  checks: readonly CheckSetting[],
): Schemas['protected-branch-required-status-check'] {
  return {
    url: `${url}/required_status_checks`,
    strict: false,
    contexts: checks.map(({ context }) => context),
    contexts_url: `${url}/required_status_checks/contexts`,
    checks: checks.map(({ context, app }) => ({ context, app_id: app ?? null })),
  };
}

function reviewsBody(
  url: string,
  api: string,
  fullName: string,
  { approvals = 0, bypassPullRequest: { users, teams, apps } }: ClassicSettings,
): Schemas['protected-branch-pull-request-review'] {
  const owner = fullName.split('/')[0] ?? '';
  const allowances = {
    users: users.map((login) => userBody(api, login)),
    teams: teams.map((slug) => teamBody(api, owner, slug)),
    apps: apps.map((slug) => appBody(api, slug)),
  };
  return {
    url: `${url}/required_pull_request_reviews`,
    dismiss_stale_reviews: false,
    require_code_owner_reviews: false,
    require_last_push_approval: false,
    required_approving_review_count: approvals,
    ...(users.length + teams.length + apps.length > 0 ? { bypass_pull_request_allowances: allowances } : {}),
  };
}

function appBody(api: string, slug: string): Schemas['integration'] {
  return {
    id: 1,
    slug,
    node_id: nodeId('A', 1),
    owner: userBody(api, slug),
    name: slug,
    description: null,
    external_url: HTML,
    html_url: `${HTML}/apps/${slug}`,
    created_at: WHEN,
    updated_at: WHEN,
    permissions: {},
    events: [],
  };
}

/** GET …/branches/{branch} */
export function branchBody(
  url: string,
  name: string,
  branch: BranchState,
): Schemas['branch-with-protection'] {
  const sha = sha1(name);
  return {
    name,
    commit: commitBody(url, sha),
    _links: { html: `${HTML}/tree/${name}`, self: url },
    protected: branch.protection !== undefined,
    protection: { enabled: branch.protection !== undefined },
    protection_url: `${url}/protection`,
  };
}

function commitBody(url: string, sha: string): Schemas['commit'] {
  return {
    url,
    sha,
    node_id: nodeId('C', 1),
    html_url: `${HTML}/commit/${sha}`,
    comments_url: `${url}/comments`,
    commit: { url, author: null, committer: null, message: '', comment_count: 0, tree: { sha, url } },
    author: null,
    committer: null,
    parents: [],
  };
}

/** One entry of GET …/rules/branches/{branch}. */
export function ruleBody(
  repository: RepositoryState,
  id: number,
  ruleset: RulesetSettings,
  rule: RuleSetting,
): Schemas['repository-rule-detailed'] {
  const from = {
    ruleset_source_type: sourceType(ruleset),
    ruleset_source: sourceOf(repository, ruleset),
    ruleset_id: id,
  };
  switch (rule.type) {
    case 'pull_request':
      return { ...pullRequestRule(rule), ...from };
    case 'required_status_checks':
      return { ...checksRule(rule), ...from };
    default:
      return { type: rule.type, ...from };
  }
}

function pullRequestRule(
  rule: Extract<RuleSetting, { type: 'pull_request' }>,
): Schemas['repository-rule-pull-request'] {
  return {
    type: rule.type,
    parameters: {
      required_approving_review_count: rule.approvals,
      dismiss_stale_reviews_on_push: false,
      required_reviewers: [],
      require_code_owner_review: false,
      require_last_push_approval: false,
      required_review_thread_resolution: rule.conversationResolution,
      allowed_merge_methods: ['merge', 'squash', 'rebase'],
    },
  };
}

function checksRule(
  rule: Extract<RuleSetting, { type: 'required_status_checks' }>,
): Schemas['repository-rule-required-status-checks'] {
  return {
    type: rule.type,
    parameters: {
      strict_required_status_checks_policy: false,
      do_not_enforce_on_create: false,
      required_status_checks: rule.checks.map(({ context, app }) => ({
        context,
        ...(app === undefined ? {} : { integration_id: app }),
      })),
    },
  };
}

/** GET …/rulesets/{ruleset_id}. @param mayWrite only who may write the ruleset sees who may bypass it */
export function rulesetBody(
  repository: RepositoryState,
  id: number,
  ruleset: RulesetSettings,
  mayWrite: boolean,
): Schemas['repository-ruleset'] {
  const bypass = ruleset.bypass.map((one) => ({
    actor_id: one.id,
    actor_type: one.type,
    bypass_mode: one.mode,
  }));
  return {
    id,
    name: ruleset.name,
    target: 'branch',
    source_type: sourceType(ruleset),
    source: sourceOf(repository, ruleset),
    enforcement: ruleset.enforcement,
    conditions: { ref_name: { include: ruleset.branches.map(refOf), exclude: [] } },
    rules: ruleset.rules.map((rule) => {
      if (rule.type === 'pull_request') return pullRequestRule(rule);
      return rule.type === 'required_status_checks' ? checksRule(rule) : { type: rule.type };
    }),
    node_id: nodeId('RRS', id),
    created_at: WHEN,
    updated_at: WHEN,
    ...(mayWrite ? { bypass_actors: bypass } : {}),
    current_user_can_bypass: 'never',
  };
}

function sourceType({ level }: RulesetSettings): 'Repository' | 'Organization' {
  return level === 'repository' ? 'Repository' : 'Organization';
}

function sourceOf({ fullName }: RepositoryState, { level }: RulesetSettings): string {
  return level === 'repository' ? fullName : (fullName.split('/')[0] ?? '');
}

function refOf(branch: string): string {
  return branch.startsWith('~') ? branch : `refs/heads/${branch}`;
}

type Entry = Schemas['content-directory'][number];

/** One entry of a folder's listing. */
export function entryBody(url: string, path: string, bytes: Buffer | undefined): Entry {
  return {
    ...pathBody(url, path, bytes ?? Buffer.from(path)),
    type: bytes === undefined ? 'dir' : 'file',
    size: bytes?.length ?? 0,
  };
}

/** GitHub breaks the base64 into lines of 60, and sends none of what is larger than 1 MB. */
export function fileBody(url: string, path: string, bytes: Buffer): Schemas['content-file'] {
  const isLarge = bytes.length > 1_000_000;
  const content = isLarge ? '' : bytes.toString('base64').replaceAll(/.{1,60}/g, '$&\n');
  const encoding = isLarge ? 'none' : 'base64';
  return { ...pathBody(url, path, bytes), type: 'file', size: bytes.length, encoding, content };
}

function pathBody(url: string, path: string, bytes: Buffer) {
  const sha = sha1(bytes);
  const self = `${url}/contents/${path}?ref=main`;
  const git = `${url}/git/blobs/${sha}`;
  const html = `${HTML}/blob/main/${path}`;
  return {
    name: path.slice(path.lastIndexOf('/') + 1),
    path,
    sha,
    url: self,
    git_url: git,
    html_url: html,
    download_url: null,
    _links: { self, git, html },
  };
}

function sha1(bytes: string | Buffer): string {
  return createHash('sha1').update(bytes).digest('hex');
}
