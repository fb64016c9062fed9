import { sizeProblems } from './format.ts';

// On bytes alone: a string of a key could not be wiped.

const BEGIN = '-----BEGIN ';
const END = '-----END ';
const DASHES = '-----';
const WHOLE_FILE = 'give the file itself: `reseal rotate NAME --stdin < FILE`';

/**
 * Problems of a PEM block (a key or a certificate, RFC 7468) that did not arrive whole. A field of one line turns its line breaks into
 * spaces, and a terminal may cut it off after a line; either would be stored, and fail in the next release.
 */
export function pemProblems(token: Uint8Array): readonly string[] {
  const starts = placesOf(token, BEGIN);
  if (starts.length === 0) {
    return placesOf(token, END).length > 0
      ? [`it holds the END line of a PEM block and not its BEGIN line: ${WHOLE_FILE}`]
      : [];
  }
  const problems = starts.map((start, place) => blockProblem(token.subarray(start, starts[place + 1])));
  return [...new Set(problems.filter((problem) => problem !== undefined))];
}

/**
 * Problems of what has to be one private key in a PEM block and nothing else that counts (RFC 7468; the headers of encrypted ones:
 * RFC 1421; OpenSSH's own: openssh-portable, PROTOCOL.key). Its size and whether it arrived whole are among them. Whether its numbers
 * are a key is not.
 *
 * @param labels what may stand after BEGIN, such as `OPENSSH PRIVATE KEY`, the best first
 */
export function privateKeyProblems(token: Uint8Array, labels: readonly string[]): readonly string[] {
  const size = sizeProblems(token);
  if (size.length > 0) return size;
  if (isTextOfWindows(token))
    return [
      `this text begins with a byte order mark or is UTF-16, which nothing reads as a key: save it as plain text (${expected(labels)})`,
    ];
  const arrived = pemProblems(token);
  if (arrived.length > 0) return arrived;
  const blocks = pemBlocks(token).filter(({ label }) => label !== 'EC PARAMETERS');
  const keys = blocks.filter(({ label }) => label.includes('PRIVATE KEY'));
  const [key] = keys;
  if (!key) return [noKey(token, blocks, labels)];
  if (keys.length > 1) return [`it holds ${keys.length} private keys: give the one that is meant, alone`];
  if (blocks.length > 1) {
    return ['it holds something else beside the private key, such as a certificate: give the key alone'];
  }
  const problem = keyProblem(key, labels);
  return problem === undefined ? [] : [problem];
}

/** One PEM block, all of it views of the bytes it was found in. */
export interface PemBlock {
  /** What stands after BEGIN, such as `PRIVATE KEY`; empty where it is nothing that a label could be. */
  readonly label: string;
  /** From its BEGIN line to its END line. */
  readonly bytes: Uint8Array;
  /** What stands between the two. */
  readonly inside: Uint8Array;
}

/** The blocks of what `pemProblems` has no objection to, in order. */
export function pemBlocks(token: Uint8Array): readonly PemBlock[] {
  const starts = placesOf(token, BEGIN);
  return starts.flatMap((start, place) => {
    const block = token.subarray(start, starts[place + 1]);
    const labelEnd = Math.max(BEGIN.length, find(block, DASHES, BEGIN.length));
    const label = block.subarray(BEGIN.length, labelEnd);
    const end = findEnd(block, label);
    if (end < 0) return [];
    const bytes = block.subarray(0, end + END.length + label.length + DASHES.length);
    return [{ label: labelText(label), bytes, inside: block.subarray(labelEnd + DASHES.length, end) }];
  });
}

/** Whether a private key in a block is locked by a passphrase, as far as label, headers and OpenSSH's cipher name tell. */
export function isEncrypted({ label, inside }: PemBlock): boolean {
  if (label === 'ENCRYPTED PRIVATE KEY') return true;
  if (label === 'OPENSSH PRIVATE KEY') return !beginsWith(inside, OPENSSH_NO_CIPHER);
  return beginsWith(inside, 'Proc-Type:4,ENCRYPTED');
}

/** Base64 of `openssh-key-v1`, a zero byte, and the cipher name `none` with its length and what follows it. */
const OPENSSH_NO_CIPHER = 'b3BlbnNzaC1rZXktdjEAAAAABG5vbmU';
const OPENSSH_MAGIC = OPENSSH_NO_CIPHER.slice(0, 20);

const PKCS8 = ' (`openssl pkcs8 -topk8 -nocrypt -in FILE -out NEW` converts it)';

function keyProblem(key: PemBlock, labels: readonly string[]): string | undefined {
  if (key.label === 'OPENSSH PRIVATE KEY' && !beginsWith(key.inside, OPENSSH_MAGIC))
    return 'what stands in its PEM block is no OpenSSH key: give the file as `ssh-keygen` wrote it';
  if (isEncrypted(key))
    return 'its private key is locked by a passphrase, which a workflow cannot type: make or export one without a passphrase';
  if (!labels.includes(key.label))
    return `its private key is in another format: ${expected(labels)}${labels[0] === 'PRIVATE KEY' ? PKCS8 : ''}`;
  return key.inside.every((byte) => byte <= SPACE) ? 'its PEM block is empty' : undefined;
}

