import { AppError } from '../domain/error.ts';
import type { Answer, GitHubClient, Silence } from './answer.ts';
import { API_VERSION, holdsToken, said } from './answer.ts';
import type { Limit } from './limit.ts';
import { limitOf } from './limit.ts';
import { isUntrusted } from './receive.ts';
import { isRedirect, pointing } from './redirect.ts';

/** What a refusing answer means, in words with the next step (docs.github.com, "Troubleshooting the REST API"). */
export function refusal(client: GitHubClient, answer: Answer, what: string): AppError {
  const limit = limitOf(client, answer);
  if (limit) return limited(limit);
  if (isRedirect(answer)) return redirected(client, answer, what);
  if (answer.status === 401) return unauthorized(client, answer, what);
  if (answer.status < 500 && said(client, answer) === undefined) return notGitHub(client, what);
  switch (answer.status) {
    case 403:
      return forbidden(client, answer, said(client, answer) ?? '', what);
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

/** Never to be repeated: after several of them GitHub refuses every log-in of that user for a while. */
function unauthorized(client: GitHubClient, answer: Answer, what: string): AppError {
  const { tokenFile, apiUrl } = client.options;
  if (said(client, answer) === undefined) {
    const { host } = new URL(apiUrl);
    return new AppError(
      'refused',
      `something at ${host} wants another log-in for ${what}: it is not GitHub's answer`,
      {
        hints: NOT_GITHUB,
      },
    );
  }
  return new AppError('unauthorized', `GitHub does not accept the token in "${tokenFile}"`, {
    hints: ['it has expired, was revoked, or is not complete: make a new one and put it into that file'],
  });
}

function limited({ kind, waitMs, until }: Limit): AppError {
  const end = until
    ? `GitHub's limit until ${minuteAfter(until)} UTC`
    : `GitHub's limit for ${waitMs / 1000} seconds`;
  const why = kind === 'used up' ? "this hour's requests are used up" : 'it asks to slow down';
  return new AppError('limited', `${end}: ${why}`, { hints: ['try again then'], retryAfterMs: waitMs });
}

/** `10:25`: the first full minute that is not too early. */
function minuteAfter(instant: Date): string {
  return new Date(Math.ceil(instant.getTime() / 60_000) * 60_000).toISOString().slice(11, 16);
}

function forbidden(client: GitHubClient, answer: Answer, message: string, what: string): AppError {
  const { tokenFile } = client.options;
  const sso = answer.headers['x-github-sso'];
  if (sso?.startsWith('required')) {
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
  return new AppError('forbidden', `the token in "${tokenFile}" may not be used for ${what}`, {
    hints: [missing(message, answer.headers['x-accepted-github-permissions'])],
  });
}

const ACCEPTED = /^[a-z_]{1,40}=(?:read|write|admin)(?:[,;] ?[a-z_]{1,40}=(?:read|write|admin))*$/;

/** What the token or its user lacks. The header names permissions: a comma is "and", a semicolon "or". */
function missing(message: string, accepted: string | undefined): string {
  if (/^Must have admin rights/i.test(message)) {
    return 'the role of its user in the repository is too small: have an admin of the repository make the token';
  }
  if (/login attempts/i.test(message)) {
    return 'GitHub refuses every log-in of its user for a while, after tokens that it did not accept: wait a few minutes';
  }
  if (/^Upgrade to /i.test(message)) return 'the GitHub plan of this repository does not include it';
  if (accepted === undefined || !ACCEPTED.test(accepted)) {
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
  const text = /\burl=(\S{1,500})/.exec(header)?.[1] ?? '';
  if (!URL.canParse(text)) return undefined;
  const page = new URL(text);
  const api = new URL(client.options.apiUrl);
  const host = api.host === 'api.github.com' ? 'github.com' : api.host;
  const ours = page.host === host && page.protocol === api.protocol && page.username === '';
  return ours && !holdsToken(client, page.href) ? page.href : undefined;
}

const NOT_GITHUB = [
  'check github.api-url, the proxy, and whether a log-in page of the network answers instead',
];

/** For an answer that does not have the shape of GitHub's: a log-in page of the network, say, with any status. */
export function notGitHub(client: GitHubClient, what: string): AppError {
  const { host } = new URL(client.options.apiUrl);
  return new AppError('unavailable', `what ${host} answered for ${what} is not GitHub's answer`, {
    hints: NOT_GITHUB,
  });
}

function redirected(client: GitHubClient, answer: Answer, what: string): AppError {
  const to = pointing(client, answer);
  switch (to.kind) {
    case 'renamed':
      return renamed(what, to.name);
    case 'elsewhere':
      return new AppError('refused', `an unexpected redirect was refused (${what})`, {
        hints: ['check github.api-url, and whether something stands between this machine and GitHub'],
      });
    case 'nowhere':
      return notGitHub(client, what);
  }
}

/** @param name its new one, where GitHub said it */
export function renamed(what: string, name: string | undefined): AppError {
  const to = name === undefined ? '' : ` to "${name}"`;
  return new AppError('moved', `the repository has been renamed or transferred${to} (${what})`, {
    hints: ['write its new name into the configuration, after making sure that it is still yours'],
  });
}

export function unreachable(client: GitHubClient, { code }: Silence): AppError {
  const { host } = new URL(client.options.apiUrl);
  if (code !== undefined && isUntrusted(code)) {
    return new AppError('unavailable', `the certificate of ${host} is not trusted (${code})`, {
      hints: ['name the file of an authority of your own in NODE_EXTRA_CA_CERTS; nothing was sent'],
    });
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new AppError('unavailable', `cannot resolve ${host} (${code})`, {
      hints: ['check the network, its name server and github.api-url; nothing was sent'],
    });
  }
  return new AppError('unavailable', `cannot reach GitHub at ${host}${code ? ` (${code})` : ''}`, {
    hints: ['check the network, the proxy and github.api-url; nothing was changed'],
  });
}
