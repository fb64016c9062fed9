import { looksLikeSecret } from './config/secrecy.ts';
import { recognise } from './kinds/recognise.ts';

// The last resort for what is printed for others to read: nothing secret should come here at all.

const REMOVED = '[removed]';
/** What is longer is cut: nobody reads it, and looking through it takes time. */
const MOST_CHARACTERS = 16_384;
/** A word that is longer is no word for people. */
const LONGEST_WORD = 2_048;
/** Shorter ones are nobody's token: the shortest mark of an issuer with what makes it unguessable. */
const SHORTEST_TOKEN = 20;
/** The longest that we print on purpose is a SHA-256, 64 digits. */
const HASH_DIGITS = 64;

const PEM = /-----BEGIN [A-Z0-9 ]{1,40}-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,40}-----|$)/g;
/** RFC 3986 §3.2.1: a name and a password in front of the host. */
const USER_IN_URL = /(:\/\/)[^\s/]{1,400}@/g;
/** What follows a word that announces a secret. "token: expected …" is a sentence, "token=…" is not. */
const ANNOUNCED =
  /\b(authorization["']?\s*[:=]\s*["']?(?:\w+\s+)?|(?:password|passwd|secret|token|api[-_]?key)["']?[:=]["']?)[^\s"',;&]{4,}/gi;
/** RFC 7617, RFC 6750, RFC 4954. */
const CREDENTIALS = /\b(basic|bearer|auth (?:plain|login))\s+([\w+/.~-]{12,}=*)/gi;
const WORD = /[^\s"'<>,|`]+/g;
const MAYBE_TOKEN = /[A-Za-z0-9_.+/=~-]+/g;
const MAYBE_BASE64 = /[A-Za-z0-9+/_-]{24,}/g;
const MAYBE_HEX = /(?:[0-9a-f]{2}){20,}|(?:[0-9A-F]{2}){20,}/g;
/** Letters of both cases and digits, without a break: no name, no path, no hash. */
const RANDOM = /(?=[A-Za-z]*\d)(?=[A-Z0-9]*[a-z])(?=[a-z0-9]*[A-Z])[A-Za-z0-9]{28,}/g;
/** As URLs, JSON, JavaScript, quoted-printable and HTML write a character. */
const ESCAPE = /%([0-9a-f]{2})|\\u00([0-9a-f]{2})|\\x([0-9a-f]{2})|=([0-9a-f]{2})|&#x([0-9a-f]{2});/gi;
const DECIMAL_ENTITY = /&#(\d{2,3});/g;

/**
 * Takes out what looks like a secret: PEM blocks, passwords in URLs, what is announced as one, tokens by the marks that their issuers
 * give them (also reversed, and in base64, hexadecimal digits or escapes), and long runs that only chance makes. Hashes, ids, dates and
 * names stay: what cannot be told from them is not found.
 */
export function scrub(text: string): string {
  return bounded(text)
    .replaceAll('\0', '')
    .replace(PEM, REMOVED)
    .replace(USER_IN_URL, `$1${REMOVED}@`)
    .replace(ANNOUNCED, `$1${REMOVED}`)
    .replace(CREDENTIALS, (all, scheme, value) =>
      // "basic authentication" is a sentence.
      /[0-9A-Z=]/.test(value) ? `${scheme} ${REMOVED}` : all,
    )
    .replace(WORD, scrubWord);
}

/** Cut between two words: half a token is not recognised. */
function bounded(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS).replace(/\S+$/, '')}…`;
}

function scrubWord(word: string): string {
  if (word.length < SHORTEST_TOKEN) return word;
  if (word.length > LONGEST_WORD || isHidden(word)) return REMOVED;
  const scrubbed = word
    .replace(MAYBE_TOKEN, scrubRun)
    .replace(MAYBE_BASE64, (run) => (holdsTokenInBase64(run) ? REMOVED : run))
    .replace(MAYBE_HEX, (run) => (run.length > HASH_DIGITS || holdsTokenInHex(run) ? REMOVED : run))
    .replace(RANDOM, REMOVED);
  return looksLikeSecret(scrubbed) ? REMOVED : scrubbed;
}

/** Written backwards, or letter by letter. */
function isHidden(word: string): boolean {
  const decoded = decodeEscapes(word);
  return holdsToken([...word].reverse().join('')) || (decoded !== word && holdsToken(decoded));
}

function decodeEscapes(text: string): string {
  return text
    .replace(ESCAPE, (_all, ...found: unknown[]) =>
      String.fromCharCode(Number.parseInt(String(found.slice(0, 5).find((one) => one !== undefined)), 16)),
    )
    .replace(DECIMAL_ENTITY, (_all, code: string) => String.fromCharCode(Number(code)));
}

function holdsTokenInHex(run: string): boolean {
  return holdsToken(Buffer.from(run, 'hex').toString('latin1'));
}

/** Where its groups of four begin cannot be seen. Node reads both alphabets. */
function holdsTokenInBase64(run: string): boolean {
  return [0, 1, 2, 3].some((skip) => holdsToken(Buffer.from(run.slice(skip), 'base64').toString('latin1')));
}

function holdsToken(text: string): boolean {
  return looksLikeSecret(text) || (text.match(MAYBE_TOKEN) ?? []).some((run) => scrubRun(run) !== run);
}

/** From the first token to the end of the run: what follows may belong to it. */
function scrubRun(run: string): string {
  for (const { index } of run.matchAll(/(?<![A-Za-z0-9])[A-Za-z0-9]/g)) {
    if (run.length - index < SHORTEST_TOKEN) break;
    if (isToken(run.slice(index))) return run.slice(0, index) + REMOVED;
  }
  return run;
}

function isToken(text: string): boolean {
  const plain = /^[A-Za-z0-9_-]+/.exec(text)?.[0] ?? '';
  return [text, text.replace(/[.=/~+-]+$/, ''), plain].some(
    (one) => one.length >= SHORTEST_TOKEN && isRandom(one) && isClosed(one),
  );
}

function isClosed(text: string): boolean {
  const recognised = recognise(text);
  return recognised !== undefined && recognised.open !== true;
}

/** "pypi-publishing-2026" is a name. A token has no order: digits among letters of both cases, no word in it ends, or it is a UUID. */
function isRandom(text: string): boolean {
  const hasDigits = /\d/.test(text);
  const isMixed = /[a-z]/.test(text) && /[A-Z]/.test(text);
  if (hasDigits && isMixed) return true;
  if ((hasDigits || isMixed) && /[A-Za-z0-9]{16}/.test(text)) return true;
  return /[a-z][A-Z].*[a-z][A-Z].*[a-z][A-Z]/.test(text) || /[0-9a-f]{8}-[0-9a-f]{4}-/.test(text);
}

/** Line breaks, and what a terminal obeys or hides: controls, marks of direction, separators, halves of characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** @param longest in characters; what is cut off shows as `…` */
export function inOneLine(text: string, longest: number): string {
  const visible = text.replace(
    UNSEEN,
    (character) => SHORT[character] ?? `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
  if (visible.length <= longest) return visible;
  // Not between the halves of a character.
  return `${visible.slice(0, longest - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
