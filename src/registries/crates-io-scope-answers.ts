import { classify, firstDetail } from './crates-io-answers.ts';
import type { Reply } from './crates-io-call.ts';

/** What one question about a scope brought. */
export interface Asked {
  readonly scope: string;
  /** The crate that was asked about. */
  readonly about: string;
  /** It is one of the crates that the token is for; else a name made up beside them, which its patterns need not cover. */
  readonly named: boolean;
  readonly outcome: Outcome;
}

/**
 * - `present`: crates.io went past the scope; `note` says what came then, where it matters
 * - `absent`: the scope, or a pattern that covers the crate: crates.io has the same words for both
 * - `dead`: the token itself is not accepted
 * - `unsaid`: nothing that is known here
 */
export type Outcome =
  | { readonly kind: 'present'; readonly note?: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'dead'; readonly reason: string }
  | { readonly kind: 'unsaid'; readonly reason: string };

/**
 * What crates.io says once the scope was found good, word for word (rust-lang/crates.io: controllers/krate/publish.rs and
 * owners.rs, controllers/trustpub/github_configs/list.rs, src/rate_limiter.rs).
 */
const BEYOND: readonly { readonly wording: RegExp; readonly note?: string }[] = [
  { wording: /^invalid tarball length$/ },
  {
    wording: /^New versions of this crate can only be published using Trusted Publishing\b/,
    note: 'takes new versions by trusted publishing only, so this token cannot publish it',
  },
  {
    wording: /^A verified email address is required to publish crates to crates\.io\./,
    note: 'cannot be published before the account behind this token has a verified e-mail address',
  },
  {
    wording:
      /^You have published too many (updates to existing crates|new crates) in a short period of time\b/,
    note: 'cannot be published for the moment: the account has used up what crates.io lets it publish',
  },
  { wording: /^You are not an owner of this crate$/, note: 'is not owned by the account behind this token' },
  { wording: /^crate `[^`]{1,64}` does not exist$/ },
];

export function outcomeOf(reply: Reply): Outcome {
  if ('silence' in reply) return { kind: 'unsaid', reason: reply.silence };
  const { status, body } = reply;
  const words = status < 300 || (status >= 400 && status < 500) ? firstDetail(body) : undefined;
  const beyond = words === undefined ? undefined : BEYOND.find(({ wording }) => wording.test(words));
  if (beyond) return beyond.note === undefined ? { kind: 'present' } : { kind: 'present', note: beyond.note };
  if (status === 200 && listsPublishers(body)) return { kind: 'present' };
  // Here it says that crates.io does not have this address, and nothing of the token.
  if (words === 'Not Found') return { kind: 'unsaid', reason: 'crates.io does not know this question' };
  const answer = classify(status, body);
  if (answer.verdict === 'live') return { kind: 'absent' };
  return { kind: answer.verdict === 'refused' ? 'dead' : 'unsaid', reason: answer.reason };
}

function listsPublishers(body: string): boolean {
  try {
    const document = JSON.parse(body) as { github_configs?: unknown } | null;
    return Array.isArray(document?.github_configs);
  } catch {
    return false;
  }
}

/** Whether crates.io wants a token before anything else of this question. */
export function asksForToken(reply: Reply): boolean {
  return 'status' in reply && firstDetail(reply.body) === 'this action requires authentication';
}
