import type { OwnToken } from '../domain/own-token.ts';
import type { TokenExpiry } from '../github/token-expiry.ts';
import { RULES } from '../verify/rules/all.ts';
import type { Remark } from './line.ts';
import { count, ok, problem, unknown } from './line.ts';

// What is said of the two GitHub tokens, each of which works alone where the other is absent. Pure.

/** What GitHub says to the token itself. */
export type TokenAnswer =
  | { readonly kind: 'accepted'; readonly expiry: TokenExpiry }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unread'; readonly reason: string; readonly hints: readonly string[] };

const TITLES: Readonly<Record<OwnToken, string>> = { seal: 'seal token', verify: 'verify token' };
const DAY_MS = 86_400_000;
const WARN_DAYS = 14;
const MOST_RULES = 4;
/** What a token for sealing may read, and with which verifying makes do where it has none of its own. */
const SEALERS: readonly string[] = ['environments:read', 'metadata:read'];
const MAKE = 'make a fine-grained token (README: "The two GitHub tokens") and name its file at';

export function titleOf(which: OwnToken): string {
  return TITLES[which];
}

/** @param places how many destinations are declared @param pipelines how many are */
export function judgeNoSeal(places: number, pipelines: number): Remark {
  const subject = TITLES.seal;
  if (places === 0) return ok(subject, 'none is configured, and no credential is stored at GitHub');
  const kept = pipelines > 0 ? '; verifying goes on without it' : '';
  const text = `none is configured: no new token can be stored, and nobody looks after ${count(places, 'place')} at GitHub${kept}`;
  return problem(subject, text, `${MAKE} github.seal.token-file: environments:write, metadata:read`);
}

/** @param sealer whether there is a token for sealing, which is then read with */
export function judgeNoVerify(pipelines: number, sealer: boolean): Remark {
  const subject = TITLES.verify;
  if (pipelines === 0) return ok(subject, 'none is configured, and no pipeline is declared');
  const blind = RULES.filter(({ permission }) => needs(permission).some((one) => !SEALERS.includes(one)));
  const all = RULES.filter(({ permission }) => permission !== undefined);
  const text = sealer
    ? `none is configured: verify reads with the seal token, and cannot answer ${names(blind)}; storing goes on without it`
    : `none is configured, and no seal token: verify reads public documents alone, and cannot answer ${names(all)}`;
  return problem(subject, text, `${MAKE} github.verify.token-file, with ${requiredPermissions().join(', ')}`);
}

/** Every permission that some rule needs to be answered, and the one that comes with every token. */
export function requiredPermissions(): readonly string[] {
  const named = RULES.flatMap(({ permission }) => needs(permission));
  return [...new Set([...named, 'metadata:read'])].toSorted();
}

/** What verify cannot answer without it, in words; empty: it is needed by every rule. */
export function lostWithout(permission: string): string {
  return names(RULES.filter((rule) => needs(rule.permission).includes(permission)));
}

function needs(permission: string | undefined): readonly string[] {
  return permission?.split(' and ') ?? [];
}

function names(rules: readonly { readonly id: string }[]): string {
  const shown = rules.slice(0, MOST_RULES).map(({ id }) => id);
  const rest = rules.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${count(rest, 'rule')} more` : shown.join(', ');
}

/** @param file where it is read from @param isClassic by the form of its text */
export function judgeToken(
  which: OwnToken,
  { file, isClassic }: { readonly file: string; readonly isClassic: boolean },
  answer: TokenAnswer,
  now: Date,
): readonly Remark[] {
  const subject = TITLES[which];
  if (answer.kind === 'refused') {
    const text = `GitHub does not accept the token in ${file}: it has expired, was revoked, or is not complete`;
    return [problem(subject, text, 'make a new one and put it into that file; nothing need be restarted')];
  }
  if (answer.kind === 'unread')
    return [unknown(subject, answer.reason, answer.hints.join('; ') || undefined)];
  return [judgeExpiry(subject, answer.expiry, now), ...(isClassic ? [classic(subject)] : [])];
}

function classic(subject: string): Remark {
  const text =
    'it is a classic token, good for everything that its account reaches: a fine-grained one can be limited to one repository';
  return problem(subject, text, 'make one at GitHub → Settings → Developer settings → Fine-grained tokens');
}

function judgeExpiry(subject: string, expiry: TokenExpiry, now: Date): Remark {
  if (expiry.kind === 'none') return ok(subject, 'GitHub accepts it, and names no end of it');
  if (expiry.kind === 'unknown') {
    const text = 'GitHub accepts it, and what it says of its expiration cannot be true';
    return unknown(subject, text, 'look at its page at GitHub');
  }
  const left = Math.floor((expiry.at.getTime() - now.getTime()) / DAY_MS);
  const text = `GitHub accepts it until ${expiry.at.toISOString().slice(0, 10)}, which is in ${count(left, 'day')}`;
  if (left > WARN_DAYS) return ok(subject, text);
  return problem(subject, text, 'make a new one now, and put it into its file');
}
