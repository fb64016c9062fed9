import { blockHas, keyFormat } from './format-key.ts';
import type { Kind } from './kind.ts';

// RFC 5958 and RFC 5480: version 0 and the algorithm "EC, P-256", in base64 after the four letters that hold the length.
const P256 = 'AgEAMBMGByqGSM49AgEGCCqGSM49AwEH';

// No live check: a call to Apple is signed by a key together with its id and the id of its issuer, and reseal has only the key.
export const appStoreConnectKey: Kind = {
  id: 'app-store-connect-key',
  title: 'App Store Connect API key',
  issuer: 'Apple',
  pages: {
    make: 'https://appstoreconnect.apple.com/access/integrations/api',
    renew: 'https://appstoreconnect.apple.com/access/integrations/api',
    revoke: 'https://appstoreconnect.apple.com/access/integrations/api',
  },
  steps: ({ nameAtIssuer }) => [
    'Sign in as Account Holder or Admin, and open Users and Access, Integrations, Team Keys: a key of a single person does not notarize.',
    `Click the add button (+)${nameAtIssuer ? `, and name it "${nameAtIssuer}"` : ' and give it a name'}: a key cannot be renewed or changed.`,
    'Under Access choose the lowest role that the release gets along with, and click Generate.',
    'Download the key: AuthKey_ID.p8 can be downloaded once, and that file belongs here as it is.',
    'Set its Key ID where the workflow has it: it changes with every key; the Issuer ID stays.',
  ],
  breaks: 'builds can no longer be notarized or uploaded with it: the release stops at `notarytool`',
  scopes: ['Admin', 'App Manager', 'Developer', 'Finance', 'Sales', 'Marketing', 'Customer Support'],
  grant:
    'The lowest role that the release gets along with: Developer, as far as is known, where it only notarizes. A team key reaches every app of the team, and cannot be kept to one.',
  lifetimes: { presets: [], custom: false, never: true },
  expiry: {
    known: 'entered',
    how: 'it never ends by itself: it works until somebody revokes it, and as long as the membership of the team lasts',
  },
  check: undefined,
  afterwards:
    'The old key stays alive until it is revoked: click Edit beside the list of active keys, choose it, and click Revoke Key once the new one has been used in a release.',
  revoking: 'Revoking a key of Apple cannot be taken back, and ends at once whatever else uses it.',
  leak: {
    means:
      'whoever has it and its two ids can act as its role for every app of the team, such as upload builds; notarizing needs the signing certificate besides',
    automatic: undefined,
  },
  shape: 'text',
  checkFormat: keyFormat({
    kind: 'app-store-connect-key',
    what: 'an App Store Connect API key',
    labels: ['PRIVATE KEY'],
    asText: 'give the file AuthKey_ID.p8 as Apple gave it',
    inside: (block) =>
      blockHas(block, P256, 4)
        ? undefined
        : 'it is a private key, but none of the kind that Apple makes for App Store Connect (EC, P-256): give the file AuthKey_ID.p8',
  }),
  sources: [
    'https://developer.apple.com/help/app-store-connect/get-started/app-store-connect-api',
    'https://developer.apple.com/documentation/appstoreconnectapi/creating-api-keys-for-app-store-connect-api (individual keys and notaryTool)',
    'https://developer.apple.com/documentation/appstoreconnectapi/revoking-api-keys',
    'https://developer.apple.com/documentation/appstoreconnectapi/generating-tokens-for-api-requests',
  ],
};
