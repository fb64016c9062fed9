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
  /** For each whole call, body included; 20 seconds when absent. */
  readonly deadlineMs?: number;
}

export interface GitHubClient {
  readonly octokit: Octokit;
  readonly options: ClientOptions;
}

const CALL_MS = 20_000;
const BODY_BYTES = 1_048_576;
/** Supported until 2028 at the earliest, and the only one that every Enterprise Server in use knows. */
const API_VERSION = '2022-11-28';
const silent = () => undefined;
const SILENT = { debug: silent, info: silent, warn: silent, error: silent };

/**
 * One Octokit for one token. It follows no redirect, since fetch would carry a PUT to wherever it points; it prints
 * nothing, since its errors hold the request; and it reads at most 1 MiB of an answer.
 */
export function openClient(options: ClientOptions): GitHubClient {
  const octokit = new Octokit({
    auth: options.token,
    baseUrl: options.apiUrl,
    userAgent: `reseal/${options.version}`,
    log: SILENT,
    // The request itself has a log of its own, where it warns of endpoints that GitHub means to end.
    request: { fetch: bounded(options.fetch), redirect: 'manual', log: SILENT },
  });
  octokit.hook.before('request', (request) => {
    request.headers['x-github-api-version'] = API_VERSION;
  });
  return { octokit, options };
}

type Call = (octokit: Octokit, request: { signal: AbortSignal }) => Promise<Answerlike>;

interface Answerlike {
  readonly status: number;
  readonly data: unknown;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
}

/** A call that brought no answer. */
interface Silence {
  /** The network's own error code, where there is one. */
  readonly code: string | undefined;
  /** False only where it is certain that no byte of the request left: no name, no connection, no trusted certificate. */
  readonly sent: boolean;
}

/** Runs one call. An answer of whatever status is a value, and so is none at all. */
export async function attempt(client: GitHubClient, call: Call): Promise<Answer | Silence> {
  try {
    const signal = AbortSignal.timeout(client.options.deadlineMs ?? CALL_MS);
    const { status, data, headers } = await call(client.octokit, { signal });
    return { status, body: data, headers };
  } catch (error) {
    // Octokit gives a network failure the status 500; only a response tells the two apart.
    const response = (error as { response?: Answerlike }).response;
    if (response) return { status: response.status, body: response.data, headers: response.headers };
    const code = causeCode(error);
    return { code, sent: !(code !== undefined && (NEVER_CONNECTED.has(code) || UNTRUSTED.test(code))) };
  }
}

const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);
/** Codes of a certificate that was not accepted (https://nodejs.org/api/tls.html, "X509 certificate error codes"). */
const UNTRUSTED = /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_CERT_)/;

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
      if (said(client, answer) === undefined) return notGitHub(client, what);
      return new AppError('unauthorized', `GitHub does not accept the token in "${tokenFile}"`, {
        hints: ['it has expired, was revoked, or is not complete: make a new one and put it into that file'],
      });
    case 403:
    case 429:
      return limited(client, answer) ?? forbidden(client, answer, what);
    case 301:
    case 302:
    case 307:
    case 308:
      return redirected(client, answer, what);
    case 400:
    case 410:
      return new AppError('unavailable', `GitHub answered ${answer.status} when asked for ${what}`, {
        hints: [`this GitHub may not speak version ${API_VERSION} of its API any more: update reseal`],
      });
    default:
      return new AppError('unavailable', `GitHub answered ${answer.status} when asked for ${what}`, {
        hints: answer.status >= 500 ? ['see https://www.githubstatus.com, and try again later'] : [],
      });
  }
}

/** The sentence that GitHub put into an error, made safe to print; undefined where it is none of GitHub's errors. */
export function said(client: GitHubClient, answer: Answer): string | undefined {
  const { body } = answer;
  const message = typeof body === 'object' && body !== null && 'message' in body ? body.message : undefined;
  if (typeof message !== 'string') return undefined;
  return message
    .replaceAll(client.options.token, '')
    .replace(/[^ -~]+/g, ' ')
    .trim()
    .slice(0, 200);
}

