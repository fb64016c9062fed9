import { parseLifetime } from '../domain/calendar.ts';
import type { Declaration, Destination, NewVersion } from '../domain/credential.ts';

import { AppError, isAppError } from '../domain/error.ts';
import { describeAdopted } from '../register/record.ts';
import type { CellCheck, Column } from './import-cells.ts';
import { COLUMNS, openCellChecks, tidy } from './import-cells.ts';
import type { Entry, Owners } from './import-entry.ts';
import type { Header } from './import-header.ts';
import { readHeader } from './import-header.ts';
import type { Table } from './import-table.ts';
import { isEmpty } from './import-table.ts';

interface RowsContext {
  /** For messages: the file's name. */
  readonly where: string;
  readonly owners: Owners;
  /** Of rows that name none. */
  readonly owner: string | undefined;
  /** Which credential of the configuration is stored there, by `placeKey`. */
  readonly declaredAt: ReadonlyMap<string, string>;
  readonly now: Date;
}

/** GitHub does not tell upper from lower case in these. */
export function placeKey({ repo, environment, secret }: Destination): string {
  return `${repo}\n${environment}\n${secret}`.toLowerCase();
}

/**
 * The credentials of a CSV file. Rows of one name are further destinations of one credential.
 *
 * @throws AppError invalid_input with every problem, a line each; never with what stands in a cell that is wrong
 */
export function readRows(table: Table, context: RowsContext): readonly Entry[] {
  const { header, problems: inHeader } = readHeader(table.header);
  if (inHeader.length > 0)
    throw describe(
      context.where,
      inHeader.map((text) => ({ line: table.lineOf(-1), text })),
    );
  const reader = new RowsReader(table, header, context);
  const entries = reader.read();
  if (reader.problems.length > 0) throw describe(context.where, reader.problems);
  return entries;
}

interface Problem {
  readonly line: number;
  readonly text: string;
}

type Cells = Readonly<Partial<Record<Column, string>>>;

/** What the rows of one name say so far. */
interface Gathered {
  readonly row: number;
  readonly cells: Partial<Record<Column, string>>;
  /** What is said of already, so that it does not count as missing. */
  readonly wrong: Column[];
  readonly destinations: Destination[];
}

/** Say the same in every row of a name, or nothing. */
const OF_THE_CREDENTIAL = COLUMNS.filter((one) => !['name', 'repo', 'environment', 'secret'].includes(one));
const OF_A_PLACE = ['repo', 'environment', 'secret'] as const;

