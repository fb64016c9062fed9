import type { KeyObject } from 'node:crypto';
import { createPrivateKey, X509Certificate } from 'node:crypto';

/** What lies in a file, whatever its form. */
export interface Contents {
  readonly certificates: readonly X509Certificate[];
  readonly keys: readonly KeyObject[];
  /** What else lies in it. */
  readonly others: readonly Other[];
  readonly problems: readonly string[];
  /** The problems are the password's, not the file's. */
  readonly about?: 'password' | undefined;
  readonly warnings: readonly string[];
}

export type Other = 'key' | 'public-key' | 'request' | 'pkcs7' | 'revocation-list';

export const NOTHING: Contents = { certificates: [], keys: [], others: [], problems: [], warnings: [] };

export const NEEDLESS_PASSWORD =
  'a password was given, and nothing in the file is locked: whoever has the file has what is in it';

const UNREADABLE_CERTIFICATE =
  'a certificate in it cannot be read, so the file is damaged: export it again, and look at it with `openssl x509 -in FILE -noout -text`';
const UNREADABLE_KEY =
  'the private key in it cannot be read, so the file is damaged, or its kind of key is not known here: export it again';

export const REEXPORT =
  'write it anew with `openssl pkcs12 -legacy -in FILE -noenc -out ALL.pem` and `openssl pkcs12 -export -in ALL.pem -out NEW`, and delete ALL.pem';

export const TOO_MANY_ROUNDS = `its password is stretched by more rounds than reseal spends on a file, so it was not opened: ${REEXPORT}`;

/**
 * @param certificates DER or PEM, one each
 * @param keys PKCS#8 in DER, or PEM, not encrypted
 */
export function contentsOf(
  certificates: readonly Uint8Array[],
  keys: readonly { readonly bytes: Uint8Array; readonly format: 'der' | 'pem' }[],
): Contents {
  const read = certificates.map(readCertificate);
  const opened = keys.map(({ bytes, format }) => readKey(bytes, format));
  const problems = [
    ...(read.includes(undefined) ? [UNREADABLE_CERTIFICATE] : []),
    ...(opened.includes(undefined) ? [UNREADABLE_KEY] : []),
  ];
  return {
    ...NOTHING,
    certificates: distinct(read),
    keys: opened.filter((key) => key !== undefined),
    problems,
  };
}

/** Undefined: it cannot be read, its dates included. */
function readCertificate(bytes: Uint8Array): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(bytes);
    const { validFromDate, validToDate, validFrom, validTo } = certificate;
    // OpenSSL's text of a date that is none is "Bad time value", whatever the other form says.
    const isSame = (date: Date, text: string) => date.getTime() === Date.parse(text);
    return isSame(validFromDate, validFrom) && isSame(validToDate, validTo) ? certificate : undefined;
  } catch {
    return undefined;
  }
}

function readKey(bytes: Uint8Array, format: 'der' | 'pem'): KeyObject | undefined {
  try {
    return createPrivateKey({ key: asBuffer(bytes), format, type: 'pkcs8' });
  } catch {
    return undefined;
  }
}

/** The same bytes, not a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function distinct(certificates: readonly (X509Certificate | undefined)[]): readonly X509Certificate[] {
  const byPrint = new Map(certificates.map((one) => [one?.fingerprint256, one]));
  return [...byPrint.values()].filter((one) => one !== undefined);
}
