/** Rows for a terminal, each with its line breaks, and the line of titles above them. */
export interface Columns {
  /** Undefined: none was given, or each value stands beside its title. */
  readonly head: string | undefined;
  /** In the order that they were given in. */
  readonly rows: readonly string[];
}

const INDENT = '  ';
const GAP = '  ';

/**
 * Columns as wide as what is in them. Where they are wider than the terminal, the first cell of each row becomes a heading over the
 * other columns; where these are still too wide, over `TITLE value` pairs, as many as a line holds.
 *
 * @param titles one for each column; undefined: there are none
 * @param width columns of the terminal
 */
export function columns(
  titles: readonly string[] | undefined,
  rows: readonly (readonly string[])[],
  width: number,
): Columns {
  const all = titles ? [titles, ...rows] : rows;
  const plain = aligned(all);
  if (fits(plain, width)) return split(titles, plain);
  const rest = aligned(all.map((row) => row.slice(1))).map((line) => INDENT + line);
  if (fits(rest, width)) {
    return split(
      titles,
      rest.map((line, index) => `${all[index]?.[0] ?? ''}\n${line}`),
    );
  }
  return { head: undefined, rows: rows.map((row) => stacked(titles, row, width)) };
}

function split(titles: readonly string[] | undefined, lines: readonly string[]): Columns {
  return titles ? { head: lines[0], rows: lines.slice(1) } : { head: undefined, rows: lines };
}

function fits(lines: readonly string[], width: number): boolean {
  return lines.every((line) => visibleLength(line) <= width);
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, visibleLength(cell));
    });
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - visibleLength(cell)))
      .join(GAP)
      .trimEnd(),
  );
}

/** What is only `-` says nothing, and is left out. */
function stacked(
  titles: readonly string[] | undefined,
  [name = '', ...cells]: readonly string[],
  width: number,
): string {
  const pairs = cells
    .map((cell, index) => (titles?.[index + 1] ? `${titles[index + 1]} ${cell}` : cell))
    .filter((_, index) => cells[index] !== '-');
  return [name, ...filled(pairs, width)].join('\n');
}

/** Lines of parts that stay together. A part that is wider than a line is broken between its words, and a word never. */
function filled(parts: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const part of parts) {
    if (line !== '' && visibleLength(line) + GAP.length + visibleLength(part) <= width) {
      line += GAP + part;
      continue;
    }
    if (line !== '') lines.push(line);
    line = INDENT;
    for (const word of part.split(' ')) {
      if (line.trim() === '') line += word;
      else if (visibleLength(line) + 1 + visibleLength(word) <= width) line += ` ${word}`;
      else {
        lines.push(line);
        line = INDENT + INDENT + word;
      }
    }
  }
  return line === '' ? lines : [...lines, line];
}

/**
 * Lines broken between their words where they are wider than the terminal, and indented where they go on. What comes after an arrow
 * stays whole: it may be a command that somebody copies.
 */
export function fold(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => (/^ *(\x1b\[\d+m)?→ /.test(line) ? line : foldLine(line, width)))
    .join('\n');
}

function foldLine(text: string, width: number): string {
  if (visibleLength(text) <= width) return text;
  const indent = INDENT + (/^ */.exec(text)?.[0] ?? '').slice(0, Math.floor(width / 3));
  const lines: string[] = [];
  let line = '';
  for (const [, gap = '', word = ''] of text.matchAll(/( *)([^ ]+)/g)) {
    if (line === '' || visibleLength(line + gap + word) <= width) line += gap + word;
    else {
      lines.push(line);
      line = indent + word;
    }
  }
  return [...lines, line].join('\n');
}

/** Without what sets colours. */
export function visibleLength(cell: string): number {
  return [...cell.replace(/\x1b\[[0-9;]*m/g, '')].length;
}

const USUAL_WIDTH = 80;
const NARROWEST = 20;

/** @param said columns that the terminal says it has; undefined or 0: it does not know */
export function widthOfTerminal(said: number | undefined): number {
  return said ? Math.max(NARROWEST, said) : USUAL_WIDTH;
}
