import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { issueCertificate, workflowExtensions } from '../../src/sandbox/certificate.ts';
import { NOW } from '../support/builders.ts';

const URI = 'https://github.com/acme/widgets/.github/workflows/release.yml@refs/heads/main';
const IDENTITY = { repository: 'acme/widgets', workflow: 'release.yml', environment: 'release' };

describe('issueCertificate', () => {
  it('makes what Node reads as a certificate of ten minutes with its only name', () => {
    const der = issueCertificate({ notBefore: NOW, uri: URI, extensions: workflowExtensions(IDENTITY) });
    const certificate = new X509Certificate(der);
    expect(certificate.subject).toBeFalsy();
    expect(certificate.issuer).toBe('O=sigstore.test\nCN=sigstore-intermediate');
    expect(certificate.subjectAltName).toBe(`URI:${URI}`);
    expect(certificate.validFromDate).toEqual(NOW);
    expect(certificate.validToDate).toEqual(new Date('2026-11-23T09:40:00Z'));
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.3']);
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(certificate.ca).toBe(false);
  });

  it('writes long texts with a long length', () => {
    const long = `https://example.org/${'a'.repeat(70_000)}`;
    const der = issueCertificate({ notBefore: NOW, uri: long, extensions: new Map() });
    expect(new X509Certificate(der).subjectAltName).toBe(`URI:${long}`);
  });

  it('makes another key each time', () => {
    const options = { notBefore: NOW, uri: URI, extensions: new Map<string, string>() };
    expect(issueCertificate(options)).not.toEqual(issueCertificate(options));
  });
});

describe('workflowExtensions', () => {
  it('names repository, workflow and environment under the numbers of Fulcio', () => {
    const extensions = workflowExtensions(IDENTITY);
    const of = (number: number) => extensions.get(`1.3.6.1.4.1.57264.1.${number}`);
    expect([of(12), of(18), of(23)]).toEqual(['https://github.com/acme/widgets', URI, 'release']);
  });

  it('leaves out the environment where there is none', () => {
    const extensions = workflowExtensions({ repository: 'acme/widgets', workflow: 'release.yml' });
    expect(extensions.has('1.3.6.1.4.1.57264.1.23')).toBe(false);
  });
});
