import type { World } from '../app.ts';
import { readSecretFile } from '../app.ts';
import { isAppError } from '../domain/error.ts';
import type { Discoverer, FoundSecret } from '../register/found.ts';
import type { Questions } from './init-questions.ts';

export interface GitHubAnswers {
  readonly apiUrl: string;
  /** `owner/name`, an owner alone, or nothing. */
  readonly wanted: string;
  readonly sealTokenFile: string | undefined;
  readonly verifyTokenFile: string | undefined;
}

const MOST_SHOWN = 5;

/**
 * The secrets that GitHub shows to the token. Whatever keeps reseal from looking is said, and the questions go on without:
 * credentials can be declared by hand.
 */
export async function lookAround(
  questions: Questions,
  world: World,
  { apiUrl, wanted, sealTokenFile, verifyTokenFile }: GitHubAnswers,
): Promise<readonly FoundSecret[]> {
  // To list the environments of a private repository takes more than storing does.
  const tokenFile = verifyTokenFile ?? sealTokenFile;
  if (tokenFile === undefined || wanted === '') return [];
  try {
    const token = readSecretFile(tokenFile, 'the GitHub token');
    questions.say(`Looking at ${wanted} at ${new URL(apiUrl).host}: names and dates of secrets, no values.`);
    const { openClient } = await import('../github/client.ts');
    const { openDiscoverer } = await import('../github/discover.ts');
    const { fetch, version } = world;
    return await look(
      questions,
      openDiscoverer(openClient({ apiUrl, token, tokenFile, fetch, version })),
      wanted,
    );
  } catch (error) {
    if (!isAppError(error)) throw error;
    questions.warn(
      [error.message, ...error.hints.map((hint) => `→ ${hint}`), 'Going on without.'].join('\n'),
    );
    return [];
  }
}

async function look(
  questions: Questions,
  discoverer: Discoverer,
  wanted: string,
): Promise<readonly FoundSecret[]> {
  const repos = wanted.includes('/') ? [wanted] : await listOf(questions, discoverer, wanted);
  const { found, environments, unread } = await discoverer.discover(repos);
  if (unread.length > 0)
    questions.warn(
      [
        'Not everything could be read:',
        ...unread.slice(0, MOST_SHOWN).map(({ where, reason }) => `${where}: ${reason}`),
        ...(unread.length > MOST_SHOWN ? [`… and ${unread.length - MOST_SHOWN} more`] : []),
      ].join('\n'),
    );
  if (found.length === 0 && unread.length === 0) questions.say(nothingIn(environments.length));
  return found;
}

function nothingIn(environments: number): string {
  return environments === 0
    ? 'No environment was found, and reseal stores into secrets of environments only: make one under Settings → Environments.'
    : `${counted(environments, 'environment')}, and no secret in ${environments === 1 ? 'it' : 'any'}.`;
}

async function listOf(
  questions: Questions,
  discoverer: Discoverer,
  owner: string,
): Promise<readonly string[]> {
  const { repos, leftOut } = await discoverer.listRepositories(owner);
  const without = leftOut.length > 0 ? `, without ${leftOut.length} that are archived or disabled` : '';
  questions.say(`${counted(repos.length, 'repository', 'repositories')}${without}.`);
  return repos;
}

function counted(count: number, one: string, more = `${one}s`): string {
  return `${count} ${count === 1 ? one : more}`;
}
