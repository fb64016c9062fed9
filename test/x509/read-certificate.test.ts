import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportP12, inFolder, issue, makeRequest, openssl } from '../support/certificates.ts';
import { NOW, problemsOf, readFile, said } from './reading.ts';

const at = (day: string) => new Date(`${day}Z`);
const FROM = at('2026-01-01T00:00:00');
const root = issue({
  authority: true,
  subject: '/CN=Acme Root',
  from: FROM,
  until: at('2036-01-01T00:00:00'),
});
const middle = issue({
  authority: true,
  subject: '/CN=Acme Issuing',
  from: FROM,
  until: at('2031-01-01T00:00:00'),
  signedBy: root,
});
const leaf = issue({
  subject: '/CN=Developer ID Application: Acme (ABCDE12345)/O=Acme/C=DE',
  from: FROM,
  until: at('2027-03-01T12:34:56'),
  signedBy: middle,
});
const other = issue({ from: FROM, until: at('2028-01-01T00:00:00') });
const pem = (...parts: readonly Buffer[]) => Buffer.concat(parts);

function opensslEnd(certificatePem: Buffer): Date {
  const text = openssl(['x509', '-noout', '-enddate', '-dateopt', 'iso_8601'], { input: certificatePem });
  return new Date(text.toString().trim().replace('notAfter=', '').replace(' ', 'T'));
}

describe('a certificate', () => {
  it.each([
    ['PEM', leaf.certificatePem],
    ['DER', leaf.der],
    ['PEM with line ends of Windows', Buffer.from(leaf.certificatePem.toString().replaceAll('\n', '\r\n'))],
    [
      'PEM with what openssl writes in front of it',
      pem(Buffer.from('Bag Attributes\n    x: y\n'), leaf.certificatePem),
    ],
  ])('ends when openssl says so, to the second (%s)', async (_, file) => {
    const reading = await readFile(file);
    expect(reading.problems).toEqual([]);
    expect(reading.warnings).toEqual([]);
    expect(reading.expiry).toEqual({ kind: 'known', at: at('2027-03-01T12:34:56'), source: 'read' });
    expect(opensslEnd(leaf.certificatePem)).toEqual(at('2027-03-01T12:34:56'));
  });

  it('says whose it is, who issued it and which one it is', async () => {
    const reading = await readFile(leaf.certificatePem);
    const { serialNumber, fingerprint256 } = new X509Certificate(leaf.certificatePem);
    expect(reading.says).toEqual([
      { label: 'Subject', text: 'Developer ID Application: Acme (ABCDE12345), C=DE, O=Acme' },
      { label: 'Issuer', text: 'Acme Issuing' },
      { label: 'Serial number', text: serialNumber },
      { label: 'Valid from', text: '2026-01-01T00:00:00Z' },
      { label: 'SHA-256 fingerprint', text: fingerprint256 },
      { label: 'Private key', text: 'not with it' },
      { label: 'For', text: 'code signing' },
    ]);
  });

  it('says that its key is with it', async () => {
    for (const file of [pem(leaf.certificatePem, leaf.keyPem), pem(leaf.keyPem, leaf.certificatePem)]) {
      const reading = await readFile(file);
      expect([reading.problems, said(reading, 'Private key')]).toEqual([[], 'with it']);
    }
  });

  it('shows nothing that would turn a line around', async () => {
    const odd = issue({
      subject: '/CN=Acme \u202egpj.exe\u0007',
      from: FROM,
      until: at('2027-01-01T00:00:00'),
    });
    const reading = await readFile(odd.certificatePem);
    expect(said(reading, 'Subject')).toMatch(/^Acme \?gpj\.exe/);
    expect(said(reading, 'Subject')).not.toMatch(/\p{C}/u);
  });

  it('never ends where it says so by the last instant that there is', async () => {
    const endless = issue({ from: FROM, until: at('9999-12-31T23:59:59') });
    expect((await readFile(endless.certificatePem)).expiry).toEqual({ kind: 'never', source: 'read' });
  });

  it('is refused when it has expired, with the date', async () => {
    const expired = issue({ from: FROM, until: at('2026-11-23T09:30:00') });
    const reading = await readFile(expired.certificatePem);
    expect(reading.problems).toEqual([expect.stringContaining('expired at 2026-11-23T09:30:00Z')]);
    expect(reading.problems[0]).toContain('renew it');
    expect(reading.expiry).toMatchObject({ at: NOW });
  });

  it('is taken in its last second', async () => {
    const last = issue({ from: FROM, until: at('2026-11-23T09:30:01') });
    expect(await problemsOf(last.certificatePem)).toBe('');
  });

  it('is warned about before it is valid', async () => {
    const early = issue({ from: at('2026-12-01T00:00:00'), until: at('2027-12-01T00:00:00') });
    const reading = await readFile(early.certificatePem);
    expect(reading.problems).toEqual([]);
    expect(reading.warnings).toEqual([expect.stringContaining('not valid before 2026-12-01T00:00:00Z')]);
  });

  it('is warned about when a password was given for nothing', async () => {
    for (const file of [leaf.certificatePem, leaf.der, pem(leaf.certificatePem, leaf.keyPem)])
      expect((await readFile(file, 'correct horse')).warnings).toEqual([
        expect.stringContaining('nothing in the file is locked'),
      ]);
  });
});

