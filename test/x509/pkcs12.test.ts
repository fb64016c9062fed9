import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportP12, inFolder, issue, makeCertificate, openssl } from '../support/certificates.ts';
import { problemsOf, readFile, said } from './reading.ts';

const PASSWORD = 'correct horse battery';
const own = issue({ from: new Date('2026-01-01T00:00:00Z'), until: new Date('2027-03-01T12:34:56Z') });
const other = issue({ from: new Date('2026-01-01T00:00:00Z'), until: new Date('2028-01-01T00:00:00Z') });
const p12 = (...flags: readonly string[]) => exportP12(own, { password: PASSWORD, flags });
const plain = ['-certpbe', 'NONE', '-keypbe', 'NONE'];

describe('a PKCS#12', () => {
  it.each([
    ['as openssl 3 writes it', p12()],
    ['as openssl 1 did, with RC2', p12('-legacy')],
    ['as Windows does, with triple DES', p12('-legacy', '-descert')],
    ['with RC2 of 128 bits', p12('-legacy', '-certpbe', 'PBE-SHA1-RC2-128')],
    ['with a locked key and open certificates', p12('-certpbe', 'NONE')],
    ['with locked certificates and an open key', p12('-keypbe', 'NONE')],
    ['with nothing but a checksum', p12(...plain)],
    ['without a checksum', p12('-nomac')],
    [
      'with SHA-512 and AES-128',
      p12('-macalg', 'sha512', '-certpbe', 'AES-128-CBC', '-keypbe', 'AES-192-CBC'),
    ],
    ['with SHA-1', p12('-macalg', 'sha1')],
    ['with one round', p12('-iter', '1', '-maciter')],
    ['with 20,000 rounds', p12('-iter', '20000')],
  ])('is opened by its password: %s', async (_, file) => {
    const reading = await readFile(file, PASSWORD);
    expect([reading.problems, reading.warnings]).toEqual([[], []]);
    expect(reading.expiry).toEqual({ kind: 'known', at: own.notAfter, source: 'read' });
    expect(said(reading, 'Private key')).toBe('with it');
    const wrong = await problemsOf(file, 'battery staple');
    expect(wrong).toContain('the password does not open this PKCS#12');
    expect(await problemsOf(file)).toContain('locked by a password, and none was given');
  });

  it.each(['größer €', '𝄞 clef', 'a'.repeat(200), ' blank at the end '])(
    'is opened by a password of other letters',
    async (password) => {
      for (const flags of [[], ['-legacy']]) {
        const reading = await readFile(exportP12(own, { password, flags }), password);
        expect([reading.problems, said(reading, 'Private key')]).toEqual([[], 'with it']);
      }
    },
  );

  it('is opened where its lengths are left open, as NSS writes them', async () => {
    const reading = await readFile(withOpenLengths(p12()), PASSWORD);
    expect([reading.problems, reading.expiry]).toEqual([[], expect.objectContaining({ at: own.notAfter })]);
  });

  it('ends with the certificate that its key belongs to', async () => {
    const file = exportP12(own, { password: PASSWORD, chain: [other] });
    const reading = await readFile(file, PASSWORD);
    expect(reading.problems).toEqual([]);
    expect(reading.expiry).toMatchObject({ at: own.notAfter });
  });

  it('made for the tests of others is read as it says of itself', async () => {
    const made = makeCertificate({ days: 400, subject: '/CN=Acme' });
    const reading = await readFile(made.p12, made.password);
    expect(reading.problems).toEqual([]);
    expect(reading.expiry).toMatchObject({ at: made.notAfter });
    expect(await problemsOf(makeCertificate({ days: -10 }).certificatePem)).toContain('expired at');
  });
});

describe('the empty password', () => {
  it('opens what no password locks, with a warning', async () => {
    for (const file of [
      exportP12(own, { password: '' }),
      exportP12(own, { password: '', flags: ['-legacy'] }),
      p12(...plain, '-nomac'),
    ]) {
      const reading = await readFile(file);
      expect(reading.problems).toEqual([]);
      expect(reading.warnings).toEqual([expect.stringContaining('no password locks this PKCS#12')]);
      expect((await readFile(file, '')).warnings).toEqual(reading.warnings);
    }
  });

  it('is told where another one was given', async () => {
    const problems = await problemsOf(exportP12(own, { password: '' }), PASSWORD);
    expect(problems).toContain('the empty one does: leave the password empty');
  });

  it('is told where nothing at all is locked', async () => {
    const reading = await readFile(p12(...plain, '-nomac'), PASSWORD);
    expect(reading.problems).toEqual([]);
    expect(reading.warnings).toEqual([expect.stringContaining('nothing in the file is locked')]);
  });
});

