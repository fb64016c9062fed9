import { formatDestination } from '../domain/credential.ts';
import { isAppError } from '../domain/error.ts';
import type { Discoverer, Discovery, FoundSecret, Unread } from '../register/found.ts';
import type { Fact, Unavailable } from '../verify/fact.ts';
import type { Answer, GitHubClient, Silence } from './answer.ts';
import { field, instant, said } from './answer.ts';
import { attempt } from './client.ts';
import { limitOf } from './limit.ts';
import { listRepositories } from './list-repositories.ts';
import { ownerAndRepo, place } from './place.ts';
import { countedPage, isText, readList } from './read-fact.ts';
import { readRepository } from './read-repository.ts';
import { unreachable } from './refusal.ts';
import { readSecret } from './secret-names.ts';
import type { Get, Reader, Reading } from './settings-reader.ts';
import type { Wanted } from './settings-refusal.ts';
import { hidden, misshapen, refused, unreachableBy } from './settings-refusal.ts';
import { atMost } from './settings-turns.ts';

/** Repositories that are read side by side. GitHub allows a hundred requests in flight, of all its user's programs together. */
const AT_ONCE = 8;

/**
 * Finds what could be declared. Listing takes metadata:read, environments take actions:read (of public repositories anybody may
 * see them), and the names of their secrets environments:read (docs.github.com/rest: "List environments", "List environment
 * secrets").
 */
export function openDiscoverer(client: GitHubClient): Discoverer {
  return {
    listRepositories: (owner) => listRepositories(client, owner),
    discover: (repos) => discover(client, repos),
  };
}

interface Found {
  readonly environments: readonly string[];
  readonly secrets: readonly FoundSecret[];
  readonly unread: readonly Unread[];
}

async function discover(client: GitHubClient, repos: readonly string[]): Promise<Discovery> {
  const get = openGet(client);
  const inTurn = atMost(AT_ONCE);
  const look = async (repo: string) => ({ repo, ...(await lookInto(client, get, repo)) });
  const [first, ...others] = distinct(repos);
  if (first === undefined) return { found: [], environments: [], unread: [] };
  // The first one alone: after several log-ins with a dead token GitHub refuses all of its user's.
  const all = [await look(first), ...(await Promise.all(others.map((repo) => inTurn(() => look(repo)))))];
  return {
    found: all.flatMap(({ secrets }) => secrets),
    environments: all.flatMap(({ repo, environments }) =>
      environments.map((environment) => ({ repo, environment })),
    ),
    unread: all.flatMap(({ unread }) => unread),
  };
}

function distinct(repos: readonly string[]): readonly string[] {
  return [...new Map(repos.map((repo) => [repo.toLowerCase(), repo])).values()];
}

/** Control characters, and those that turn the direction of what is read: no terminal and no configuration is to have them. */
const UNSHOWABLE = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

async function lookInto(client: GitHubClient, get: Get, repo: string): Promise<Found> {
  const environments = await factOf(async () => listEnvironments(openReader(client, get, repo)));
  if (!environments.known)
    return { environments: [], secrets: [], unread: [{ where: repo, reason: environments.reason }] };
  const secrets: FoundSecret[] = [];
  const unread: Unread[] = [];
  for (const environment of environments.value) {
    if (UNSHOWABLE.test(environment)) {
      unread.push({ where: repo, reason: 'one of its environments has a name that cannot be declared' });
      continue;
    }
    const listed = await factOf(async () => listSecrets(openReader(client, get, repo), environment));
    if (listed.known) secrets.push(...listed.value);
    else unread.push({ where: `${repo} › ${environment}`, reason: listed.reason });
  }
  const shown = environments.value.filter((environment) => !UNSHOWABLE.test(environment));
  return { environments: shown, secrets: distinctSecrets(secrets), unread };
}

/** What GitHub lists twice, while its pages move under the reader, is one. */
function distinctSecrets(secrets: readonly FoundSecret[]): readonly FoundSecret[] {
  return [...new Map(secrets.map((one) => [formatDestination(one.destination), one])).values()];
}

/** A name that no address at GitHub could carry is not read either. */
async function factOf<T>(read: () => Promise<Fact<T>>): Promise<Fact<T>> {
  try {
    return await read();
  } catch (error) {
    if (isAppError(error)) return unreachableBy(error);
    throw error;
  }
}

/** Unlike for a check of settings, the repository itself is asked for only where something of it is not shown. */
function openReader(client: GitHubClient, get: Get, repo: string): Reader {
  const parts = { client, get, repo, place: ownerAndRepo({ repo, environment: '', secret: '' }) };
  const repository = async () => (await readRepository(parts)).fact;
  return {
    ...parts,
    repository,
    notShown: async (wanted) => {
      const seen = await repository();
      return seen.known ? hidden(client, wanted) : seen;
    },
  };
}

/** GET /repos/{owner}/{repo}/environments */
function listEnvironments(reader: Reader): Promise<Fact<readonly string[]>> {
  return readList(
    reader,
    { what: `the environments of ${reader.repo}`, permission: 'actions:read' },
    (paging) => (octokit, request) =>
      octokit.repos.getAllEnvironments({ ...reader.place, ...paging, request }),
    countedPage('environments', (body) => {
      const name = field(body, 'name');
      return isText(name) ? name : undefined;
    }),
  );
}

/** GET /repos/{owner}/{repo}/environments/{environment_name}/secrets */
async function listSecrets(reader: Reader, environment: string): Promise<Fact<readonly FoundSecret[]>> {
  const { repo } = reader;
  const address = place({ repo, environment, secret: '' });
  return readList(
    reader,
    { what: `the secrets of the environment "${environment}" in ${repo}`, permission: 'environments:read' },
    (paging) => (octokit, request) =>
      octokit.actions.listEnvironmentSecrets({ ...address, ...paging, request }),
    countedPage('secrets', (body) => {
      const secret = readSecret(body);
      const createdAt = instant(field(body, 'created_at'));
      if (!secret || !createdAt) return undefined;
      const destination = { repo, environment, secret: secret.name };
      return { destination, createdAt, updatedAt: secret.updatedAt };
    }),
  );
}

/** Asks for one thing of any repository. Once GitHub does not want this token to ask for more, nothing more is asked. */
function openGet(client: GitHubClient): Get {
  let stop: Unavailable | undefined;
  return async (wanted, call) => {
    if (stop) return { kind: 'unread', why: stop };
    const answer = await attempt(client, call);
    const reading = readingOf(client, wanted, answer);
    if (reading.kind === 'unread' && endsAll(client, answer)) stop = reading.why;
    return reading;
  };
}

function readingOf(client: GitHubClient, wanted: Wanted, answer: Answer | Silence): Reading {
  if (!('status' in answer)) return { kind: 'unread', why: unreachableBy(unreachable(client, answer)) };
  const { status, body, unread } = answer;
  if (status === 200 && body !== undefined) {
    const next = /;\s*rel="?next\b/.test(answer.headers['link'] ?? '');
    return { kind: 'found', body, next };
  }
  if (status === 200) return { kind: 'unread', why: misshapen(client, wanted, unread) };
  const words = said(client, answer);
  if (status === 404 && words !== undefined) return { kind: 'missing', words };
  return { kind: 'unread', why: refused(client, answer, wanted) };
}

function endsAll(client: GitHubClient, answer: Answer | Silence): boolean {
  return 'status' in answer && (answer.status === 401 || limitOf(client, answer) !== undefined);
}
