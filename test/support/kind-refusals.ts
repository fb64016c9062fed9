import { randomBytes } from 'node:crypto';
import { issue, makeCertificate } from './certificates.ts';
import { pem, validValue } from './values.ts';

/** A value that must not be taken, and by which words a person learns why. */
export interface Refusal {
  readonly what: string;
  readonly kind: string;
  readonly value: Buffer;
  readonly password?: string;
  /** On the page and in the result of `--stdin`. */
  readonly says: RegExp;
  /** In the words of the form, where the form itself refuses it. */
  readonly formSays?: RegExp;
  /** Of `--stdin`, where it is not 3: it was not even read to its end. */
  readonly code?: number;
  /** A part of it, at least twelve bytes, that must be nowhere. */
  readonly canary?: string;
}

const LIMIT = 49_152;

/** A PKCS#12 whose safes have nothing in them (RFC 7292 §4). */
function emptyP12(): Buffer {
  const data = Buffer.from('06092a864886f70d010701', 'hex');
  const content = (inside: Buffer) => der(0x30, data, der(0xa0, der(0x04, inside)));
  const safes = Array.from({ length: 8 }, () => content(der(0x30)));
  return der(0x30, Buffer.from('020103', 'hex'), content(der(0x30, ...safes)));
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const inside = Buffer.concat(parts);
  const { length } = inside;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), inside]);
}

export function refusals(): readonly Refusal[] {
  return [...certificates(), ...keys(), ...sizes()];
}

function certificates(): readonly Refusal[] {
  const kind = 'certificate';
  const password = `pass word ${randomBytes(12).toString('hex')}`;
  const wrong = `pass word ${randomBytes(12).toString('hex')}`;
  const { p12 } = makeCertificate({ password });
  const expired = makeCertificate({ days: -2, password });
  const authority = issue({ authority: true, subject: '/CN=Acme Root' });
  const canary = p12.subarray(-220, -160).toString('latin1');
  return [
    {
      what: 'a PKCS#12 with a wrong password',
      kind,
      value: p12,
      password: wrong,
      canary,
      says: /the password does not open this PKCS#12/,
    },
    {
      what: 'a PKCS#12 without its password',
      kind,
      value: p12,
      canary,
      says: /locked by a password, and none/,
    },
    { what: 'a PKCS#12 with nothing in it', kind, value: emptyP12(), says: /this PKCS#12 is empty/ },
    {
      what: 'the chain instead of the leaf',
      kind,
      value: authority.certificatePem,
      says: /the certificate of an authority \(CA\), not yours \(.*Acme Root/,
    },
    {
      what: 'a certificate that has expired',
      kind,
      value: expired.p12,
      password,
      canary: expired.p12.subarray(-220, -160).toString('latin1'),
      says: /the certificate expired at \d{4}-/,
    },
  ];
}

function keys(): readonly Refusal[] {
  const half = randomBytes(48);
  const ssh = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5${half.toString('base64')} ada@example.org\n`;
  const pgp = pem('PGP PUBLIC KEY BLOCK', randomBytes(300)).replace('-----\n', '-----\n\n');
  const needed = /this is a.* public key.*private|public key.* and the private one is needed/;
  // Without quotes and equals signs, which have a reason of their own.
  const binary = Buffer.from(randomBytes(600).filter((byte) => !'"\'`='.includes(String.fromCharCode(byte))));
  const canary = binary.subarray(200, 260).toString('latin1');
  return [
    { what: 'a public key', kind: 'ssh-deploy-key', value: Buffer.from(ssh), says: needed },
    { what: 'a public key', kind: 'gpg-key', value: Buffer.from(pgp), says: needed },
    {
      what: 'a public key',
      kind: 'app-store-connect-key',
      value: Buffer.from(pem('PUBLIC KEY', randomBytes(91))),
      says: needed,
    },
    { what: 'bytes that are no text', kind: 'gpg-key', value: binary, canary, says: /it is binary/ },
    {
      what: 'bytes that are no text',
      kind: 'npm-token',
      value: binary,
      canary,
      says: /a hidden character at position|it is binary/,
    },
    { what: 'the token of another issuer', ...foreign('pypi-token', 'rubygems-key') },
  ];
}

function foreign(from: string, kind: string): Omit<Refusal, 'what'> {
  const value = validValue(from);
  return { kind, value, canary: value.toString().slice(-32), says: /treat it as exposed/ };
}

function sizes(): readonly Refusal[] {
  const large = (prefix = '') => {
    const random = randomBytes(LIMIT).toString('base64');
    return Buffer.from(`${prefix}${random}`.slice(0, LIMIT + 1));
  };
  const common = { what: 'one byte more than 48 KB', code: 2, says: /larger than GitHub stores/ };
  const line = large();
  const lines = large('-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n');
  const part = (value: Buffer) => value.subarray(1_000, 1_040).toString();
  const formSays = /49152|49,152|48 KB/;
  return [
    { ...common, kind: 'generic', value: line, canary: part(line), formSays },
    { ...common, kind: 'gpg-key', value: lines, canary: part(lines), formSays },
  ];
}