function noKey(token: Uint8Array, blocks: readonly PemBlock[], labels: readonly string[]): string {
  const text = expected(labels);
  if (blocks.some(({ label }) => label.includes('PUBLIC KEY')) || isPublicLine(token))
    return `this is a public key, and the private one is needed: ${text}`;
  if (blocks.some(({ label }) => label === 'CERTIFICATE REQUEST'))
    return `this is a request for a certificate, and the private key is needed: ${text}`;
  if (blocks.some(({ label }) => label.includes('CERTIFICATE')))
    return `this is a certificate, which is public, and the private key is needed: ${text}`;
  if (isAt(token, 'PuTTY-User-Key-File', 0))
    return `this is a key of PuTTY, which only PuTTY reads: export it with \`puttygen FILE -O private-openssh-new -o NEW\` (${text})`;
  return `there is no private key in it: ${text}`;
}

function expected(labels: readonly string[]): string {
  return `the file begins with ${labels.map((label) => `"${BEGIN}${label}${DASHES}"`).join(' or ')}`;
}

/** As in authorized_keys, or the form of RFC 4716. */
function isPublicLine(token: Uint8Array): boolean {
  return ['ssh-', 'ecdsa-sha2-', 'sk-ssh-', 'sk-ecdsa-', '---- BEGIN SSH2 PUBLIC'].some((start) =>
    isAt(token, start, 0),
  );
}

/** UTF-8 with a byte order mark, or UTF-16, as PowerShell writes them. */
export function isTextOfWindows(token: Uint8Array): boolean {
  const [first, second, third] = token;
  return (
    (first === 0xef && second === 0xbb && third === 0xbf) ||
    (first === 0xff && second === 0xfe) ||
    (first === 0xfe && second === 0xff)
  );
}

/** Labels are capitals, digits and single blanks; anything else could be a part of something secret. */
function labelText(label: Uint8Array): string {
  const text = label.length > 40 ? '' : String.fromCharCode(...label);
  return /^[A-Z0-9]+( [A-Z0-9]+)*$/.test(text) ? text : '';
}

/** Blanks and line breaks do not count. */
function beginsWith(bytes: Uint8Array, text: string): boolean {
  let at = 0;
  for (let index = 0; index < text.length; index++) {
    while ((bytes[at] ?? 0xff) <= SPACE || isAt(bytes, WRITTEN_BREAK, at))
      at += isAt(bytes, WRITTEN_BREAK, at) ? 2 : 1;
    if (bytes[at++] !== text.charCodeAt(index)) return false;
  }
  return true;
}

function blockProblem(block: Uint8Array): string | undefined {
  const labelEnd = find(block, DASHES, BEGIN.length);
  const label = block.subarray(BEGIN.length, Math.max(BEGIN.length, labelEnd));
  if (label.length === 0 || label.some((byte) => byte === LF || byte === CR))
    return `the first line of its PEM block is cut off: ${WHOLE_FILE}`;
  const end = findEnd(block, label);
  if (end < 0) return `its PEM block has no END line, so the rest of it is missing: ${WHOLE_FILE}`;
  const inside = withoutBlanks(block.subarray(labelEnd + DASHES.length, end));
  return beginsWithBreak(inside) && endsWithBreak(inside)
    ? undefined
    : `its PEM block has lost its line breaks, as happens in a field of one line: ${WHOLE_FILE}`;
}

/** Where the END line of this label begins, or -1. */
function findEnd(block: Uint8Array, label: Uint8Array): number {
  for (let at = find(block, END, 0); at >= 0; at = find(block, END, at + 1)) {
    const named = at + END.length;
    const isOurs =
      label.every((byte, index) => block[named + index] === byte) &&
      isAt(block, DASHES, named + label.length);
    if (isOurs) return at;
  }
  return -1;
}

/** Where lines begin with this, or what once were lines: within JSON a quote stands in front. */
function placesOf(bytes: Uint8Array, text: string): readonly number[] {
  const places: number[] = [];
  for (let at = find(bytes, text, 0); at >= 0; at = find(bytes, text, at + 1))
    if (at === 0 || (bytes[at - 1] ?? 0) <= SPACE) places.push(at);
  return places;
}

/** Over a view, so that no byte is copied. */
function find(bytes: Uint8Array, text: string, from: number): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(text, from, 'latin1');
}

function isAt(bytes: Uint8Array, text: string, at: number): boolean {
  for (let index = 0; index < text.length; index++)
    if (bytes[at + index] !== text.charCodeAt(index)) return false;
  return true;
}

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
/** Some keep a key on one line, with these two characters for each line break: what reads it knows. */
const WRITTEN_BREAK = '\\n';

function beginsWithBreak(bytes: Uint8Array): boolean {
  return bytes[bytes[0] === CR ? 1 : 0] === LF || isAt(bytes, WRITTEN_BREAK, 0);
}

function endsWithBreak(bytes: Uint8Array): boolean {
  return bytes.at(-1) === LF || isAt(bytes, WRITTEN_BREAK, bytes.length - WRITTEN_BREAK.length);
}

function withoutBlanks(bytes: Uint8Array): Uint8Array {
  const isBlank = (byte: number | undefined) => byte === SPACE || byte === TAB;
  let [start, end] = [0, bytes.length];
  while (start < end && isBlank(bytes[start])) start++;
  while (end > start && isBlank(bytes[end - 1])) end--;
  return bytes.subarray(start, end);
}
