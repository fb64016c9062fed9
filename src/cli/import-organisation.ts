import type { World } from '../app.ts';
import { readSecretFile } from '../app.ts';
import type { Config } from '../config/config.ts';
import * as field from '../config/fields.ts';
import { formatDay } from '../domain/calendar.ts';
import type { Declaration } from '../domain/credential.ts';
import { formatDestination } from '../domain/credential.ts';
import { AppError } from '../domain/error.ts';
import type { Discoverer, FoundSecret, Unread } from '../register/found.ts';
import type { Proposal } from '../register/propose.ts';
import { proposeCredentials } from '../register/propose.ts';
import type { Entry, Owners, Source } from './import-entry.ts';
import { placeKey } from './import-rows.ts';

export interface Wanted {
  /** A user or an organisation. */
  readonly organisation: string | undefined;
  readonly repos: readonly string[];
}

/**
 * What GitHub shows of repositories, as what could be declared.
 *
 * @param takenNames of credentials that the register knows and the configuration does not
 * @throws AppError where nothing can be read at all
 */
export async function readOrganisation(
  wanted: Wanted,
  config: Config,
  world: World,
  {
    owner,
    owners,
    takenNames,
  }: { readonly owner: string | undefined; readonly owners: Owners; readonly takenNames: Iterable<string> },
): Promise<Source> {
  ensureRepos(wanted.repos);
  const name = ownerOf(owner, owners);
  const discoverer = await openDiscoverer(config, world);
  const { repos, unread } = await reposOf(wanted, discoverer);
  const discovery = await discoverer.discover(repos);
  const sorted = sortOut(discovery.found, config.credentials);
  const now = world.now();
  const taken = [...takenNames, ...config.credentials.map((declaration) => declaration.name)];
  const fresh = proposeCredentials(sorted.fresh, now, taken);
  return {
    entries: [
      ...fresh.filter(({ guessed }) => guessed).map((proposal) => entryOf(proposal, name)),
      ...sorted.declared.flatMap(({ declaration, found }) =>
        proposeCredentials(found, now).map((proposal) => ({
          ...entryOf({ ...proposal, name: declaration.name }, name),
          declaration,
        })),
      ),
    ],
    owners: owners.added,
    leftOut: [...fresh.filter(({ guessed }) => !guessed).map(withoutKind), ...sorted.elsewhere],
    unread: [...unread, ...discovery.unread],
  };
}

function ensureRepos(repos: readonly string[]): void {
  const wrong = repos.find((repo) => !field.repo.safeParse(repo).success);
  if (wrong === undefined) return;
  throw new AppError('invalid_input', 'expected --repo as OWNER/NAME, such as joaoh82/rust_sqlite');
}

function ownerOf(owner: string | undefined, owners: Owners): string {
  const found = owner === undefined ? undefined : owners.find(owner);
  if (found !== undefined) return found;
  const what = owner === undefined ? 'nothing says who is to be mailed' : 'there is no owner of that name';
  throw new AppError('invalid_input', what, {
    hints: [
      owners.names.length > 0
        ? `name one with --owner: ${owners.names.slice(0, 10).join(', ')}, or a mail address, which declares a new one`
        : 'name a mail address with --owner: none is declared yet',
    ],
  });
}

/** With the token that reads, where there is one: it is shown no less. */
async function openDiscoverer({ github }: Config, world: World): Promise<Discoverer> {
  const file = github.verifyTokenFile ?? github.sealTokenFile;
  if (!file) {
    throw new AppError('invalid_config', 'no GitHub token is configured, so no environment can be read', {
      hints: [
        'make one (README: "The two GitHub tokens") and name its file in github.verify.token-file, or import a CSV file',
      ],
    });
  }
  const token = readSecretFile(file, 'the GitHub token');
  const { openClient } = await import('../github/client.ts');
  const { openDiscoverer: open } = await import('../github/discover.ts');
  const { fetch, version } = world;
  return open(
    openClient({ apiUrl: github.apiUrl, token, tokenFile: file, fetch, version, observe: () => undefined }),
  );
}

async function reposOf(
  { organisation, repos }: Wanted,
  discoverer: Discoverer,
): Promise<{ readonly repos: readonly string[]; readonly unread: readonly Unread[] }> {
  if (organisation === undefined) return { repos, unread: [] };
  const listing = await discoverer.listRepositories(organisation);
  const unread =
    listing.repos.length > 0 || listing.leftOut.length > 0 || repos.length > 0
      ? []
      : [
          {
            where: organisation,
            reason: 'the token is shown no repository of it: look at its repository access',
          },
        ];
  return { repos: [...listing.repos, ...repos], unread };
}

interface Sorted {
  readonly fresh: readonly FoundSecret[];
  readonly declared: readonly { readonly declaration: Declaration; readonly found: readonly FoundSecret[] }[];
  readonly elsewhere: Source['leftOut'];
}

/** What is stored where a credential is declared is that credential. */
function sortOut(found: readonly FoundSecret[], credentials: readonly Declaration[]): Sorted {
  const byPlace = new Map<string, Declaration>();
  const bySecret = new Map<string, Declaration>();
  for (const declaration of credentials)
    for (const place of declaration.destinations) {
      byPlace.set(placeKey(place), declaration);
      bySecret.set(placeKey({ ...place, environment: '' }), declaration);
    }
  const groups = Map.groupBy(found, ({ destination }) => byPlace.get(placeKey(destination)));
  const rest = groups.get(undefined) ?? [];
  const near = rest.flatMap((secret) => {
    const declaration = bySecret.get(placeKey({ ...secret.destination, environment: '' }));
    return declaration ? [{ secret, declaration }] : [];
  });
  const nearSecrets = new Set(near.map(({ secret }) => secret));
  return {
    fresh: rest.filter((secret) => !nearSecrets.has(secret)),
    declared: [...groups].flatMap(([declaration, secrets]) =>
      declaration ? [{ declaration, found: secrets }] : [],
    ),
    elsewhere: near.map(({ secret: { destination }, declaration: { name } }) => ({
      name,
      reason: `${formatDestination(destination)} is there too: where it holds the same token, add it to the destinations of ${name} in the configuration`,
    })),
  };
}

function entryOf(proposal: Proposal, owner: string): Entry {
  const { name, kind, destinations, estimate, estimatedEnd, writtenAt } = proposal;
  const declaration: Declaration = {
    name,
    kind,
    owner,
    purpose: undefined,
    lifetime: undefined,
    nameAtIssuer: undefined,
    scopes: [],
    planned: false,
    destinations,
  };
  const written = `the secret was last written on ${formatDay(writtenAt)}`;
  const undated = estimatedEnd
    ? `no date: ${written}, and would have ended by ${formatDay(estimatedEnd)}; look at its issuer, then: reseal record ${name} --expires DATE`
    : `no date: ${written}, and nothing says how long its kind lives; look at its issuer, then: reseal record ${name} --expires DATE`;
  return { declaration, version: estimate, undated: estimate ? undefined : undated };
}

function withoutKind({ name, destinations: [first] }: Proposal): Source['leftOut'][number] {
  const where = first ? formatDestination(first) : 'it';
  return {
    name,
    reason: `the name of ${where} suggests no kind of credential: declare it, or import it as a row of a CSV file`,
  };
}
