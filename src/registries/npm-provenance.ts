import { X509Certificate } from '@sigstore/core';
import type { Fact } from '../verify/fact.ts';
import { known } from '../verify/fact.ts';
import type { Provenance } from '../verify/facts.ts';
import { unreachable } from './public-document.ts';
import type { Fields } from './shape.ts';
import { field, fieldsOf, listOf, textOf, WrongShape } from './shape.ts';

export interface PublishedVersion {
  readonly name: string;
  readonly version: string;
  /** `dist.integrity`: one or more of `algorithm-base64`, separated by spaces (W3C Subresource Integrity). */
  readonly integrity: string;
}

/** `v0.2` and `v1` of it are about. */
const SLSA = 'https://slsa.dev/provenance/';

/** Fulcio's extensions (sigstore/fulcio: docs/oid-info.md); those from .1.8 on hold a DER UTF8String. */
const SOURCE_REPOSITORY = '1.3.6.1.4.1.57264.1.12';
const BUILD_CONFIG = '1.3.6.1.4.1.57264.1.18';
const DEPLOYMENT_ENVIRONMENT = '1.3.6.1.4.1.57264.1.23';

const UTF8_STRING = 0x0c;
/** Fulcio's have some 2 kB. */
const CERTIFICATE_BYTES = 65_536;

/**
 * What the certificate in a version's SLSA provenance says of the workflow that built it. The statement must name this version and
 * the bytes that npm serves for it. All of it is compared and nothing verified: neither the signature, nor the certificate's
 * chain, nor its entry in the transparency log. Whoever can forge npm's answers can forge this.
 *
 * @param document answer of `GET /-/npm/v1/attestations/{package}@{version}`
 * @returns known and undefined where npm keeps no SLSA provenance, only its own record of the publishing
 * @throws WrongShape
 */
export function provenanceOf(document: unknown, published: PublishedVersion): Fact<Provenance | undefined> {
  const attestations = listOf(field(fieldsOf(document, 'attestations'), 'attestations'), 'attestations');
  const slsa = attestations
    .map((one) => fieldsOf(one, 'attestations'))
    .filter((one) => textOf(field(one, 'predicateType'), 'predicateType').startsWith(SLSA));
  const [first] = slsa;
  if (first === undefined) return known(undefined);
  if (slsa.length > 1)
    return unreachable(`npm shows several provenances of ${published.name}@${published.version}`);
  const bundle = fieldsOf(field(first, 'bundle'), 'bundle');
  return isAbout(statementOf(bundle), published)
    ? known(certified(certificateOf(bundle)))
    : unreachable(
        `the provenance that npm shows for ${published.name}@${published.version} is about something else`,
      );
}

/** The in-toto statement in the DSSE envelope. */
function statementOf(bundle: Fields): Fields {
  const envelope = fieldsOf(field(bundle, 'dsseEnvelope'), 'dsseEnvelope');
  try {
    const payload = decoded(field(envelope, 'payload'), 'dsseEnvelope.payload').toString('utf8');
    return fieldsOf(JSON.parse(payload), 'dsseEnvelope.payload');
  } catch {
    throw new WrongShape('no "dsseEnvelope.payload"');
  }
}

/** Exactly one subject: this version by its package URL, with the SHA-512 that npm serves. */
function isAbout(statement: Fields, { name, version, integrity }: PublishedVersion): boolean {
  const type = field(statement, 'predicateType');
  const [subject, ...others] = listOf(field(statement, 'subject'), 'subject').map((one) =>
    fieldsOf(one, 'subject'),
  );
  if (subject === undefined || others.length > 0 || typeof type !== 'string' || !type.startsWith(SLSA))
    return false;
  const digest = field(fieldsOf(field(subject, 'digest'), 'subject.digest'), 'sha512');
  return (
    // npm/cli: libnpmpublish/lib/publish.js makes it with `npa.toPurl`, which escapes the scope's sign only.
    field(subject, 'name') === `pkg:npm/${name.replace(/^@/, '%40')}@${version}` &&
    typeof digest === 'string' &&
    /^[0-9a-f]{128}$/i.test(digest) &&
    integrity.split(/\s+/).includes(`sha512-${Buffer.from(digest, 'hex').toString('base64')}`)
  );
}

/** Bundles up to v0.2 hold a chain with the leaf first, later ones the leaf alone (sigstore/protobuf-specs: sigstore_bundle.proto). */
function certificateOf(bundle: Fields): X509Certificate {
  const material = fieldsOf(field(bundle, 'verificationMaterial'), 'verificationMaterial');
  const chain = field(material, 'x509CertificateChain');
  const leaf =
    chain === undefined
      ? field(material, 'certificate')
      : listOf(field(fieldsOf(chain, 'x509CertificateChain'), 'certificates'), 'certificates')[0];
  const der = decoded(field(fieldsOf(leaf, 'certificate'), 'rawBytes'), 'certificate.rawBytes');
  if (der.length > CERTIFICATE_BYTES) throw new WrongShape('an odd "certificate.rawBytes"');
  try {
    const certificate = X509Certificate.parse(der);
    // Its parts are looked up only now.
    return certificate.extensions.length > 0 ? certificate : noCertificate();
  } catch {
    return noCertificate();
  }
}

function noCertificate(): never {
  throw new WrongShape('no X.509 certificate with extensions in the provenance');
}

function decoded(base64: unknown, what: string): Buffer<ArrayBuffer> {
  if (typeof base64 !== 'string' || base64 === '') throw new WrongShape(`no "${what}"`);
  return Buffer.from(base64, 'base64');
}

function certified(certificate: X509Certificate): Provenance {
  const repository = extension(certificate, SOURCE_REPOSITORY);
  const config = extension(certificate, BUILD_CONFIG);
  if (repository === undefined || !/^https:\/\/[^/]+\/./.test(repository))
    throw new WrongShape('a certificate without its repository, as before mid-2023');
  // …/.github/workflows/release.yml@refs/heads/main: the workflow that was started, also where it calls another one.
  const path = config?.startsWith(`${repository}/`)
    ? config.slice(repository.length + 1).split('@refs/')[0]
    : undefined;
  const workflow = path?.slice(path.lastIndexOf('/') + 1);
  if (workflow === undefined || workflow === '') throw new WrongShape('a certificate without its workflow');
  return {
    // Of another service than GitHub its host stays, so that it equals no repository of GitHub's.
    repository: repository.replace(/^https:\/\//, '').replace(/^github\.com\//, ''),
    workflow,
    environment: extension(certificate, DEPLOYMENT_ENVIRONMENT),
  };
}

/** @returns undefined where it is absent or empty */
function extension(certificate: X509Certificate, oid: string): string | undefined {
  const text = utf8(certificate, oid);
  return text === undefined || text === '' ? undefined : textOf(text, `certificate extension ${oid}`);
}

function utf8(certificate: X509Certificate, oid: string): string | undefined {
  try {
    const string = certificate.extension(oid)?.valueObj.subs;
    if (string === undefined) return undefined;
    const [only] = string;
    if (only !== undefined && string.length === 1 && only.tag.toDER() === UTF8_STRING)
      return new TextDecoder('utf-8', { fatal: true }).decode(only.value);
  } catch {
    // As below.
  }
  throw new WrongShape(`a certificate extension ${oid} that is no text`);
}
