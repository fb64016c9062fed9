import { formatInstant } from '../domain/calendar.ts';
import type { ChainedEvent, NewEvent } from '../history/chain.ts';
import { chain, genesis } from '../history/chain.ts';
import type { Database } from './database.ts';

export interface History {
  /** Adds an entry. Called inside the transaction that does the thing. */
  append(event: NewEvent, at: Date): void;
  list(): readonly ChainedEvent[];
}

/** @param actor `user@host` of this process */
export function openHistory(db: Database, installId: string, actor: string): History {
  const last = db.prepare('SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1');
  const insert = db.prepare(
    `INSERT INTO event (seq, at, actor, type, subject, result, detail, prev, hash)
     VALUES (@seq, @at, @actor, @type, @subject, @result, @detail, @prev, @hash)`,
  );
  return {
    append: (event, at) =>
      db.transaction(() => {
        const before = last.get() as { seq: number; hash: string } | undefined;
        const place = {
          seq: (before?.seq ?? 0) + 1,
          at: formatInstant(at),
          actor,
          prev: before?.hash ?? genesis(installId),
        };
        insert.run(chain(event, place));
      }),
    list: () =>
      db
        .prepare('SELECT seq, at, actor, type, subject, result, detail, prev, hash FROM event ORDER BY seq')
        .all() as ChainedEvent[],
  };
}