describe('a chain', () => {
  it('is taken with its leaf, wherever that stands', async () => {
    const files = [
      pem(leaf.certificatePem, middle.certificatePem, root.certificatePem),
      pem(root.certificatePem, middle.certificatePem, leaf.certificatePem),
      pem(leaf.keyPem, root.certificatePem, leaf.certificatePem, middle.certificatePem),
    ];
    for (const file of files) {
      const reading = await readFile(file);
      expect(reading.problems).toEqual([]);
      expect(reading.warnings).toEqual([]);
      expect(reading.expiry).toMatchObject({ at: leaf.notAfter });
      expect(said(reading, 'Issuers with it')).toContain('Acme Issuing');
    }
  });

  it.each([
    ['one', [root]],
    ['several', [middle, root]],
  ])('of authorities alone is refused (%s)', async (_, ones) => {
    const problems = await problemsOf(pem(...ones.map((one) => one.certificatePem)));
    expect(problems).toContain('the certificate of an authority (CA), not yours');
    expect(problems).toContain('give the one that the authority issued to you');
  });

  it('is warned about where an issuer ends before the leaf', async () => {
    const short = issue({
      authority: true,
      subject: '/CN=Short',
      from: FROM,
      until: at('2027-02-01T00:00:00'),
      signedBy: root,
    });
    const below = issue({ from: FROM, until: at('2027-03-01T00:00:00'), signedBy: short });
    const reading = await readFile(pem(below.certificatePem, short.certificatePem, root.certificatePem));
    expect(reading.problems).toEqual([]);
    expect(reading.expiry).toMatchObject({ at: at('2027-03-01T00:00:00') });
    expect(reading.warnings).toEqual([
      expect.stringContaining('(Short) ends earlier, at 2027-02-01T00:00:00Z'),
    ]);
  });

  it('is read from one line, where \\n stands for each line break', async () => {
    const file = pem(leaf.certificatePem, leaf.keyPem, middle.certificatePem).toString();
    const reading = await readFile(Buffer.from(file.replaceAll('\n', '\\n')));
    expect([reading.problems, said(reading, 'Private key')]).toEqual([[], 'with it']);
    expect(said(reading, 'Issuers with it')).toBe('Acme Issuing');
  });

  it('counts one that stands in it twice once', async () => {
    const reading = await readFile(pem(leaf.certificatePem, leaf.certificatePem));
    expect([reading.problems, reading.warnings]).toEqual([[], []]);
  });

  it('of two owners ends with the first of them', async () => {
    const reading = await readFile(pem(other.certificatePem, leaf.certificatePem));
    expect(reading.expiry).toMatchObject({ at: leaf.notAfter });
    expect(reading.warnings).toEqual([expect.stringContaining('the one that ends first')]);
  });
});

