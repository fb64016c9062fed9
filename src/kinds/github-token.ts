import { ownTokenOf } from '../domain/own-token.ts';
import { asAscii, recognise, singleLineProblems } from './format.ts';
import type { Kind } from './kind.ts';

// Prefixes: github.blog, "Behind GitHub's new authentication token formats", and 2026-05-15 for the long `ghs_`.
const TOKEN = /^(gh[pousr]_[A-Za-z0-9._-]{36,2000}|github_pat_[A-Za-z0-9_]{40,2000})$/;
/** Where reseal reads its own tokens from. */
const OPTIONS = { seal: 'github.seal.token-file', verify: 'github.verify.token-file' } as const;

export const githubToken: Kind = {
  id: 'github-token',
  title: 'GitHub token',
  issuer: 'GitHub',
  pages: {
    make: 'https://github.com/settings/personal-access-tokens/new',
    renew: 'https://github.com/settings/personal-access-tokens',
    revoke: 'https://github.com/settings/personal-access-tokens',
  },
  steps: ({ name, nameAtIssuer, scopes }) => {
    const own = ownTokenOf(name);
    return [
      nameAtIssuer
        ? `Find "${nameAtIssuer}" in the list of fine-grained tokens and press Regenerate token (the old one ends with that).`
        : 'Find the token in the list of fine-grained tokens and press Regenerate token (the old one ends with that).',
      'Choose its expiration again, and look that its repositories are the same.',
      ...(scopes.length > 0 ? [`Its repository permissions, and no others: ${scopes.join(', ')}.`] : []),
      'Copy the token: GitHub shows it once.',
      ...(own
        ? [
            `Write it, alone on one line, into the file that ${OPTIONS[own]} names: reseal sees within a minute that it is another one, and reads its expiration by itself.`,
          ]
        : []),
    ];
  },
  breaks: 'whatever uses it is refused by GitHub',
  scopes: undefined,
  lifetimes: { presets: [7, 30, 60, 90, 365], custom: true, never: true },
  check: undefined,
  // Regenerating one ends the old one.
  afterwards: undefined,
  checkFormat: (token) => {
    const text = asAscii(token);
    if (TOKEN.test(text)) return [];
    const problems = singleLineProblems(token);
    if (problems.length > 0) return problems;
    const other = recognise(text);
    if (other && other.kind !== 'github-token')
      return [`this is ${other.what}, not a GitHub token: treat it as exposed and revoke it at its issuer`];
    return [
      'a GitHub token starts with "github_pat_", "ghp_" or another of GitHub\'s prefixes and is longer than this',
    ];
  },
};
