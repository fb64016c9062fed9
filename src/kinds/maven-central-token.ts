import { lineFormat } from './format.ts';
import type { Kind } from './kind.ts';

// Two values come together, and workflows store them in two ways: the password under one name and the username under another, or
// both in base64 for the Authorization header of the Portal's API. Either is taken here; the username alone is not.
// No live check: whether GET /api/v1/publisher/published answers 401 for a dead token alone is not known.
export const mavenCentralToken: Kind = {
  id: 'maven-central-token',
  title: 'Maven Central user token',
  issuer: 'Maven Central',
  pages: {
    make: 'https://central.sonatype.com/usertoken',
    renew: 'https://central.sonatype.com/usertoken',
    revoke: 'https://central.sonatype.com/usertoken',
  },
  steps: ({ nameAtIssuer }) => [
    'Press Generate User Token: there is no button to renew one.',
    `${nameAtIssuer ? `Name it "${nameAtIssuer}"` : 'Give it a name'}, and choose its expiration.`,
    'It shows a username and a password, once, and both are new: keep the window open until both are stored.',
    'Store the username under its own secret as well, as a second credential of kind generic with the same date: it changes with every token.',
    'What belongs here is the password; or, where the workflow sends it as a Bearer token, "username:password" in base64.',
  ],
  breaks: 'releases can no longer be uploaded to Maven Central: the release stops at the deployment',
  scopes: undefined,
  grant:
    'The Portal offers no scopes: a token may publish in every namespace of its account. Make it with an account that has those of the release, and no others.',
  // Not known whether the Portal offers none without an expiry; a person who has one must be able to say so.
  lifetimes: { presets: [], custom: true, never: true },
  expiry: {
    known: 'entered',
    how: 'only the person who made it knows: the Portal asks for an expiration, and no interface of it is known that says it again',
  },
  check: undefined,
  afterwards:
    'The old token stays alive until its own date: revoke it on the page of user tokens once both new values have been used in a release.',
  leak: {
    means:
      'whoever has it and the username can upload releases in every namespace of the account; what Maven Central has published cannot be taken back',
    automatic: undefined,
  },
  shape: 'line',
  checkFormat: lineFormat({
    kind: 'maven-central-token',
    what: 'the password of a Maven Central user token',
    pattern: /^[A-Za-z0-9+/_-]{20,256}={0,2}$/,
    expected:
      'what belongs here is the password of the user token, 20 characters or more of letters, digits, "+", "/", "-" and "_", or the base64 of "username:password": this is neither, and may be the username',
    likely: (text) => {
      if (/^\s*</.test(text))
        return 'this is the XML of the settings: paste only what stands between <password> and </password>';
      if (/^[A-Za-z0-9+/_-]{2,256}:[A-Za-z0-9+/_=-]{2,256}$/.test(text))
        return 'this is a username and a password with a colon between them: paste the password alone, or both of them in base64';
      return undefined;
    },
  }),
  sources: [
    'https://central.sonatype.org/publish/generate-portal-token/',
    'https://central.sonatype.org/publish/publish-portal-api/ (Authorization: Bearer, base64 of username:password)',
  ],
};
