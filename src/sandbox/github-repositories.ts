import { errorBody, repositoryBody } from './github-bodies.ts';
import type { Page } from './github-pages.ts';
import { pageOf } from './github-pages.ts';
import type { GitHubState, RepositoryState } from './github-state.ts';
import type { Caller } from './github-tokens.ts';
import { judge, refusal } from './github-tokens.ts';
import { PERSON } from './github-user.ts';
import type { Answer, RecordedRequest } from './http-exchange.ts';

interface Lister {
  readonly state: GitHubState;
  readonly request: RecordedRequest;
  readonly caller: Exclude<Caller, 'unknown-token'>;
  readonly path: string;
  readonly api: string;
}

/**
 * GET /orgs/{org}/repos, GET /users/{username}/repos and GET /user/repos (of which `affiliation=owner` is what is played here).
 *
 * @returns undefined for any other path
 */
export function listRepositories(lister: Lister): Answer | undefined {
  const { caller, path } = lister;
  if (path === '/user/repos') {
    if (caller === 'anonymous') return { status: 401, body: errorBody(401, 'Requires authentication') };
    if (caller.grant.kind === 'app') return { status: 403, body: errorBody(403, refusal(caller)) };
    const login = caller.grant.login ?? PERSON;
    return page(lister, ownedBy(lister, login));
  }
  const [, of, name = ''] = /^\/(orgs|users)\/([^/]+)\/repos$/.exec(path) ?? [];
  if (of === undefined) return undefined;
  const owned = [...lister.state.repositories.values()].filter((one) => ownerOf(one) === name.toLowerCase());
  const isOrganisation = owned.some(({ settings }) => settings.ownedByOrganisation);
  if (owned.length === 0 || (of === 'orgs') !== isOrganisation)
    return { status: 404, body: errorBody(404, 'Not Found', 'rest/repos/repos#list-repositories') };
  // A user's list shows what is public, whoever asks.
  const shown = ownedBy(lister, name).filter((one) => of === 'orgs' || !one.private);
  return page(lister, shown);
}

function ownerOf({ fullName }: RepositoryState): string {
  return (fullName.split('/')[0] ?? '').toLowerCase();
}

/** Those that the caller may see. */
function ownedBy({ state, caller }: Lister, owner: string): readonly RepositoryState[] {
  return [...state.repositories.values()].filter(
    (one) =>
      ownerOf(one) === owner.toLowerCase() &&
      judge(caller, one, { permission: 'metadata', access: 'read' }) === 'allowed',
  );
}

function page({ request, api, path }: Lister, all: readonly RepositoryState[]): Answer {
  const found = pageOf(all, request.query);
  // Lists describe each with fewer fields, all of which the whole description has.
  const body = found.items.map((one) => repositoryBody(api, one));
  return { status: 200, headers: linkHeader(`${api}${path}`, found), body };
}

function linkHeader(address: string, { number, last, perPage }: Page<unknown>): Record<string, string> {
  if (number >= last) return {};
  const link = (to: number, rel: string) => `<${address}?per_page=${perPage}&page=${to}>; rel="${rel}"`;
  return { link: [link(number + 1, 'next'), link(last, 'last')].join(', ') };
}
