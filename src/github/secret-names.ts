import type { Destination } from '../domain/credential.ts';
import type { Answer, GitHubClient } from './answer.ts';
import { field, instant } from './answer.ts';
import { ask } from './client.ts';
import { place } from './place.ts';
import { notGitHub } from './refusal.ts';

export interface SecretName {
  readonly name: string;
  readonly updatedAt: Date;
}

/** GitHub holds up to 100 in an environment; some servers give 30 to a page whatever is asked. */
const PAGES = 10;
const PER_PAGE = 100;

/**
 * The names of an environment's secrets, by name, from every page (GET …/environments/{environment_name}/secrets). Pages are
 * asked for by number, so that no Link is followed.
 *
 * @param refuse makes the error of an answer that is no list
 * @throws AppError
 */
export async function listNames(
  client: GitHubClient,
  destination: Destination,
  refuse: (answer: Answer) => Promise<Error>,
): Promise<readonly SecretName[]> {
  const what = `the secrets of the environment "${destination.environment}" in ${destination.repo}`;
  const found = new Map<string, SecretName>();
  let received = 0;
  for (let page = 1; page <= PAGES; page++) {
    const answer = await ask(client, (octokit, request) =>
      octokit.actions.listEnvironmentSecrets({ ...place(destination), per_page: PER_PAGE, page, request }),
    );
    if (answer.status !== 200) throw await refuse(answer);
    const list = readPage(answer);
    if (!list) throw notGitHub(client, what);
    for (const secret of list.secrets) found.set(secret.name, secret);
    received += list.secrets.length;
    const more = /;\s*rel="?next\b/.test(answer.headers['link'] ?? '');
    if (received >= list.total && !more)
      return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    if (list.secrets.length === 0) break;
  }
  // Fewer than GitHub counts, or without an end: an incomplete list must not look like one that lacks a name.
  throw notGitHub(client, what);
}

function readPage({ body }: Answer): { total: number; secrets: readonly SecretName[] } | undefined {
  const total = field(body, 'total_count');
  const items = field(body, 'secrets');
  if (!Number.isInteger(total) || Number(total) < 0 || !Array.isArray(items)) return undefined;
  const secrets = (items as unknown[]).map(readSecret);
  const whole = secrets.filter((one) => one !== undefined);
  return whole.length === secrets.length ? { total: Number(total), secrets: whole } : undefined;
}

/** One secret as GitHub's API describes it: name, created_at, updated_at. */
export function readSecret(body: unknown): SecretName | undefined {
  const name = field(body, 'name');
  const updatedAt = instant(field(body, 'updated_at'));
  const whole = typeof name === 'string' && /^\w{1,255}$/.test(name) && instant(field(body, 'created_at'));
  return whole && updatedAt ? { name, updatedAt } : undefined;
}
