import { checkedText, withChecksum } from './checksum.ts';
import { fromInstant, toInstant } from './columns.ts';
import type { Database } from './database.ts';

export function readInstallId(db: Database): string | undefined {
  return db.prepare('SELECT install_id FROM installation').pluck().get() as string | undefined;
}

/** Gives a new database its identity; an existing one keeps its own. @returns whether it was new */
export function createInstallation(db: Database, installId: string, at: Date): boolean {
  const { changes } = db
    .prepare('INSERT INTO installation (id, install_id, created_at) VALUES (1, ?, ?) ON CONFLICT DO NOTHING')
    .run(installId, fromInstant(at));
  return changes === 1;
}

/**
 * The validated configuration of a file with this hash, as this version of the program validated it. One that was damaged since
 * is not given: it says who is mailed.
 */
export function findSnapshot(db: Database, sha256: string, program: string): string | undefined {
  const kept = db
    .prepare('SELECT body FROM config_snapshot WHERE sha256 = ? AND program = ?')
    .pluck()
    .get(sha256, program) as string | undefined;
  return checkedText(kept);
}

/** Only the latest is kept. */
export function keepSnapshot(
  db: Database,
  snapshot: { sha256: string; program: string; body: string; loadedAt: Date },
): void {
  db.transaction(() => {
    db.prepare('DELETE FROM config_snapshot').run();
    db.prepare('INSERT INTO config_snapshot (sha256, program, body, loaded_at) VALUES (?, ?, ?, ?)').run(
      snapshot.sha256,
      snapshot.program,
      withChecksum(snapshot.body),
      fromInstant(snapshot.loadedAt),
    );
  });
}

/** `started`: a daemon began. `cycle`: it came round. `good-cycle`: and nothing asks for a person. */
export type Beat = 'started' | 'cycle' | 'good-cycle';

export function recordBeat(db: Database, beat: Beat, at: Date, host: string): void {
  db.prepare(
    `INSERT INTO beat (name, at, pid, host) VALUES (@beat, @at, @pid, @host)
     ON CONFLICT (name) DO UPDATE SET at = @at, pid = @pid, host = @host`,
  ).run({ beat, at: fromInstant(at), pid: process.pid, host });
}

export function lastBeat(db: Database, beat: Beat): Date | undefined {
  const at = db.prepare('SELECT at FROM beat WHERE name = ?').pluck().get(beat) as string | undefined;
  return toInstant(at ?? null);
}

/** The process that last said it was the daemon. */
export function lastDaemon(db: Database): { readonly pid: number; readonly host: string | null } | undefined {
  return db.prepare("SELECT pid, host FROM beat WHERE name = 'started'").get() as
    | { pid: number; host: string | null }
    | undefined;
}

export interface Outage {
  readonly beganAt: Date;
  readonly endedAt: Date;
}

export function recordOutage(db: Database, { beganAt, endedAt }: Outage): void {
  db.prepare('INSERT INTO outage (began_at, ended_at) VALUES (?, ?) ON CONFLICT DO NOTHING').run(
    fromInstant(beganAt),
    fromInstant(endedAt),
  );
}

/** Those that ended after `since`, latest last. */
export function outagesSince(db: Database, since: Date): readonly Outage[] {
  const rows = db
    .prepare('SELECT began_at, ended_at FROM outage WHERE ended_at > ? ORDER BY began_at')
    .all(fromInstant(since)) as { began_at: string; ended_at: string }[];
  return rows.map((row) => ({ beganAt: toInstant(row.began_at), endedAt: toInstant(row.ended_at) }));
}

/**
 * `configuration`: the file cannot be used. `clock`: it shows another time than the world. `held`: the database is older than
 * what was done with it, and nothing is sent until somebody says so. `storage`: it is damaged. `history`: its chain is broken.
 * `page`: it cannot be served where the configuration says.
 */
export type TroubleName = 'configuration' | 'clock' | 'held' | 'storage' | 'history' | 'page';

export interface InstallationTrouble {
  readonly name: TroubleName;
  readonly detail: string;
  readonly since: Date;
}

/** Keeps since when it is so. */
export function recordTrouble(db: Database, name: TroubleName, detail: string, at: Date): void {
  db.prepare(
    'INSERT INTO trouble (name, detail, since) VALUES (@name, @detail, @at) ON CONFLICT (name) DO UPDATE SET detail = @detail',
  ).run({ name, detail, at: fromInstant(at) });
}

export function endTrouble(db: Database, name: TroubleName): void {
  db.prepare('DELETE FROM trouble WHERE name = ?').run(name);
}

export function listTroubles(db: Database): readonly InstallationTrouble[] {
  const rows = db.prepare('SELECT name, detail, since FROM trouble ORDER BY name').all() as {
    name: TroubleName;
    detail: string;
    since: string;
  }[];
  return rows.map((row) => ({ ...row, since: toInstant(row.since) }));
}
