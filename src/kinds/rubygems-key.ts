import { lineFormat } from './format.ts';
import type { Kind } from './kind.ts';

// No live check: GET /api/v1/gems.json tells a live key from a dead one only where its scopes allow that list, else by a 403 that has
// not been seen here.
export const rubygemsKey: Kind = {
  id: 'rubygems-key',
  title: 'RubyGems API key',
  issuer: 'RubyGems',
  pages: {
    make: 'https://rubygems.org/profile/api_keys/new',
    renew: 'https://rubygems.org/profile/api_keys',
    revoke: 'https://rubygems.org/profile/api_keys',
  },
  steps: ({ nameAtIssuer, scopes }) => [
    'Confirm your password, and press New API Key: there is no button to renew one, and Reset at the end of the list deletes all of them.',
    `${nameAtIssuer ? `Name it "${nameAtIssuer}"` : 'Give it a name that says where it is used'}.`,
    scopes.length > 0
      ? `Tick exactly these scopes: ${scopes.join(', ')}.`
      : 'Tick Push rubygem, and no other scope.',
    'Choose the gem it is for, where it is for one, and an expiration date: without one it never ends.',
    'Press Create and copy the key: RubyGems shows it once.',
  ],
  breaks: 'gems can no longer be pushed with it: the release stops at `gem push`',
  scopes: [
    'index_rubygems',
    'push_rubygem',
    'yank_rubygem',
    'add_owner',
    'update_owner',
    'remove_owner',
    'access_webhooks',
    'show_dashboard',
    'configure_trusted_publishers',
  ],
  grant: 'Push rubygem alone, for the one gem that is released: yanking and owners are for people.',
  lifetimes: { presets: [], custom: true, never: true },
  expiry: {
    known: 'entered',
    how: 'only the person who made it knows: the list of API keys shows the date, the key does not carry it, and no mail comes before it',
  },
  check: undefined,
  afterwards:
    'The old key stays alive until it is deleted, or its date has come: press Delete beside it once the new one has been used in a release.',
  leak: {
    means:
      'whoever has it can push versions of the gems that it reaches, and by its other scopes yank them or add owners',
    automatic:
      'GitHub reports keys that it finds in public places, and RubyGems revokes them at once and mails their owner',
  },
  instead: {
    text: 'trusted publishing: GitHub Actions gets a key for 15 minutes, and no secret is stored. A gem that does not exist yet can have a pending publisher',
    link: 'https://guides.rubygems.org/trusted-publishing/',
  },
  shape: 'line',
  checkFormat: lineFormat({
    kind: 'rubygems-key',
    what: 'a RubyGems API key',
    pattern: /^rubygems_[0-9a-f]{48}$/,
    expected:
      'a RubyGems API key is "rubygems_" and 48 hexadecimal digits in small letters, 57 characters in all: this is not',
  }),
  sources: [
    'https://guides.rubygems.org/api-key-scopes/',
    'https://guides.rubygems.org/trusted-publishing/',
    'https://github.com/rubygems/rubygems.org: app/models/api_key.rb, app/controllers/concerns/api_keyable.rb',
    'https://github.com/rubygems/rubygems.org: app/controllers/api/v1/github_secret_scanning_controller.rb',
  ],
};
