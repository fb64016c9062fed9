import { describeLifetime } from '../domain/calendar.ts';
import { asAscii, foreign, singleLineProblems, sizeProblems } from './format.ts';
import type { Kind } from './kind.ts';
import { recogniseBytes } from './recognise.ts';

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
  grant:
    'Tick publish-update, and enter as crate scopes the names of the crates that are released. Tick publish-new only while a crate has yet to be published for the first time; the others are no part of a release.',
  lifetimes: { presets: [7, 30, 60, 90, 365], custom: true, never: true },
  expiry: {
    known: 'entered',
    how: 'Only whoever chose it at crates.io knows it: the token does not carry it, and cannot ask for it. crates.io itself writes once, when less than three days are left.',
  },
  check: {
    registry: 'crates-io',
    often: 'once, and with `--check-scopes` some times more',
    proves:
      'that crates.io knows it as a live, scoped token; not its name, its scopes, its crates or its expiration',
  },
  afterwards:
    'The old token stays alive until it is revoked: press Revoke beside it at crates.io once the new one has been used in a release.',
  // DELETE /api/v1/tokens/current refuses a scoped token (crates.io: src/controllers/token.rs).
  revoking: 'A scoped crates.io token cannot revoke itself, so do it in the browser.',
  leak: {
    means:
      'Whoever finds it can publish new versions of every crate that its scopes cover, for everybody who builds with them. A version that was published can be yanked, not taken back.',
    automatic:
      'crates.io revokes a token at once that GitHub finds in a public place (secret scanning), and writes to its owner.',
  },
  instead: {
    text: 'Trusted publishing needs no stored token: crates.io gives the release workflow one that lives for 30 minutes. It cannot make a crate that is not there yet: for its first release a token with publish-new is needed, once, and seven days are enough for it.',
    link: 'https://crates.io/docs/trusted-publishing',
  },
  shape: 'line',
  checkFormat: (token) => {
    const size = sizeProblems(token);
    if (size.length > 0) return size;
    const text = asAscii(token);
    if (TOKEN.test(text)) return [];
    const other = recogniseBytes(token);
    // A key has lines of its own, which are not what is wrong with it here.
    const problems = other?.lines ? [] : singleLineProblems(token);
    if (problems.length > 0) return problems;
    if (other?.kind === 'crates-io-trusted') {
      return ['this is a trusted-publishing token: it lives for 30 minutes and cannot be stored'];
    }
    if (other) return [foreign(other, 'a crates.io token')];
    if (!text.startsWith('cio')) return ['a crates.io token starts with "cio", and this does not'];
    return [
      `a crates.io token is "cio" and 32 letters or digits, 35 characters in all; this has ${token.length}, or others among them`,
    ];
  },
  sources: [
    'rust-lang/crates.io: crates/crates_io_database/src/utils/token.rs (form)',
    'rust-lang/crates.io: crates/crates_io_database/src/models/token/scopes.rs (scopes)',
    'rust-lang/crates.io: svelte/src/routes/settings/tokens (expirations to choose, Regenerate)',
    'rust-lang/crates.io: src/controllers/github/secret_scanning.rs (who revokes leaked ones)',
    'rust-lang/crates.io: src/worker/jobs/expiry_notification.rs (its own mail)',
    'crates.io/docs/trusted-publishing',
  ],
};
