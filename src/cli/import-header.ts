import { showKey } from '../config/secrecy.ts';
import type { Column } from './import-cells.ts';
import { COLUMNS } from './import-cells.ts';
import { nearest } from './nearest.ts';

/** Where each column stands; undefined: the file has none of that name. */
export type Header = Readonly<Partial<Record<Column, number>>>;

/** By itself, or at the end of a name: a column that can hold nothing but values. */
const HOLDS_VALUES =
  /(^|[ _-])(token|value|password|passphrase|passwort|pass|pat|api[ _-]?key|private[ _-]?key|key|credential)s?$/i;

/** @returns where the columns stand, or what is wrong with the header */
export function readHeader(cells: readonly string[]): {
  readonly header: Header;
  readonly problems: readonly string[];
} {
  const header: Partial<Record<Column, number>> = {};
  const problems: string[] = [];
  for (const [index, cell] of cells.entries()) {
    const name = cell.trim().toLowerCase();
    // Spreadsheets leave empty columns behind; that they are empty is looked at row by row.
    if (name === '') continue;
    const column = COLUMNS.find((one) => one === name);
    if (!column) problems.push(describeUnknown(cell.trim()));
    else if (header[column] === undefined) header[column] = index;
    else problems.push(`the column ${column} stands there twice`);
  }
  if (Object.keys(header).length === 0) return { header, problems: [`expected a header: ${EXPECTED}`] };
  for (const column of ['name', 'kind'] as const)
    if (header[column] === undefined) problems.push(`the column ${column} is missing`);
  return { header, problems };
}

const EXPECTED = `name and kind, and of ${COLUMNS.slice(2).join(', ')} what there is`;

function describeUnknown(cell: string): string {
  const shown = `the column "${showKey(cell)}"`;
  if (HOLDS_VALUES.test(cell))
    return `${shown} looks like one for values, and reseal never takes secrets this way: take it out of the file`;
  const near = nearest(cell.toLowerCase(), COLUMNS);
  return `${shown} is not known${near ? `: did you mean ${near}?` : `: expected ${EXPECTED}`}`;
}
