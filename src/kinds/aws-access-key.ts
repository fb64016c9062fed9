import { lineFormat } from './format.ts';
import type { Kind } from './kind.ts';

// What is stored as the secret is the secret access key; its id (AKIA…) is no secret, and changes with it.
// No live check: a call to AWS is signed with the id and the key, and reseal has only the key.
export const awsAccessKey: Kind = {
  id: 'aws-access-key',
  title: 'AWS access key',
  issuer: 'AWS',
  pages: {
    make: 'https://console.aws.amazon.com/iam/home#/users',
    renew: 'https://console.aws.amazon.com/iam/home#/users',
    revoke: 'https://console.aws.amazon.com/iam/home#/users',
  },
  steps: ({ nameAtIssuer }) => [
    `Choose the user${nameAtIssuer ? ` "${nameAtIssuer}"` : ' of the release'}, and then Security credentials.`,
    'Press Create access key: a user has two at most, so that an unused one may have to be deleted first.',
    'Copy the secret access key, which is shown once: it is what belongs here.',
    'Set the access key ID (AKIA and 16 characters) where the workflow has it, as a variable or a secret of its own: it changes with every key.',
  ],
  breaks: 'what the release uploads to AWS is refused, such as to S3 or ECR',
  scopes: undefined,
  grant:
    'A user of its own for the release, whose policy names the actions and the resources of the release alone; never the root user of the account.',
  lifetimes: { presets: [], custom: false, never: true },
  expiry: {
    known: 'entered',
    how: 'it never ends by itself: AWS shows how old it is, and lets it live until it is deactivated or deleted',
  },
  check: undefined,
  afterwards:
    'The old key stays alive until it is deactivated or deleted: press Deactivate beside it once the new one has been used in a release, and Delete when nothing misses it.',
  leak: {
    means:
      'whoever has it and its id can do everything that the user may, and run up costs; keys in public places are tried within minutes',
    automatic:
      'AWS looks for keys in public repositories: it attaches a quarantine policy to the user, which forbids some actions and ends nothing, and opens a support case',
  },
  instead: {
    text: 'let the workflow assume a role by OpenID Connect (aws-actions/configure-aws-credentials): its keys live for an hour, and no secret is stored',
    link: 'https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws',
  },
  shape: 'line',
  checkFormat: lineFormat({
    kind: 'aws-access-key',
    what: 'an AWS secret access key',
    pattern: /^[A-Za-z0-9/+]{40}$/,
    expected: 'an AWS secret access key is 40 letters, digits, "/" or "+": this is not',
    likely: (text) => {
      if (/^ASIA[A-Z0-9]{16}$/.test(text))
        return 'this is the id of a temporary access key (ASIA): its secret lives for hours and cannot be stored. Create an access key of a user, or better let the workflow assume a role';
      if (/^AKIA[A-Z0-9]{16}$/.test(text))
        return 'this is the id of an access key, which is no secret: paste the secret access key, the 40 characters that are shown beside it once';
      if (/^(?:[0-9a-f]{40}|[0-9A-F]{40})$/.test(text))
        return 'this is 40 hexadecimal digits, as a hash or an old GitHub token has them, and not an AWS secret access key';
      return undefined;
    },
  }),
  sources: [
    'https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html',
    'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html (AKIA, ASIA)',
    'https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCompromisedKeyQuarantineV3.html',
    'https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws',
  ],
};