class RowsReader {
  readonly problems: Problem[] = [];
  readonly #table: Table;
  readonly #context: RowsContext;
  readonly #columns: readonly {
    readonly column: Column;
    readonly index: number;
    readonly check: CellCheck;
  }[];
  readonly #unnamed: readonly number[];
  readonly #gathered = new Map<string, Gathered>();
  readonly #places = new Map<string, { readonly name: string; readonly row: number }>();

  constructor(table: Table, header: Header, context: RowsContext) {
    this.#table = table;
    this.#context = context;
    const checks = openCellChecks();
    this.#unnamed = [...table.header.keys()].filter((index) => (table.header[index] ?? '').trim() === '');
    this.#columns = COLUMNS.flatMap((column) => {
      const index = header[column];
      return index === undefined ? [] : [{ column, index, check: checks[column] }];
    });
  }

  read(): readonly Entry[] {
    for (const [row, cells] of this.#table.rows.entries()) {
      if (cells.length === this.#table.header.length) this.#row(row, cells);
      else if (!isEmpty(cells))
        this.#refuse(
          row,
          `expected ${this.#table.header.length} cells as in the header, and there are ${cells.length}`,
        );
    }
    return [...this.#gathered].flatMap(([name, gathered]) => this.#entry(name, gathered) ?? []);
  }

  #row(row: number, raw: readonly string[]): void {
    const cells: Partial<Record<Column, string>> = {};
    const wrong: Column[] = [];
    for (const { column, index, check } of this.#columns) {
      const cell = tidy(column, raw[index] ?? '');
      if (cell === '') continue;
      const problem = check(cell);
      if (problem === undefined) cells[column] = cell;
      else {
        wrong.push(column);
        this.#refuse(row, `${column}: ${problem}`);
      }
    }
    for (const index of this.#unnamed)
      if ((raw[index] ?? '').trim() !== '')
        this.#refuse(row, `a cell of column ${index + 1}, which has no name`);
    if (cells.name !== undefined) this.#gather(row, cells.name, cells, wrong);
    else if (!wrong.includes('name') && !isEmpty(raw)) this.#refuse(row, 'name: missing');
  }

  #gather(row: number, name: string, cells: Cells, wrong: readonly Column[]): void {
    const known = this.#gathered.get(name);
    const gathered = known ?? { row, cells: {}, wrong: [], destinations: [] };
    if (!known) this.#gathered.set(name, gathered);
    for (const column of OF_THE_CREDENTIAL) {
      const cell = cells[column];
      if (cell === undefined) continue;
      const said = gathered.cells[column];
      if (said === undefined) gathered.cells[column] = cell;
      else if (said !== cell)
        this.#refuse(
          row,
          `${column}: not what line ${this.#table.lineOf(gathered.row)} says of ${name}, the same credential`,
        );
    }
    gathered.wrong.push(...wrong);
    if (!OF_A_PLACE.some((column) => wrong.includes(column)))
      this.#place(row, name, cells, gathered.destinations);
  }

  #place(row: number, name: string, cells: Cells, destinations: Destination[]): void {
    const { repo, environment, secret } = cells;
    if (repo === undefined || environment === undefined || secret === undefined) {
      const missing = OF_A_PLACE.filter((column) => cells[column] === undefined);
      if (missing.length < OF_A_PLACE.length)
        this.#refuse(
          row,
          `${missing.join(' and ')}: missing: a destination is a repo, an environment and a secret`,
        );
      return;
    }
    const destination = { repo, environment, secret: secret.toUpperCase() };
    const key = placeKey(destination);
    const taken = this.#places.get(key);
    const declared = this.#context.declaredAt.get(key);
    if (taken)
      this.#refuse(row, `a destination of ${taken.name} already, by line ${this.#table.lineOf(taken.row)}`);
    else if (declared !== undefined && declared !== name)
      this.#refuse(
        row,
        `a destination of ${declared} already, by the configuration: a secret holds one credential`,
      );
    else {
      this.#places.set(key, { name, row });
      destinations.push(destination);
    }
  }

  #entry(name: string, { row, cells, wrong, destinations }: Gathered): Entry | undefined {
    const { kind, lifetime } = cells;
    const owner = wrong.includes('owner') ? undefined : this.#owner(row, cells.owner);
    if (kind === undefined && !wrong.includes('kind')) this.#refuse(row, 'kind: missing');
    if (kind === undefined || owner === undefined || wrong.length > 0) return undefined;
    const declaration: Declaration = {
      name,
      kind,
      owner,
      purpose: cells.purpose,
      lifetime: lifetime === undefined ? undefined : parseLifetime(lifetime),
      nameAtIssuer: undefined,
      scopes: [],
      planned: false,
      destinations,
    };
    const undated = reasonWithoutDate(cells);
    if (undated) return { declaration, version: undefined, undated };
    const version = this.#version(row, cells, declaration);
    return version && { declaration, version, undated: undefined };
  }

  #owner(row: number, cell: string | undefined): string | undefined {
    const { owner, owners } = this.#context;
    const wanted = cell ?? owner;
    const found = wanted === undefined ? undefined : owners.find(wanted);
    if (found !== undefined) return found;
    const declared =
      owners.names.length > 0
        ? `declared are ${owners.names.slice(0, 10).join(', ')}`
        : 'none is declared yet';
    const what =
      wanted === undefined
        ? 'missing: fill it in, or name one for all with --owner'
        : 'no owner of that name';
    this.#refuse(row, `owner: ${what} (${declared}; a mail address declares a new one)`);
    return undefined;
  }

  #version(row: number, { created, expires }: Cells, declaration: Declaration): NewVersion | undefined {
    const never = expires === 'never';
    try {
      return describeAdopted(
        { created, expires: never ? undefined : expires, never },
        declaration,
        this.#context.now,
      );
    } catch (error) {
      if (!isAppError(error)) throw error;
      this.#refuse(row, error.message.replaceAll(/--(?=(created|expires|never|lifetime)\b)/g, ''));
      return undefined;
    }
  }

  #refuse(row: number, text: string): void {
    this.problems.push({ line: this.#table.lineOf(row), text });
  }
}

function reasonWithoutDate({ created, expires, lifetime }: Cells): string | undefined {
  if (expires !== undefined || (created !== undefined && lifetime !== undefined)) return undefined;
  return created === undefined
    ? 'no date: fill in expires, or created and lifetime'
    : 'no date: created alone gives no expiry, so fill in expires or lifetime';
}

const MOST_SHOWN = 200;

function describe(where: string, problems: readonly Problem[]): AppError {
  const sorted = problems.toSorted((a, b) => a.line - b.line);
  const lines = sorted.slice(0, MOST_SHOWN).map(({ line, text }) => `${where}:${line}: ${text}`);
  if (sorted.length > MOST_SHOWN) lines.push(`… and ${sorted.length - MOST_SHOWN} more`);
  return new AppError('invalid_input', lines.join('\n'), {
    hints: ['nothing was changed: correct the file and run it again'],
  });
}
