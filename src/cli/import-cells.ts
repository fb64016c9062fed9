import * as field from '../config/fields.ts';
import { looksLikeSecret } from '../config/secrecy.ts';
import { isMailAddress } from '../domain/address.ts';
import { parseInstant, parseLifetime } from '../domain/calendar.ts';
import { AppError } from '../domain/error.ts';
import { ownTokenOf } from '../domain/own-token.ts';
import { findKind, KINDS } from '../kinds/catalogue.ts';
import { recognise } from '../kinds/recognise.ts';

export const COLUMNS = [
  'name',
  'kind',
  'owner',
  'repo',
  'environment',
  'secret',
  'created',
  'expires',
  'lifetime',
  'purpose',
] as const;

export type Column = (typeof COLUMNS)[number];

/** What is wrong with a cell, as the end of a sentence; undefined: nothing. It never says what stands there. */
export type CellCheck = (cell: string) => string | undefined;

type Schema = {
  safeParse(value: unknown): {
    readonly error?: { readonly issues: readonly { readonly message: string }[] } | undefined;
  };
};

const CHECKS: Readonly<Record<Column, CellCheck>> = {
  name: (cell) => {
    if (!field.NAME.test(cell)) return `expected ${field.NAME_EXPECTED}`;
    return ownTokenOf(cell)
      ? "this name is reseal's own: its tokens are remembered by themselves"
      : undefined;
  },
  kind: (cell) =>
    findKind(cell) ? undefined : `expected a kind of credential: ${KINDS.map(({ id }) => id).join(', ')}`,
  owner: (cell) =>
    field.NAME.test(cell) || isMailAddress(cell)
      ? undefined
      : 'expected the name of an owner of the configuration, or a mail address',
  repo: bySchema(field.repo),
  environment: bySchema(field.environmentName),
  secret: bySchema(field.secretName),
  created: (cell) => (reads(parseInstant, cell) ? undefined : 'expected a date such as 2026-06-01'),
  expires: (cell) =>
    cell === 'never' || reads(parseInstant, cell)
      ? undefined
      : 'expected a date such as 2027-06-01, or never',
  lifetime: (cell) =>
    reads(parseLifetime, cell)
      ? undefined
      : 'expected a lifetime in days or calendar years, such as 365d or 1y',
  purpose: bySchema(field.oneLine('what it is for', 200)),
};

/** The checks of every column, each of which remembers what it was asked: most cells of a sheet are alike. */
export function openCellChecks(): Readonly<Record<Column, CellCheck>> {
  const remembering = COLUMNS.map((column) => {
    const known = new Map<string, string | undefined>();
    const check: CellCheck = (cell) => {
      const kept = known.get(cell);
      if (kept !== undefined || known.has(cell)) return kept;
      const problem = tokenIn(cell) ?? CHECKS[column](cell);
      if (known.size < MOST_REMEMBERED) known.set(cell, problem);
      return problem;
    };
    return [column, check] as const;
  });
  return Object.fromEntries(remembering) as Record<Column, CellCheck>;
}

const MOST_REMEMBERED = 10_000;

/** A purpose may have line breaks in its cell; in the configuration it is one line. */
export function tidy(column: Column, cell: string): string {
  return column === 'purpose' ? cell.replace(/\s+/g, ' ').trim() : cell.trim();
}

/** No token is shorter, and `npm_release` is a fine name. */
const SHORTEST_TOKEN = 20;
/** What a token has behind its prefix and words have not. */
const UNLIKE_WORDS = /[A-Za-z0-9]{16}|(?=[A-Za-z0-9]*[0-9][A-Za-z]|[A-Za-z0-9]*[A-Za-z][0-9])[A-Za-z0-9]{8}/;

export function tokenIn(cell: string): string | undefined {
  if (cell.length < SHORTEST_TOKEN) return undefined;
  const recognised = recognise(cell);
  const isToken = recognised && (recognised.lines || UNLIKE_WORDS.test(cell));
  if (!isToken && !looksLikeSecret(cell)) return undefined;
  return `this looks like ${isToken ? recognised.what : 'a secret'}, and reseal never takes secrets this way: take it out, and if it is a live one, revoke it`;
}

function bySchema(schema: Schema): CellCheck {
  return (cell) => schema.safeParse(cell).error?.issues[0]?.message;
}

/** Without the words of the error: they quote the cell. */
function reads(read: (text: string) => unknown, cell: string): boolean {
  try {
    read(cell);
    return true;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}
