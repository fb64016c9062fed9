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

function find(bytes: Uint8Array, text: string, from: number): number {
  const first = text.charCodeAt(0);
  let at = bytes.indexOf(first, from);
  while (at >= 0 && !isAt(bytes, text, at)) at = bytes.indexOf(first, at + 1);
  return at;
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
