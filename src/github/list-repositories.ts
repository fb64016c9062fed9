import { AppError } from '../domain/error.ts';
import type { Listing } from '../register/found.ts';
import type { Answer, GitHubClient } from './answer.ts';
import { field, said } from './answer.ts';
import { ask } from './client.ts';
import { ownerAndRepo } from './place.ts';
import type { Paging } from './read-fact.ts';
import { arrayPage, isText } from './read-fact.ts';
import { isFullName } from './redirect.ts';
import { notGitHub, refusal } from './refusal.ts';
import type { Call } from './settings-answers.ts';

interface Listed {
  readonly name: string;
  readonly owner: string;
  readonly open: boolean;
}

/**
 * An organisation's repositories (GET /orgs/{org}/repos), else a user's: GET /user/repos where the token is theirs, which shows
 * private ones too, else GET /users/{username}/repos.
 */
export async function listRepositories(client: GitHubClient, owner: string): Promise<Listing> {
  const what = `the repositories of ${owner}`;
  const name = ownerAndRepo({ repo: `${owner}/-`, environment: '', secret: '' }).owner;
  const ofOrganisation = await listAll(
    client,
    what,
    (paging) => (octokit, request) => octokit.repos.listForOrg({ org: name, ...paging, request }),
  );
  if (ofOrganisation) return listingOf(ofOrganisation);
  const own = await listAll(
    client,
    what,
    (paging) => (octokit, request) =>
      octokit.repos.listForAuthenticatedUser({ affiliation: 'owner', ...paging, request }),
  );
  const theirs = (own ?? []).filter((one) => one.owner.toLowerCase() === owner.toLowerCase());
  if (theirs.length > 0) return listingOf(theirs);
  const ofUser = await listAll(
    client,
    what,
    (paging) => (octokit, request) => octokit.repos.listForUser({ username: name, ...paging, request }),
  );
  if (ofUser) return listingOf(ofUser);
  throw new AppError(
    'not_found',
    `GitHub shows neither an organisation nor a user "${owner}" to this token`,
    {
      hints: ['check the name: it is the part before the slash in the address of a repository'],
    },
  );
}

function listingOf(all: readonly Listed[]): Listing {
  const names = (open: boolean) =>
    all
      .filter((one) => one.open === open)
      .map(({ name }) => name)
      .sort();
  return { repos: names(true), leftOut: names(false) };
}

/** A hundred repositories to a page can be more than a body may hold here. */
const PER_PAGE = 50;
const PAGES = 200;

/** @returns undefined for GitHub's own 404 */
async function listAll(
  client: GitHubClient,
  what: string,
  call: (paging: Paging) => Call,
): Promise<readonly Listed[] | undefined> {
  const found: Listed[] = [];
  for (let page = 1; page <= PAGES; page++) {
    const answer = await ask(client, call({ page, per_page: PER_PAGE }));
    if (answer.status === 404 && said(client, answer) !== undefined) return undefined;
    if (answer.status !== 200) throw refusal(client, answer, what);
    const list = arrayPage(parseListed)(answer.body);
    if (!list) throw notGitHub(client, what);
    found.push(...list.items);
    if (!hasNext(answer)) return found;
  }
  throw new AppError('refused', `${what} are more than ${PER_PAGE * PAGES}, which reseal does not list`, {
    hints: ['name the repositories that release something'],
  });
}

function parseListed(body: unknown): Listed | undefined {
  const name = field(body, 'full_name');
  const owner = field(field(body, 'owner'), 'login');
  if (!isFullName(name) || !isText(owner)) return undefined;
  return { name, owner, open: field(body, 'archived') !== true && field(body, 'disabled') !== true };
}

function hasNext({ headers }: Answer): boolean {
  return /;\s*rel="?next\b/.test(headers['link'] ?? '');
}
