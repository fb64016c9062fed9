import { formatInstant } from '../domain/calendar.ts';
import { namedIn } from '../history/about.ts';
import type { Break, ChainedEvent, NewEvent, Place } from '../history/chain.ts';
import { beginning, chain, findBreak } from '../history/chain.ts';
import type { Head } from '../history/head.ts';
import { headOfEntry } from '../history/head.ts';
import type { Database } from './database.ts';

export interface History {
  /** Adds an entry. Called inside the transaction that does the thing. @returns its number */
  append(event: NewEvent, at: Date): number;
  list(): readonly ChainedEvent[];
}

const SELECT = 'SELECT seq, at, actor, type, subject, result, detail, prev, hash FROM event';
/** What stands before the first entry is none: `checkChain` names it, and nothing else shows it. */
const IS_ENTRY = 'seq >= 1';

/** @param actor `user@host` of this process */
export function openHistory(db: Database, installId: string, actor: string): History {
  const insert = db.prepare(
    `INSERT INTO event (seq, at, actor, type, subject, result, detail, prev, hash)
     VALUES (@seq, @at, @actor, @type, @subject, @result, @detail, @prev, @hash)`,
  );
  return {
    append: (event, at) =>
      db.transaction(() => {
        const before = lastEntry(db) ?? beginning(installId);
        const seq = before.seq + 1;
        insert.run(chain(event, { seq, at: formatInstant(at), actor, prev: before.hash }));
        return seq;
      }),
    list: () => db.prepare(`${SELECT} WHERE ${IS_ENTRY} ORDER BY seq`).all() as ChainedEvent[],
  };
}

/** Undefined: nothing has happened yet. */
export function lastEntry(db: Database): Place | undefined {
  return db.prepare('SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1').get() as Place | undefined;
}

/** The last entry, for mails, `status` and the page; undefined: nothing has happened yet. */
export function headOf(db: Database): Head | undefined {
  const last = lastEntry(db);
  return last && headOfEntry(last);
}

export function findEntry(db: Database, seq: number): ChainedEvent | undefined {
  return db.prepare(`${SELECT} WHERE seq = ?`).get(seq) as ChainedEvent | undefined;
}

/** Some entries before a place, and the one there. */
export function entriesUpTo(db: Database, seq: number, limit: number): readonly ChainedEvent[] {
  return db
    .prepare(`${SELECT} WHERE seq > ? AND seq <= ? ORDER BY seq`)
    .all(seq - limit, seq) as ChainedEvent[];
}

/** Hash of the entry whose hash begins so. */
export function findHash(db: Database, prefix: string): string | undefined {
  return db
    .prepare(
      `SELECT hash FROM event WHERE hash >= @prefix AND hash < @prefix || 'g' AND +${IS_ENTRY} LIMIT 1`,
    )
    .pluck()
    .get({ prefix }) as string | undefined;
}

/** What happened to a credential or a pipeline of this name, mails about it included; oldest first. */
export function entriesAbout(db: Database, name: string): readonly ChainedEvent[] {
  const [alone, first] = namedIn(name) as [string, string];
  const [, pipeline] = namedIn(`pipeline:${name}`) as [string, string];
  return db
    .prepare(
      `${SELECT} WHERE ${IS_ENTRY} AND (subject = @name OR ((type LIKE 'mail.%' OR type LIKE 'recipients.%')
         AND (instr(detail, @alone) > 0 OR instr(detail, @first) > 0 OR instr(detail, @pipeline) > 0))) ORDER BY seq`,
    )
    .all({ name, alone, first, pipeline }) as ChainedEvent[];
}

/** What verification saw of the first use of a token of crates.io, which shows no more than that one was used. */
export function firstUses(db: Database): readonly ChainedEvent[] {
  return db
    .prepare(
      `${SELECT} WHERE ${IS_ENTRY} AND type IN ('verify.changed', 'verify.seen-again', 'verify.recovered')
         AND detail ->> 'rule' = 'crate-token-in-use' AND detail ->> 'outcome' = 'pass' ORDER BY seq`,
    )
    .all() as ChainedEvent[];
}

export function subjects(db: Database): readonly string[] {
  return db
    .prepare(`SELECT DISTINCT subject FROM event WHERE ${IS_ENTRY} ORDER BY subject`)
    .pluck()
    .all() as string[];
}

/** How far a check of the chain has come. */
export interface Checked {
  readonly broken: Break | undefined;
  /** Everything up to it holds. Undefined where it does not. */
  readonly upTo: Place | undefined;
  /** More entries follow. */
  readonly more: boolean;
}

/**
 * Computes the chain again, at most `limit` entries (default: all) after `from` (default: the beginning). That `from` itself is
 * still there is looked at first: what was checked a moment ago may be cut off; and that nothing stands before the first entry.
 */
export function checkChain(
  db: Database,
  installId: string,
  { from = beginning(installId), limit = Number.MAX_SAFE_INTEGER }: { from?: Place; limit?: number } = {},
): Checked {
  const early = findEarly(db);
  if (early) return { broken: early, upTo: undefined, more: false };
  if (from.seq > 0) {
    const reason = reasonOf(findEntry(db, from.seq), from);
    if (reason) return { broken: { seq: from.seq, reason }, upTo: undefined, more: false };
  }
  let last = from;
  let count = 0;
  const note = (entry: ChainedEvent) => {
    last = entry;
    count++;
  };
  const broken = findBreak(noting(entriesAfter(db, from.seq, limit), note), from);
  return broken
    ? { broken, upTo: undefined, more: false }
    : { broken, upTo: { seq: last.seq, hash: last.hash }, more: count === limit };
}

function findEarly(db: Database): Break | undefined {
  const seq = db.prepare(`SELECT MIN(seq) FROM event WHERE NOT ${IS_ENTRY}`).pluck().get() as number | null;
  return seq === null ? undefined : { seq, reason: 'out-of-place' };
}

function entriesAfter(db: Database, seq: number, limit: number): Iterable<ChainedEvent> {
  return db
    .prepare(`${SELECT} WHERE seq > ? ORDER BY seq LIMIT ?`)
    .iterate(seq, limit) as Iterable<ChainedEvent>;
}

function* noting<T>(all: Iterable<T>, note: (one: T) => void): Iterable<T> {
  for (const one of all) {
    note(one);
    yield one;
  }
}

function reasonOf(found: ChainedEvent | undefined, expected: Place): Break['reason'] | undefined {
  if (!found) return 'missing';
  return found.hash === expected.hash ? undefined : 'changed';
}
