import { formatInstant } from '../domain/calendar.ts';
import type { Declaration, NewVersion } from '../domain/credential.ts';
import type { NewEvent, Place } from '../history/chain.ts';
import { beginning, chain } from '../history/chain.ts';
import { fromInstant } from './columns.ts';
import type { Database } from './database.ts';
import { lastEntry } from './history.ts';
import { describeVersion } from './versions.ts';

/** A credential that is declared for the first time, with what is known of the one in use. */
interface NewCredential {
  readonly declaration: Declaration;
  /** Undefined: no date is known. */
  readonly version: NewVersion | undefined;
}

/** Names that the register holds, declared or not. */
export function registeredNames(db: Database): ReadonlySet<string> {
  return new Set(db.prepare('SELECT name FROM credential').pluck().all() as string[]);
}

/**
 * Adds credentials of which the register holds none yet, each with its first version, in one transaction, with the entries in the
 * history that `apply` and `addVersion` make. What those look up for each is known here: nothing of it was ever owed, stored or seen.
 *
 * @throws AppError storage where one of them is there already; then none is added
 */
export function addNewCredentials(
  db: Database,
  { installId, actor }: { readonly installId: string; readonly actor: string },
  credentials: readonly NewCredential[],
  at: Date,
): void {
  withRoom(db, () => {
    const enter = openEntries(db, { installId, actor }, at);
    const now = fromInstant(at);
    const credential = db.prepare(
      'INSERT INTO credential (name, declaration, declared, first_seen_at) VALUES (?, ?, 1, ?)',
    );
    const first = db.prepare(
      `INSERT INTO version (credential, version, created_at, lifetime_days, expiry, expires_at, expiry_source, standing,
         checked, recorded_at) VALUES (?, 1, ?, ?, ?, ?, ?, 'good', ?, ?)`,
    );
    for (const { declaration, version } of credentials) {
      const { name } = declaration;
      credential.run(name, JSON.stringify(declaration), now);
      enter({ type: 'credential.declared', subject: name, result: 'declared' });
      if (!version) continue;
      const { createdAt, lifetimeDays, expiry, checked } = version;
      const expiresAt = expiry.kind === 'known' ? fromInstant(expiry.at) : null;
      first.run(
        name,
        fromInstant(createdAt),
        lifetimeDays ?? null,
        expiry.kind,
        expiresAt,
        expiry.source,
        checked,
        now,
      );
      enter({
        type: 'credential.recorded',
        subject: name,
        result: 'version 1',
        detail: describeVersion(version),
      });
    }
  });
}

/**
 * One transaction, with room in memory for what many entries change: the index of their hashes is written to all over. With the usual
 * two megabytes every page of it goes to the disk and comes back again and again.
 */
function withRoom(db: Database, work: () => void): void {
  const before = db.connection.pragma('cache_size', { simple: true }) as number;
  db.connection.pragma(`cache_size = ${-ROOM_KIB}`);
  try {
    db.transaction(work);
  } finally {
    db.connection.pragma(`cache_size = ${before}`);
  }
}

const ROOM_KIB = 65_536;

/** Entries one after the other: the end of the chain is read once, since nobody else writes in this transaction. */
function openEntries(
  db: Database,
  { installId, actor }: { readonly installId: string; readonly actor: string },
  when: Date,
): (event: NewEvent) => void {
  const insert = db.prepare(
    'INSERT INTO event (seq, at, actor, type, subject, result, detail, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const at = formatInstant(when);
  let last: Place = lastEntry(db) ?? beginning(installId);
  return (event) => {
    const entry = chain(event, { seq: last.seq + 1, at, actor, prev: last.hash });
    const { seq, type, subject, result, detail, prev, hash } = entry;
    insert.run(seq, entry.at, entry.actor, type, subject, result, detail, prev, hash);
    last = entry;
  };
}