function limited(client: GitHubClient, answer: Answer): AppError | undefined {
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
  // A secondary limit may come as 403 with nothing but these words.
  return answer.status === 429 || /secondary rate limit|abuse detection/i.test(said(client, answer) ?? '')
    ? new AppError('limited', 'GitHub asks to slow down', { hints: ['try again in a minute'] })
    : undefined;
}

function forbidden(client: GitHubClient, answer: Answer, what: string): AppError {
  const { tokenFile } = client.options;
  const sso = answer.headers['x-github-sso'];
  if (typeof sso === 'string' && sso.startsWith('required')) {
    const page = authorisationPage(client, sso);
    return new AppError(
      'forbidden',
      `the token in "${tokenFile}" is not authorised for the organisation's single sign-on`,
      {
        hints: [
          page
            ? `authorise it within the hour at ${page}`
            : 'open the token in GitHub → Settings → Developer settings, and press Configure SSO',
        ],
      },
    );
  }
  const message = said(client, answer);
  if (message === undefined) return notGitHub(client, what);
  return new AppError('forbidden', `the token in "${tokenFile}" may not be used for ${what}`, {
    hints: [missing(message, answer.headers['x-accepted-github-permissions'])],
  });
}

/** What the token or its user lacks. The header names permissions: a comma is "and", a semicolon "or". */
function missing(message: string, accepted: string | number | undefined): string {
  if (/^Must have admin rights/i.test(message)) {
    return 'the role of its user in the repository is too small: have an admin of the repository make the token';
  }
  if (typeof accepted !== 'string' || !/^[\w=,; -]{1,200}$/.test(accepted)) {
    return 'the token lacks a permission, or its user has too small a role in the repository';
  }
  const choices = accepted.split(';').map((set) =>
    set
      .split(',')
      .map((permission) => permission.trim().replace('=', ':'))
      .join(' and '),
  );
  return `GitHub asks for the permission ${choices.join(' or ')}: add it to the token`;
}

/** The address in the header, when it is a page of the same GitHub. */
function authorisationPage(client: GitHubClient, header: string): string | undefined {
  const text = /\burl=(\S+)/.exec(header)?.[1] ?? '';
  if (!URL.canParse(text)) return undefined;
  const page = new URL(text);
  const api = new URL(client.options.apiUrl);
  const host = api.host === 'api.github.com' ? 'github.com' : api.host;
  return page.host === host && page.protocol === api.protocol ? page.href : undefined;
}

/** For an answer that does not have the shape of GitHub's: a log-in page of the network, say, with any status. */
export function notGitHub(client: GitHubClient, what: string): AppError {
  return new AppError(
    'unavailable',
    `what ${new URL(client.options.apiUrl).host} answered for ${what} is not GitHub's answer`,
    {
      hints: ['check github.api-url, the proxy, and whether a log-in page of the network answers instead'],
    },
  );
}

function redirected(client: GitHubClient, answer: Answer, what: string): AppError {
  const { apiUrl } = client.options;
  const location = String(answer.headers['location'] ?? '');
  if (location === '') return notGitHub(client, what);
  const origin = URL.canParse(location, apiUrl) ? new URL(location, apiUrl).origin : undefined;
  if (origin === new URL(apiUrl).origin) {
    return new AppError('moved', `the repository has been renamed or transferred (${what})`, {
      hints: ['write its new name into the configuration, after making sure that it is still yours'],
    });
  }
  return new AppError('refused', `an answer for ${what} pointed to another host, and was not followed`, {
    hints: ['check github.api-url, and whether something stands between this machine and GitHub'],
  });
}

function unreachable(client: GitHubClient, { code }: Silence): AppError {
  const { host } = new URL(client.options.apiUrl);
  if (code !== undefined && UNTRUSTED.test(code)) {
    return new AppError('unavailable', `the certificate of ${host} is not trusted (${code})`, {
      hints: ['name the file of an authority of your own in NODE_EXTRA_CA_CERTS; nothing was sent'],
    });
  }
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
