import { Octokit } from '@octokit/rest';
import { AppError } from '../domain/error.ts';

/** One answer of GitHub, reduced to what we read of it. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
}

export interface ClientOptions {
  /** Without a trailing slash, such as `https://api.github.com`. */
  readonly apiUrl: string;
  readonly token: string;
  /** Where the token was read from, for messages. */
  readonly tokenFile: string;
  readonly fetch: typeof globalThis.fetch;
  readonly version: string;
}

export interface GitHubClient {
  readonly octokit: Octokit;
  readonly options: ClientOptions;
}

/** For the whole call, body included. */
export const CALL_MS = 20_000;
const BODY_BYTES = 1_048_576;
const silent = () => undefined;

/**
 * One Octokit for one token. It follows no redirect, since fetch would carry a PUT to wherever it points; it prints
 * nothing, since its errors hold the request; and it reads at most 1 MiB of an answer.
 */
export function openClient(options: ClientOptions): GitHubClient {
  const octokit = new Octokit({
    auth: options.token,
    baseUrl: options.apiUrl,
    userAgent: `reseal/${options.version}`,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    request: { fetch: bounded(options.fetch), redirect: 'manual' },
  });
  octokit.hook.before('request', (request) => {
    request.headers['x-github-api-version'] = '2022-11-28';
  });
  return { octokit, options };
}

/**
 * Runs one call. A definite answer of whatever status comes back as a value; a call that brought none throws.
 *
 * @throws AppError unavailable, with the network's own error code where there is one
 */
export async function ask(
  client: GitHubClient,
  call: (octokit: Octokit, request: { signal: AbortSignal }) => Promise<Answerlike>,
): Promise<Answer> {
  try {
    const answer = await call(client.octokit, { signal: AbortSignal.timeout(CALL_MS) });
    return { status: answer.status, body: answer.data, headers: answer.headers };
  } catch (error) {
    // Octokit gives a network failure the status 500; only a response tells the two apart.
    const response = (error as { response?: Answerlike }).response;
    if (response) return { status: response.status, body: response.data, headers: response.headers };
    throw unreachable(client, error);
  }
}

interface Answerlike {
  readonly status: number;
  readonly data: unknown;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
}

/** GitHub's own clock, from the Date header (RFC 9110 §6.6.1). */
export function serverTime(answer: Answer): Date | undefined {
  const text = answer.headers['date'];
  const at = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : new Date(at);
}

export function requestId(answer: Answer): string | undefined {
  const id = answer.headers['x-github-request-id'];
  return typeof id === 'string' && /^[\w:.-]{1,100}$/.test(id) ? id : undefined;
}

/** What a refusing answer means, in words with the next step (docs.github.com, "Troubleshooting the REST API"). */
export function refusal(client: GitHubClient, answer: Answer, what: string): AppError {
  const { tokenFile } = client.options;
  switch (answer.status) {
    case 401:
      return new AppError('unauthorized', `GitHub does not accept the token in "${tokenFile}"`, {
        hints: ['it has expired, was revoked, or is not complete: make a new one and put it into that file'],
      });
    case 403:
    case 429:
      return limited(answer) ?? forbidden(client, answer, what);
    case 301:
    case 302:
    case 307:
    case 308:
      return redirected(client, answer, what);
    default:
      return new AppError('unavailable', `GitHub answered ${answer.status} when asked for ${what}`, {
        hints: answer.status >= 500 ? ['see https://www.githubstatus.com, and try again later'] : [],
      });
  }
}

function limited(answer: Answer): AppError | undefined {
  const after = Number(answer.headers['retry-after']);
  if (Number.isFinite(after) && after > 0) {
    return new AppError('limited', `GitHub asks to wait ${after} seconds`, { hints: ['try again then'] });
  }
  if (String(answer.headers['x-ratelimit-remaining']) === '0') {
    const reset = new Date(Number(answer.headers['x-ratelimit-reset']) * 1000);
    const until = Number.isNaN(reset.getTime()) ? '' : ` until ${reset.toISOString().slice(11, 16)} UTC`;
    return new AppError('limited', `the rate limit of the GitHub token is used up${until}`, {
      hints: ['try again then'],
    });
  }
  return answer.status === 429
    ? new AppError('limited', 'GitHub asks to slow down', { hints: ['try again in a minute'] })
    : undefined;
}

function forbidden(client: GitHubClient, answer: Answer, what: string): AppError {
  const accepted = answer.headers['x-accepted-github-permissions'];
  const sso = answer.headers['x-github-sso'];
  if (typeof sso === 'string' && sso.startsWith('required')) {
    return new AppError(
      'forbidden',
      `the token in "${client.options.tokenFile}" is not authorised for the organisation's single sign-on`,
      {
        hints: ['open the token in GitHub → Settings → Developer settings, and press Configure SSO'],
      },
    );
  }
  const permission =
    typeof accepted === 'string' && /^[\w=,; -]{1,200}$/.test(accepted) ? accepted : undefined;
  return new AppError('forbidden', `the token in "${client.options.tokenFile}" may not be used for ${what}`, {
    hints: permission
      ? [
          `GitHub asks for the permission ${permission.replaceAll(';', ' or ').replaceAll('=', ':')}: add it to the token`,
        ]
      : ['the token lacks a permission, or its user has too small a role in the repository'],
  });
}

function redirected(client: GitHubClient, answer: Answer, what: string): AppError {
  const location = String(answer.headers['location'] ?? '');
  let host: string | undefined;
  try {
    host = new URL(location, client.options.apiUrl).host;
  } catch {
    host = undefined;
  }
  if (host === new URL(client.options.apiUrl).host) {
    return new AppError('moved', `the repository has been renamed or transferred (${what})`, {
      hints: ['write its new name into the configuration, after making sure that it is still yours'],
    });
  }
  return new AppError('refused', `an answer for ${what} pointed to another host, and was not followed`, {
    hints: ['check github.api-url, and whether something stands between this machine and GitHub'],
  });
}

function unreachable(client: GitHubClient, error: unknown): AppError {
  const { host } = new URL(client.options.apiUrl);
  const code = causeCode(error);
  return new AppError('unavailable', `cannot reach GitHub at ${host}${code ? ` (${code})` : ''}`, {
    hints: ['check the network, the proxy and github.api-url; nothing was changed'],
  });
}

/** The code of the innermost cause, such as ECONNREFUSED. Never its message. */
function causeCode(error: unknown): string | undefined {
  let code: string | undefined;
  let current: unknown = error;
  for (let depth = 0; current instanceof Error && depth < 5; depth++) {
    const own = (current as { code?: unknown }).code;
    if (typeof own === 'string') code = own;
    else if (current.name === 'TimeoutError') code = 'no answer in time';
    current = current.cause;
  }
  return code;
}

function bounded(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (!response.body) return response;
    let read = 0;
    const body = response.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          read += chunk.length;
          if (read > BODY_BYTES) controller.error(new Error('the answer is too large'));
          else controller.enqueue(chunk);
        },
      }),
    );
    return rebuilt(response, body);
  };
}

function rebuilt(response: Response, body: ReadableStream<Uint8Array>): Response {
  const copy = new Response(body, response);
  Object.defineProperty(copy, 'url', { value: response.url });
  return copy;
}
