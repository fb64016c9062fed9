import type { Destination } from '../domain/credential.ts';
import type { AppError } from '../domain/error.ts';
import type { OwnToken } from '../domain/own-token.ts';
import type { Fact } from '../verify/fact.ts';
import type { Remark } from './line.ts';
import { ok, problem, unknown } from './line.ts';
import { lostWithout } from './token.ts';

// Permissions by name, as far as reading shows them. Pure.

/** One permission of one token in one repository. */
export interface Permission {
  readonly token: OwnToken;
  /** Such as `actions:read`. */
  readonly name: string;
  /** `owner/name` */
  readonly repo: string;
  /** Of the token. */
  readonly file: string;
}

/** @param fact what was read where GitHub asks for that permission */
export function judgePermission(permission: Permission, fact: Fact<unknown>): Remark {
  const { token, name, repo, file } = permission;
  const subject = `${token}: ${name} at ${repo}`;
  if (fact.known) return ok(subject, 'what it allows can be read');
  if (fact.obstacle !== 'permission') return unknown(subject, fact.reason);
  const lost = token === 'verify' && name !== 'metadata:read' ? lostWithout(name) : '';
  const text = lost === '' ? fact.reason : `${fact.reason}; without it verify cannot answer ${lost}`;
  return problem(subject, text, `give the token in ${file} the permission ${name} for ${repo}`);
}

/** Of something that was not asked for. */
export function notAsked({ token, name, repo }: Permission, because: string): Remark {
  return unknown(`${token}: ${name} at ${repo}`, `not asked, because ${because}`);
}

/** @param error why the environment's public key, which takes the permission, was not given; undefined: it was */
export function judgeEnvironment(permission: Permission, place: Destination, error?: AppError): Remark {
  const subject = `${permission.token}: ${permission.name} at ${place.repo} › ${place.environment}`;
  if (!error) return ok(subject, 'the environment is there, and its public key can be read');
  const { code, message, hints } = error;
  const next = hints.join('; ');
  const isSettled =
    code === 'forbidden' || code === 'not_found' || code === 'moved' || code === 'unauthorized';
  return isSettled ? problem(subject, message, next) : unknown(subject, message, next || undefined);
}

/** What shows that a token may write. */
export interface WriteEvidence {
  /** When GitHub last took a write of ours in that repository, as the history has it. */
  readonly wroteAt: Date | undefined;
  /** When the token's file was last changed. */
  readonly fileAt: Date | undefined;
}

/** Reading never shows it: only a write that was taken with this very token does. */
export function judgeWrite(permission: Permission, { wroteAt, fileAt }: WriteEvidence): Remark {
  const subject = `${permission.token}: ${permission.name} at ${permission.repo}`;
  if (wroteAt && fileAt && wroteAt > fileAt) {
    const day = wroteAt.toISOString().slice(0, 10);
    return ok(subject, `GitHub took a write on ${day}, and the file of the token is the same since`);
  }
  const text = wroteAt
    ? 'the file of the token was changed since the last write: only the next one shows it'
    : 'only a write shows it, and this token has made none: the next rotation does';
  return unknown(subject, text, "at GitHub, the token's page must say Environments: Read and write");
}
