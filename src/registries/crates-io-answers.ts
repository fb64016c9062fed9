import type { IssuerAnswer } from '../rotate/rotation.ts';

/**
 * What crates.io's answers to a question about a token mean. Their wording is the only signal, since most share the status
 * 403 and some routes answer errors with 200 (rust-lang/crates.io: src/auth.rs, src/util/errors.rs, src/controllers/token.rs).
 */
const MEANINGS: readonly { readonly wording: RegExp; readonly answer: IssuerAnswer }[] = [
  {
    wording: /^this token does not have the required permissions to perform this action$/,
    answer: { verdict: 'live' },
  },
  {
    wording: /^Not Found$/,
    answer: {
      verdict: 'refused',
      reason:
        'crates.io knows this token, but it has no scopes and so may do everything: make one with only the scopes listed',
    },
  },
  {
    wording: /^authentication failed$/,
    answer: {
      verdict: 'refused',
      reason:
        'crates.io does not know this token: it was mistyped, revoked, or has expired (crates.io does not say which)',
    },
  },
  {
    wording: /^The given API token does not match the format used by crates\.io\./,
    answer: { verdict: 'refused', reason: 'crates.io says that this is not one of its tokens' },
  },
  {
    wording: /^This account is (indefinitely locked|locked until)/,
    answer: { verdict: 'refused', reason: 'the crates.io account behind this token is locked' },
  },
];

/** An answer's meaning; anything not in the table is inconclusive. */
export function classify(status: number, body: string): IssuerAnswer {
  if (status >= 300 && status < 400)
    return inconclusive('crates.io pointed elsewhere, and the token was not sent on');
  if (status === 429 || status >= 500) return inconclusive(`crates.io answered ${status}`);
  const detail = firstDetail(body);
  const known = detail === undefined ? undefined : MEANINGS.find(({ wording }) => wording.test(detail));
  return known?.answer ?? inconclusive('crates.io answered in words that are not known here');
}

/** `errors[0].detail`, which every error of crates.io has. */
export function firstDetail(body: string): string | undefined {
  try {
    const { errors } = JSON.parse(body) as { errors?: unknown };
    const [first] = Array.isArray(errors) ? (errors as { detail?: unknown }[]) : [];
    return typeof first?.detail === 'string' ? first.detail : undefined;
  } catch {
    return undefined;
  }
}

export function inconclusive(reason: string): Extract<IssuerAnswer, { verdict: 'inconclusive' }> {
  return { verdict: 'inconclusive', reason };
}