describe('a private key', () => {
  const lock = (key: Buffer, ...flags: readonly string[]) =>
    openssl(['pkcs8', '-topk8', '-passout', 'env:P12_PASSWORD', ...flags], {
      input: key,
      password: 'correct horse',
    });
  const locked = lock(leaf.keyPem);

  it('of another certificate is refused', async () => {
    const problems = await problemsOf(pem(leaf.certificatePem, other.keyPem));
    expect(problems).toContain('does not belong to the certificate');
  });

  it('of another certificate is refused beside the right one', async () => {
    const problems = await problemsOf(pem(leaf.certificatePem, leaf.keyPem, other.keyPem));
    expect(problems).toContain('does not belong to the certificate');
  });

  it('of an authority is taken with a warning', async () => {
    const reading = await readFile(pem(root.certificatePem, root.keyPem));
    expect(reading.problems).toEqual([]);
    expect(reading.warnings).toEqual([expect.stringContaining('may issue others (CA)')]);
  });

  it.each([
    ['PBES2', locked],
    ['PBES2 with SHA-512', lock(leaf.keyPem, '-v2prf', 'hmacWithSHA512')],
    ['PBES2 with SHA-1 and triple DES', lock(leaf.keyPem, '-v2', 'des3', '-v2prf', 'hmacWithSHA1')],
    ['triple DES of PKCS#12', lock(leaf.keyPem, '-v1', 'PBE-SHA1-3DES')],
    [
      'headers as openssl wrote them once',
      openssl(['ec', '-aes256', '-passout', 'env:P12_PASSWORD'], {
        input: leaf.keyPem,
        password: 'correct horse',
      }),
    ],
  ])('that is locked is opened by its password (%s)', async (_, key) => {
    const file = pem(leaf.certificatePem, key);
    const reading = await readFile(file, 'correct horse');
    expect([reading.problems, reading.warnings, said(reading, 'Private key')]).toEqual([[], [], 'with it']);
    expect(await problemsOf(file, 'battery staple')).toContain('the password does not open its private key');
    expect(await problemsOf(file)).toContain('its private key is locked by a password, and none was given');
  });

  it('that is locked in an unknown way is refused', async () => {
    const scrypt = lock(leaf.keyPem, '-scrypt');
    expect(await problemsOf(pem(leaf.certificatePem, scrypt), 'correct horse')).toContain(
      'locked in a way that reseal does not read',
    );
  });

  it('that is locked by too many rounds is refused', async () => {
    const slow = patchRounds(lock(leaf.keyPem));
    expect(await problemsOf(pem(leaf.certificatePem, slow), 'correct horse')).toContain('more rounds');
  });
});

describe('a file with several locked keys', () => {
  const lock = (rounds: number) =>
    openssl(['pkcs8', '-topk8', '-passout', 'pass:horse', '-iter', String(rounds)], { input: leaf.keyPem });

  it('is opened where they are few', async () => {
    const file = pem(leaf.certificatePem, ...new Array<Buffer>(4).fill(lock(2_048)));
    expect(await problemsOf(file, 'horse')).toBe('');
  });

  it('is refused where they are many, before any of them is opened', async () => {
    const file = pem(leaf.certificatePem, ...new Array<Buffer>(5).fill(lock(2_048)));
    expect(await problemsOf(file, 'another')).toContain('more than 4 private keys');
  });

  it('spends the rounds of one file on all of them', async () => {
    const slow = lock(4_000_000);
    const file = pem(leaf.certificatePem, slow, slow, slow);
    expect(await problemsOf(file, 'horse')).toContain('more rounds');
  });
});

describe('a certificate without its private key', () => {
  it('is a question, which one with it is not', async () => {
    const asked = [expect.stringContaining('no private key with it')];
    expect((await readFile(leaf.certificatePem)).questions).toEqual(asked);
    expect((await readFile(leaf.der)).questions).toEqual(asked);
    expect((await readFile(pem(leaf.certificatePem, leaf.keyPem))).questions).toEqual([]);
  });
});

/** Its 2048 rounds become 8,390,656 and more: the two bytes of the number and the one after it are read as one number. */
function patchRounds(key: Buffer): Buffer {
  const der = Buffer.from(key.toString().replace(/-----[A-Z ]+-----/g, ''), 'base64');
  const place = der.indexOf(Buffer.from('02020800', 'hex'));
  // The sequence around it keeps its length: the salt gives two bytes to the number.
  const salt = der.subarray(place - 8, place - 2);
  const patched = Buffer.concat([Buffer.from('0406', 'hex'), salt, Buffer.from('02047fffffff', 'hex')]);
  patched.copy(der, place - 10);
  const lines = der.toString('base64').replace(/.{64}/g, '$&\n');
  return Buffer.from(
    `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${lines}\n-----END ENCRYPTED PRIVATE KEY-----\n`,
  );
}

