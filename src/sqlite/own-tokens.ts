import { fromInstant, toInstant } from './columns.ts';
import type { Database } from './database.ts';

/** What GitHub last said of one of reseal's own tokens. Of the token itself nothing is kept. */
export interface OwnTokenAnswer {
  readonly askedAt: Date;
  /** Undefined: it was accepted. */
  readonly refusedSince: Date | undefined;
  /** Tells the file that was read from one that was put there since. */
  readonly fileStamp: number;
}

/** @returns undefined where nobody has asked yet */
export function lastAnswer(db: Database, credential: string): OwnTokenAnswer | undefined {
  const row = db
    .prepare('SELECT asked_at, refused_since, file_stamp FROM own_token WHERE credential = ?')
    .get(credential) as { asked_at: string; refused_since: string | null; file_stamp: number } | undefined;
  return (
    row && {
      askedAt: toInstant(row.asked_at),
      refusedSince: toInstant(row.refused_since),
      fileStamp: row.file_stamp,
    }
  );
}

export function keepAnswer(db: Database, credential: string, answer: OwnTokenAnswer): void {
  db.prepare(
    `INSERT INTO own_token (credential, asked_at, refused_since, file_stamp) VALUES (@credential, @askedAt, @since, @stamp)
     ON CONFLICT (credential) DO UPDATE SET asked_at = @askedAt, refused_since = @since, file_stamp = @stamp`,
  ).run({
    credential,
    askedAt: fromInstant(answer.askedAt),
    since: fromInstant(answer.refusedSince),
    stamp: answer.fileStamp,
  });
}
