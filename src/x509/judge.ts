import type { X509Certificate } from 'node:crypto';
import { formatInstant } from '../domain/calendar.ts';
import type { Expiry } from '../domain/expiry.ts';
import type { Reading } from '../kinds/kind.ts';
import type { Contents, Other } from './contents.ts';
import { describe, isForTlsAlone, nameOf } from './describe.ts';
import type { Identities, Identity } from './identities.ts';
import { chainOf, findIdentities } from './identities.ts';

/** What a file with these things in it says of itself, and why it cannot be taken. */
export function judge(contents: Contents, now: Date): Reading {
  const warnings = contents.warnings;
  if (contents.problems.length > 0) {
    const { problems, about } = contents;
    return { expiry: undefined, says: [], problems, warnings, ...(about ? { about } : {}) };
  }
  if (contents.certificates.length === 0)
    return { expiry: undefined, says: [], problems: [noCertificate(contents)], warnings };
  const identities = findIdentities(contents);
  const [first] = identities.own;
  if (!first) return { expiry: undefined, says: [], problems: [nobodysOwn(identities)], warnings };
  return {
    expiry: expiryOf(first.certificate),
    says: [...identities.own.flatMap(describe), ...others(identities)],
    problems: [...strays(identities), ...identities.own.flatMap((one) => ended(one, now))],
    warnings: [
      ...warnings,
      ...identities.own.flatMap((one) => doubts(one, identities, now)),
      ...several(identities),
    ],
    questions: identities.own.some(({ hasKey }) => hasKey) ? [] : [NO_KEY],
  };
}

const NO_KEY = 'there is no private key with it, and a workflow cannot sign with the certificate alone';

const BOTH = 'give a PKCS#12, or a PEM file that holds the certificate and its key';
const ALONE: Readonly<Record<Other, string>> = {
  key: `this is a private key alone, without its certificate: ${BOTH}`,
  'public-key': `this is a public key, not a certificate: ${BOTH}`,
  request:
    'this is a request for a certificate (CSR): send it to the authority, and give the certificate that comes back',
  pkcs7:
    'this is a PKCS#7, which holds certificates and never a private key: `openssl pkcs7 -print_certs -in FILE -out NEW` (with `-inform DER` for one in DER) writes them as PEM; add the private key',
  'revocation-list': 'this is a list of revoked certificates (CRL), not a certificate: give the certificate',
};

function noCertificate({ keys, others }: Contents): string {
  if (keys.length > 0) return ALONE.key;
  const [other] = others;
  return other ? ALONE[other] : `there is no certificate in it: ${BOTH}`;
}

function nobodysOwn({ strayKeys, others }: Identities): string {
  if (strayKeys > 0) return STRAY;
  const name = others[0] ? nameOf(others[0]) : '';
  return `this is the certificate of an authority (CA), not yours (${name}): give the one that the authority issued to you`;
}

const STRAY =
  'the private key in it does not belong to the certificate: export the certificate and the key that its request was made with together';

function strays({ strayKeys }: Identities): readonly string[] {
  return strayKeys > 0 ? [STRAY] : [];
}

/** RFC 5280 §4.1.2.5: it has no date on which it ends. */
const NO_END = '9999-12-31T23:59:59Z';

function expiryOf({ validToDate }: X509Certificate): Expiry {
  return formatInstant(validToDate) === NO_END
    ? { kind: 'never', source: 'read' }
    : { kind: 'known', at: validToDate, source: 'read' };
}

function ended({ certificate }: Identity, now: Date): readonly string[] {
  const { validFromDate, validToDate } = certificate;
  if (validToDate <= validFromDate)
    return ['the certificate ends before it begins, so it is never valid: export it again'];
  return validToDate <= now
    ? [
        `the certificate expired at ${formatInstant(validToDate)} (${nameOf(certificate)}): renew it with its authority, and give the new one`,
      ]
    : [];
}

function doubts({ certificate, hasKey }: Identity, { others }: Identities, now: Date): readonly string[] {
  const found: string[] = [];
  if (certificate.validFromDate > now)
    found.push(
      `the certificate is not valid before ${formatInstant(certificate.validFromDate)}: a release before that cannot be signed with it`,
    );
  if (certificate.ca && hasKey)
    found.push(
      'the certificate may issue others (CA): sign with one that may not, so that whoever finds it cannot make more of them',
    );
  if (isForTlsAlone(certificate))
    found.push('the certificate is for TLS, not for signing: look whether it is the right one');
  const above = chainOf(certificate, others);
  const earliest = above.filter((one) => one.validToDate < certificate.validToDate);
  for (const one of earliest)
    found.push(
      `the certificate of its issuer in the file (${nameOf(one)}) ${one.validToDate <= now ? 'ended' : 'ends'} earlier, at ${formatInstant(one.validToDate)}: put the issuer's newer one in its place`,
    );
  return found;
}

function several({ own }: Identities): readonly string[] {
  return own.length > 1
    ? [`it holds ${own.length} certificates of its owner: the expiry is that of the one that ends first`]
    : [];
}

function others({ others }: Identities): readonly { readonly label: string; readonly text: string }[] {
  return others.length === 0 ? [] : [{ label: 'Issuers with it', text: others.map(nameOf).join('; ') }];
}
