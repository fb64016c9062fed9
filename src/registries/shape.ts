import { parseInstant } from '../domain/calendar.ts';
import type { Unavailable } from '../verify/fact.ts';
import { unavailable } from '../verify/fact.ts';

// Reads JSON that a registry sent. What is not of the documented shape ends the reading with `WrongShape`.

/** A document is not of its documented shape; the message says which part, such as `no "crate.name"`. */
export class WrongShape extends Error {}

export type Fields = Readonly<Record<string, unknown>>;

/** Longer than any name, version or address that a registry takes; what is longer would flood a terminal. */
const LONGEST_TEXT = 2_048;

/**
 * Control characters, those that turn the direction of text or are not seen, halves of characters, and what ends a line: they would
 * rewrite the terminal or the mail, or make two names look alike.
 */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;

/** @returns what `read` makes of an answer of this registry, or that it was none */
export function readShape<T>(registry: string, read: () => T): T | Unavailable {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof WrongShape)) throw error;
    return unavailable(
      'unreachable',
      `${registry} answered in a form that is not known here: ${error.message}`,
    );
  }
}

export function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new WrongShape(`no "${what}"`);
  return value as Fields;
}

/** @returns undefined for what is absent or was only inherited, such as `constructor` */
export function field(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

export function listOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new WrongShape(`no "${what}"`);
  return value;
}

export function textOf(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '') throw new WrongShape(`no "${what}"`);
  if (value.length > LONGEST_TEXT || UNPRINTABLE.test(value)) throw new WrongShape(`an odd "${what}"`);
  return value;
}

/** @returns undefined for null, for the empty text and for what is absent */
export function textIn(value: unknown, what: string): string | undefined {
  return value === undefined || value === null || value === '' ? undefined : textOf(value, what);
}

/** An RFC 3339 instant, however many digits its seconds have. */
export function instantOf(value: unknown, what: string): Date {
  const text = textOf(value, what);
  try {
    return parseInstant(text);
  } catch {
    throw new WrongShape(`an odd "${what}"`);
  }
}
