import { lineFormat } from './format.ts';
import type { Kind } from './kind.ts';

// No live check: GET /api/auth answers by what a key may do, and the answers of a key of few permissions have not been seen here.
export const hexKey: Kind = {
  id: 'hex-key',
  title: 'Hex API key',
  issuer: 'Hex',
  pages: {
    make: 'https://hex.pm/dashboard/keys',
    renew: 'https://hex.pm/dashboard/keys',
    revoke: 'https://hex.pm/dashboard/keys',
  },
  steps: ({ nameAtIssuer, scopes }) => [
    'Generate a new key: there is no button to renew one. Keys of an organization are made on its own page.',
    `${nameAtIssuer ? `Name it "${nameAtIssuer}"` : 'Give it a name that says where it is used'}.`,
    scopes.length > 0
      ? `Tick exactly these permissions: ${scopes.join(', ')}.`
      : 'Tick API write, or the package alone where that is offered.',
    'Choose when it expires: without a date it never does.',
    'Copy the key: Hex shows it once.',
  ],
  breaks: 'packages can no longer be published with it: the release stops at `mix hex.publish`',
  scopes: ['api:read', 'api:write', 'repository:ORGANIZATION', 'repositories'],
  grant: 'API write and no more: it suffices to publish, and reaches every package of its owner.',
  lifetimes: { presets: [7, 30, 60, 90, 365], custom: true, never: true },
  expiry: {
    known: 'entered',
    how: 'only the person who made it knows: Hex keeps the date beside the key, and tells it to keys that may read keys, which one for releases should not',
  },
  check: undefined,
  afterwards:
    'The old key stays alive until it is revoked, or its date has come: revoke it in the list of keys once the new one has been used in a release.',
  leak: {
    means: 'whoever has it can publish and retire versions of every package of its owner',
    automatic:
      'GitHub reports keys of the newer form ("hex_") that it finds in public places, and Hex revokes them at once and mails their owner; nobody finds those of the older form',
  },
  shape: 'line',
  checkFormat: lineFormat({
    kind: 'hex-key',
    what: 'a Hex API key',
    pattern: /^(?:hex_[0-9a-f]{40}|[0-9a-f]{32})$/,
    expected:
      'a Hex API key is "hex_" and 40 hexadecimal digits, or, of the older form, 32 of them alone, all in small letters: this is neither',
  }),
  sources: [
    'https://hexdocs.pm/hex/Mix.Tasks.Hex.User.html (permissions)',
    'https://github.com/hexpm/specifications/pull/48 (revoke_at may be left out)',
    'https://github.com/hexpm/hexpm: lib/hexpm/accounts/key.ex, auth.ex, and test/hexpm/accounts/keys_test.exs (both forms)',
    'https://github.com/hexpm/hexpm: lib/hexpm_web/controllers/api/github_secret_scanning_controller.ex',
  ],
};
