import { parseInstant } from '../domain/calendar.ts';

/** Instants are stored as RFC 3339 text in UTC. One that does not parse is an error: it may be an expiry. */
export function toInstant(column: string): Date;
export function toInstant(column: string | null): Date | undefined;
export function toInstant(column: string | null): Date | undefined {
  return column === null ? undefined : (asWritten(column) ?? parseInstant(column));
}

const FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** `2027-06-01T12:00:00.000Z`, as `fromInstant` writes it, is read in a fraction of the time; all else takes the strict way. */
function asWritten(text: string): Date | undefined {
  if (!FORM.test(text)) return undefined;
  const instant = new Date(text);
  // JavaScript takes 30 February for 1 March, and knows an hour 24.
  return instant.getUTCDate() === Number(text.slice(8, 10)) && text.slice(11, 13) !== '24'
    ? instant
    : undefined;
}

/** Always with milliseconds: SQL compares and sorts these texts, and `…00Z` would come after `…00.500Z`. */
export function fromInstant(instant: Date): string;
export function fromInstant(instant: Date | undefined): string | null;
export function fromInstant(instant: Date | undefined): string | null {
  return instant ? instant.toISOString() : null;
}

/**
 * A parameter whose value the planner of SQLite does not look at. At a bare one it does, in a join or a LIMIT, and compiles the
 * statement anew each time that another value is bound, which takes twenty times as long as running it.
 */
export const KEPT_INTEGER = 'CAST(? AS INTEGER)';
export const KEPT_TEXT = 'CAST(? AS TEXT)';
