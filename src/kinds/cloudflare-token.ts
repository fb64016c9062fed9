import { lineFormat } from './format.ts';
import type { Kind } from './kind.ts';

// No live check: user tokens and account tokens are verified at different addresses, the second with the account's id in it, which
// reseal does not know; and a token that may do nothing but deploy was not tried there.
export const cloudflareToken: Kind = {
  id: 'cloudflare-token',
  title: 'Cloudflare API token',
  issuer: 'Cloudflare',
  pages: {
    make: 'https://dash.cloudflare.com/profile/api-tokens',
    renew: 'https://dash.cloudflare.com/profile/api-tokens',
    revoke: 'https://dash.cloudflare.com/profile/api-tokens',
  },
  steps: ({ nameAtIssuer, scopes }) => [
    'Of an account instead of a user, open Manage Account and then API Tokens: that token belongs to nobody who may leave.',
    nameAtIssuer
      ? `Find "${nameAtIssuer}" in the list and choose Roll from its menu (if it is gone: Create Token, with that name).`
      : 'Find the token in the list and choose Roll from its menu (if it is gone: Create Token).',
    scopes.length > 0
      ? `Its permissions, and no others: ${scopes.join(', ')}.`
      : 'Look that its permissions name only what the release does, for the account and the zones of the release.',
    'Look at its Token expiration (TTL), and set it anew where it is over soon: without one it never ends.',
    'Copy the token: Cloudflare shows it once.',
  ],
  breaks: 'what the release deploys to Cloudflare is refused',
  scopes: undefined,
  grant:
    'Only what the release does, such as Workers Scripts Edit or Cloudflare Pages Edit, for one account or one zone; never the Global API Key, which may do everything.',
  lifetimes: { presets: [], custom: true, never: true },
  expiry: {
    known: 'entered',
    how: 'only the person who made it knows: the end is what was set as its TTL, and the token does not carry it',
  },
  check: undefined,
  // Rolling one ends the old one: it is the same token with another value.
  afterwards:
    'A token that was rolled is gone already; one that was replaced by another stays alive until it is deleted: choose Delete from its menu once the new one has been used in a release.',
  leak: {
    means: 'whoever has it can do what its permissions say, such as replace what is served under your name',
    automatic:
      'GitHub reports tokens of the newer form that it finds in public repositories, and Cloudflare revokes them and mails their owner',
  },
  shape: 'line',
  checkFormat: lineFormat({
    kind: 'cloudflare-token',
    what: 'a Cloudflare API token',
    pattern: /^(?:cf(?:ut|at)_[A-Za-z0-9_-]{40}[0-9a-fA-F]{8}|[A-Za-z0-9_-]{40})$/,
    expected:
      'a Cloudflare API token is "cfut_" or "cfat_", 40 characters and 8 hexadecimal digits, or, of the older form, 40 letters, digits, "_" or "-" alone: this is neither',
    likely: (text) =>
      text.startsWith('cfk_')
        ? 'this is a Global API Key, which may do everything that its user may: make an API token with the permissions of the release instead, and roll this key, since it has been out of its place'
        : undefined,
  }),
  sources: [
    'https://developers.cloudflare.com/fundamentals/api/get-started/token-formats/',
    'https://developers.cloudflare.com/fundamentals/api/get-started/create-token/',
    'https://developers.cloudflare.com/fundamentals/api/how-to/roll-token/',
    'https://github.com/trufflesecurity/trufflehog: pkg/detectors/cloudflareapitoken/v2 (how long the checksum is)',
  ],
};
