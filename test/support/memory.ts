import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';

/** How much of a text is found in the memory of a process. */
export interface Copies {
  /** Copies of the whole. */
  readonly whole: number;
  /** Pieces of at least twelve bytes, and not the whole. */
  readonly parts: number;
}

export const canReadMemory = existsSync('/proc/self/mem');

const PART = 12;
/** Any twelve bytes of the text hold one of its aligned pieces of this length. */
const ANCHOR = 6;
const CHUNK = 16 * 1_048_576;

/**
 * Counts the copies of `text` (ASCII) in everything that another process can read of its own memory, used and freed
 * (proc(5): maps, mem). That process should be stopped meanwhile. The text is looked for here, not there: what is
 * counted is its own.
 */
export function countCopies(pid: number, text: string): Copies {
  const needle = Buffer.from(text);
  const counted = { whole: 0, parts: 0 };
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const chunk = Buffer.allocUnsafeSlow(CHUNK);
  try {
    for (const { start, end } of readableMaps(pid)) {
      // One chunk begins where the last would have cut a copy in two.
      for (let at = start; at < end; at += CHUNK - needle.length) {
        const read = readAt(memory, chunk.subarray(0, Math.min(CHUNK, end - at)), at);
        const last = at + CHUNK >= end;
        for (const { from, length } of piecesIn(chunk.subarray(0, read), needle)) {
          if (!last && from > CHUNK - needle.length) continue;
          counted[length === needle.length ? 'whole' : 'parts'] += 1;
        }
        if (last) break;
      }
    }
  } finally {
    closeSync(memory);
  }
  return counted;
}

function readableMaps(pid: number): readonly { start: number; end: number }[] {
  const lines = readFileSync(`/proc/${pid}/maps`, 'utf8').trim().split('\n');
  return lines.flatMap((line) => {
    const [, start = '', end = '', readable] = /^([0-9a-f]+)-([0-9a-f]+) (r?)/.exec(line) ?? [];
    // The kernel's own pages, [vvar] and [vsyscall], cannot be read this way, and hold nothing of ours.
    if (!readable || /\[v(var|syscall)/.test(line)) return [];
    return [{ start: Number.parseInt(start, 16), end: Number.parseInt(end, 16) }];
  });
}

/** @returns how many bytes could be read: fewer where a file that is mapped ends before its mapping */
function readAt(memory: number, into: Buffer, at: number): number {
  let read = 0;
  try {
    while (read < into.length) {
      const more = readSync(memory, into, read, into.length - read, at + read);
      if (more <= 0) break;
      read += more;
    }
  } catch {
    // EIO, behind the end of such a file.
  }
  return read;
}

function piecesIn(bytes: Buffer, needle: Buffer): readonly { from: number; length: number }[] {
  const found = new Map<number, number>();
  for (let offset = 0; offset + ANCHOR <= needle.length; offset += ANCHOR) {
    const anchor = needle.subarray(offset, offset + ANCHOR);
    for (let at = bytes.indexOf(anchor); at >= 0; at = bytes.indexOf(anchor, at + 1)) {
      const before = matching(bytes, needle, at - 1, offset - 1, -1);
      const length = before + matching(bytes, needle, at, offset, 1);
      if (length >= PART) found.set(at - before, length);
    }
  }
  return [...found].map(([from, length]) => ({ from, length }));
}

/** How many bytes agree from here on, in one direction. */
function matching(bytes: Buffer, needle: Buffer, at: number, offset: number, step: 1 | -1): number {
  let count = 0;
  while (needle[offset] !== undefined && bytes[at] === needle[offset]) {
    count += 1;
    at += step;
    offset += step;
  }
  return count;
}
