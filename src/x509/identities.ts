import type { KeyObject, X509Certificate } from 'node:crypto';
import type { Contents } from './contents.ts';

/** The certificates of a file by the part they play. */
export interface Identities {
  /** Those of the one who signs, the one that ends first in front. */
  readonly own: readonly Identity[];
  /** The others: those of authorities, as a rule. */
  readonly others: readonly X509Certificate[];
  /** Keys that belong to none of the certificates. */
  readonly strayKeys: number;
}

export interface Identity {
  readonly certificate: X509Certificate;
  readonly hasKey: boolean;
}

/**
 * Where keys are in the file, the certificates that they belong to are its owner's. Else those that are no authority's and have issued
 * none of the others.
 */
export function findIdentities({ certificates, keys }: Contents): Identities {
  const keyed = certificates.filter((one) => keys.some((key) => belongs(key, one)));
  const own =
    keys.length > 0
      ? keyed
      : certificates.filter((one) => !one.ca && !certificates.some((other) => hasIssued(one, other)));
  const strayKeys = keys.filter((key) => !certificates.some((one) => belongs(key, one))).length;
  return {
    own: own.map((certificate) => ({ certificate, hasKey: keys.length > 0 })).sort(byEnd),
    others: certificates.filter((one) => !own.includes(one)),
    strayKeys,
  };
}

/** The certificates over this one that the file holds, the nearest first. */
export function chainOf(
  certificate: X509Certificate,
  others: readonly X509Certificate[],
): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (let below = certificate; ; ) {
    const above = others.find((one) => !chain.includes(one) && hasIssued(one, below));
    if (!above) return chain;
    chain.push(above);
    below = above;
  }
}

function byEnd(a: Identity, b: Identity): number {
  return a.certificate.validToDate.getTime() - b.certificate.validToDate.getTime();
}

function belongs(key: KeyObject, certificate: X509Certificate): boolean {
  try {
    return certificate.checkPrivateKey(key);
  } catch {
    return false;
  }
}

/** Names and signature agree. One that signed itself has not issued another. */
function hasIssued(issuer: X509Certificate, issued: X509Certificate): boolean {
  try {
    return issuer !== issued && issued.checkIssued(issuer) && issued.verify(issuer.publicKey);
  } catch {
    return false;
  }
}
