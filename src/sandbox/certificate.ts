import type { KeyObject } from 'node:crypto';
import { generateKeyPairSync, sign } from 'node:crypto';

// Certificates as Fulcio issues them to a workflow (sigstore/fulcio: docs/oid-info.md), made on the spot and by nobody trusted.

/** What a run of GitHub Actions would be certified for. */
export interface WorkflowIdentity {
  /** `owner/name` */
  readonly repository: string;
  /** File name of the workflow. */
  readonly workflow: string;
  readonly environment?: string | undefined;
  /** `refs/heads/main` when absent. */
  readonly ref?: string;
}

/** Object identifier → text of the extension. */
export type Extensions = ReadonlyMap<string, string>;

export interface CertificateOptions {
  readonly notBefore: Date;
  /** The certificate's only name. */
  readonly uri: string;
  readonly extensions: Extensions;
}

const FULCIO = '1.3.6.1.4.1.57264.1';
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
/** Fulcio's certificates live for ten minutes. */
const LIFETIME_MS = 10 * 60_000;

/** The extensions of a push to that ref, numbered as Fulcio numbers them; without .1.23 where there is no environment. */
export function workflowExtensions(identity: WorkflowIdentity): Map<string, string> {
  const { repository, workflow, environment, ref = 'refs/heads/main' } = identity;
  const source = `https://github.com/${repository}`;
  const config = `${source}/.github/workflows/${workflow}@${ref}`;
  const commit = '0123456789abcdef0123456789abcdef01234567';
  const values: readonly (readonly [number, string | undefined])[] = [
    [8, 'https://token.actions.githubusercontent.com'],
    [9, config],
    [10, commit],
    [11, 'github-hosted'],
    [12, source],
    [13, commit],
    [14, ref],
    [18, config],
    [19, commit],
    [20, 'push'],
    [21, `${source}/actions/runs/1234567890/attempts/1`],
    [22, 'public'],
    [23, environment],
  ];
  const present = values.filter((pair): pair is readonly [number, string] => pair[1] !== undefined);
  return new Map(present.map(([number, text]) => [`${FULCIO}.${number}`, text]));
}

/** @returns a v3 certificate in DER (RFC 5280) for a fresh P-256 key, signed by an issuer that nobody knows */
export function issueCertificate({ notBefore, uri, extensions }: CertificateOptions): Buffer<ArrayBuffer> {
  const subject = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
  const issuer = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const algorithm = sequence(oid(ECDSA_WITH_SHA256));
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(Buffer.from('1f0e5ea1', 'hex')),
    algorithm,
    issuerName(),
    sequence(utcTime(notBefore), utcTime(new Date(notBefore.getTime() + LIFETIME_MS))),
    sequence(),
    publicKey(subject),
    explicit(3, sequence(...usage(), alternativeName(uri), ...[...extensions].map(textExtension))),
  );
  return sequence(body, algorithm, bitString(sign('sha256', body, issuer)));
}

function issuerName(): Buffer<ArrayBuffer> {
  const attribute = (type: string, value: string) =>
    element(0x31, sequence(oid(type), element(0x13, Buffer.from(value))));
  return sequence(attribute('2.5.4.10', 'sigstore.test'), attribute('2.5.4.3', 'sigstore-intermediate'));
}

function publicKey(key: KeyObject): Buffer<ArrayBuffer> {
  return Buffer.from(key.export({ type: 'spki', format: 'der' }));
}

/** digitalSignature, critical, and code signing. */
function usage(): readonly Buffer<ArrayBuffer>[] {
  const digitalSignature = element(0x03, Buffer.from([7, 0x80]));
  return [
    sequence(oid('2.5.29.15'), element(0x01, Buffer.from([0xff])), octets(digitalSignature)),
    sequence(oid('2.5.29.37'), octets(sequence(oid('1.3.6.1.5.5.7.3.3')))),
  ];
}

/** Critical, since the subject is empty (RFC 5280 §4.2.1.6). */
function alternativeName(uri: string): Buffer<ArrayBuffer> {
  return sequence(
    oid('2.5.29.17'),
    element(0x01, Buffer.from([0xff])),
    octets(sequence(element(0x86, Buffer.from(uri)))),
  );
}

function textExtension([id, text]: readonly [string, string]): Buffer<ArrayBuffer> {
  return sequence(oid(id), octets(element(0x0c, Buffer.from(text, 'utf8'))));
}

// DER (X.690), as far as a certificate needs it.

function element(tag: number, ...parts: readonly Uint8Array[]): Buffer<ArrayBuffer> {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), length(content.length), content]);
}

function length(size: number): Buffer<ArrayBuffer> {
  if (size < 0x80) return Buffer.from([size]);
  const digits = size.toString(16);
  const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

function sequence(...parts: readonly Uint8Array[]): Buffer<ArrayBuffer> {
  return element(0x30, ...parts);
}

function octets(content: Uint8Array): Buffer<ArrayBuffer> {
  return element(0x04, content);
}

function bitString(content: Uint8Array): Buffer<ArrayBuffer> {
  return element(0x03, Buffer.from([0]), content);
}

function explicit(number: number, content: Uint8Array): Buffer<ArrayBuffer> {
  return element(0xa0 | number, content);
}

/** Of a positive number whose first bit is not set. */
function integer(bytes: Uint8Array): Buffer<ArrayBuffer> {
  return element(0x02, bytes);
}

/** For the years up to 2049 (RFC 5280 §4.1.2.5). */
function utcTime(instant: Date): Buffer<ArrayBuffer> {
  const digits = instant.toISOString().replace(/\D/g, '').slice(2, 14);
  return element(0x17, Buffer.from(`${digits}Z`));
}

function oid(dotted: string): Buffer<ArrayBuffer> {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return element(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(number: number): number[] {
  const last = number & 0x7f;
  const before = number >>> 7;
  return before === 0 ? [last] : [...base128(before).map((byte) => byte | 0x80), last];
}
