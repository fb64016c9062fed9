import { createHash } from 'node:crypto';
import { errorBody, metaBody, rateLimitBody } from './github-bodies.ts';
import type { RepositoryExchange } from './github-exchange.ts';
import { linkHeader, pageOf } from './github-pages.ts';
import { listRepositories } from './github-repositories.ts';
import { findRoute } from './github-routes.ts';
import { notFound } from './github-secrets.ts';
import type { GitHubState, RepositoryState } from './github-state.ts';
import { findRepository, repositoryById } from './github-state.ts';
import type { Caller, Need, TokenGrant } from './github-tokens.ts';
import { callerOf, judge, refusal } from './github-tokens.ts';
import { accountBody, PERSON } from './github-user.ts';
import type { Answer, RecordedRequest } from './http-exchange.ts';
import { bodyText } from './http-exchange.ts';

/** An answer beside the built-in endpoints (branch protection, rulesets, …), given as it goes out. */
export interface Resource {
  readonly need: Need;
  readonly status: number;
  readonly body: unknown;
}

export interface GitHubService {
  readonly state: GitHubState;
  readonly tokens: Map<string, TokenGrant>;
  /** Keyed by `resourceKey`. */
  readonly resources: Map<string, Resource>;
  readonly now: () => Date;
  readonly enterpriseVersion: string | undefined;
  /** Requests so far by `Authorization`, for the rate-limit headers. */
  readonly used: Map<string, number>;
  /** Requests that were answered with 304, which count against no limit. */
  readonly unchanged: WeakSet<RecordedRequest>;
}

type Repositories = { readonly repository: RepositoryState; readonly tail: string };
type Target = Repositories | { readonly movedTo: number; readonly tail: string } | undefined;

const HOURLY = 5000;

export function resourceKey(repositoryId: number, tail: string): string {
  return `${repositoryId} ${tail}`;
}

/** GitHub Enterprise Server puts its API under a prefix, api.github.com does not. */
function prefixOf(service: GitHubService): string {
  return service.enterpriseVersion === undefined ? '' : '/api/v3';
}

export function respond(service: GitHubService, request: RecordedRequest): Answer {
  const answer = answerOf(service, request);
  if (request.method !== 'GET' || answer.status !== 200) return answer;
  const etag = tagOf(request, answer);
  const headers = { ...answer.headers, etag };
  if (request.headers['if-none-match'] !== etag) return { ...answer, headers };
  service.unchanged.add(request);
  return { status: 304, headers: { etag } };
}

/** Other for each token, as GitHub's are (github/docs#34689). */
function tagOf(request: RecordedRequest, answer: Answer): string {
  const seen = [request.headers.authorization ?? '', answer.headers?.['link'] ?? '', bodyText(answer.body)];
  return `W/"${createHash('sha256').update(JSON.stringify(seen)).digest('hex')}"`;
}

function answerOf(service: GitHubService, request: RecordedRequest): Answer {
  if ((request.headers['user-agent'] ?? '') === '') return failure(403, USER_AGENT_NEEDED);
  const caller = callerOf(request, service.tokens);
  if (caller === 'unknown-token') return failure(401, 'Bad credentials');
  const prefix = prefixOf(service);
  if (!request.path.startsWith(`${prefix}/`)) return notFound();
  const path = request.path.slice(prefix.length);
  const whole = wholeService(service, { request, caller, path, api: `${request.origin}${prefix}` });
  if (whole !== undefined) return whole;
  const target = targetOf(service.state, path);
  if (target === undefined) return notFound();
  const api = `${request.origin}${prefix}`;
  if ('movedTo' in target) return moved(api, target, request);
  return inRepository(service, { request, caller, api, ...target });
}

const USER_AGENT_NEEDED =
  'Request forbidden by administrative rules. Please make sure your request has a User-Agent header.';

function failure(status: number, message: string): Answer {
  return { status, body: errorBody(status, message) };
}

interface WholeKnock {
  readonly request: RecordedRequest;
  readonly caller: Exclude<Caller, 'unknown-token'>;
  readonly path: string;
  readonly api: string;
}

/** GET /rate_limit (off on Enterprise Server unless switched on), GET /meta, GET /user and the lists of repositories */
function wholeService(service: GitHubService, knock: WholeKnock): Answer | undefined {
  const { request, caller, path, api } = knock;
  if (request.method !== 'GET') return undefined;
  if (path === '/meta') return { status: 200, body: metaBody(service.enterpriseVersion) };
  if (path === '/user') return getUser(api, caller);
  if (path !== '/rate_limit') return listRepositories({ state: service.state, request, caller, path, api });
  if (service.enterpriseVersion !== undefined) return failure(404, 'Rate limiting is not enabled.');
  return { status: 200, body: rateLimitBody(rateOf(service, request)) };
}

/** Every personal token may ask whose it is; an App's token belongs to nobody. */
function getUser(api: string, caller: WholeKnock['caller']): Answer {
  if (caller === 'anonymous') return failure(401, 'Requires authentication');
  if (caller.grant.kind === 'app') return failure(403, refusal(caller));
  return { status: 200, body: accountBody(api, caller.grant.login ?? PERSON) };
}

/** By name, by former name, or by number as Location and Link headers name repositories. */
function targetOf(state: GitHubState, path: string): Target {
  const byName = /^\/repos\/([^/]+)\/([^/]+)(?:\/(.*))?$/.exec(path);
  if (byName !== null) {
    const [, owner = '', name = '', tail = ''] = byName;
    const repository = findRepository(state, `${owner}/${name}`);
    if (repository !== undefined) return { repository, tail };
    const movedTo = state.formerNames.get(`${owner}/${name}`.toLowerCase());
    return movedTo === undefined ? undefined : { movedTo, tail };
  }
  const byNumber = /^\/repositories\/(\d+)(?:\/(.*))?$/.exec(path);
  const repository = byNumber === null ? undefined : repositoryById(state, Number(byNumber[1]));
  return repository === undefined ? undefined : { repository, tail: byNumber?.[2] ?? '' };
}

