import type { components } from '@octokit/openapi-types';
import type { EnvironmentRules } from './github-settings-state.ts';
import type { EnvironmentSettings, EnvironmentState, RepositoryState, Times } from './github-state.ts';

// Every body that means success is typed by GitHub's published OpenAPI description, so that the
// compiler notices when the stand-in and GitHub part ways.
type Schemas = components['schemas'];

export const HTML = 'https://github.com';

export function isoSecond(instant: Date): string {
  return `${instant.toISOString().slice(0, 19)}Z`;
}

export function errorBody(status: number, message: string, docs = 'rest'): Schemas['basic-error'] {
  return { message, documentation_url: `https://docs.github.com/${docs}`, status: String(status) };
}

export function secretBody(name: string, times: Times): Schemas['actions-secret'] {
  return { name, created_at: isoSecond(times.createdAt), updated_at: isoSecond(times.updatedAt) };
}

export function environmentBody(
  api: string,
  repository: RepositoryState,
  environment: EnvironmentState,
): Schemas['environment'] & EnvironmentSettings {
  const name = encodeURIComponent(environment.name);
  return {
    id: environment.id,
    node_id: nodeId('EN', environment.id),
    name: environment.name,
    url: `${api}/repos/${repository.fullName}/environments/${name}`,
    html_url: `${HTML}/${repository.fullName}/deployments/activity_log?environments_filter=${name}`,
    created_at: isoSecond(environment.createdAt),
    updated_at: isoSecond(environment.updatedAt),
    ...environmentRules(api, environment),
    ...environment.settings,
  };
}

/** GitHub leaves out every rule that is not set. */
function environmentRules(api: string, { id, rules }: EnvironmentState): EnvironmentSettings {
  const { waitTimer, reviewers, preventsSelfReview, adminsMayBypass, deploymentBranches } = rules;
  const rule = <Type extends string>(type: Type, offset: number) => ({
    id: id * 10 + offset,
    node_id: nodeId('GA', id * 10 + offset),
    type,
  });
  const reviews = {
    ...rule('required_reviewers', 2),
    prevent_self_review: preventsSelfReview,
    reviewers: reviewers.map((name) => reviewerBody(api, name)),
  };
  return {
    protection_rules: [
      ...(waitTimer > 0 ? [{ ...rule('wait_timer', 1), wait_timer: waitTimer }] : []),
      ...(reviewers.length > 0 ? [reviews] : []),
      ...(deploymentBranches === 'any' ? [] : [rule('branch_policy', 3)]),
    ],
    deployment_branch_policy: branchPolicy(deploymentBranches),
    ...(adminsMayBypass === undefined ? {} : { can_admins_bypass: adminsMayBypass }),
  };
}

function branchPolicy(
  branches: EnvironmentRules['deploymentBranches'],
): Schemas['deployment-branch-policy-settings'] {
  if (branches === 'any') return null;
  const isProtected = branches === 'protected';
  return { protected_branches: isProtected, custom_branch_policies: !isProtected };
}

function reviewerBody(api: string, name: string) {
  const [organisation = '', slug] = name.split('/');
  return slug === undefined
    ? { type: 'User' as const, reviewer: userBody(api, name) }
    : { type: 'Team' as const, reviewer: teamBody(api, organisation, slug) };
}

export function teamBody(api: string, organisation: string, slug: string): Schemas['team'] {
  const url = `${api}/organizations/1/team/${slug}`;
  return {
    id: 1,
    node_id: nodeId('T', 1),
    name: slug,
    slug,
    description: null,
    permission: 'pull',
    url,
    html_url: `${HTML}/orgs/${organisation}/teams/${slug}`,
    members_url: `${url}/members{/member}`,
    repositories_url: `${url}/repos`,
    type: 'organization',
    parent: null,
  };
}

export function rateLimitBody(rate: Schemas['rate-limit']): Schemas['rate-limit-overview'] {
  return { resources: { core: rate, search: { ...rate, limit: 30, remaining: 30, used: 0 } }, rate };
}

export function metaBody(enterpriseVersion: string | undefined): Schemas['api-overview'] & {
  installed_version?: string;
} {
  const body = { verifiable_password_authentication: false };
  return enterpriseVersion === undefined ? body : { ...body, installed_version: enterpriseVersion };
}

export function nodeId(prefix: string, id: number): string {
  return `${prefix}_${Buffer.from(String(id)).toString('base64url')}`;
}

