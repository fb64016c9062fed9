import { describeLifetime } from '../domain/calendar.ts';
import { asAscii, recognise, singleLineProblems } from './format.ts';
import type { Kind } from './kind.ts';

// Format: crates_io_database/src/utils/token.rs (prefix `cio`, 32 alphanumeric characters).
// Scopes: crates_io_database/src/models/token/scopes.rs. Presets and "Regenerate": svelte/src/routes/settings/tokens.
const TOKEN = /^cio[A-Za-z0-9]{32}$/;

export const cratesIoToken: Kind = {
  id: 'crates-io-token',
  title: 'crates.io API token',
  issuer: 'crates.io',
  pages: {
    make: 'https://crates.io/settings/tokens/new',
    renew: 'https://crates.io/settings/tokens',
    revoke: 'https://crates.io/settings/tokens',
  },
  steps: ({ nameAtIssuer, scopes, lifetime }) => [
    nameAtIssuer
      ? `Find "${nameAtIssuer}" in the list and press Regenerate (if it is gone: New Token, with that name).`
      : 'Find the token in the list and press Regenerate (if it is gone: New Token).',
    `Set Expiration again${lifetime ? ` (declared here: ${describeLifetime(lifetime)})` : ''}: it falls back to 90 days each time.`,
    scopes.length > 0
      ? `Tick exactly these scopes: ${scopes.join(', ')}.`
      : 'Tick only the scopes that the release needs.',
    'Copy the token: crates.io shows it once.',
  ],
  breaks: 'crates can no longer be published with it: the release stops at the publishing step',
  scopes: ['publish-new', 'publish-update', 'trusted-publishing', 'yank', 'change-owners'],
  lifetimes: { presets: [7, 30, 60, 90, 365], custom: true, never: true },
  check: {
    registry: 'crates-io',
    proves:
      'that crates.io knows it as a live, scoped token; not its name, its scopes, its crates or its expiration',
  },
  afterwards:
    'The old token stays alive until it is revoked: press Revoke beside it at crates.io once the new one has been used in a release.',
  // DELETE /api/v1/tokens/current refuses a scoped token (crates.io: src/controllers/token.rs).
  revoking: 'A scoped crates.io token cannot revoke itself, so do it in the browser.',
  checkFormat: (token) => {
    const text = asAscii(token);
    if (TOKEN.test(text)) return [];
    const other = recognise(text);
    // A key has lines of its own, which are not what is wrong with it here.
    const problems = other?.kind === 'pem' ? [] : singleLineProblems(token);
    if (problems.length > 0) return problems;
    if (other?.kind === 'crates-io-trusted') {
      return ['this is a trusted-publishing token: it lives for 30 minutes and cannot be stored'];
    }
    if (other)
      return [
        `this is ${other.what}, not a crates.io token: treat it as exposed and revoke it at its issuer`,
      ];
    if (!text.startsWith('cio')) return ['a crates.io token starts with "cio", and this does not'];
    return [
      `a crates.io token is "cio" and 32 letters or digits, 35 characters in all; this has ${token.length}, or others among them`,
    ];
  },
};
