import type { Secret } from '../domain/secret.ts';
import { pemBlocks } from '../kinds/format-pem.ts';
import type { Reading } from '../kinds/kind.ts';
import type { Reader } from '../rotate/rotation.ts';
import { judge } from './judge.ts';
import { readDer } from './read-der.ts';
import { readPem } from './read-pem.ts';

/**
 * Reads certificates: X.509 (RFC 5280) in PEM or DER, with or without its private key and its chain, and PKCS#12 (RFC 7292) with its
 * password. The expiry is that of the owner's certificate, to the second. Nothing is sent anywhere; whether its authority has revoked it
 * is not known here.
 */
export function openCertificateReader(now: () => Date): Reader {
  return {
    read: async (token: Secret, password: Secret | undefined): Promise<Reading> => {
      const bytes = token.reveal();
      const given = password && password.length > 0 ? password.reveal() : undefined;
      const contents = await (pemBlocks(bytes).length > 0 ? readPem(bytes, given) : readDer(bytes, given));
      return judge(contents, now());
    },
  };
}
