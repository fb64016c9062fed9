import { lineFormat } from './format.ts';
import type { Kind } from './kind.ts';

// No live check: `ovsx verify-pat` is GET /api/{namespace}/verify-pat?token=…, which puts the token into an address, and addresses
// into logs (eclipse-openvsx/openvsx: RegistryAPI.java).
export const openVsxToken: Kind = {
  id: 'open-vsx-token',
  title: 'Open VSX access token',
  issuer: 'Open VSX',
  pages: {
    make: 'https://open-vsx.org/user-settings/tokens',
    renew: 'https://open-vsx.org/user-settings/tokens',
    revoke: 'https://open-vsx.org/user-settings/tokens',
  },
  steps: ({ nameAtIssuer }) => [
    'Log in with the account that may publish in the namespace, and open Access Tokens in its settings.',
    `Press Generate New Token${nameAtIssuer ? `, and describe it as "${nameAtIssuer}"` : ''}: there is no button to renew one.`,
    'Copy the token: Open VSX shows it once.',
    'Look whether the list shows a date on which it expires, since Open VSX sets that by itself.',
  ],
  breaks: 'extensions can no longer be published to Open VSX with it: the release stops at `ovsx publish`',
  scopes: undefined,
  grant:
    'Open VSX offers no scopes: a token may publish wherever its user may. Make it with an account that is a member of the namespaces of the release, and of no others.',
  // The server's own default is 90 days, and open-vsx.org had not switched it on in July 2026.
  lifetimes: { presets: [90], custom: true, never: true },
  expiry: {
    known: 'entered',
    how: 'only the page of tokens shows whether it expires, and when: Open VSX sets the date by itself, and mails a week before it',
  },
  check: undefined,
  afterwards:
    'The old token stays alive until it is deleted, or its date has come: press Delete beside it once the new one has been used in a release.',
  leak: {
    means:
      'whoever has it can publish a version of every extension that its user may publish, and editors install it as an update',
    automatic: undefined,
  },
  instead: {
    text: 'trusted publishing from GitHub Actions is being added to Open VSX; whether open-vsx.org offers it already is said in its issue',
    link: 'https://github.com/EclipseFdn/open-vsx.org/issues/7438',
  },
  shape: 'line',
  checkFormat: lineFormat({
    kind: 'open-vsx-token',
    what: 'an Open VSX token',
    pattern:
      /^(?:ovsx(?:at|p)_)?[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/,
    expected:
      'an Open VSX token is a UUID (36 characters, such as 8-4-4-4-12 hexadecimal digits), mostly with "ovsxat_" in front of it: this is not',
  }),
  sources: [
    'https://github.com/eclipse-openvsx/openvsx/wiki/Publishing-Extensions',
    'https://github.com/eclipse-openvsx/openvsx/pull/1513 (expiry, 90 days by default, mail 7 days before)',
    'https://github.com/EclipseFdn/open-vsx.org/issues/5967 (not switched on as of 2026-07-31)',
    'https://github.com/eclipse-openvsx/openvsx/issues/1338 and https://github.com/EclipseFdn/open-vsx.org/issues/6347 (the prefixes)',
  ],
};
