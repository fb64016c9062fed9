import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Made on the spot with openssl, since reseal has to read what others wrote. Keys are P-256, which is quick.

export interface Issued {
  readonly certificatePem: Buffer;
  /** PKCS#8, not encrypted. */
  readonly keyPem: Buffer;
  readonly der: Buffer;
  readonly notAfter: Date;
}

export interface Certificate extends Issued {
  /** As openssl 3 writes it: AES-256 and PBKDF2 for both, 2048 rounds, HMAC-SHA256 over it. */
  readonly p12: Buffer;
  readonly password: string;
}

/**
 * A certificate for code signing, signed by its own key and valid since a minute ago.
 *
 * @param options.days until it ends; below 0: it has ended; 365 when absent
 * @param options.subject as openssl takes it: `/CN=…`
 */
export function makeCertificate(
  options: { days?: number; password?: string; subject?: string } = {},
): Certificate {
  const { days = 365, password = 'correct horse', subject } = options;
  const now = Date.now();
  const until = new Date(now + days * DAY_MS);
  const from = new Date(Math.min(now - 60_000, until.getTime() - DAY_MS));
  const issued = issue({ from, until, ...(subject === undefined ? {} : { subject }) });
  return { ...issued, password, p12: exportP12(issued, { password }) };
}

export interface IssueOptions {
  readonly subject?: string;
  readonly from?: Date;
  readonly until?: Date;
  /** Absent: it signs itself. */
  readonly signedBy?: Issued;
  /** A CA instead of a certificate for code signing. */
  readonly authority?: boolean;
}

const DAY_MS = 86_400_000;
const SECTIONS = `
[ca]
default_ca = one
[one]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
countryName = optional
organizationName = optional
organizationalUnitName = optional
commonName = optional
[req]
distinguished_name = name
string_mask = utf8only
utf8 = yes
[name]
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = codeSigning
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
`;

/** Instants are cut to the second, as X.509 has them. */
export function issue(options: IssueOptions = {}): Issued {
  const from = options.from ?? new Date(Date.now() - 60_000);
  const until = options.until ?? new Date(Date.now() + 365 * DAY_MS);
  return inFolder((folder) => {
    writeFileSync(join(folder, 'ca.cnf'), SECTIONS);
    writeFileSync(join(folder, 'index.txt'), '');
    request(folder, options.subject ?? '/CN=Developer ID Application: Acme (ABCDE12345)/O=Acme');
    const dates = ['-startdate', digits(from), '-enddate', digits(until)];
    const section = ['-extensions', options.authority ? 'authority' : 'leaf'];
    const signer = signerOf(folder, options.signedBy);
    const paths = ['-config', 'ca.cnf', '-in', 'request.pem', '-out', 'certificate.pem'];
    openssl(['ca', '-batch', '-notext', '-utf8', ...paths, ...section, ...dates, ...signer], { folder });
    const certificatePem = readFileSync(join(folder, 'certificate.pem'));
    const certificate = new X509Certificate(certificatePem);
    const keyPem = readFileSync(join(folder, 'key.pem'));
    return { certificatePem, keyPem, der: certificate.raw, notAfter: certificate.validToDate };
  });
}

/** Leaves `key.pem` and `request.pem` in the folder. */
function request(folder: string, subject: string): void {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-keyout', 'key.pem'];
  openssl(['req', '-config', 'ca.cnf', '-new', '-utf8', '-subj', subject, ...curve, '-out', 'request.pem'], {
    folder,
  });
}

function signerOf(folder: string, signer: Issued | undefined): readonly string[] {
  if (!signer) return ['-selfsign', '-keyfile', 'key.pem'];
  writeFileSync(join(folder, 'signer.pem'), signer.certificatePem);
  writeFileSync(join(folder, 'signer-key.pem'), signer.keyPem);
  return ['-cert', 'signer.pem', '-keyfile', 'signer-key.pem'];
}

/** A request to certify the key (PKCS#10), in PEM. */
export function makeRequest(): Buffer {
  return inFolder((folder) => {
    writeFileSync(join(folder, 'ca.cnf'), SECTIONS);
    request(folder, '/CN=Acme');
    return readFileSync(join(folder, 'request.pem'));
  });
}

/**
 * A PKCS#12 in DER.
 *
 * @param options.chain certificates that go with it
 * @param options.flags of `openssl pkcs12 -export`, such as `-legacy`
 */
export function exportP12(
  issued: Issued,
  options: {
    readonly password: string;
    readonly chain?: readonly Issued[];
    readonly flags?: readonly string[];
  },
): Buffer {
  const { password, chain = [], flags = [] } = options;
  const input = Buffer.concat([issued.keyPem, ...[issued, ...chain].map((one) => one.certificatePem)]);
  return openssl(['pkcs12', '-export', '-passout', 'env:P12_PASSWORD', ...flags], { input, password });
}

/** Runs openssl with these arguments; the password is in its environment as `P12_PASSWORD`. */
export function openssl(
  parts: readonly string[],
  { folder, input, password }: { folder?: string; input?: Buffer; password?: string } = {},
): Buffer {
  return execFileSync('openssl', parts, {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(folder === undefined ? {} : { cwd: folder }),
    ...(input === undefined ? {} : { input }),
    env: { ...process.env, P12_PASSWORD: password ?? '' },
  });
}

/** Calls it with a new folder, which is removed afterwards. */
export function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'reseal-certificates-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `20271231235959Z` */
function digits(instant: Date): string {
  return `${instant.toISOString().replace(/\D/g, '').slice(0, 14)}Z`;
}
