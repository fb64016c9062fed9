import type { CertificateOptions, WorkflowIdentity } from './certificate.ts';
import { issueCertificate, workflowExtensions } from './certificate.ts';

// What npm answers to GET /-/npm/v1/attestations/{package}@{version}: its own record of the publishing, signed with its key, and
// the SLSA provenance, signed by a certificate (npm/cli: workspaces/libnpmpublish/lib/provenance.js; sigstore/protobuf-specs).
// The certificates are real and issued by nobody; the signatures are noise, since nobody here verifies them.

export interface AttestedVersion {
  readonly name: string;
  readonly version: string;
  /** Of the tarball, hexadecimal. */
  readonly sha512: string;
}

export interface AttestationsSpec {
  readonly identity: WorkflowIdentity;
  /** What the statement is about, where that is another version. */
  readonly subject?: AttestedVersion;
  /** Changes what the certificate says; absent: just the identity. */
  readonly extensions?: (extensions: Map<string, string>) => void;
  /** `publish` when absent: npm's own record comes first. */
  readonly first?: 'publish' | 'provenance';
  /** `v0.3` when absent: the certificate stands alone. Before, it was the first of a chain. */
  readonly bundle?: 'v0.2' | 'v0.3';
}

const STATEMENT = 'https://in-toto.io/Statement/v1';
const PUBLISH = 'https://github.com/npm/attestation/tree/main/specs/publish/v0.1';
export const SLSA_PROVENANCE = 'https://slsa.dev/provenance/v1';

export function attestationsOf(version: AttestedVersion, publishedAt: Date, spec: AttestationsSpec): object {
  const publish = { predicateType: PUBLISH, bundle: publishBundle(version) };
  const provenance = { predicateType: SLSA_PROVENANCE, bundle: provenanceBundle(version, publishedAt, spec) };
  return { attestations: spec.first === 'provenance' ? [provenance, publish] : [publish, provenance] };
}

function publishBundle(version: AttestedVersion): object {
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.2',
    verificationMaterial: { publicKey: { hint: 'SHA256:sandbox' }, tlogEntries: [] },
    dsseEnvelope: envelope(
      PUBLISH,
      version,
      { name: version.name, version: version.version },
      'SHA256:sandbox',
    ),
  };
}

function provenanceBundle(version: AttestedVersion, publishedAt: Date, spec: AttestationsSpec): object {
  const { identity, subject = version, bundle = 'v0.3' } = spec;
  const extensions = workflowExtensions(identity);
  spec.extensions?.(extensions);
  const rawBytes = issueCertificate(certificateOptions(identity, extensions, publishedAt)).toString('base64');
  const old = bundle === 'v0.2';
  return {
    mediaType: `application/vnd.dev.sigstore.bundle${old ? '+json;version=0.2' : '.v0.3+json'}`,
    verificationMaterial: {
      ...(old ? { x509CertificateChain: { certificates: [{ rawBytes }] } } : { certificate: { rawBytes } }),
      tlogEntries: [],
    },
    dsseEnvelope: envelope(SLSA_PROVENANCE, subject, provenancePredicate(identity), ''),
  };
}

function certificateOptions(
  { repository, workflow, ref = 'refs/heads/main' }: WorkflowIdentity,
  extensions: Map<string, string>,
  notBefore: Date,
): CertificateOptions {
  const uri = `https://github.com/${repository}/.github/workflows/${workflow}@${ref}`;
  return { notBefore, uri, extensions };
}

/** Written by the client, and so no evidence by itself. */
function provenancePredicate({ repository, workflow, ref = 'refs/heads/main' }: WorkflowIdentity): object {
  return {
    buildDefinition: {
      buildType: 'https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1',
      externalParameters: {
        workflow: {
          ref,
          repository: `https://github.com/${repository}`,
          path: `.github/workflows/${workflow}`,
        },
      },
    },
    runDetails: { builder: { id: 'https://github.com/actions/runner/github-hosted' } },
  };
}

function envelope(predicateType: string, about: AttestedVersion, predicate: object, keyid: string): object {
  const statement = {
    _type: STATEMENT,
    subject: [
      {
        name: `pkg:npm/${about.name.replace(/^@/, '%40')}@${about.version}`,
        digest: { sha512: about.sha512 },
      },
    ],
    predicateType,
    predicate,
  };
  return {
    payload: Buffer.from(JSON.stringify(statement)).toString('base64'),
    payloadType: 'application/vnd.in-toto+json',
    signatures: [{ sig: Buffer.from('not a signature').toString('base64'), keyid }],
  };
}
