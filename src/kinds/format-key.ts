import { foreign, sizeProblems, textProblems } from './format.ts';
import type { PemBlock } from './format-pem.ts';
import { isTextOfWindows, pemBlocks, privateKeyProblems } from './format-pem.ts';
import { recogniseBytes } from './recognise.ts';

export interface KeyFormat {
  /** Its id, as `recognise` names it. */
  readonly kind: string;
  /** With its article, such as `an SSH private key`. */
  readonly what: string;
  /** What may stand after BEGIN, the best first. */
  readonly labels: readonly string[];
  /** How to get it as text where it came as bytes, such as `export it with "gpg --armor"`. */
  readonly asText: string;
  /** What else is wrong with a block that has one of the labels. */
  readonly inside?: (block: PemBlock) => string | undefined;
}

/** What a private key is so often mistaken for that it has words of its own. */
const TOLD_BELOW: readonly string[] = ['pem', 'public-key', 'certificate'];

/** The check of what comes as one private key in text: a token pasted in its place and the public half are named as such. */
export function keyFormat({
  kind,
  what,
  labels,
  asText,
  inside,
}: KeyFormat): (token: Uint8Array) => readonly string[] {
  return (token) => {
    // What Windows wrote as UTF-16 is told by its own reason below.
    const unreadable = isTextOfWindows(token) ? sizeProblems(token) : textProblems(token, asText);
    if (unreadable.length > 0) return unreadable;
    const other = recogniseBytes(token);
    if (other && other.kind !== kind && !TOLD_BELOW.includes(other.kind)) return [foreign(other, what)];
    const problems = privateKeyProblems(token, labels);
    if (problems.length > 0) return problems;
    return pemBlocks(token)
      .filter(({ label }) => labels.includes(label))
      .map((block) => inside?.(block))
      .filter((problem) => problem !== undefined);
  };
}

/** Whether what is in a block begins so, blanks and line breaks left out. */
export function blockHas({ inside }: PemBlock, base64: string, from: number): boolean {
  const start = inside.subarray(0, 2 * (from + base64.length)).filter((byte) => byte > 0x20);
  return Array.from(base64).every((letter, index) => start[from + index] === letter.charCodeAt(0));
}
