import type { Contents, Other } from './contents.ts';
import { contentsOf, NEEDLESS_PASSWORD, NOTHING, REEXPORT, TOO_MANY_ROUNDS } from './contents.ts';
import type { Element } from './der.ts';
import { childrenOf, identifierOf, integerOf, readElement, SEQUENCE } from './der.ts';
import { isPkcs12, openPkcs12 } from './pkcs12.ts';

const CUT_OFF =
  'the file is cut off, or damaged, or neither a certificate nor a PKCS#12: give the file itself, as it was exported';
const MORE = 'something follows what the file holds, so it is not whole as it was exported: export it again';

/** One certificate, one key or one PKCS#12 in DER. */
export async function readDer(bytes: Uint8Array, password: Uint8Array | undefined): Promise<Contents> {
  const element = readElement(bytes);
  if (element?.tag !== SEQUENCE) return { ...NOTHING, problems: [CUT_OFF] };
  if (element.size < bytes.length) return { ...NOTHING, problems: [MORE] };
  if (isPkcs12(element)) return readPkcs12(bytes, password);
  const contents = readSingle(element, bytes);
  return password ? { ...contents, warnings: [NEEDLESS_PASSWORD] } : contents;
}

async function readPkcs12(bytes: Uint8Array, password: Uint8Array | undefined): Promise<Contents> {
  const opened = await openPkcs12(bytes, password);
  if (typeof opened === 'string') {
    const about = opened.endsWith('-password') ? 'password' : undefined;
    return { ...NOTHING, problems: [PROBLEMS[opened]], about };
  }
  const keys = opened.keys.map((key) => ({ bytes: key, format: 'der' as const }));
  const contents = contentsOf(opened.certificates, keys);
  for (const key of opened.keys) key.fill(0);
  return {
    ...contents,
    problems: [...contents.problems, ...emptiness(opened.certificates.length, keys.length)],
    warnings: lockWarnings(opened.locked, password !== undefined, keys.length > 0),
  };
}

function emptiness(certificates: number, keys: number): readonly string[] {
  if (certificates + keys === 0)
    return ['this PKCS#12 is empty: export it again, with the certificate and its private key'];
  if (certificates === 0)
    return ['this PKCS#12 holds a private key and no certificate: export both of them together'];
  return keys === 0
    ? [
        'this PKCS#12 holds no private key, so nothing can be signed with it: export the certificate together with its private key',
      ]
    : [];
}

function lockWarnings(locked: boolean, given: boolean, hasKey: boolean): readonly string[] {
  if (locked) return [];
  if (given) return [NEEDLESS_PASSWORD];
  return hasKey ? ['no password locks this PKCS#12: whoever has the file has the private key'] : [];
}

const PROBLEMS = {
  'wrong-password':
    'the password does not open this PKCS#12: give the one that it was exported with (it may also be damaged)',
  'missing-password':
    'this PKCS#12 is locked by a password, and none was given: give the file and its password',
  'needless-password':
    'the password does not open this PKCS#12, and the empty one does: leave the password empty, or export it again with a password',
  unsupported: `this PKCS#12 is locked in a way that reseal does not read, so nothing of it is known: ${REEXPORT}`,
  'too-many-rounds': TOO_MANY_ROUNDS,
  damaged: 'this PKCS#12 is damaged, or not whole: export it again',
};

function readSingle(element: Element, bytes: Uint8Array): Contents {
  const other = otherOf(element);
  return other ? { ...NOTHING, others: [other] } : contentsOf([bytes], []);
}

/** By the first things in it: PKCS#8 and its encrypted form (RFC 5958), PKCS#1, SEC1, SubjectPublicKeyInfo, PKCS#7, PKCS#10, a CRL. */
function otherOf(element: Element): Other | undefined {
  const [first, second, third] = childrenOf(element);
  if (identifierOf(first).startsWith('1.2.840.113549.1.7.')) return 'pkcs7';
  if (first?.tag === INTEGER && second?.tag === INTEGER && integerOf(first) !== 0) return 'public-key';
  if (first?.tag === INTEGER) return (integerOf(first) ?? 2) < 2 ? 'key' : undefined;
  const isAlgorithm = identifierOf(childrenOf(first)[0]) !== '';
  if (isAlgorithm && second?.tag === 0x04) return 'key';
  if (isAlgorithm && second?.tag === 0x03) return 'public-key';
  if (third?.tag !== 0x03) return undefined;
  return otherSigned(childrenOf(first));
}

/**
 * What is signed: a certificate begins with [0] or with a number, an algorithm and a name; a request with a number and a name; a list of
 * revoked ones has a time after its name.
 */
function otherSigned(parts: readonly Element[]): Other | undefined {
  const isAlgorithm = (element: Element | undefined) => identifierOf(childrenOf(element)[0]) !== '';
  const numbered = parts[0]?.tag === INTEGER;
  if (numbered && !isAlgorithm(parts[1])) return 'request';
  const time = parts[numbered ? 3 : 2]?.tag ?? 0;
  return isAlgorithm(parts[numbered ? 1 : 0]) && TIMES.includes(time) ? 'revocation-list' : undefined;
}

const INTEGER = 0x02;
/** UTCTime and GeneralizedTime. */
const TIMES = [0x17, 0x18];
