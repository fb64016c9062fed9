import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { asAscii } from '../../src/kinds/ascii.ts';
import { KINDS } from '../../src/kinds/catalogue.ts';
import { recognise, recogniseBytes } from '../../src/kinds/recognise.ts';
import { NOW } from '../support/builders.ts';
import { githubClassicValue, nugetV4Value, nugetV5Value } from '../support/tokens.ts';
import {
  letters,
  opensshPrivateKey,
  otherValues,
  pem,
  pgpPrivateKey,
  uuid,
  validValue,
} from '../support/values.ts';

const MIXED = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const HEX = '0123456789abcdef';

describe('recognise', () => {
  it.each([
    [`cio${'a1'.repeat(16)}`, 'crates-io-token'],
    ['cio_tp_abcdef', 'crates-io-trusted'],
    ['ghp_abcdef', 'github-token'],
    ['gho_abcdef', 'github-token'],
    ['ghs_abcdef', 'github-token'],
    ['ghr_abcdef', 'github-token'],
    ['ghu_abcdef', 'github-token'],
    ['github_pat_abcdef', 'github-token'],
    ['npm_abcdef', 'npm-token'],
    ['pypi-AgEIcHlwaS5vcmc', 'pypi-token'],
    ['dckr_pat_abcdef', 'docker-hub-token'],
    ['dckr_oat_abcdef', 'docker-hub-token'],
    ['rubygems_abcdef', 'rubygems-key'],
    ['cfut_abcdef', 'cloudflare-token'],
    ['cfat_abcdef', 'cloudflare-token'],
    ['cfk_abcdef', 'cloudflare-token'],
    ['ovsxat_abcdef', 'open-vsx-token'],
    ['ovsxp_abcdef', 'open-vsx-token'],
    [`AKIA${'A1'.repeat(8)}`, 'aws-access-key'],
    [`ASIA${'A1'.repeat(8)}`, 'aws-access-key'],
    [`hex_${letters(HEX, 40)}`, 'hex-key'],
    ['-----BEGIN PRIVATE KEY-----', 'pem'],
    ['-----BEGIN RSA PRIVATE KEY-----', 'pem'],
    ['-----BEGIN ENCRYPTED PRIVATE KEY-----', 'pem'],
    ['-----BEGIN SOMETHING ELSE-----', 'pem'],
    ['-----BEGIN OPENSSH PRIVATE KEY-----', 'ssh-deploy-key'],
    ['-----BEGIN PGP PRIVATE KEY BLOCK-----', 'gpg-key'],
    ['-----BEGIN PGP PUBLIC KEY BLOCK-----', 'public-key'],
    ['-----BEGIN PUBLIC KEY-----', 'public-key'],
    ['-----BEGIN RSA PUBLIC KEY-----', 'public-key'],
    ['-----BEGIN CERTIFICATE-----', 'certificate'],
    ['ssh-ed25519 AAAAC3Nz', 'public-key'],
    ['ecdsa-sha2-nistp256 AAAAE2Vj', 'public-key'],
    ['sk-ssh-ed25519@openssh.com AAAAGnNr', 'public-key'],
    ['glpat-abcdef', 'other'],
    ['xoxb-abcdef', 'other'],
    ['sk_live_abcdef', 'other'],
    ['sk-ant-abcdef', 'other'],
    ['eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.', 'other'],
  ])('knows %s as %s', (text, kind) => expect(recognise(text)?.kind).toBe(kind));

  it.each([
    '',
    'cio',
    `cio${'a'.repeat(31)}`,
    `cio${'a'.repeat(33)}`,
    'GHP_abc',
    'xghp_abc',
    'secret',
    'hex_abc',
    'AKIA',
    'ssh-ed25519',
    '----BEGIN PRIVATE KEY-----',
  ])('does not know %j', (text) => expect(recognise(text)).toBeUndefined());

  it.each([
    ['32 hexadecimal digits', letters(HEX, 32)],
    ['40 hexadecimal digits', letters(HEX, 40)],
    ['a UUID', uuid()],
    ['40 letters', `x${letters(MIXED, 39)}`],
  ])('does not guess whose %s are', (_, text) => expect(recognise(text)).toBeUndefined());

  it('says of each what it is, with its article, and of what is no secret that it is none', () => {
    expect(recognise('ghp_abcdef')?.what).toBe('a GitHub token');
    expect(recognise(`AKIA${'A1'.repeat(8)}`)).toMatchObject({
      what: 'the id of an AWS access key',
      open: true,
    });
    expect(recognise('ssh-rsa AAAA')?.open).toBe(true);
    expect(recognise('ghp_abcdef')?.open).toBeUndefined();
  });
});

