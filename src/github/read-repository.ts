import type { Fact } from '../verify/fact.ts';
import { known, unavailable } from '../verify/fact.ts';
import type { RepositoryFact } from '../verify/facts.ts';
import { field } from './answer.ts';
import { isText } from './read-fact.ts';
import { isFullName } from './redirect.ts';
import { renamed } from './refusal.ts';
import type { Reader } from './settings-reader.ts';
import { misshapen, unreachableBy } from './settings-refusal.ts';

interface Read {
  readonly fact: Fact<RepositoryFact>;
  /** Whether nothing else can be said of the repository either. */
  readonly ends: boolean;
}

/** GET /repos/{owner}/{repo}; one that was renamed is asked for its new name, and read no further. */
export async function readRepository(
  reader: Pick<Reader, 'client' | 'repo' | 'place' | 'get'>,
): Promise<Read> {
  const wanted = { what: `the repository ${reader.repo}`, permission: 'metadata:read' };
  const reading = await reader.get(wanted, (octokit, request) =>
    octokit.repos.get({ ...reader.place, request }),
  );
  if (reading.kind === 'missing') return { fact: invisible(reader), ends: true };
  if (reading.kind === 'moved') return { fact: await moved(reader, reading.id), ends: true };
  if (reading.kind === 'unread') return { fact: reading.why, ends: false };
  const value = parseRepository(reading.body);
  if (!value) return { fact: misshapen(reader.client, wanted), ends: false };
  if (value.fullName.toLowerCase() === reader.repo.toLowerCase()) return { fact: known(value), ends: false };
  return { fact: unreachableBy(renamed(wanted.what, value.fullName)), ends: true };
}

function parseRepository(body: unknown): RepositoryFact | undefined {
  const fullName = field(body, 'full_name');
  const isPrivate = field(body, 'private');
  const defaultBranch = field(body, 'default_branch');
  const ownerType = field(field(body, 'owner'), 'type');
  const whole = isFullName(fullName) && typeof isPrivate === 'boolean' && isText(defaultBranch);
  if (!whole || !isText(ownerType)) return undefined;
  return { fullName, private: isPrivate, defaultBranch, ownedByOrganisation: ownerType === 'Organization' };
}

function invisible({ client, repo }: Pick<Reader, 'client' | 'repo'>): Fact<never> {
  return unavailable(
    'permission',
    `GitHub shows no repository "${repo}" to the token in "${client.options.tokenFile}": check the name, and that the token ` +
      'was made for this repository and is authorised for its organisation',
  );
}

/** GitHub names the new place by number: GET /repositories/{repository_id}. */
async function moved(
  { repo, get }: Pick<Reader, 'repo' | 'get'>,
  id: number | undefined,
): Promise<Fact<never>> {
  const what = `the repository ${repo}`;
  const reading =
    id === undefined
      ? undefined
      : await get({ what, permission: 'metadata:read' }, (octokit, request) =>
          octokit.request('GET /repositories/{repository_id}', { repository_id: id, request }),
        );
  const body = reading?.kind === 'found' ? reading.body : undefined;
  const name = field(body, 'full_name');
  return unreachableBy(renamed(what, field(body, 'id') === id && isFullName(name) ? name : undefined));
}