/** 301 for reads, 307 for the rest, both with the same words (seen in 18F/charlie#85). */
function moved(api: string, target: { movedTo: number; tail: string }, request: RecordedRequest): Answer {
  const tail = target.tail === '' ? '' : `/${target.tail}`;
  const location = `${api}/repositories/${target.movedTo}${tail}`;
  const read = request.method === 'GET' || request.method === 'HEAD';
  return {
    status: read ? 301 : 307,
    headers: { location },
    body: {
      message: 'Moved Permanently',
      url: location,
      documentation_url:
        'https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects',
    },
  };
}

interface Knock extends Repositories {
  readonly request: RecordedRequest;
  readonly caller: Exclude<Caller, 'unknown-token'>;
  readonly api: string;
}

function inRepository(service: GitHubService, knock: Knock): Answer {
  const { request, repository, tail, api, caller } = knock;
  const resource =
    request.method === 'GET' ? service.resources.get(resourceKey(repository.id, tail)) : undefined;
  const found = findRoute(request.method, tail);
  const need = resource?.need ?? found?.route.need;
  if (need === undefined) return notFound();
  const verdict = judge(caller, repository, need);
  if (verdict === 'invisible') return notFound();
  if (verdict === 'requires-authentication') return failure(401, 'Requires authentication');
  if (verdict === 'lacks-permission') return failure(403, refusal(caller));
  const { state } = service;
  const params = found?.params ?? {};
  const exchange: RepositoryExchange = { state, now: service.now(), request, api, repository, tail, params };
  if (resource !== undefined) return resourceAnswer(exchange, resource);
  const mayAdminister =
    judge(caller, repository, { permission: 'administration', access: 'write' }) === 'allowed';
  return found?.route.answer(exchange, mayAdminister) ?? notFound();
}

function resourceAnswer(exchange: RepositoryExchange, resource: Resource): Answer {
  if (!Array.isArray(resource.body)) return { status: resource.status, body: resource.body };
  const page = pageOf<unknown>(resource.body, exchange.request.query);
  return { status: resource.status, headers: linkHeader(page, exchange), body: page.items };
}

/** What real answers carry besides their body; Enterprise Server counts no requests by default. */
export function commonHeaders(service: GitHubService, request: RecordedRequest): Record<string, string> {
  const key = request.headers.authorization ?? '';
  if (!service.unchanged.has(request)) service.used.set(key, (service.used.get(key) ?? 0) + 1);
  const caller = callerOf(request, service.tokens);
  const expires = typeof caller === 'object' ? caller.grant.expires : undefined;
  return {
    'x-github-request-id': requestId(service),
    'x-github-media-type': 'github.v3; format=json',
    ...acceptedPermissions(service, request),
    ...(typeof caller === 'object' && caller.grant.scopes
      ? { 'x-oauth-scopes': caller.grant.scopes.join(', ') || EMPTY }
      : {}),
    ...(expires === undefined
      ? {}
      : { 'github-authentication-token-expiration': told(expires, service.now()) }),
    ...(service.enterpriseVersion === undefined
      ? { 'x-github-api-version-selected': '2022-11-28', ...rateHeaders(service, request) }
      : { 'x-github-enterprise-version': `enterprise-server@${service.enterpriseVersion}` }),
  };
}

/** A header without a value; the listener takes `''` for one to leave out. */
const EMPTY = ' ';

function told(expires: string | ((now: Date) => string), now: Date): string {
  return typeof expires === 'string' ? expires : expires(now);
}

function requestId(service: GitHubService): string {
  const count = [...service.used.values()].reduce((sum, one) => sum + one, 0);
  return `SAND:${count.toString(16).toUpperCase().padStart(6, '0')}`;
}

/** The header names what the endpoint needs, whether or not the token has it. */
function acceptedPermissions(service: GitHubService, request: RecordedRequest): Record<string, string> {
  const path = request.path.slice(prefixOf(service).length);
  if (path === '/rate_limit' || path === '/meta') {
    return { 'x-accepted-github-permissions': 'allows_permissionless_access=true' };
  }
  const target = targetOf(service.state, path);
  if (target === undefined) return {};
  const resource =
    'repository' in target
      ? service.resources.get(resourceKey(target.repository.id, target.tail))
      : undefined;
  const need = resource?.need ?? findRoute(request.method, target.tail)?.route.need;
  return need === undefined ? {} : { 'x-accepted-github-permissions': `${need.permission}=${need.access}` };
}

function rateOf(service: GitHubService, request: RecordedRequest) {
  const used = service.used.get(request.headers.authorization ?? '') ?? 0;
  const hour = 3600 * 1000;
  return {
    limit: HOURLY,
    used,
    remaining: Math.max(0, HOURLY - used),
    reset: (Math.floor(service.now().getTime() / hour) + 1) * 3600,
  };
}

function rateHeaders(service: GitHubService, request: RecordedRequest): Record<string, string> {
  const rate = rateOf(service, request);
  return {
    'x-ratelimit-limit': String(rate.limit),
    'x-ratelimit-remaining': String(rate.remaining),
    'x-ratelimit-used': String(rate.used),
    'x-ratelimit-reset': String(rate.reset),
    'x-ratelimit-resource': 'core',
  };
}
