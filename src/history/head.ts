import type { Place } from './chain.ts';

// A chain alone cannot show that its end was cut off: what can is a copy of its head that is kept elsewhere, as in every mail.

/** The last entry, by as much of its hash as is printed: 16 hexadecimal digits. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
}

const DIGITS = 16;
/** Fewer would fit another entry by chance. */
const FEWEST = 8;

export function headOfEntry({ seq, hash }: Place): Head {
  return { seq, hash: hash.slice(0, DIGITS) };
}

/** `123:3f2a9c0b1d2e4f56`, as mails and `status` show it and `history --check --head` takes it. */
export function formatHead({ seq, hash }: Head): string {
  return `${seq}:${hash.slice(0, DIGITS)}`;
}

/** A head as somebody kept it. @returns undefined where it is none */
export function parseHead(
  text: string,
): { readonly seq: number | undefined; readonly hash: string } | undefined {
  const found = /^(?:([1-9]\d{0,14}):)?([0-9a-f]{8,64})$/.exec(text.trim().toLowerCase());
  if (!found?.[2] || found[2].length < FEWEST) return undefined;
  return { seq: found[1] === undefined ? undefined : Number(found[1]), hash: found[2] };
}

/**
 * What a kept head says of this history. `part`: it leads there; `cut-off`: it ends before; `foreign`: another entry has that
 * number; `not-found`: by the hash alone, either of the two.
 */
export type HeadVerdict = 'part' | 'cut-off' | 'foreign' | 'not-found';

/**
 * @param found hash of the entry with the head's number; of a head without one, of the entry whose hash begins like it
 * @param last number of the last entry
 */
export function judgeHead(
  head: { readonly seq: number | undefined; readonly hash: string },
  found: string | undefined,
  last: number,
): HeadVerdict {
  if (found?.startsWith(head.hash)) return 'part';
  if (head.seq === undefined) return 'not-found';
  return head.seq > last ? 'cut-off' : 'foreign';
}
