import { describeError } from './domain/error.ts';
import { FIELDS } from './log-fields.ts';
import { inOneLine, scrub } from './scrub.ts';

/** What is written of an event: a line of JSON can be made of it whatever came in. */
export interface LogLine {
  readonly level: 'info' | 'warn';
  readonly event: string;
  /** The fields that the event may carry; `dropped` names the others. */
  readonly fields: Readonly<Record<string, string | number | readonly string[]>>;
}

const TROUBLE =
  /^mail\.(?!sent|works|split)|\.(failed|refused|unread|unconfirmed|not-configured|changed-elsewhere|missing|unknown|broken|held)$|-(failed|unconfirmed)$/;
/** As `Report` types name theirs. What is not of this form has not come from us. */
const EVENT = /^[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*){0,2}$/;
const EVENT_LENGTH = 40;
/** In characters. A longer text says nothing more to somebody who reads logs. */
const LONGEST = 1_000;
const LONGEST_NAME = 40;
const MOST_NAMES = 10;

/**
 * Takes an event apart: known fields of a known event, as text without control characters or secrets, or as a number. Nothing else
 * gets through, an object least of all: an error of a library carries the request, and with it what was sent. Never throws.
 */
export function lineOf(given: object): LogLine {
  const event = nameOf(read(given, 'event'));
  const allowed: readonly string[] = Object.hasOwn(FIELDS, event) ? (FIELDS[event] ?? []) : [];
  const fields: Record<string, string | number | readonly string[]> = {};
  const dropped: string[] = [];
  for (const name of namesIn(given)) {
    if (name === 'event') continue;
    const value = allowed.includes(name) ? shownValue(read(given, name)) : undefined;
    if (value !== undefined) fields[name] = value;
    else if (read(given, name) !== undefined) dropped.push(inOneLine(scrub(name), LONGEST_NAME));
  }
  if (dropped.length > 0) fields['dropped'] = dropped.slice(0, MOST_NAMES);
  const isKnown = Object.hasOwn(FIELDS, event);
  return { level: isKnown && !TROUBLE.test(event) ? 'info' : 'warn', event, fields };
}

function nameOf(event: unknown): string {
  const isOurs = typeof event === 'string' && event.length <= EVENT_LENGTH && EVENT.test(event);
  return isOurs ? event : 'log.unknown-event';
}

/** A property may be computed, and what computes it may fail. */
function read(given: object, name: string): unknown {
  try {
    return (given as Record<string, unknown>)[name];
  } catch {
    return null;
  }
}

function namesIn(given: object): readonly string[] {
  try {
    return Object.keys(given);
  } catch {
    return [];
  }
}

/** Undefined: it is nothing that a line shows. */
function shownValue(value: unknown): string | number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  const text = typeof value === 'string' ? value : value instanceof Error ? errorText(value) : undefined;
  return text === undefined ? undefined : inOneLine(scrub(text), LONGEST);
}

/** Our own message, or class and code: never its stack, its cause, or what else hangs on it. */
function errorText(error: Error): string {
  try {
    return String(describeError(error));
  } catch {
    return 'Error';
  }
}