describe('recogniseBytes', () => {
  const marked = KINDS.map(({ id }) => id).filter(
    (id) =>
      !['certificate', 'generic', 'maven-central-token', 'aws-access-key', 'app-store-connect-key'].includes(
        id,
      ),
  );

  it.each(marked)('knows a value of the kind %s by its mark', (id) => {
    expect(recogniseBytes(validValue(id))?.kind).toBe(id);
  });

  it.each([
    ['a classic GitHub token', githubClassicValue(), 'github-token'],
    ['a NuGet key of the old form', nugetV4Value(), 'nuget-key'],
    ['a NuGet key of the new form', nugetV5Value({ allocatedAt: NOW, lifetimeMinutes: 43_200 }), 'nuget-key'],
    ['a key of Apple', validValue('app-store-connect-key').toString(), 'pem'],
    ['line breaks around it', `\r\n\t ${githubClassicValue()}\n\n`, 'github-token'],
    ['a PGP key with line ends of Windows', pgpPrivateKey().replaceAll('\n', '\r\n'), 'gpg-key'],
    ['an SSH key', opensshPrivateKey(), 'ssh-deploy-key'],
  ])('knows %s', (_, text, kind) => expect(recogniseBytes(Buffer.from(text))?.kind).toBe(kind));

  it('knows DER by how it begins', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
    expect(recogniseBytes(privateKey.export({ type: 'pkcs8', format: 'der' }))?.what).toBe(
      'a private key (DER)',
    );
    expect(recogniseBytes(privateKey.export({ type: 'sec1', format: 'der' }))?.what).toBe(
      'a private key (DER)',
    );
    expect(recogniseBytes(rsa.export({ type: 'pkcs1', format: 'der' }))?.what).toBe('a private key (DER)');
    expect(recogniseBytes(publicKey.export({ type: 'spki', format: 'der' }))).toBeUndefined();
  });

  it.each([
    ['as long as it says', Buffer.concat([Buffer.from('3082010702010330820100', 'hex'), randomBytes(256)])],
    ['of an unsaid length', Buffer.concat([Buffer.from('308002010330800601', 'hex'), randomBytes(256)])],
  ])('knows a PKCS#12 file %s, in base64 too where it can be', (_, file) => {
    expect(recogniseBytes(file)?.what).toBe('a PKCS#12 file (a certificate and its key)');
  });

  it('knows a PKCS#12 file in base64, on lines as well', () => {
    const file = Buffer.concat([Buffer.from('3082010702010330820100', 'hex'), randomBytes(256)]);
    const base64 = file.toString('base64');
    expect(recogniseBytes(Buffer.from(base64))?.what).toBe('a PKCS#12 file in base64');
    expect(recogniseBytes(Buffer.from(base64.replaceAll(/.{76}/g, '$&\n')))?.kind).toBe('certificate');
  });

  it('takes nothing for DER that is not as long as it says', () => {
    const cut = Buffer.concat([Buffer.from('3082010702010330820100', 'hex'), randomBytes(200)]);
    expect(recogniseBytes(cut)).toBeUndefined();
    expect(recogniseBytes(Buffer.from('0123456789'))).toBeUndefined();
    expect(recogniseBytes(Buffer.from('308499', 'hex'))).toBeUndefined();
    expect(recogniseBytes(Buffer.of(0x30))).toBeUndefined();
    expect(recogniseBytes(Buffer.alloc(0))).toBeUndefined();
  });

  it('knows no more of a form without a mark', () => {
    expect(recogniseBytes(validValue('aws-access-key'))).toBeUndefined();
    for (const [what, value] of otherValues('hex-key'))
      expect([what, recogniseBytes(value)]).toEqual([what, undefined]);
  });

  it('looks at the beginning alone, however much follows', () => {
    expect(recogniseBytes(Buffer.from(`ghp_${'a'.repeat(1_000_000)}`))?.kind).toBe('github-token');
    expect(recogniseBytes(Buffer.from(pem('CERTIFICATE', randomBytes(40_000))))?.kind).toBe('certificate');
  });
});

describe('asAscii', () => {
  it('keeps the length in bytes, so that nothing matches across foreign ones', () => {
    expect(asAscii(Buffer.from('cio\u200babc'))).toBe('cio???abc');
    expect(asAscii(Buffer.from([0x00, 0x7f, 0x80, 0xff]))).toBe('\u0000\u007f??');
  });

  it('reads a view at its own place', () => {
    expect(asAscii(Buffer.from('xxabcxx').subarray(2, 5))).toBe('abc');
  });
});