export function userBody(api: string, login: string, type = 'User'): Schemas['simple-user'] {
  const user = `${api}/users/${login}`;
  return {
    login,
    id: 1,
    node_id: nodeId('U', 1),
    avatar_url: '',
    gravatar_id: '',
    url: user,
    html_url: `${HTML}/${login}`,
    followers_url: `${user}/followers`,
    following_url: `${user}/following{/other_user}`,
    gists_url: `${user}/gists{/gist_id}`,
    starred_url: `${user}/starred{/owner}{/repo}`,
    subscriptions_url: `${user}/subscriptions`,
    organizations_url: `${user}/orgs`,
    repos_url: `${user}/repos`,
    events_url: `${user}/events{/privacy}`,
    received_events_url: `${user}/received_events`,
    type,
    site_admin: false,
  };
}

export function repositoryBody(api: string, repository: RepositoryState): Schemas['full-repository'] {
  const [owner = '', name = ''] = repository.fullName.split('/');
  return {
    id: repository.id,
    node_id: nodeId('R', repository.id),
    name,
    full_name: repository.fullName,
    owner: userBody(api, owner, repository.settings.ownedByOrganisation ? 'Organization' : 'User'),
    private: repository.private,
    visibility: repository.private ? 'private' : 'public',
    html_url: `${HTML}/${repository.fullName}`,
    description: null,
    fork: false,
    ...repositoryLinks(`${api}/repos/${repository.fullName}`),
    git_url: `git://github.com/${repository.fullName}.git`,
    ssh_url: `git@github.com:${repository.fullName}.git`,
    clone_url: `${HTML}/${repository.fullName}.git`,
    svn_url: `${HTML}/${repository.fullName}`,
    mirror_url: null,
    homepage: null,
    language: null,
    default_branch: repository.settings.defaultBranch,
    ...repositoryCounts,
    archived: repository.archived,
    disabled: false,
    pushed_at: isoSecond(repository.updatedAt),
    created_at: isoSecond(repository.createdAt),
    updated_at: isoSecond(repository.updatedAt),
    license: null,
  };
}

const repositoryCounts = {
  forks_count: 0,
  stargazers_count: 0,
  watchers_count: 0,
  size: 0,
  open_issues_count: 0,
  has_issues: true,
  has_projects: true,
  has_wiki: true,
  has_pages: false,
  has_discussions: false,
  subscribers_count: 0,
  network_count: 0,
  forks: 0,
  open_issues: 0,
  watchers: 0,
} satisfies Partial<Schemas['full-repository']>;

function repositoryLinks(url: string) {
  return {
    url,
    archive_url: `${url}/{archive_format}{/ref}`,
    assignees_url: `${url}/assignees{/user}`,
    blobs_url: `${url}/git/blobs{/sha}`,
    branches_url: `${url}/branches{/branch}`,
    collaborators_url: `${url}/collaborators{/collaborator}`,
    comments_url: `${url}/comments{/number}`,
    commits_url: `${url}/commits{/sha}`,
    compare_url: `${url}/compare/{base}...{head}`,
    contents_url: `${url}/contents/{+path}`,
    contributors_url: `${url}/contributors`,
    deployments_url: `${url}/deployments`,
    downloads_url: `${url}/downloads`,
    events_url: `${url}/events`,
    forks_url: `${url}/forks`,
    git_commits_url: `${url}/git/commits{/sha}`,
    git_refs_url: `${url}/git/refs{/sha}`,
    git_tags_url: `${url}/git/tags{/sha}`,
    hooks_url: `${url}/hooks`,
    issue_comment_url: `${url}/issues/comments{/number}`,
    issue_events_url: `${url}/issues/events{/number}`,
    issues_url: `${url}/issues{/number}`,
    keys_url: `${url}/keys{/key_id}`,
    labels_url: `${url}/labels{/name}`,
    languages_url: `${url}/languages`,
    merges_url: `${url}/merges`,
    milestones_url: `${url}/milestones{/number}`,
    notifications_url: `${url}/notifications{?since,all,participating}`,
    pulls_url: `${url}/pulls{/number}`,
    releases_url: `${url}/releases{/id}`,
    stargazers_url: `${url}/stargazers`,
    statuses_url: `${url}/statuses/{sha}`,
    subscribers_url: `${url}/subscribers`,
    subscription_url: `${url}/subscription`,
    tags_url: `${url}/tags`,
    teams_url: `${url}/teams`,
    trees_url: `${url}/git/trees{/sha}`,
  } satisfies Partial<Schemas['full-repository']>;
}
