import { keyFormat } from './format-key.ts';
import type { Kind } from './kind.ts';

// No live check and no reading: its expiry stands in the signatures of the key itself, which nothing here takes apart.
export const gpgKey: Kind = {
  id: 'gpg-key',
  title: 'GPG signing key',
  issuer: 'GnuPG',
  pages: undefined,
  steps: ({ nameAtIssuer }) => [
    'Extend the one that there is, on the machine that has its primary key: `gpg --quick-set-expire FINGERPRINT 1y`, and the same with `"*"` after it for its subkeys.',
    `Or make another one: \`gpg --quick-generate-key ${nameAtIssuer ? `"${nameAtIssuer.replaceAll(/["`\\$]/g, '')}"` : '"NAME <ADDRESS>"'} ed25519 sign 1y\`.`,
    'Publish its public half where those who verify look for it, such as a keyserver and your GitHub account: else they see the old expiry.',
    'Export what signs as text: `gpg --armor --export-secret-subkeys FINGERPRINT` leaves the primary key at home; `--export-secret-keys` takes it along.',
    'Look at the date with `gpg --list-keys FINGERPRINT`.',
  ],
  breaks: 'releases can no longer be signed with it, and what checks signatures refuses them',
  scopes: undefined,
  grant:
    'A subkey that may sign and nothing else, so that a leak costs the subkey and not the key that people trust. Its passphrase is a secret of its own.',
  lifetimes: { presets: [], custom: true, never: true },
  expiry: {
    known: 'entered',
    how: 'the key carries it, and `gpg --list-keys` shows it; reseal does not take OpenPGP apart, so enter the earliest date among the key and the subkey that signs',
  },
  check: undefined,
  afterwards:
    'If it is another key than before: the old one still signs until it ends or is revoked, so publish its revocation once nothing needs it. If it was only extended, nothing is left to do.',
  revoking:
    'Import the revocation certificate that GnuPG wrote beside the key (`openpgp-revocs.d`), or make one by `gpg --gen-revoke FINGERPRINT`, and publish the key again: only who fetches it anew learns of that.',
  leak: {
    means:
      'whoever has it, and its passphrase where it has one, can sign whatever looks like a release of yours',
    automatic: undefined,
  },
  instead: {
    text: 'where nobody asks for OpenPGP in particular, GitHub attests what a workflow has built (actions/attest-build-provenance), signed with a key that lives for minutes',
    link: 'https://docs.github.com/en/actions/how-tos/secure-your-work/use-artifact-attestations/use-artifact-attestations',
  },
  shape: 'text',
  checkFormat: keyFormat({
    kind: 'gpg-key',
    what: 'a PGP private key',
    labels: ['PGP PRIVATE KEY BLOCK'],
    asText: 'export it with `gpg --armor --export-secret-keys FINGERPRINT`',
  }),
  sources: [
    'RFC 9580 §6.2 (ASCII armor)',
    'gpg(1): --quick-set-expire, --quick-generate-key, --export-secret-subkeys, --gen-revoke',
    'https://www.gnupg.org/documentation/manuals/gnupg/',
  ],
};
