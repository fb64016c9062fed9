import type { KeyObject } from 'node:crypto';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isEncrypted, pemBlocks, privateKeyProblems } from '../../src/kinds/format-pem.ts';
import { makeCertificate, makeRequest } from '../support/certificates.ts';
import { opensshPrivateKey } from '../support/values.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const passphrase = 'correct horse';
const pem = (
  key: KeyObject,
  options: { type: 'pkcs8' | 'sec1' | 'spki'; cipher?: string; passphrase?: string },
) => key.export({ ...options, format: 'pem' } as never) as unknown as string;
const PKCS8 = pem(privateKey, { type: 'pkcs8' });
const SEC1 = pem(privateKey, { type: 'sec1' });
const LOCKED = pem(privateKey, { type: 'pkcs8', cipher: 'aes-256-cbc', passphrase });
const OLD_LOCKED = pem(privateKey, { type: 'sec1', cipher: 'aes-256-cbc', passphrase });
const OPENSSH = opensshPrivateKey();
const OPENSSH_LOCKED = opensshPrivateKey(randomBytes, 'aes256-ctr');
const CERTIFICATE = makeCertificate().certificatePem.toString();

const problems = (
  text: string | Uint8Array,
  labels: readonly string[] = ['OPENSSH PRIVATE KEY', 'PRIVATE KEY'],
) => privateKeyProblems(typeof text === 'string' ? Buffer.from(text) : text, labels);

describe('privateKeyProblems', () => {
  it.each([
    ['PKCS#8', PKCS8],
    ["OpenSSH's own", OPENSSH],
    ['line ends of Windows', PKCS8.replaceAll('\n', '\r\n')],
    ['OpenSSH with line ends of Windows', OPENSSH.replaceAll('\n', '\r\n')],
    ['one line, on purpose', OPENSSH.replaceAll('\n', '\\n')],
    ['what openssl writes in front of it', `Bag Attributes\n    friendlyName: x\n${PKCS8}`],
  ])('takes a key: %s', (_, text) => {
    expect(problems(text)).toEqual([]);
  });

  it('takes the parameters of a curve that openssl puts before its key', () => {
    const text = `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${SEC1}`;
    expect(problems(text, ['EC PRIVATE KEY'])).toEqual([]);
  });

  it.each([
    ['a public key', pem(publicKey, { type: 'spki' }), 'this is a public key, and the private one is needed'],
    [
      'the line of a public key',
      `ssh-ed25519 ${randomBytes(51).toString('base64')} deploy key\n`,
      'this is a public key, and the private one is needed',
    ],
    [
      'a public key of RFC 4716',
      '---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----\n',
      'this is a public key',
    ],
    ['a certificate', CERTIFICATE, 'this is a certificate, which is public'],
    ['a request', makeRequest().toString(), 'this is a request for a certificate'],
    ['a locked key', LOCKED, 'locked by a passphrase, which a workflow cannot type'],
    ['a locked key of old', OLD_LOCKED, 'locked by a passphrase'],
    [
      'a locked key of old with line ends of Windows',
      OLD_LOCKED.replaceAll('\n', '\r\n'),
      'locked by a passphrase',
    ],
    ['a locked key of OpenSSH', OPENSSH_LOCKED, 'locked by a passphrase'],
    ['two keys', PKCS8 + SEC1, 'it holds 2 private keys'],
    ['a key and a certificate', PKCS8 + CERTIFICATE, 'give the key alone'],
    [
      'another format',
      SEC1,
      'its private key is in another format: the file begins with "-----BEGIN OPENSSH PRIVATE KEY-----" or "-----BEGIN PRIVATE KEY-----"',
    ],
    [
      'a key of PuTTY',
      'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n',
      'puttygen FILE -O private-openssh-new',
    ],
    [
      'an empty block',
      '-----BEGIN PRIVATE KEY-----\n\n-----END PRIVATE KEY-----\n',
      'its PEM block is empty',
    ],
    [
      'something else under the name of OpenSSH',
      PKCS8.replaceAll('PRIVATE KEY', 'OPENSSH PRIVATE KEY'),
      'is no OpenSSH key',
    ],
    ['text', 'correct horse battery staple', 'there is no private key in it'],
    [
      'a label in small letters',
      PKCS8.replaceAll('PRIVATE KEY', 'private key'),
      'there is no private key in it',
    ],
    ['a byte order mark', `\ufeff${PKCS8}`, 'save it as plain text'],
    ['UTF-16', Buffer.from(`\ufeff${PKCS8}`, 'utf16le'), 'save it as plain text'],
    ['spaces for its line breaks', PKCS8.replaceAll('\n', ' '), 'lost its line breaks'],
    ['nothing', '', 'nothing was pasted'],
    ['too much', PKCS8.padEnd(49_153, '\n'), 'larger than GitHub stores'],
  ])('says of %s what is wrong', (_, text, words) => {
    expect(problems(text)).toEqual([expect.stringContaining(words)]);
  });

  it('says how PKCS#8 is made of another format, where that is needed', () => {
    expect(problems(SEC1, ['PRIVATE KEY']).join()).toContain('openssl pkcs8 -topk8 -nocrypt');
    expect(problems(SEC1).join()).not.toContain('pkcs8');
  });

  it('repeats nothing of a key', () => {
    const lines = [PKCS8, SEC1, LOCKED, OLD_LOCKED, OPENSSH_LOCKED].flatMap((key) =>
      key.split('\n').filter((line) => line.length > 20 && !line.startsWith('-----')),
    );
    const all = [PKCS8 + SEC1, LOCKED, OLD_LOCKED, OPENSSH_LOCKED, SEC1]
      .flatMap((text) => problems(text))
      .join();
    for (const line of lines) expect(all).not.toContain(line);
  });
});

describe('pemBlocks', () => {
  it('returns each block with its label and what stands in it', () => {
    const blocks = pemBlocks(Buffer.from(`note\n${CERTIFICATE}${PKCS8}`));
    expect(blocks.map(({ label }) => label)).toEqual(['CERTIFICATE', 'PRIVATE KEY']);
    expect(Buffer.from(blocks[1]?.bytes ?? []).toString()).toBe(PKCS8.trimEnd());
    expect(Buffer.from(blocks[1]?.inside ?? []).toString()).toBe(PKCS8.split('-----')[2]);
  });

  it('has no label for what is none', () => {
    const odd = pemBlocks(Buffer.from('-----BEGIN my secret: x-----\nAAAA\n-----END my secret: x-----\n'));
    expect(odd.map(({ label }) => label)).toEqual(['']);
  });
});

describe('isEncrypted', () => {
  it.each([
    [PKCS8, false],
    [SEC1, false],
    [OPENSSH, false],
    [LOCKED, true],
    [OLD_LOCKED, true],
    [OPENSSH_LOCKED, true],
  ])('tells a locked key from an open one', (text, locked) => {
    expect(pemBlocks(Buffer.from(text)).map(isEncrypted)).toEqual([locked]);
  });
});
