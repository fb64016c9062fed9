import type { components } from '@octokit/openapi-types';
import type { EnvironmentSettings, EnvironmentState, RepositoryState, Times } from './github-state.ts';

// Every body that means success is typed by GitHub's published OpenAPI description, so that the
// compiler notices when the stand-in and GitHub part ways.
type Schemas = components['schemas'];

const HTML = 'https://github.com';

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
    protection_rules: [],
    deployment_branch_policy: null,
    ...environment.settings,
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

function nodeId(prefix: string, id: number): string {
  return `${prefix}_${Buffer.from(String(id)).toString('base64url')}`;
}

function ownerBody(api: string, login: string): Schemas['simple-user'] {
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
    type: 'User',
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
    owner: ownerBody(api, owner),
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
    default_branch: 'main',
    ...repositoryCounts,
    archived: false,
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
