import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type Sqlite from 'better-sqlite3';
import type { Place } from '../history/chain.ts';

export function readHead(connection: Sqlite.Database): Place | undefined {
  return connection.prepare('SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1').get() as
    | Place
    | undefined;
}

/** The file beside the database that says how far its history was seen to reach, so that an older database is noticed. */
export function headPath(databasePath: string): string {
  return `${databasePath}.head`;
}

interface Noted extends Place {
  readonly installId: string;
}

/** Not awaited on the disk: what is lost with the power is an older head, which accuses nobody. */
export function noteHead(databasePath: string, installId: string, { seq, hash }: Place): void {
  const path = headPath(databasePath);
  writeFileSync(`${path}.new`, `${JSON.stringify({ installId, seq, hash } satisfies Noted)}\n`, {
    mode: 0o600,
  });
  renameSync(`${path}.new`, path);
}

/**
 * Whether the history was once seen to reach further than it does, or to hold something else there: what was seen. A note that
 * cannot be read, or is about another installation, says nothing.
 */
export function findRewind(
  connection: Sqlite.Database,
  databasePath: string,
  installId: string,
): Place | undefined {
  const noted = readNoted(headPath(databasePath));
  if (!noted || noted.installId !== installId) return undefined;
  const hash = connection.prepare('SELECT hash FROM event WHERE seq = ?').pluck().get(noted.seq);
  return hash === noted.hash ? undefined : { seq: noted.seq, hash: noted.hash };
}

function readNoted(path: string): Noted | undefined {
  try {
    const { installId, seq, hash } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Noted>;
    if (typeof installId !== 'string' || typeof hash !== 'string' || !Number.isSafeInteger(seq))
      return undefined;
    return { installId, seq: Number(seq), hash };
  } catch {
    return undefined;
  }
}
