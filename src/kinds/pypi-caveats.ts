import type { Caveat } from './macaroon.ts';

/** What the caveats of a PyPI token leave of it, all of them together. */
export interface Restrictions {
  /** When it ends; undefined: never. */
  readonly endsAt: Date | undefined;
  /** Before this it is refused. */
  readonly validFrom: Date | undefined;
  /** Normalised names of the projects that it may upload to; undefined: no caveat names any. */
  readonly projects: readonly string[] | undefined;
  /** How many projects it may upload to, by their numbers; undefined: no caveat numbers any. */
  readonly numbered: number | undefined;
  /** It was made for a run of a trusted publisher. */
  readonly forPublisher: boolean;
  /** Caveats that say something else, or that cannot be read. */
  readonly unknown: number;
}

type Condition =
  | { readonly kind: 'time'; readonly endsAt: Date; readonly validFrom: Date }
  | { readonly kind: 'names'; readonly of: readonly string[] }
  | { readonly kind: 'numbers'; readonly of: readonly string[] }
  | { readonly kind: 'user' | 'publisher' | 'unknown' };

const UNKNOWN: Condition = { kind: 'unknown' };

/** Source: pypi/warehouse, warehouse/macaroons/caveats/__init__.py, and _legacy.py for objects, which older tokens have. */
export function readRestrictions(caveats: readonly Caveat[]): Restrictions {
  const conditions = caveats.map(conditionOf);
  const times = conditions.flatMap((one) => (one.kind === 'time' ? [one] : []));
  const lists = (kind: 'names' | 'numbers') =>
    conditions.flatMap((one) => (one.kind === kind ? [one.of] : []));
  return {
    endsAt: extreme(
      times.map(({ endsAt }) => endsAt),
      Math.min,
    ),
    validFrom: extreme(
      times.map(({ validFrom }) => validFrom),
      Math.max,
    ),
    projects: common(lists('names')),
    numbered: common(lists('numbers'))?.length,
    forPublisher: conditions.some(({ kind }) => kind === 'publisher'),
    unknown: conditions.filter(({ kind }) => kind === 'unknown').length,
  };
}

function conditionOf({ condition, thirdParty }: Caveat): Condition {
  if (thirdParty) return UNKNOWN;
  const written = arrayOf(parse(condition));
  if (!written) return UNKNOWN;
  const [tag, first, second] = written;
  // One for a publisher may hold claims of its own behind it.
  if (tag === 4) return { kind: 'publisher' };
  if (tag === 0 && written.length === 3) return timeOf(first, second);
  if (written.length !== 2) return UNKNOWN;
  if (tag === 1 && isTexts(first) && first.every((name) => PROJECT.test(name)))
    return { kind: 'names', of: first };
  if (tag === 2 && isTexts(first)) return { kind: 'numbers', of: first };
  return tag === 3 && typeof first === 'string' ? { kind: 'user' } : UNKNOWN;
}

/** No other name can be one of PyPI (packaging.python.org, "Names and normalization"), nor be shown. */
const PROJECT = /^[a-z0-9](?:[a-z0-9._-]{0,198}[a-z0-9])?$/i;

function parse(condition: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(condition));
  } catch {
    // What it says would quote it.
    return undefined;
  }
}

/** Older caveats are objects, which PyPI takes for these arrays. */
function arrayOf(written: unknown): readonly unknown[] | undefined {
  if (Array.isArray(written)) return written;
  if (typeof written !== 'object' || written === null) return undefined;
  const old = new Map<string, unknown>(Object.entries(written));
  if (old.get('version') === 1) return permissionsOf(old.get('permissions'));
  if (old.has('exp') && old.has('nbf')) return [0, old.get('exp'), old.get('nbf')];
  return old.has('project_ids') ? [2, old.get('project_ids')] : undefined;
}

function permissionsOf(permissions: unknown): readonly unknown[] | undefined {
  if (permissions === 'user') return [3, ''];
  if (typeof permissions !== 'object' || permissions === null || !('projects' in permissions))
    return undefined;
  return [1, permissions.projects];
}

/** @param end in seconds since 1970, as `start` */
function timeOf(end: unknown, start: unknown): Condition {
  const [endsAt, validFrom] = [instantOf(end), instantOf(start)];
  return endsAt && validFrom ? { kind: 'time', endsAt, validFrom } : UNKNOWN;
}

/** The first instant after the year 9999. */
const TOO_FAR = 253_402_300_800;

function instantOf(seconds: unknown): Date | undefined {
  if (typeof seconds !== 'number' || !Number.isSafeInteger(seconds)) return undefined;
  return seconds >= 0 && seconds < TOO_FAR ? new Date(seconds * 1000) : undefined;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function extreme(instants: readonly Date[], choose: (...times: number[]) => number): Date | undefined {
  return instants.length > 0 ? new Date(choose(...instants.map((instant) => instant.getTime()))) : undefined;
}

/** What stands in all of them, each once; undefined: there are none. */
function common(lists: readonly (readonly string[])[]): readonly string[] | undefined {
  const [first, ...others] = lists.map((list) => new Set(list));
  return first && [...first].filter((one) => others.every((list) => list.has(one)));
}
