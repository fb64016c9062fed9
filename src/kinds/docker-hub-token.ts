import { lineFormat } from './format.ts';
import type { Kind } from './kind.ts';

// No live check: POST /v2/auth/token takes the user's name beside the token, and reseal does not know it.
export const dockerHubToken: Kind = {
  id: 'docker-hub-token',
  title: 'Docker Hub access token',
  issuer: 'Docker Hub',
  pages: {
    make: 'https://app.docker.com/settings/personal-access-tokens/create',
    renew: 'https://app.docker.com/settings/personal-access-tokens',
    revoke: 'https://app.docker.com/settings/personal-access-tokens',
  },
  steps: ({ nameAtIssuer, scopes }) => [
    'Of an organization, open Access tokens in its settings instead: that token belongs to nobody who may leave.',
    `Select Generate new token${nameAtIssuer ? `, and describe it as "${nameAtIssuer}"` : ''}: there is no button to renew one.`,
    'Choose its expiration date: without one it never ends.',
    scopes.length > 0
      ? `Allow it exactly this: ${scopes.join(', ')}.`
      : 'Allow it Read & Write, or, of an organization, pushing to the repositories of the release alone.',
    'Copy the token: Docker shows it once.',
  ],
  breaks: 'images can no longer be pushed with it: the release stops at the login to Docker Hub',
  scopes: ['Public Repo Read-only', 'Read-only', 'Read & Write', 'Read, Write, Delete'],
  grant:
    'Read & Write suffices to push: leave out Delete. A personal token reaches every repository of its user; one of an organization can be kept to those of the release.',
  lifetimes: { presets: [], custom: true, never: true },
  expiry: {
    known: 'entered',
    how: 'only the person who made it knows: Docker asks for a date, keeps it beside the token in the list, and the token does not carry it',
  },
  check: undefined,
  afterwards:
    'The old token stays alive until its own date: delete it under Personal access tokens (or Access tokens of the organization) once the new one has been used in a release.',
  leak: {
    means:
      'whoever has it can push images under the names of the release, and pull the private ones that it reaches',
    automatic: undefined,
  },
  instead: {
    text: 'organizations with a Team or Business subscription can connect GitHub Actions to Docker Hub by OpenID Connect: docker/login-action then logs in without a stored token',
    link: 'https://github.com/docker/login-action#docker-hub',
  },
  shape: 'line',
  checkFormat: lineFormat({
    kind: 'docker-hub-token',
    what: 'a Docker Hub token',
    pattern: /^dckr_(?:pat_[A-Za-z0-9_-]{27}|oat_[A-Za-z0-9_-]{27,64})$/,
    expected:
      'a Docker Hub token is "dckr_pat_" and 27 letters, digits, "_" or "-", or of an organization "dckr_oat_" and some more of them: this is neither, so it may be cut off, or be a password',
  }),
  sources: [
    'https://docs.docker.com/security/access-tokens/personal-access-tokens/',
    'https://docs.docker.com/security/access-tokens/organization-access-tokens/',
    'https://docs.docker.com/reference/api/hub/latest/ (expires_at may be left out)',
    'https://github.com/trufflesecurity/trufflehog: pkg/detectors/dockerhub/v2 (the form)',
    'https://github.com/github/docs/pull/45243 (OpenID Connect, and for which subscriptions)',
  ],
};