describe('what is no certificate', () => {
  const toDer = (command: string, input: Buffer, ...flags: readonly string[]) =>
    openssl([command, '-outform', 'DER', ...flags], { input });
  const publicKey = openssl(['pkey', '-pubout'], { input: leaf.keyPem });
  const request = makeRequest();
  const pkcs7 = inFolder((folder) => {
    writeFileSync(join(folder, 'leaf.pem'), leaf.certificatePem);
    return openssl(['crl2pkcs7', '-nocrl', '-certfile', 'leaf.pem'], { folder });
  });
  const crl = Buffer.from('-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n');

  it.each([
    ['a private key', leaf.keyPem, 'a private key alone'],
    ['a private key in DER', toDer('pkey', leaf.keyPem), 'a private key alone'],
    ['an EC key in DER', toDer('ec', leaf.keyPem), 'a private key alone'],
    ['an RSA key in DER', openssl(['genrsa', '-traditional', '1024']), 'a private key alone'],
    [
      'a locked key',
      openssl(['pkcs8', '-topk8', '-passout', 'pass:x'], { input: leaf.keyPem }),
      'a private key alone',
    ],
    [
      'a locked key in DER',
      openssl(['pkcs8', '-topk8', '-outform', 'DER', '-passout', 'pass:x'], { input: leaf.keyPem }),
      'a private key alone',
    ],
    ['a public key', publicKey, 'a public key, not a certificate'],
    ['a public key in DER', toDer('pkey', leaf.keyPem, '-pubout'), 'a public key, not a certificate'],
    ['a request', request, 'a request for a certificate (CSR)'],
    ['a request in DER', toDer('req', request), 'a request for a certificate (CSR)'],
    ['a PKCS#7', pkcs7, 'openssl pkcs7 -print_certs'],
    ['a PKCS#7 in DER', toDer('pkcs7', pkcs7), 'openssl pkcs7 -print_certs'],
    ['a list of revoked ones', crl, 'a list of revoked certificates'],
    [
      'another PEM',
      Buffer.from('-----BEGIN DH PARAMETERS-----\nMAA=\n-----END DH PARAMETERS-----\n'),
      'no certificate in it',
    ],
    [
      "openssl's own form",
      openssl(['x509', '-trustout'], { input: leaf.certificatePem }),
      "openssl's own form",
    ],
    ['a damaged certificate', damaged(leaf.certificatePem), 'a certificate in it cannot be read'],
    ['a certificate that is cut off', leaf.der.subarray(0, -20), 'cut off'],
    ['a certificate with something after it', pem(leaf.der, leaf.der), 'something follows'],
    ['a date that is none', badDate(leaf.der), 'a certificate in it cannot be read'],
    ['noise', Buffer.from(Array.from({ length: 500 }, (_, index) => (index * 7919) % 251)), 'cut off'],
    ['nothing', Buffer.alloc(0), 'cut off'],
  ])('is named, with what to do: %s', async (_, file, words) => {
    const reading = await readFile(file);
    expect(reading.problems).toHaveLength(1);
    expect(reading.problems[0]).toContain(words);
    expect(reading.expiry).toBeUndefined();
  });
});

function damaged(certificatePem: Buffer): Buffer {
  const lines = certificatePem.toString().split('\n');
  return Buffer.from(lines.toSpliced(2, 1).join('\n'));
}

/** The month of its end becomes the thirteenth. */
function badDate(der: Buffer): Buffer {
  const text = Buffer.from('270301123456Z');
  const copy = Buffer.from(der);
  Buffer.from('271301123456Z').copy(copy, copy.indexOf(text));
  return copy;
}

describe('a certificate for something else', () => {
  it('is warned about when it is for TLS alone', async () => {
    const file = inFolder((folder) =>
      openssl(
        [
          ...[
            'req',
            '-x509',
            '-newkey',
            'ec',
            '-pkeyopt',
            'ec_paramgen_curve:P-256',
            '-noenc',
            '-keyout',
            'k.pem',
          ],
          ...[
            '-subj',
            '/CN=example.org',
            '-days',
            '36500',
            '-addext',
            'extendedKeyUsage=serverAuth,clientAuth',
          ],
          ...['-addext', 'basicConstraints=critical,CA:FALSE'],
        ],
        { folder },
      ),
    );
    const warnings = (await readFile(file)).warnings.join();
    expect(warnings).toContain('for TLS, not for signing');
  });
});

describe('a PKCS#12 with a chain', () => {
  it('is read as the same chain in PEM is', async () => {
    const file = exportP12(leaf, { password: 'correct horse', chain: [middle, root] });
    const reading = await readFile(file, 'correct horse');
    expect(reading.problems).toEqual([]);
    expect(reading.expiry).toMatchObject({ at: leaf.notAfter });
    expect(said(reading, 'Issuers with it')).toContain('Acme Root');
  });
});
