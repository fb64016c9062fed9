import { AppError } from '../domain/error.ts';

/** The rows of a CSV file below its header. */
export interface Table {
  readonly header: readonly string[];
  /** As many cells as the header has, or another number where the file is wrong. */
  readonly rows: readonly (readonly string[])[];
  /** Where a row begins in the file, from 1. Of the header: row -1. Worked out when first asked. */
  lineOf(row: number): number;
}

/** Many times what a configuration can declare. */
export const MOST_BYTES = 32 * 1024 * 1024;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const LINE_FEED = 0x0a;

/**
 * Reads CSV: RFC 4180 in UTF-8, with or without a byte order mark, with commas or semicolons as the header has them.
 *
 * @param where for messages: the file's name
 * @throws AppError invalid_input; never with anything that stands in a cell
 */
export async function readTable(bytes: Buffer, where: string): Promise<Table> {
  if (bytes.length > MOST_BYTES) throw notCsv(where, 'is larger than 32 MiB');
  const text = withoutMark(bytes);
  ensureText(text, where);
  const { parse } = await import('csv-parse/sync');
  const options = {
    delimiter: delimiterOf(text),
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
  };
  try {
    const all = parse(text, options) as string[][];
    const start = all.findIndex((row) => !isEmpty(row));
    const header = all[start];
    if (!header) throw notCsv(where, 'is empty');
    let starts: readonly number[] | undefined;
    return {
      header,
      rows: all.slice(start + 1),
      lineOf: (row) => {
        starts ??= linesOf(text, parse(text, { ...options, info: true }) as unknown as readonly Informed[]);
        return starts[start + 1 + row] ?? 1;
      },
    };
  } catch (error) {
    throw describeSyntax(error, where);
  }
}

/** An empty line, or what a spreadsheet leaves of an empty row. */
export function isEmpty(row: readonly string[]): boolean {
  return row.every((cell) => cell.trim() === '');
}

interface Informed {
  /** `bytes`: where the record ends, its line break included. */
  readonly info: { readonly bytes: number };
}

function linesOf(text: Buffer, records: readonly Informed[]): readonly number[] {
  let [line, at] = [1, 0];
  return records.map(({ info }) => {
    const start = line;
    for (; at < info.bytes; at++) if (text[at] === LINE_FEED) line++;
    return start;
  });
}

function withoutMark(bytes: Buffer): Buffer {
  return BYTE_ORDER_MARK.every((byte, index) => bytes[index] === byte) ? bytes.subarray(3) : bytes;
}

function ensureText(text: Buffer, where: string): void {
  try {
    const decoded = new TextDecoder('utf-8', { fatal: true }).decode(text);
    if (decoded.includes('\0')) throw notCsv(where, 'is not a text file');
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw notCsv(where, 'is not UTF-8 text');
  }
}

/** Of the two, the one that the first line with something in it has more of outside of quotes. */
function delimiterOf(text: Buffer): string {
  const head = text
    .subarray(0, 65_536)
    .toString('utf8')
    .trimStart()
    .replace(/"[^"]*"/g, '');
  const [first = ''] = head.split(/\r?\n/, 1);
  return first.split(';').length > first.split(',').length ? ';' : ',';
}

/** By its code alone: the library's own words quote the file. */
function describeSyntax(error: unknown, where: string): unknown {
  const { code, lines } = error as { code?: unknown; lines?: unknown };
  if (error instanceof AppError || typeof code !== 'string' || !/QUOTE|RECORD/.test(code)) return error;
  const line = typeof lines === 'number' ? `, near line ${lines}` : '';
  const what =
    code === 'CSV_QUOTE_NOT_CLOSED'
      ? 'a quote is opened and not closed'
      : 'a quote stands where none may stand';
  return new AppError('invalid_input', `"${where}" is not valid CSV: ${what}${line}`, {
    hints: [
      'a cell with a quote, a comma or a line break in it stands in quotes, and a quote in it is written twice (RFC 4180)',
    ],
  });
}

function notCsv(where: string, what: string): AppError {
  return new AppError('invalid_input', `"${where}" ${what}`, {
    hints: ['save the sheet as "CSV UTF-8": a header, then one line for each credential'],
  });
}
