import { asAscii, recognise, singleLineProblems } from './format.ts';
import type { Kind } from './kind.ts';

// Prefixes: github.blog, "Behind GitHub's new authentication token formats", and 2026-05-15 for the long `ghs_`.
const TOKEN = /^(gh[pousr]_[A-Za-z0-9._-]{36,}|github_pat_[A-Za-z0-9_]{40,})$/;

export const githubToken: Kind = {
  id: 'github-token',
  title: 'GitHub token',
  issuer: 'GitHub',
  pages: {
    make: 'https://github.com/settings/personal-access-tokens/new',
    renew: 'https://github.com/settings/personal-access-tokens',
    revoke: 'https://github.com/settings/personal-access-tokens',
  },
  steps: ({ nameAtIssuer }) => [
    nameAtIssuer
      ? `Find "${nameAtIssuer}" in the list of fine-grained tokens and press Regenerate token.`
      : 'Find the token in the list of fine-grained tokens and press Regenerate token.',
    'Choose its expiration again, and look that its repositories and permissions are the same.',
    'Copy the token: GitHub shows it once.',
  ],
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
