import { fromInstant, toInstant } from './columns.ts';
import type { Database } from './database.ts';

export function readInstallId(db: Database): string | undefined {
  return db.connection.prepare('SELECT install_id FROM installation').pluck().get() as string | undefined;
}

/** Gives a new database its identity; an existing one keeps its own. @returns whether it was new */
export function createInstallation(db: Database, installId: string, at: Date): boolean {
  const { changes } = db.connection
    .prepare('INSERT INTO installation (id, install_id, created_at) VALUES (1, ?, ?) ON CONFLICT DO NOTHING')
    .run(installId, fromInstant(at));
  return changes === 1;
}

/** The validated configuration of a file with this hash, as this version of the program validated it. */
export function findSnapshot(db: Database, sha256: string, program: string): string | undefined {
  return db.connection
    .prepare('SELECT body FROM config_snapshot WHERE sha256 = ? AND program = ?')
    .pluck()
    .get(sha256, program) as string | undefined;
}

/** Only the latest is kept. */
export function keepSnapshot(
  db: Database,
  snapshot: { sha256: string; program: string; body: string; loadedAt: Date },
): void {
  db.transaction(() => {
    db.connection.prepare('DELETE FROM config_snapshot').run();
    db.connection
      .prepare('INSERT INTO config_snapshot (sha256, program, body, loaded_at) VALUES (?, ?, ?, ?)')
      .run(snapshot.sha256, snapshot.program, snapshot.body, fromInstant(snapshot.loadedAt));
  });
}

/** `cycle`: the daemon came round. `good-cycle`: and everything it tried went well. */
export type Beat = 'cycle' | 'good-cycle';

export function recordBeat(db: Database, beat: Beat, at: Date): void {
  db.connection
    .prepare(
      'INSERT INTO beat (name, at, pid) VALUES (@beat, @at, @pid) ON CONFLICT (name) DO UPDATE SET at = @at, pid = @pid',
    )
    .run({ beat, at: fromInstant(at), pid: process.pid });
}

export function lastBeat(db: Database, beat: Beat): Date | undefined {
  const at = db.connection.prepare('SELECT at FROM beat WHERE name = ?').pluck().get(beat) as
    | string
    | undefined;
  return toInstant(at ?? null);
}
