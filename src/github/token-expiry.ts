import { field, instant, said, seen } from './answer.ts';
import type { GitHubClient, Seen } from './client.ts';
import { ask } from './client.ts';
import { isRedirect } from './redirect.ts';
import { notGitHub, refusal } from './refusal.ts';

/** What one answer showed of the token that was used: the header, and GitHub's clock. */
export type TokenObservation = Pick<Seen, 'header' | 'serverTime'>;

/** `none`: it has no expiry, or GitHub does not tell. `unknown`: what GitHub tells cannot be true. */
export type TokenExpiry =
  | { readonly kind: 'known'; readonly at: Date }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' };

const ZONED = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}) (?:(UTC)|([+-]\d{2})(\d{2}))$/;
const NEAR_MS = 15 * 60_000;
const APART_MS = 2_000;

/**
 * Reads `GitHub-Authentication-Token-Expiration`, which GitHub writes in two ways: `2023-01-31 23:00:00 UTC` and
 * `2023-04-26 23:23:18 +0200` (google/go-github#2649).
 *
 * @returns undefined for anything else
 */
export function parseTokenExpiry(header: string): Date | undefined {
  const [, day, time, utc, hours, minutes] = ZONED.exec(header) ?? [];
  return day === undefined ? undefined : instant(`${day}T${time}${utc ? 'Z' : `${hours}:${minutes}`}`);
}

/**
 * The expiry of a token from successive answers in which it was accepted. The header can lie: for some tokens it shows the
 * time of the call (google/go-github#3708). So a value that moves, that lies close to GitHub's own clock or before it, or
 * that has no clock to be held against, is no expiry. Pure.
 */
export function judgeTokenExpiry(observations: readonly TokenObservation[]): TokenExpiry {
  const headers = observations.map(({ header }) => header);
  if (headers.length > 0 && headers.every((header) => header === undefined)) return { kind: 'none' };
  const instants = headers.map((header) => (header === undefined ? undefined : parseTokenExpiry(header)));
  const [at] = instants;
  if (!at || instants.some((one) => one?.getTime() !== at.getTime())) return { kind: 'unknown' };
  const believable = observations.every(
    ({ serverTime }) => serverTime && at.getTime() - serverTime.getTime() > NEAR_MS,
  );
  return believable ? { kind: 'known', at } : { kind: 'unknown' };
}

/**
 * Looks for the expiry of the client's token: `GET /rate_limit`, which needs no permission and counts against no limit,
 * twice, so that a header which shows the time of the call is found out. Enterprise Server may answer it with 404.
 *
 * @param sleep waits so many milliseconds
 * @returns `refused`: GitHub does not accept the token any more
 * @throws AppError where nothing can be said: unavailable, limited, forbidden; unauthorized for another 401 than that
 */
export async function readTokenExpiry(
  client: GitHubClient,
  sleep: (ms: number) => Promise<void>,
): Promise<TokenExpiry | { readonly kind: 'refused' }> {
  const first = await look(client);
  if (!first) return { kind: 'refused' };
  // What is not there cannot move.
  if (first.header === undefined) return judgeTokenExpiry([first]);
  // Only what could be believed needs a second witness.
  const told = judgeTokenExpiry([first]);
  if (told.kind !== 'known') return told;
  await sleep(APART_MS);
  const second = await look(client);
  return second ? judgeTokenExpiry([first, second]) : { kind: 'refused' };
}

/** @returns undefined when GitHub itself says that it does not know the token */
async function look(client: GitHubClient): Promise<TokenObservation | undefined> {
  const what = 'the rate limit';
  const answer = await ask(client, (octokit, request) => octokit.rateLimit.get({ request }));
  const words = said(client, answer);
  if (answer.status === 401 && /^Bad credentials/i.test(words ?? '')) return undefined;
  const limitsAreOff = answer.status === 404 && words !== undefined;
  if (isRedirect(answer) || (answer.status === 401 && words === undefined)) throw notGitHub(client, what);
  if (answer.status !== 200 && !limitsAreOff) throw refusal(client, answer, what);
  if (!limitsAreOff && typeof field(answer.body, 'resources') !== 'object') throw notGitHub(client, what);
  return seen(answer);
}
