import { keyFormat } from './format-key.ts';
import type { Kind } from './kind.ts';

const DOCS = 'https://docs.github.com/en/authentication/connecting-to-github-with-ssh/managing-deploy-keys';

// No live check: an SSH login is no call that reseal makes.
export const sshDeployKey: Kind = {
  id: 'ssh-deploy-key',
  title: 'SSH deploy key',
  issuer: 'GitHub',
  // Each repository has a page of its own, which the steps name.
  pages: { make: DOCS, renew: DOCS, revoke: DOCS },
  steps: ({ nameAtIssuer }) => [
    'Make a new pair, without a passphrase: `ssh-keygen -t ed25519 -N "" -C "deploy key" -f deploy_key`.',
    'Open the repository that it is for, such as that of the tap, and there Settings and Deploy keys.',
    `Press Add deploy key, paste the contents of deploy_key.pub${nameAtIssuer ? `, and title it "${nameAtIssuer}"` : ''}.`,
    'Tick Allow write access only if the release pushes there.',
    'What belongs here is the file deploy_key, its last line break included: delete it once it is stored.',
  ],
  breaks: 'the release can no longer fetch from or push to the repository that it is for',
  scopes: ['read', 'write'],
  grant:
    'One repository, and write access only where the release pushes. GitHub has no finer scopes for it, and no two repositories share one.',
  lifetimes: { presets: [], custom: false, never: true },
  expiry: {
    known: 'entered',
    how: 'it never ends by itself; GitHub deletes it with the token that added it, and an organization may forbid deploy keys',
  },
  check: undefined,
  afterwards:
    'The old key stays alive until it is deleted: press Delete beside it in Settings, Deploy keys of the repository once the new one has been used in a release.',
  leak: {
    means:
      'whoever has it can read the repository, and with write access push to its branches that nothing protects',
    automatic: undefined,
  },
  instead: {
    text: 'a GitHub App that is installed in that one repository gives the workflow a token for an hour (actions/create-github-app-token); its private key is a stored secret too, but one whose use is seen',
    link: 'https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/making-authenticated-api-requests-with-a-github-app-in-a-github-actions-workflow',
  },
  shape: 'text',
  checkFormat: keyFormat({
    kind: 'ssh-deploy-key',
    what: 'an SSH private key',
    labels: ['OPENSSH PRIVATE KEY', 'PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY'],
    asText: 'give the file that `ssh-keygen` wrote, the one without .pub',
  }),
  sources: [
    DOCS,
    'https://docs.github.com/en/rest/deploy-keys/deploy-keys',
    'https://cli.github.com/manual/gh_repo_deploy-key_add (removed with the token that added it)',
    'openssh-portable: PROTOCOL.key; ssh-keygen(1)',
  ],
};
