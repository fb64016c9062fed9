import { foreign, sizeProblems } from './format.ts';
import { isTextOfWindows, pemBlocks, pemProblems } from './format-pem.ts';
import type { Kind } from './kind.ts';
import { recogniseBytes, recogniseDer } from './recognise.ts';

const CSC_31 = 'https://cabforum.org/2025/11/17/ballot-csc-31-maximum-validity-reduction/';
const WHAT = 'a certificate';

// No live check: whether its authority has revoked it would have to be asked of an address that the certificate itself names.
export const certificate: Kind = {
  id: 'certificate',
  title: 'signing certificate',
  issuer: 'its certificate authority',
  // Each authority has its own.
  pages: undefined,
  steps: ({ nameAtIssuer }) => [
    `Order the next one from the authority that issued this one${nameAtIssuer ? ` ("${nameAtIssuer}")` : ''}, with a new key, some weeks ahead: it checks who you are first.`,
    'Apple: as Account Holder open developer.apple.com/account/resources/certificates/list, press +, choose Developer ID Application (or Installer), upload a request that Keychain Access made, download what comes back and open it in Keychain Access.',
    'Windows: an authority that Windows trusts puts the key on hardware or into its signing service, from where it cannot be exported. Then what can be given to reseal is the certificate alone (.cer or .crt): it is tracked, and whatever the workflow signs in with is a credential of its own.',
    'Where the key is at hand, export the certificate and its private key together, as the release workflow expects them: PKCS#12 (.p12, .pfx) with a password, or PEM.',
    'The expiry is read from that file, for which its password is asked. The password is not kept: where it has changed, store it as the secret that the workflow reads it from.',
  ],
  breaks:
    'builds can no longer be signed with it, and without a signature Windows and macOS warn of them or refuse them',
  scopes: undefined,
  grant:
    'Code signing and nothing else. Of the chain it holds what is needed, and of private keys the one: not the whole keychain.',
  lifetimes: {
    presets: [],
    custom: true,
    never: false,
    rules: [
      {
        since: '2026-03-01',
        maxDays: 460,
        about: 'code signing certificates of authorities that Windows trusts, not those of Apple',
        partial: true,
        advice:
          'Older ones keep their date, and the next one lives for about 15 months: plan to renew it every year.',
        source: CSC_31,
      },
    ],
  },
  expiry: {
    known: 'read',
    how: 'It is read from the certificate itself, on this machine, to the second. Those of Apple (Developer ID) live for five years, those for Windows for 460 days at most.',
  },
  check: undefined,
  // The old one ends by itself, and to revoke it could end what it has signed.
  afterwards: undefined,
  revoking:
    'Only its authority can revoke it, and what was signed with it may stop working: agree with the authority on the date from which it counts as revoked, so that what you signed before the leak, with a time stamp, stays valid. Renewing is no reason to revoke.',
  leak: {
    means:
      'Whoever has the file and its password signs as you: systems take what they sign for yours until the authority revokes the certificate. An authority that Windows trusts has to do that within 24 hours of learning of the leak, and may date it back; from that date on nothing signed with it counts, before it only what has a time stamp. Once Apple has revoked a Developer ID, what was signed with it can no longer be installed.',
    automatic: undefined,
  },
  instead: {
    text: 'For Windows, Azure Artifact Signing signs in the cloud: the release workflow shows who it is by OpenID Connect, and neither a certificate nor its key is stored. Apple has nothing of the kind for workflows on GitHub.',
    link: 'https://learn.microsoft.com/en-us/azure/artifact-signing/',
  },
  shape: 'file',
  reader: 'certificate',
  checkFormat: (token) => {
    const size = sizeProblems(token);
    if (size.length > 0) return size;
    if (isTextOfWindows(token)) return [TEXT_OF_WINDOWS];
    const arrived = isDer(token) ? [] : pemProblems(token);
    if (arrived.length > 0) return arrived;
    const problem = formProblem(token);
    return problem === undefined ? [] : [problem];
  },
  sources: [
    'RFC 5280 (X.509), RFC 7468 (PEM), RFC 7292 (PKCS#12)',
    `${CSC_31} (460 days)`,
    'CA/Browser Forum, Baseline Requirements for Code Signing: keys on hardware since 2023-06-01, revocation within 24 hours',
    'https://developer.apple.com/support/developer-id/ (five years)',
    'https://developer.apple.com/support/certificates/ (expired or revoked ones)',
    'https://developer.apple.com/help/account/certificates/create-developer-id-certificates (steps)',
    'https://github.com/Azure/artifact-signing-action/blob/main/docs/OIDC.md',
  ],
};

const TEXT_OF_WINDOWS =
  'this text begins with a byte order mark or is UTF-16, which nothing reads as a certificate: save it as plain text';

/** Looks at how it begins; what is in it is the reader's to judge. */
function formProblem(token: Uint8Array): string | undefined {
  const other = recogniseBytes(token);
  if (other && (!other.lines || NO_CERTIFICATES.includes(other.kind))) return foreign(other, WHAT);
  if (isDer(token) || pemBlocks(token).length > 0) return undefined;
  if (isBase64OfDer(token))
    return 'this is a file in base64: give the file itself, as bytes (`base64 -d` gives it back); with `encoding: base64` in the configuration it is stored encoded';
  if (isKeystore(token))
    return 'this is a keystore of Java: `keytool -importkeystore -srckeystore FILE -destkeystore NEW -deststoretype pkcs12` writes it as PKCS#12';
  return 'it is neither PEM ("-----BEGIN CERTIFICATE-----") nor DER or PKCS#12, so no certificate is in it: give the file as it was exported';
}

const NO_CERTIFICATES = ['gpg-key', 'ssh-deploy-key'];

/** A SEQUENCE of more than 127 bytes, or one whose length is left open (X.690 §8.1.3): no text begins so. */
function isDer(token: Uint8Array): boolean {
  const [tag, length = 0] = token;
  return (tag === 0x30 && length >= 0x80 && length <= 0x84) || recogniseDer(token) !== undefined;
}

/** `MI` is how base64 of such a SEQUENCE begins. */
function isBase64OfDer(token: Uint8Array): boolean {
  return token[0] === 0x4d && token[1] === 0x49 && token.every((byte) => byte <= 0x20 || isBase64(byte));
}

function isBase64(byte: number): boolean {
  const isLetter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
  return isLetter || (byte >= 0x2f && byte <= 0x39) || byte === 0x2b || byte === 0x3d;
}

/** The first bytes of JKS and JCEKS. */
function isKeystore([a, b, c, d]: Uint8Array): boolean {
  const start = [a, b, c, d].join();
  return start === '254,237,254,237' || start === '206,206,206,206';
}
