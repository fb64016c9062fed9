import type { AppError } from '../domain/error.ts';
import type { Obstacle, Unavailable } from '../verify/fact.ts';
import { unavailable } from '../verify/fact.ts';
import type { Answer, GitHubClient } from './answer.ts';
import { said } from './answer.ts';
import { notGitHub, refusal } from './refusal.ts';

/** What is asked for, in words, and the permission that GitHub's reference asks of a fine-grained token for it. */
export interface Wanted {
  readonly what: string;
  /** Such as `actions:read`. */
  readonly permission: string;
}

/** Why an answer that is neither 200 nor GitHub's own 404 lets nothing be said. */
export function refused(client: GitHubClient, answer: Answer, { what, permission }: Wanted): Unavailable {
  const error = refusal(client, answer, what);
  const obstacle = obstacleOf(client, answer, error);
  const unnamed = obstacle === 'permission' && answer.headers['x-accepted-github-permissions'] === undefined;
  const reason = oneLine(error);
  return unavailable(obstacle, unnamed ? `${reason}; reading it takes ${permission}` : reason);
}

function obstacleOf(client: GitHubClient, answer: Answer, { code }: AppError): Obstacle {
  if (code !== 'forbidden') return 'unreachable';
  const words = said(client, answer) ?? '';
  if (/^Upgrade to /i.test(words)) return 'plan';
  return /login attempts/i.test(words) ? 'unreachable' : 'permission';
}

/** GitHub's "not found" of something that is there, or that should be: it says so of whatever the token may not see. */
export function hidden({ options }: GitHubClient, { what, permission }: Wanted): Unavailable {
  return unavailable(
    'permission',
    `GitHub does not show ${what} to the token in "${options.tokenFile}": reading it takes ${permission}`,
  );
}

/** GitHub's redirect of a part of a repository that itself is where it was. */
export function elsewhere({ what }: Wanted): Unavailable {
  return unavailable(
    'unreachable',
    `GitHub has ${what} under another name: write the new one into the configuration, after making sure that it is meant`,
  );
}

const UNREAD = {
  'cut off': 'was cut off',
  'too slow': 'did not come to an end in time',
  'too large': 'is larger than reseal reads',
} as const;

/** A 200 that does not have the shape of GitHub's answer. */
export function misshapen(client: GitHubClient, { what }: Wanted, unread?: Answer['unread']): Unavailable {
  if (unread === undefined || unread === 'not JSON') return unreachableBy(notGitHub(client, what));
  return unavailable('unreachable', `GitHub's answer for ${what} ${UNREAD[unread]}: try again later`);
}

export function unreachableBy(error: AppError): Unavailable {
  return unavailable('unreachable', oneLine(error));
}

function oneLine({ message, hints }: AppError): string {
  return hints.length === 0 ? message : `${message}: ${hints.join('; ')}`;
}
