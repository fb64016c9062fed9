import { describeLifetime } from '../domain/calendar.ts';
import { endsWithItsCrc } from './checksum.ts';
import { lineFormat } from './format.ts';
import type { Kind } from './kind.ts';

const PREFIX = 'npm_';
const RULE_SOURCE = 'github.blog/changelog, 2025-11-05 and 2025-12-09; docs.npmjs.com/about-access-tokens';

export const npmToken: Kind = {
  id: 'npm-token',
  title: 'npm access token',
  issuer: 'npm',
  pages: {
    make: 'https://www.npmjs.com/settings/~/tokens',
    renew: 'https://www.npmjs.com/settings/~/tokens',
    revoke: 'https://www.npmjs.com/settings/~/tokens',
  },
  steps: ({ nameAtIssuer, scopes, lifetime }) => [
    `npm renews no token: press Generate New Token${nameAtIssuer ? `, and give it a name that tells it from "${nameAtIssuer}"` : ''}.`,
    scopes.length > 0
      ? `Under Packages and scopes choose Read and write, Only select packages and scopes, and no others than these: ${scopes.join(', ')}.`
      : 'Under Packages and scopes choose Read and write, and only the packages that are released.',
    'Tick Bypass two-factor authentication only where the workflow publishes with it and nobody is there to confirm.',
    `Choose the Expiration${lifetime ? ` (declared here: ${describeLifetime(lifetime)})` : ''}: a token that may write lives for 90 days at most.`,
    'Press Generate Token and copy it from the top of the page: npm shows it once.',
  ],
  breaks: 'packages can no longer be published with it: the release stops at npm publish',
  scopes: undefined,
  grant:
    'Read and write for the packages that are released, and nothing under Organizations: that gives no right to publish, only to manage.',
  lifetimes: {
    presets: [7, 30, 60, 90],
    custom: true,
    never: false,
    rules: [
      {
        since: '2025-11-05',
        maxDays: 90,
        olderEnd: '2026-02-03',
        about: 'tokens that may write',
        partial: true,
        advice:
          'Renew it every 90 days at least, or let the workflow publish by trusted publishing, which needs no token.',
        source: RULE_SOURCE,
      },
    ],
  },
  expiry: {
    known: 'entered',
    how: 'Only whoever chose it at npm knows it: the token does not carry it, and the list of tokens with their dates is shown to a session of a person alone.',
  },
  check: {
    registry: 'npm',
    proves:
      'that npm knows whose it is; not that it may publish, nor which packages, nor when it expires. A refusal is no proof: some tokens that publish are refused there',
  },
  afterwards:
    'The old token stays alive until it is deleted: press × beside it at npm once the new one has been used in a release.',
  revoking: 'It can take up to an hour until a deleted npm token is refused everywhere.',
  leak: {
    means:
      'Whoever finds it can publish new versions of the packages that it may write, which reach everybody who installs them next; where it bypasses two-factor authentication, nobody is asked.',
    automatic:
      'npm revokes a token that GitHub finds in a public repository (secret scanning), or that npm finds in a published package, and writes to its owner.',
  },
  instead: {
    text: 'Trusted publishing needs no stored token: npm trusts the release workflow itself. The package has to be there already, and npm 11.5.1 or newer publishes it. Then tokens can be forbidden for the package altogether.',
    link: 'https://docs.npmjs.com/trusted-publishers',
  },
  shape: 'line',
  checkFormat: lineFormat({
    kind: 'npm-token',
    what: 'an npm token',
    pattern: /^npm_[A-Za-z0-9]{36}$/,
    expected:
      'an npm token is "npm_" and 36 letters or digits, 40 characters in all; this is shorter or longer, or has others among them',
  }),
  read: (token) => ({
    expiry: undefined,
    says: [],
    problems: [],
    warnings: endsWithItsCrc(token, PREFIX.length)
      ? []
      : [
          'the last six characters of an npm token are a checksum of the others, and here they do not match: it was probably damaged or cut on its way, so copy it again',
        ],
  }),
  sources: [
    'github.blog, 2021-09-23, on the format of access tokens (form, checksum)',
    'docs.npmjs.com/creating-and-viewing-access-tokens (steps)',
    'docs.npmjs.com/revoking-access-tokens (up to an hour)',
    RULE_SOURCE,
    'blog.npmjs.org/post/185680936500 (who revokes leaked ones)',
    'docs.npmjs.com/trusted-publishers',
  ],
};
