import { formatInstant, parseInstant } from '../domain/calendar.ts';

/** Instants are stored as RFC 3339 text in UTC. One that does not parse is an error: it may be an expiry. */
export function toInstant(column: string): Date;
export function toInstant(column: string | null): Date | undefined;
export function toInstant(column: string | null): Date | undefined {
  return column === null ? undefined : parseInstant(column);
}

export function fromInstant(instant: Date | undefined): string | null {
  return instant ? formatInstant(instant) : null;
}
