import { Octokit } from '@octokit/rest';
import { AppError } from '../domain/error.ts';
import type { Answer, ClientOptions, GitHubClient, Silence } from './answer.ts';
import { API_VERSION, seen } from './answer.ts';
import { receive } from './receive.ts';
import { unreachable } from './refusal.ts';

export type { Answer, ClientOptions, GitHubClient, Seen } from './answer.ts';

const silent = () => undefined;
const SILENT = { debug: silent, info: silent, warn: silent, error: silent };

/**
 * One Octokit for one token. It knows addresses and parameters; what is answered is received and read here, since Octokit
 * hands on a cut body as if it were the answer, and errors that hold the request.
 *
 * @throws AppError invalid_config for a token that no header could carry
 */
export function openClient(options: ClientOptions): GitHubClient {
  if (!/^[!-~]+$/.test(options.token)) {
    throw new AppError(
      'invalid_config',
      `"${options.tokenFile}" holds no token: it has blanks or odd characters`,
      {
        hints: ['put the token alone into that file, as GitHub shows it'],
      },
    );
  }
  const octokit = new Octokit({
    auth: options.token,
    baseUrl: options.apiUrl,
    userAgent: userAgent(options),
    log: SILENT,
    // The request itself has a log of its own, where it warns of endpoints that GitHub means to end.
    request: { log: SILENT },
  });
  octokit.hook.before('request', (request) => {
    request.headers['x-github-api-version'] = API_VERSION;
  });
  return { octokit, options };
}

type Call = (octokit: Octokit, request: { fetch: typeof globalThis.fetch }) => Promise<unknown>;

/**
 * Opens the connection again, which Node closes after four idle seconds: two round trips that nobody has to wait for then. Without
 * the token, so that a dead one is not refused once more; what is answered does not matter.
 */
export async function connect({ options }: GitHubClient): Promise<void> {
  const headers = { 'user-agent': userAgent(options) };
  await receive(options, `${options.apiUrl}/rate_limit`, { headers });
}

function userAgent({ version }: ClientOptions): string {
  return `reseal/${version}`;
}

/** Makes one request. An answer of whatever status is a value, and so is none at all. */
export async function attempt(client: GitHubClient, call: Call): Promise<Answer | Silence> {
  let received: Promise<Answer | Silence> | undefined;
  const fetch: typeof globalThis.fetch = async (input, init) => {
    received ??= receive(client.options, input, init);
    await received;
    return new Response(null, { status: 204 });
  };
  // What Octokit makes of it does not count, and its errors hold the request.
  await call(client.octokit, { fetch }).catch(() => undefined);
  if (!received) throw new Error('no request was made: one of its parameters is missing');
  const answer = await received;
  if ('status' in answer) client.options.observe?.(seen(answer));
  return answer;
}

/**
 * The same for calls that are of no use without an answer.
 *
 * @throws AppError unavailable, with the network's own error code where there is one
 */
export async function ask(client: GitHubClient, call: Call): Promise<Answer> {
  const answer = await attempt(client, call);
  if ('status' in answer) return answer;
  throw unreachable(client, answer);
}
