import type { Fact } from '../verify/fact.ts';
import { known } from '../verify/fact.ts';
import { field } from './answer.ts';
import type { Call } from './settings-answers.ts';
import type { Reader } from './settings-reader.ts';
import type { Wanted } from './settings-refusal.ts';
import { misshapen } from './settings-refusal.ts';

/** Of `T`, or undefined where a body does not have its shape. */
export type Parse<T> = (body: unknown) => T | undefined;

/** What GitHub's own 404 says of what was asked for; without one it is not shown to this token. */
export type Missing<T> = (words: string) => Fact<T> | Promise<Fact<T>>;

/** One setting that one answer shows whole. */
export async function readFact<T>(
  reader: Reader,
  wanted: Wanted,
  call: Call,
  parse: Parse<T>,
  missing: Missing<T> = () => reader.notShown(wanted),
): Promise<Fact<T>> {
  const reading = await reader.get(wanted, call);
  if (reading.kind === 'missing') return missing(reading.words);
  if (reading.kind !== 'found') return reading.why;
  const value = parse(reading.body);
  return value === undefined ? misshapen(reader.client, wanted) : known(value);
}

const PER_PAGE = 100;
const PAGES = 30;

export interface Paging {
  readonly page: number;
  readonly per_page: number;
}

/** A page of a list; `total` where GitHub counts the whole. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number | undefined;
}

/**
 * A list from all its pages, asked for by number, so that no Link is followed. What is shorter than GitHub counts, or has no
 * end, is none: an incomplete list must not look like one that lacks a name.
 */
export async function readList<T>(
  reader: Reader,
  wanted: Wanted,
  call: (paging: Paging) => Call,
  parse: Parse<Page<T>>,
  missing: Missing<readonly T[]> = () => reader.notShown(wanted),
): Promise<Fact<readonly T[]>> {
  const found: T[] = [];
  for (let page = 1; page <= PAGES; page++) {
    const reading = await reader.get(wanted, call({ page, per_page: PER_PAGE }));
    if (reading.kind === 'missing') return missing(reading.words);
    if (reading.kind !== 'found') return reading.why;
    const { items, total } = parse(reading.body) ?? NO_PAGE;
    if (!items) break;
    found.push(...items);
    const full = items.length >= PER_PAGE;
    if (!reading.next && !(total === undefined ? full : found.length < total)) return known(found);
    if (items.length === 0) break;
  }
  return misshapen(reader.client, wanted);
}

const NO_PAGE = { items: undefined, total: undefined };

/** The page of an answer that is a bare array. */
export function arrayPage<T>(parse: Parse<T>): Parse<Page<T>> {
  return (body) => {
    const items = readArray(body, parse);
    return items && { items, total: undefined };
  };
}

/** The page of an answer `{total_count, [name]: […]}`. */
export function countedPage<T>(name: string, parse: Parse<T>): Parse<Page<T>> {
  return (body) => {
    const items = readArray(field(body, name), parse);
    const total = field(body, 'total_count');
    return items && isCount(total) ? { items, total } : undefined;
  };
}

/** Every item, or undefined: one that has not the expected shape makes the whole worthless. */
export function readArray<T>(value: unknown, parse: Parse<T>): readonly T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = (value as unknown[]).map(parse);
  const whole = items.filter((one) => one !== undefined);
  return whole.length === items.length ? whole : undefined;
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