describe('a PKCS#12 that cannot be taken', () => {
  const keyAlone = inFolder((folder) => {
    writeFileSync(join(folder, 'key.pem'), own.keyPem);
    return openssl(['pkcs12', '-export', '-nocerts', '-inkey', 'key.pem', '-passout', 'env:P12_PASSWORD'], {
      folder,
      password: PASSWORD,
    });
  });
  // PFX {3, data {an AuthenticatedSafe without parts}}
  const empty = Buffer.from('3016020103301106092a864886f70d010701a00404023000', 'hex');

  it.each([
    ['without a private key', p12('-nokeys'), 'holds no private key'],
    ['without a certificate', keyAlone, 'holds a private key and no certificate'],
    ['with nothing in it', empty, 'this PKCS#12 is empty'],
    ['locked by RC4', p12('-legacy', '-certpbe', 'PBE-SHA1-RC4-128'), 'openssl pkcs12 -legacy -in FILE'],
    ['with a checksum of another kind', p12('-macalg', 'md5'), 'in a way that reseal does not read'],
    ['stretched by too many rounds', withRounds(p12('-iter', '100000')), 'more rounds than reseal spends'],
    ['cut off', p12().subarray(0, -30), 'cut off'],
    ['with something after it', Buffer.concat([p12(), Buffer.from('\n')]), 'something follows'],
    ['with another version', withVersion(p12(), 4), 'a certificate in it cannot be read'],
    ['with another key', swapped(), 'does not belong to the certificate'],
  ])('is named: %s', async (_, file, words) => {
    const reading = await readFile(file, PASSWORD);
    expect(reading.problems).toHaveLength(1);
    expect(reading.problems[0]).toContain(words);
  });

  it('is said to be expired when its certificate is', async () => {
    const expired = issue({ from: new Date('2024-01-01'), until: new Date('2026-01-01T00:00:00Z') });
    const problems = await problemsOf(exportP12(expired, { password: PASSWORD }), PASSWORD);
    expect(problems).toContain('expired at 2026-01-01T00:00:00Z');
  });

  it('is refused at once where its rounds are too many', async () => {
    const before = performance.now();
    await problemsOf(withRounds(p12('-iter', '100000')), PASSWORD);
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  it('leaves others their turn while it is opened', async () => {
    let turns = 0;
    const counting = setInterval(() => turns++, 1);
    await readFile(p12('-iter', '60000'), PASSWORD);
    clearInterval(counting);
    expect(turns).toBeGreaterThan(1);
  });
});

/** Every 100,000 in it becomes 8,360,608, of which it has three. */
function withRounds(file: Buffer): Buffer {
  return Buffer.from(file.toString('hex').replaceAll('02030186a0', '02037f92a0'), 'hex');
}

function withVersion(file: Buffer, version: number): Buffer {
  const copy = Buffer.from(file);
  copy[copy.indexOf(Buffer.from('020103', 'hex')) + 2] = version;
  return copy;
}

/** A key and the certificate of another, as only a broken tool writes them: openssl refuses, so the key is exchanged in the open file. */
function swapped(): Buffer {
  const file = p12(...plain, '-nomac');
  const [mine, foreign] = [own, other].map(({ keyPem }) =>
    openssl(['pkcs8', '-topk8', '-nocrypt', '-outform', 'DER'], { input: keyPem }),
  );
  if (!mine || !foreign) throw new Error('openssl wrote no key');
  foreign.copy(file, file.indexOf(mine));
  return file;
}

/** The outer sequence, the ContentInfo, its [0] and the OCTET STRING in pieces, all without a length. */
function withOpenLengths(file: Buffer): Buffer {
  const pieces = childrenOfDer(file);
  const [version, safe, mac] = pieces;
  if (!version || !safe || !mac) throw new Error('openssl wrote another form');
  const [type, wrapped] = childrenOfDer(safe);
  const content = wrapped && childrenOfDer(wrapped)[0];
  if (!type || !content) throw new Error('openssl wrote another form');
  const bytes = content.subarray(content.length - contentLength(content));
  const half = bytes.length >> 1;
  const octets = open(0x24, octetString(bytes.subarray(0, half)), octetString(bytes.subarray(half)));
  return open(0x30, version, open(0x30, type, open(0xa0, octets)), mac);
}

function open(tag: number, ...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from([tag, 0x80]), ...parts, Buffer.alloc(2)]);
}

function octetString(bytes: Buffer): Buffer {
  const header = Buffer.from([0x04, 0x82, bytes.length >> 8, bytes.length & 0xff]);
  return Buffer.concat([header, bytes]);
}

function contentLength(element: Buffer): number {
  const first = element[1] ?? 0;
  return first < 0x80 ? first : element.readUIntBE(2, first & 0x7f);
}

function childrenOfDer(element: Buffer): readonly Buffer[] {
  const first = element[1] ?? 0;
  const content = element.subarray(2 + (first < 0x80 ? 0 : first & 0x7f));
  const found: Buffer[] = [];
  for (let at = 0; at < content.length; ) {
    const rest = content.subarray(at);
    const digits = (rest[1] ?? 0) < 0x80 ? 0 : (rest[1] ?? 0) & 0x7f;
    const size = 2 + digits + contentLength(rest);
    found.push(rest.subarray(0, size));
    at += size;
  }
  return found;
}
