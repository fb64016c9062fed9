import type { Secret } from '../domain/secret.ts';
import type { Issuer, IssuerAnswer } from '../rotate/rotation.ts';
import type { Answer, ClientOptions, Silence } from './answer.ts';
import { field, holdsToken, said, seen } from './answer.ts';
import type { GitHubClient } from './client.ts';
import { attempt, openClient } from './client.ts';
import { limitOf } from './limit.ts';
import { isRedirect } from './redirect.ts';
import { notGitHub, refusal, unreachable } from './refusal.ts';
import { judgeTokenExpiry } from './token-expiry.ts';
import { classicWarnings, scopesOf } from './token-scopes.ts';

export interface TokenCheckOptions
  extends Pick<ClientOptions, 'apiUrl' | 'fetch' | 'version' | 'deadlineMs'> {
  /** Waits so many milliseconds. */
  readonly sleep: (ms: number) => Promise<void>;
}

type Live = Extract<IssuerAnswer, { verdict: 'live' }>;

/** Answers closer together than this do not show that a header moves with the call. */
const APART_MS = 2_000;
const WHAT = 'the account of the token';
/** For these a missing header says that they never expire; App and OAuth tokens have an end that it does not tell. */
const PERSONAL = /^(ghp_|github_pat_)/;

/**
 * Asks GitHub whose token it is, with `GET /user` and that token alone: every personal token may ask it. The answer's headers say when
 * it ends (`GitHub-Authentication-Token-Expiration`, looked at twice, since it can show the time of the call: google/go-github#3708)
 * and, for a classic one, what it may do (`X-OAuth-Scopes`).
 */
export function openTokenCheck(options: TokenCheckOptions): Issuer {
  return { check: (token) => check(options, textOf(token)) };
}

/** A header takes nothing but a string, which cannot be wiped. The process ends soon. */
function textOf(token: Secret): string {
  const { buffer, byteOffset, byteLength } = token.reveal();
  // A view: copied, the bytes would stay in the pool that small buffers share.
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}

async function check({ sleep, ...options }: TokenCheckOptions, token: string): Promise<IssuerAnswer> {
  if (!/^[!-~]+$/.test(token))
    return inconclusive('it has blanks or odd characters, so GitHub was not asked');
  const client = openClient({ ...options, token, tokenFile: 'the token that is checked' });
  const answer = await look(client);
  if (!('status' in answer)) return inconclusive(unreachable(client, answer).message);
  const login = loginIn(client, answer);
  if (login === undefined) return judgeRefusal(client, answer);
  const scopes = scopesOf(answer.headers['x-oauth-scopes']);
  const { expiry, warnings } = await findExpiry(client, answer, sleep);
  return {
    verdict: 'live',
    ...(expiry && { expiry }),
    says: [
      { label: 'Account', text: login },
      ...(scopes ? [{ label: 'Scopes', text: scopes.length > 0 ? scopes.join(', ') : 'none' }] : []),
    ],
    warnings: [...warnings, ...classicWarnings(token, scopes ?? [])],
  };
}

/** GET /user */
function look(client: GitHubClient): Promise<Answer | Silence> {
  return attempt(client, (octokit, request) => octokit.rest.users.getAuthenticated({ request }));
}

/** @returns undefined where it is not GitHub's answer to a token that it knows */
function loginIn(client: GitHubClient, answer: Answer): string | undefined {
  const login = answer.status === 200 ? field(answer.body, 'login') : undefined;
  if (typeof login !== 'string' || !/^[\w-]{1,100}(\[bot\])?$/.test(login)) return undefined;
  return holdsToken(client, login) ? undefined : login;
}

async function findExpiry(
  client: GitHubClient,
  first: Answer,
  sleep: TokenCheckOptions['sleep'],
): Promise<{ readonly expiry?: Live['expiry']; readonly warnings: readonly string[] }> {
  const told = judgeTokenExpiry([seen(first)]);
  if (told.kind === 'none') {
    // What an Enterprise Server leaves out says nothing.
    const tells = first.headers['x-github-enterprise-version'] === undefined;
    if (tells && PERSONAL.test(client.options.token))
      return { expiry: { kind: 'never', source: 'observed' }, warnings: [] };
    return { warnings: ['GitHub does not say when it expires: look at its page'] };
  }
  if (told.kind === 'known') {
    await sleep(APART_MS);
    const second = await look(client);
    const twice =
      'status' in second && second.status === 200 ? judgeTokenExpiry([seen(first), seen(second)]) : told;
    if (twice.kind === 'known' && twice !== told)
      return { expiry: { ...twice, source: 'observed' }, warnings: [] };
  }
  return { warnings: ['what GitHub says of its expiration cannot be relied on: look at its page'] };
}

function judgeRefusal(client: GitHubClient, answer: Answer): IssuerAnswer {
  const words = said(client, answer);
  if (answer.status === 401 && /^Bad credentials/i.test(words ?? '')) {
    return {
      verdict: 'refused',
      reason: 'GitHub does not accept this token: it was mistyped, revoked, or has expired',
    };
  }
  if (isRedirect(answer)) return inconclusive('GitHub pointed elsewhere, and the token was not sent on');
  if (limitOf(client, answer)) return inconclusive(refusal(client, answer, WHAT).message);
  if (answer.status >= 500) return inconclusive(`GitHub answered ${answer.status}`);
  if (answer.status === 200 || words === undefined) return inconclusive(notGitHub(client, WHAT).message);
  if (answer.status === 403) return inconclusive(forbidden(answer, words));
  return inconclusive(`GitHub answered ${answer.status} when asked for ${WHAT}`);
}

/** docs.github.com, "Troubleshooting the REST API" and "Authenticating to the REST API". */
function forbidden(answer: Answer, words: string): string {
  if (answer.headers['x-github-sso']?.startsWith('required') === true)
    return "it is not authorised for the organisation's single sign-on: open it at GitHub and press Configure SSO";
  if (/by integration$/i.test(words))
    return 'it belongs to an app or a workflow and not to a person, and GitHub has no such question for these';
  if (/login attempts/i.test(words))
    return 'GitHub refuses every log-in of its user for a while, after tokens that it did not accept: wait a few minutes';
  return 'GitHub knows it, and does not let it be used here: a policy of the organisation may forbid it';
}

function inconclusive(reason: string): IssuerAnswer {
  return { verdict: 'inconclusive', reason };
}
