import { createPrivateKey } from 'node:crypto';
import type { PemBlock } from '../kinds/format-pem.ts';
import { isEncrypted, pemBlocks } from '../kinds/format-pem.ts';
import type { Contents, Other } from './contents.ts';
import { asBuffer, contentsOf, NEEDLESS_PASSWORD, NOTHING, TOO_MANY_ROUNDS } from './contents.ts';
import { asPassword, decrypt } from './decrypt.ts';
import { childrenOf, octetsOf, readElement } from './der.ts';
import type { Rounds } from './derive.ts';
import { MAX_ROUNDS } from './derive.ts';

const CERTIFICATES = ['CERTIFICATE', 'X509 CERTIFICATE'];
const OTHERS: Readonly<Record<string, Other>> = {
  'PUBLIC KEY': 'public-key',
  'RSA PUBLIC KEY': 'public-key',
  'CERTIFICATE REQUEST': 'request',
  'NEW CERTIFICATE REQUEST': 'request',
  PKCS7: 'pkcs7',
  CMS: 'pkcs7',
  'X509 CRL': 'revocation-list',
};

/** Certificates and keys in PEM blocks (RFC 7468). Keys may be locked: each is opened, so that it can be held against its certificate. */
export async function readPem(bytes: Uint8Array, password: Uint8Array | undefined): Promise<Contents> {
  const lines = withLines(bytes);
  try {
    return await readBlocks(lines, password);
  } finally {
    if (lines !== bytes) lines.fill(0);
  }
}

/** Some keep a file on one line, with the two characters `\n` for each line break; what reads it from the secret knows. */
function withLines(bytes: Uint8Array): Uint8Array {
  if (bytes.includes(LF) || !bytes.includes(BACKSLASH)) return bytes;
  const lines = Uint8Array.from(bytes);
  lines.forEach((byte, at) => {
    if (byte === BACKSLASH && lines[at + 1] === SMALL_N) lines.set(CRLF, at);
  });
  return lines;
}

const LF = 0x0a;
const CRLF = [0x0d, LF];
const BACKSLASH = 0x5c;
const SMALL_N = 0x6e;

async function readBlocks(bytes: Uint8Array, password: Uint8Array | undefined): Promise<Contents> {
  const blocks = pemBlocks(bytes);
  const certificates = blocks.filter(({ label }) => CERTIFICATES.includes(label));
  const keys = blocks.filter(({ label }) => label.endsWith('PRIVATE KEY'));
  const locked = keys.filter(isEncrypted);
  const plain = keys.filter((key) => !locked.includes(key));
  const read = contentsOf(
    certificates.map((block) => block.bytes),
    plain.map((block) => ({ bytes: block.bytes, format: 'pem' })),
  );
  const opened = certificates.length > 0 ? await openKeys(locked, password) : NOTHING;
  const others = blocks.map(({ label }) => OTHERS[label]).filter((other) => other !== undefined);
  return {
    certificates: read.certificates,
    keys: [...read.keys, ...opened.keys],
    others: locked.length > 0 ? [...others, 'key'] : others,
    problems: [...read.problems, ...opened.problems, ...trusted(blocks)],
    about: read.problems.length === 0 ? opened.about : undefined,
    warnings: password && locked.length === 0 ? [NEEDLESS_PASSWORD] : [],
  };
}

function trusted(blocks: readonly PemBlock[]): readonly string[] {
  return blocks.some(({ label }) => label === 'TRUSTED CERTIFICATE')
    ? [
        "it holds a certificate in openssl's own form: `openssl x509 -in FILE -out NEW` writes it in the common one",
      ]
    : [];
}

async function openKeys(locked: readonly PemBlock[], password: Uint8Array | undefined): Promise<Contents> {
  if (locked.length === 0) return NOTHING;
  if (!password) {
    return {
      ...NOTHING,
      problems: [
        'its private key is locked by a password, and none was given: give the password too, so that it can be seen whether the key belongs to the certificate',
      ],
      about: 'password',
    };
  }
  if (locked.length > MOST_LOCKED) return { ...NOTHING, problems: [TOO_MANY_KEYS] };
  const opened = await openEach(locked, password);
  return {
    ...NOTHING,
    keys: opened.flatMap((one) => one.keys),
    problems: opened.flatMap((one) => one.problems),
    about: opened.find(({ problems }) => problems.length > 0)?.about,
  };
}

/** A certificate has one key; each costs what it costs to open it. */
const MOST_LOCKED = 4;
const TOO_MANY_KEYS = `it holds more than ${MOST_LOCKED} private keys that are locked by a password: give the certificate and its own key alone`;

/** One after the other, up to the first that does not open, with the rounds of one file for all of them. */
async function openEach(locked: readonly PemBlock[], password: Uint8Array): Promise<readonly Contents[]> {
  const rounds = { left: MAX_ROUNDS };
  const opened: Contents[] = [];
  for (const block of locked) {
    const one = await openKey(block, password, rounds);
    opened.push(one);
    if (one.problems.length > 0) break;
  }
  return opened;
}

async function openKey(block: PemBlock, password: Uint8Array, rounds: Rounds): Promise<Contents> {
  if (block.label !== 'ENCRYPTED PRIVATE KEY') return openOldKey(block, password);
  // Still locked, so that a text of it betrays nothing.
  const der = Buffer.from(asBuffer(block.inside).toString('latin1'), 'base64');
  const [algorithm, ciphertext] = childrenOf(readElement(der));
  const both = asPassword(password);
  const clear = await decrypt(algorithm, octetsOf(ciphertext), both, rounds);
  both.wide.fill(0);
  if (clear === 'wrong-password') return WRONG_PASSWORD;
  if (typeof clear === 'string') return { ...NOTHING, problems: [PROBLEMS[clear]] };
  const contents = contentsOf([], [{ bytes: clear, format: 'der' }]);
  clear.fill(0);
  // Nonsense has good padding once in 256 times.
  return contents.problems.length > 0 ? WRONG_PASSWORD : contents;
}

const PROBLEMS = {
  'wrong-password': 'the password does not open its private key: give the one that it was locked with',
  unsupported: `its private key is locked in a way that reseal does not read: \`openssl pkcs8 -topk8 -in KEY -out NEW\` locks it anew`,
  'too-many-rounds': TOO_MANY_ROUNDS,
  damaged: `its private key is damaged: export it again`,
};

const WRONG_PASSWORD: Contents = {
  ...NOTHING,
  problems: [PROBLEMS['wrong-password']],
  about: 'password',
};

/** With `Proc-Type` and `DEK-Info` in front of it (RFC 1421): one round of MD5, however the file is made. */
function openOldKey(block: PemBlock, password: Uint8Array): Contents {
  try {
    return {
      ...NOTHING,
      keys: [createPrivateKey({ key: asBuffer(block.bytes), passphrase: asBuffer(password) })],
    };
  } catch {
    return WRONG_PASSWORD;
  }
}
