import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { certificate } from '../../src/kinds/certificate.ts';
import { makeCertificate } from '../support/certificates.ts';
import { validValue } from '../support/values.ts';

const made = makeCertificate();
const problems = (text: string | Uint8Array) =>
  certificate.checkFormat(typeof text === 'string' ? Buffer.from(text) : text);

describe('the format of a certificate', () => {
  it.each([
    ['PEM', made.certificatePem],
    ['PEM with its key', Buffer.concat([made.keyPem, made.certificatePem])],
    ['DER', made.der],
    ['PKCS#12', made.p12],
    ['PKCS#12 whose lengths are left open', Buffer.from([0x30, 0x80, 0x02, 0x01, 0x03, 0x30, 0x80])],
    // Named by what reads it, which knows what lies beside it.
    ['a key alone', made.keyPem],
  ])('takes %s', (_, file) => {
    expect(problems(file)).toEqual([]);
  });

  it.each([
    ['nothing', '', 'nothing was pasted'],
    [
      'one byte too many',
      Buffer.concat([made.p12, Buffer.alloc(49_153 - made.p12.length)]),
      'larger than GitHub stores',
    ],
    ['a PEM on one line', made.certificatePem.toString().replaceAll('\n', ' '), 'lost its line breaks'],
    ['a PEM that is cut off', made.certificatePem.subarray(0, 300), 'has no END line'],
    ['UTF-16', Buffer.from(`\ufeff${made.certificatePem}`, 'utf16le'), 'save it as plain text'],
    ['base64 of a PKCS#12', made.p12.toString('base64'), 'give the file itself, as bytes'],
    ['base64 on lines', made.der.toString('base64').replace(/.{76}/g, '$&\n'), 'encoding: base64'],
    ['a keystore of Java', Buffer.from('feedfeed0000000200000001', 'hex'), 'keytool -importkeystore'],
    [
      'a keystore of Java with JCE',
      Buffer.from('cececece0000000200000001', 'hex'),
      'keytool -importkeystore',
    ],
    ['text that begins like DER', '0123456789', 'neither PEM'],
    ['words', 'correct horse battery staple', 'neither PEM'],
    ['noise', Buffer.concat([Buffer.from([0]), randomBytes(500)]), 'neither PEM'],
  ])('refuses %s', (_, file, words) => {
    expect(problems(file)).toEqual([expect.stringContaining(words)]);
  });

  it.each(['crates-io-token', 'github-token', 'npm-token', 'gpg-key', 'ssh-deploy-key'])(
    'names a value of %s, and repeats nothing of it',
    (kind) => {
      const value = validValue(kind);
      const said = problems(value).join();
      expect(said).toMatch(/^this is an? .+, not a certificate: treat it as exposed/);
      expect(said).not.toContain(Buffer.from(value).toString('latin1').trim().slice(0, 20));
    },
  );
});

describe('the kind certificate', () => {
  it('never asks to revoke the old one after a renewal, which would end what it has signed', () => {
    expect(certificate.afterwards).toBeUndefined();
    expect(certificate.revoking).toContain('Renewing is no reason to revoke');
  });

  it('asks about a date beyond the rule for Windows, which is not that of Apple', () => {
    expect(certificate.lifetimes.rules).toEqual([
      expect.objectContaining({ since: '2026-03-01', maxDays: 460, partial: true }),
    ]);
  });

  it('is read by what can open it', () => {
    expect([certificate.shape, certificate.reader, certificate.read]).toEqual([
      'file',
      'certificate',
      undefined,
    ]);
  });
});
