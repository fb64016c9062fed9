import { isUtf8 } from 'node:buffer';
import { asAscii, MAX_SECRET_BYTES } from './ascii.ts';
import type { Recognised } from './recognise.ts';
import { recognise, recogniseDer } from './recognise.ts';

export { asAscii, MAX_SECRET_BYTES, trimAscii } from './ascii.ts';

/** Problems that any secret can have, whatever it is made of: nothing or blanks alone, and its size. To be asked first: nothing else looks at megabytes. */
export function sizeProblems(token: Uint8Array): readonly string[] {
  if (token.length === 0) return ['nothing was pasted'];
  if (token.length > MAX_SECRET_BYTES) return [`it is larger than GitHub stores (${MAX_SECRET_BYTES} bytes)`];
  return token.every(isBlank) ? ['it holds nothing but blanks and line breaks: give the value itself'] : [];
}

/** Space, tab, and what ends a line or a page. */
function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/** Problems that any single-line token can have: emptiness, size, hidden characters, a whole line of a file around it. */
export function singleLineProblems(token: Uint8Array): readonly string[] {
  const size = sizeProblems(token);
  if (size.length > 0) return size;
  const text = asAscii(token);
  return lineProblems(token, text, recognise(text));
}

function lineProblems(token: Uint8Array, text: string, looks: Recognised | undefined): readonly string[] {
  // A key has lines of its own, which are not what is wrong with it here: the caller says what it is.
  if (looks?.lines) return [];
  if (isBinary(token)) return ['it is binary, and not a line of text: give the token alone, not a file'];
  if (looks === undefined && /["'`=]/.test(text)) {
    return ['it holds quotes or an equals sign: paste only the token, without its name and quotes'];
  }
  const hidden = hiddenAt(token);
  if (hidden < 0) return [];
  return [
    `there is a space, a line break or a hidden character at position ${hidden + 1} of ${token.length} bytes: copy the token again, by the issuer's copy button`,
  ];
}

/** Bytes that are no UTF-8, and control characters among them that neither a keyboard nor a clipboard adds. */
function isBinary(token: Uint8Array): boolean {
  if (isUtf8(token)) return false;
  for (let at = 0; at < token.length; at++) {
    const byte = token[at] ?? 0;
    if (byte < 0x09 || (byte > 0x0d && byte < 0x1b)) return true;
  }
  return false;
}

/** Where the first byte is that is no printable ASCII, or -1. */
function hiddenAt(token: Uint8Array): number {
  for (let at = 0; at < token.length; at++) {
    const byte = token[at] ?? 0;
    if (byte < 0x21 || byte > 0x7e) return at;
  }
  return -1;
}

/**
 * Problems of what has to be text: its size, and bytes that are none.
 *
 * @param instead how to get it as text, such as `export it with "gpg --armor"`
 */
export function textProblems(token: Uint8Array, instead: string): readonly string[] {
  const size = sizeProblems(token);
  if (size.length > 0) return size;
  // The byte 0 is UTF-8 too, but no text has it; that of Windows in UTF-16 has many.
  if (isUtf8(token) && !token.includes(0)) return [];
  const other = recogniseDer(token);
  return [`it is binary${other ? ` (${other.what})` : ''}, and text is needed: ${instead}`];
}

export interface LineFormat {
  /** Its id, as `recognise` names it. */
  readonly kind: string;
  /** With its article, such as `a RubyGems key`. */
  readonly what: string;
  /** Tied to both ends, and without a choice that has to be taken back. */
  readonly pattern: RegExp;
  /** The pattern in words, a whole clause: `a RubyGems key is "rubygems_" and 48 …`. */
  readonly expected: string;
  /** A likelier reason than that, where this kind knows one. */
  readonly likely?: (text: string) => string | undefined;
}

/** The check of what comes on one line and has one pattern: the likeliest reason why it is not that, in words. */
export function lineFormat({
  kind,
  what,
  pattern,
  expected,
  likely,
}: LineFormat): (token: Uint8Array) => readonly string[] {
  return (token) => {
    const size = sizeProblems(token);
    if (size.length > 0) return size;
    const text = asAscii(token);
    const known = likely?.(text);
    if (known !== undefined) return [known];
    const looks = recogniseDer(token) ?? recognise(text);
    // The mark of another kind says more than a pattern that any letters fit.
    const other = looks?.kind === kind ? undefined : looks;
    if (!other && pattern.test(text)) return [];
    const problems = lineProblems(token, text, looks);
    if (problems.length > 0) return problems;
    return [other ? foreign(other, what) : expected];
  };
}

/** @param what what was expected, with its article */
export function foreign(other: Recognised, what: string): string {
  const exposed = other.open ? '' : ': treat it as exposed and revoke it at its issuer';
  return `this is ${other.what}, not ${what}${exposed}`;
}
