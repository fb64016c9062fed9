import { describeLifetime } from '../domain/calendar.ts';
import { ownTokenOf } from '../domain/own-token.ts';
import { endsWithItsCrc } from './checksum.ts';
import { lineFormat } from './format.ts';
import type { Kind, Reading } from './kind.ts';

const CLASSIC = 'ghp_';
/** Of the classic ones that GitHub makes; it has said that they may become longer. */
const CLASSIC_LENGTH = 40;
/** Where reseal reads its own tokens from. */
const OPTIONS = { seal: 'github.seal.token-file', verify: 'github.verify.token-file' } as const;

const MAKE_ONE = 'make a fine-grained personal access token instead';
/** Tokens that are made by programs, for a while, and are no use in a store. */
const PASSING: readonly (readonly [prefix: string, what: string])[] = [
  [
    'ghs_',
    'this is a token of a GitHub App or of one job (GITHUB_TOKEN): it lives for an hour, or as long as the job',
  ],
  ['ghu_', 'this is a token that a GitHub App got for a user: as a rule it lives for eight hours'],
  ['ghr_', 'this is a refresh token of a GitHub App: it ends when it is used for the first time'],
  [
    'gho_',
    'this is a token that an app got for a user, as `gh auth login` does: the app can replace it, and everything that the user allowed it hangs on it',
  ],
];

export const githubToken: Kind = {
  id: 'github-token',
  title: 'GitHub token',
  issuer: 'GitHub',
  pages: {
    make: 'https://github.com/settings/personal-access-tokens/new',
    renew: 'https://github.com/settings/personal-access-tokens',
    revoke: 'https://github.com/settings/personal-access-tokens',
  },
  steps: ({ name, nameAtIssuer, scopes, lifetime }) => {
    const own = ownTokenOf(name);
    const list = `the list of fine-grained tokens${own ? '' : ' (classic ones: https://github.com/settings/tokens)'}`;
    return [
      nameAtIssuer
        ? `Find "${nameAtIssuer}" in ${list} and press Regenerate token (the old one ends with that).`
        : `Find the token in ${list} and press Regenerate token (the old one ends with that).`,
      `Choose its expiration again${lifetime ? ` (declared here: ${describeLifetime(lifetime)})` : ''}, and look that its repositories are the same.`,
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
  grant:
    'A fine-grained token: Only select repositories, the ones that the release writes to, and of the permissions only those that it needs, such as Contents: Read and write for a tap of Homebrew. A classic token cannot be limited to repositories.',
  lifetimes: { presets: [7, 30, 60, 90, 365], custom: true, never: true },
  expiry: {
    known: 'observed',
    how: 'GitHub says it in a header of its answer to the live check; where github.com leaves the header out, the token has no expiry. A custom date for a fine-grained token is at most a year away, an organization may allow less, and a token that nobody has used for a year is removed.',
  },
  check: {
    registry: 'github',
    often: 'once, and two seconds later once more where the first answer says when it ends',
    proves:
      'that GitHub takes it, and when it expires; of a classic one its scopes too, of a fine-grained one neither its repositories nor its permissions',
  },
  // Regenerating one ends the old one.
  afterwards: undefined,
  revoking:
    'A classic GitHub token stands in a list of its own (https://github.com/settings/tokens), and deleting either kind deletes the deploy keys that were made with it.',
  leak: {
    means:
      'Whoever finds it can do at GitHub whatever it was granted, as the user who made it: with write access to contents, change the code that is released; with a classic one, in every repository that the user can reach.',
    automatic:
      'GitHub revokes a token that is pushed to a public repository or a public gist. From anywhere else, whoever finds it can have it revoked without logging in (POST /credentials/revoke).',
  },
  instead: {
    text: 'Within its own repository a workflow has GITHUB_TOKEN, which is made for each job. For other repositories a GitHub App gives it a token for an hour; then the private key of the app is what is stored.',
    link: 'https://docs.github.com/en/actions/security-guides/automatic-token-authentication',
  },
  shape: 'line',
  checkFormat: lineFormat({
    kind: 'github-token',
    what: 'a GitHub token',
    pattern: /^(?:ghp_[A-Za-z0-9]{36,250}|github_pat_[A-Za-z0-9_]{40,250})$/,
    expected:
      'a GitHub token is "github_pat_" and at least 40 letters, digits or "_" (fine-grained), or "ghp_" and 36 letters or digits (classic); this is shorter or longer, or has others among them',
    likely: (text) => {
      const passing = PASSING.find(([prefix]) => text.startsWith(prefix));
      return passing && `${passing[1]}. It cannot be stored: ${MAKE_ONE}`;
    },
  }),
  read: (token) => (token[3] === CLASSIC.charCodeAt(3) ? readClassic(token) : reading('fine-grained', [])),
  sources: [
    'github.blog, 2021-04-05, on the formats of tokens (prefixes, checksum)',
    'docs.github.com: "Managing your personal access tokens" (steps, expirations)',
    'docs.github.com: "Token expiration and revocation" (unused for a year; pushed to a public place)',
    'docs.github.com: REST API, "Revocation" (POST /credentials/revoke)',
    'docs.github.com: "Refreshing user access tokens" (eight hours), "Generating an installation access token" (one hour)',
    'header github-authentication-token-expiration: github/docs, token-expiration-and-revocation.md; google/go-github PR 2031',
  ],
};

function readClassic(token: Uint8Array): Reading {
  const broad =
    'it is a classic token: it covers every repository that its user can reach. A fine-grained one can be limited to those of the release';
  if (token.length !== CLASSIC_LENGTH)
    return reading('classic', [
      broad,
      `it is longer than the ${CLASSIC_LENGTH} characters of a classic token: look that nothing was pasted twice`,
    ]);
  return reading('classic', [
    broad,
    ...(endsWithItsCrc(token, CLASSIC.length)
      ? []
      : [
          'the last six characters of a classic token are a checksum of the others, and here they do not match: it was probably damaged or cut on its way, so copy it again',
        ]),
  ]);
}

function reading(form: string, warnings: readonly string[]): Reading {
  return { expiry: undefined, says: [{ label: 'Form', text: form }], problems: [], warnings };
}
