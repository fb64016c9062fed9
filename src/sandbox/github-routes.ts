import type { operations } from '@octokit/openapi-types';
import { environmentBody, repositoryBody } from './github-bodies.ts';
import type { RepositoryExchange } from './github-exchange.ts';
import { linkHeader, pageOf } from './github-pages.ts';
import { deleteSecret, getPublicKey, getSecret, listSecrets, notFound, putSecret } from './github-secrets.ts';
import {
  getBranch,
  getContents,
  getProtection,
  getRuleset,
  listBranchPolicies,
  listBranchRules,
  listCustomRules,
  planned,
} from './github-settings-routes.ts';
import type { EnvironmentState } from './github-state.ts';
import { findEnvironment } from './github-state.ts';
import type { Access, Need, Permission } from './github-tokens.ts';
import type { Answer } from './http-exchange.ts';

export interface Route {
  readonly method: string;
  /** Segments after `/repos/{owner}/{repo}/`; a leading colon names a parameter, an asterisk one that takes the rest. */
  readonly segments: readonly string[];
  readonly need: Need;
  /** `mayAdminister`: whether the caller has administration:write. */
  readonly answer: (exchange: RepositoryExchange, mayAdminister: boolean) => Answer;
}

type EnvironmentsPage =
  operations['repos/get-all-environments']['responses'][200]['content']['application/json'];

const ENVIRONMENT = 'environments/:environment';
const SECRETS = `${ENVIRONMENT}/secrets`;

// Permissions: github/docs, fine-grained-pat-permissions.json. Reading an environment takes `actions`,
// its secrets take `environments`.
export const ROUTES: readonly Route[] = [
  route('GET', '', 'metadata', 'read', getRepository),
  route('GET', 'environments', 'actions', 'read', listEnvironments),
  route('GET', ENVIRONMENT, 'actions', 'read', inEnvironment(getEnvironment)),
  route(
    'GET',
    `${ENVIRONMENT}/deployment-branch-policies`,
    'actions',
    'read',
    inEnvironment(listBranchPolicies),
  ),
  route(
    'GET',
    `${ENVIRONMENT}/deployment_protection_rules`,
    'actions',
    'read',
    inEnvironment(listCustomRules),
  ),
  route('GET', `${SECRETS}/public-key`, 'environments', 'read', inEnvironment(getPublicKey)),
  route(
    'GET',
    SECRETS,
    'environments',
    'read',
    inEnvironment((x, env) => listSecrets(x, env.secrets)),
  ),
  route('GET', `${SECRETS}/:secret`, 'environments', 'read', inEnvironment(getSecret)),
  route('PUT', `${SECRETS}/:secret`, 'environments', 'write', inEnvironment(putSecret)),
  route('DELETE', `${SECRETS}/:secret`, 'environments', 'write', inEnvironment(deleteSecret)),
  route('GET', 'actions/secrets', 'secrets', 'read', (x) => listSecrets(x, x.repository.secrets)),
  route('GET', 'actions/organization-secrets', 'secrets', 'read', (x) =>
    listSecrets(x, x.repository.organisationSecrets),
  ),
  // The schema `dependabot-secret` has the same fields.
  route('GET', 'dependabot/secrets', 'dependabot_secrets', 'read', (x) =>
    listSecrets(x, x.repository.dependabotSecrets),
  ),
  route('GET', 'branches/:branch', 'contents', 'read', getBranch),
  route('GET', 'branches/:branch/protection', 'administration', 'read', planned(getProtection)),
  route('GET', 'rules/branches/:branch', 'metadata', 'read', planned(listBranchRules)),
  route('GET', 'rulesets/:ruleset', 'metadata', 'read', planned(getRuleset)),
  route('GET', 'contents/*path', 'contents', 'read', getContents),
];

function route(
  method: string,
  path: string,
  permission: Permission,
  access: Access,
  answer: Route['answer'],
): Route {
  return { method, segments: segmentsOf(path), need: { permission, access }, answer };
}

/** A name that holds a slash arrives as one segment only if it was percent-encoded. */
export function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

export function findRoute(
  method: string,
  tail: string,
): { route: Route; params: Record<string, string> } | undefined {
  const segments = segmentsOf(tail);
  for (const candidate of ROUTES) {
    if (candidate.method !== method) continue;
    const params = paramsOf(candidate.segments, segments);
    if (params !== undefined) return { route: candidate, params };
  }
  return undefined;
}

function paramsOf(
  pattern: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  const isOpen = pattern.at(-1)?.startsWith('*');
  if (!isOpen && pattern.length !== segments.length) return undefined;
  for (const [index, part] of pattern.entries()) {
    if (part.startsWith('*')) {
      params[part.slice(1)] = decode(segments.slice(index).join('/'));
      return params;
    }
    const segment = segments[index] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = decode(segment);
    else if (part !== segment) return undefined;
  }
  return params;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** GET /repos/{owner}/{repo} */
function getRepository(exchange: RepositoryExchange): Answer {
  return { status: 200, body: repositoryBody(exchange.api, exchange.repository) };
}

/** GET /repos/{owner}/{repo}/environments */
function listEnvironments(exchange: RepositoryExchange): Answer {
  const { api, repository } = exchange;
  const all = [...repository.environments.values()];
  const page = pageOf(all, exchange.request.query);
  const body: EnvironmentsPage = {
    total_count: all.length,
    environments: page.items.map((environment) => environmentBody(api, repository, environment)),
  };
  return { status: 200, headers: linkHeader(page, exchange), body };
}

/** GET /repos/{owner}/{repo}/environments/{environment_name} */
function getEnvironment(exchange: RepositoryExchange, environment: EnvironmentState): Answer {
  return { status: 200, body: environmentBody(exchange.api, exchange.repository, environment) };
}

function inEnvironment(
  answer: (exchange: RepositoryExchange, environment: EnvironmentState) => Answer,
): Route['answer'] {
  return (exchange) => {
    const environment = findEnvironment(exchange.repository, exchange.params['environment'] ?? '');
    return environment === undefined ? notFound() : answer(exchange, environment);
  };
}
