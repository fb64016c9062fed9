import type { RotationLog, RotationState } from '../rotate/rotation.ts';
import { MOVES } from '../rotate/rotation.ts';
import { fromInstant, toInstant } from './columns.ts';
import type { Database } from './database.ts';
import type { History } from './history.ts';
import type { RotationRow } from './rotation-rows.ts';
import { placeOf, toEntry } from './rotation-rows.ts';
import { describeVersion, insertVersion } from './versions.ts';

/** A write of an earlier attempt that was late shows by then (facts: 60 s after a success, and daily). */
const SETTLED_MS = 61_000;
const SELECT =
  'SELECT id, credential, completes, state, detail, chosen, pid, host, opened_at, updated_at FROM rotation';
const ENDED = "('recorded', 'rejected', 'abandoned', 'failed')";

/** The journal. Every call is one durable transaction, with its entry in the history where it changes what is known. */
export function openRotationLog(
  db: Database,
  history: History,
  onVersion: (credential: string, version: number, at: Date) => void,
): RotationLog {
  return {
    open: (rotation) =>
      db.transaction(() => {
        db.prepare(
          `INSERT INTO rotation (id, credential, state, completes, pid, host, opened_at, updated_at)
             VALUES (@id, @credential, 'opened', @completes, @pid, @host, @at, @at)`,
        ).run({
          id: rotation.id,
          credential: rotation.credential,
          completes: rotation.completes ?? null,
          pid: rotation.pid,
          host: rotation.host,
          at: fromInstant(rotation.openedAt),
        });
        history.append(
          { type: 'rotation.opened', subject: rotation.credential, result: rotation.id },
          rotation.openedAt,
        );
      }),
    move: (id, to, at, detail) => db.transaction(() => move(db, history, id, to, at, detail)),
    intend: (id, intent, chosen) =>
      db.transaction(() => {
        const row = get(db, id);
        db.prepare('UPDATE rotation SET chosen = ? WHERE id = ?').run(JSON.stringify(chosen), id);
        if (row.state !== 'intended') move(db, history, id, 'intended', intent.localAt, undefined);
        db.prepare(
          `INSERT INTO rotation_destination (rotation, repo, environment, secret, state, attempts, key_id,
               baseline_updated_at, intended_at, updated_at)
             VALUES (@id, @repo, @environment, @secret, 'intended', 1, @keyId, @baseline, @intendedAt, @at)
             ON CONFLICT (rotation, repo, environment, secret) DO UPDATE SET state = 'intended', attempts = attempts + 1,
               key_id = @keyId, intended_at = @intendedAt, updated_at = @at`,
        ).run({
          id,
          ...placeOf(intent.destination),
          keyId: intent.keyId,
          baseline: fromInstant(intent.baselineUpdatedAt),
          intendedAt: fromInstant(intent.intendedAt),
          at: fromInstant(intent.localAt),
        });
        history.append(
          {
            type: 'rotation.intended',
            subject: row.credential,
            result: id,
            detail: { ...placeOf(intent.destination), checked: chosen.checked },
          },
          intent.localAt,
        );
      }),
    settleDestination: (id, destination, change) =>
      db.transaction(() => {
        db.prepare(
          `UPDATE rotation_destination SET state = @state, remote_updated_at = COALESCE(@remote, remote_updated_at),
               request_id = COALESCE(@requestId, request_id), detail = @detail, updated_at = @at
             WHERE rotation = @id AND repo = @repo AND environment = @environment AND secret = @secret`,
        ).run({
          id,
          ...placeOf(destination),
          state: change.state,
          remote: fromInstant(change.remoteUpdatedAt),
          requestId: change.requestId ?? null,
          detail: change.detail ?? null,
          at: fromInstant(change.at),
        });
        const { credential } = get(db, id);
        history.append(
          {
            type: `rotation.${change.state}`,
            subject: credential,
            result: id,
            detail: { ...placeOf(destination), ...(change.detail ? { reason: change.detail } : {}) },
          },
          change.at,
        );
      }),
    record: (id, version, at) =>
      db.transaction(() => {
        const { credential, completes } = get(db, id);
        const number = completes ?? insertVersion(db, credential, version, at, id);
        storeDestinations(db, id, credential, number, at);
        move(db, history, id, 'recorded', at, `version ${number}`);
        supersede(db, history, credential, id, at);
        const result = `version ${number}`;
        if (completes === null) {
          const detail = { ...describeVersion(version), rotation: id };
          history.append({ type: 'credential.rotated', subject: credential, result, detail }, at);
          onVersion(credential, number, at);
        } else {
          history.append(
            { type: 'credential.completed', subject: credential, result, detail: { rotation: id } },
            at,
          );
          planAgain(db, credential);
        }
        return number;
      }),
    disown: (credential, destination, at) =>
      db.transaction(() => {
        db.prepare(
          `INSERT INTO destination (credential, repo, environment, secret, state, changed_at)
             VALUES (@credential, @repo, @environment, @secret, 'changed-elsewhere', @at)
             ON CONFLICT (credential, repo, environment, secret) DO UPDATE SET state = 'changed-elsewhere',
               changed_at = COALESCE(changed_at, @at)`,
        ).run({ credential, ...placeOf(destination), at: fromInstant(at) });
        planAgain(db, credential);
        history.append(
          {
            type: 'destination.changed',
            subject: credential,
            result: 'by somebody else',
            detail: { ...placeOf(destination) },
          },
          at,
        );
      }),
    lateAttempts: (credential, destination, since) =>
      (
        db
          .prepare(
            `SELECT d.rotation, d.intended_at FROM rotation_destination AS d JOIN rotation AS r ON r.id = d.rotation
             WHERE r.credential = @credential AND d.repo = @repo AND d.environment = @environment AND d.secret = @secret
               AND d.state IN ('intended', 'failed', 'unconfirmed') AND d.intended_at > @since
             ORDER BY d.intended_at DESC`,
          )
          .all({ credential, ...placeOf(destination), since: fromInstant(since) ?? '' }) as {
          rotation: string;
          intended_at: string;
        }[]
      ).map(({ rotation, intended_at }) => ({ rotation, intendedAt: toInstant(intended_at) })),
    unfinished: () =>
      (db.prepare(`${SELECT} WHERE state NOT IN ${ENDED} ORDER BY opened_at`).all() as RotationRow[]).map(
        (row) => toEntry(db, row),
      ),
    unsettled: (credential) =>
      (
        db
          .prepare(`${SELECT} WHERE credential = ? AND state NOT IN ${ENDED} ORDER BY opened_at`)
          .all(credential) as RotationRow[]
      ).map((row) => toEntry(db, row)),
  };
}

/** Moves that the history tells of. Of the others each destination does, or the version that comes of it. */
const TOLD: Partial<Record<RotationState, string>> = {
  // Before anything of it is sent to anybody, its issuer included.
  submitted: 'rotation.submitted',
  checked: 'rotation.checked',
  opened: 'rotation.refused',
  rejected: 'rotation.rejected',
  abandoned: 'rotation.abandoned',
  failed: 'rotation.failed',
  unconfirmed: 'rotation.unconfirmed',
};

function move(
  db: Database,
  history: History,
  id: string,
  to: RotationState,
  at: Date,
  detail: string | undefined,
): void {
  const row = get(db, id);
  if (!MOVES[row.state].includes(to)) throw new Error(`a rotation does not go from ${row.state} to ${to}`);
  db.prepare('UPDATE rotation SET state = @to, detail = @detail, updated_at = @at WHERE id = @id').run({
    id,
    to,
    detail: detail ?? null,
    at: fromInstant(at),
  });
  // Whether a rotation is unconfirmed is what a reminder is about.
  if (to === 'unconfirmed' || row.state === 'unconfirmed') planAgain(db, row.credential);
  const type = TOLD[to];
  if (type) {
    history.append(
      {
        type,
        subject: row.credential,
        result: id,
        detail: detail ? { reason: detail } : {},
      },
      at,
    );
  }
}

function planAgain(db: Database, credential: string): void {
  db.prepare("UPDATE credential SET plan_at = '' WHERE name = ?").run(credential);
}

/**
 * What the rotation wrote is where the version lives now. `stored` without a look back is `unconfirmed`. Each is looked at again
 * when a write that was delayed on the way would show.
 */
function storeDestinations(db: Database, id: string, credential: string, version: number, at: Date): void {
  const lookAt = new Date(at.getTime() + SETTLED_MS);
  db.prepare(
    `INSERT INTO destination (credential, repo, environment, secret, version, state, stored_at, remote_updated_at, checked_at,
         look_at)
       SELECT @credential, repo, environment, secret, @version,
         CASE state WHEN 'verified' THEN 'verified' ELSE 'unconfirmed' END, @at, remote_updated_at,
         CASE state WHEN 'verified' THEN @at END, CASE state WHEN 'verified' THEN @lookAt END
       FROM rotation_destination WHERE rotation = @id AND state <> 'failed'
       ON CONFLICT (credential, repo, environment, secret) DO UPDATE SET version = excluded.version,
         state = excluded.state, stored_at = excluded.stored_at, remote_updated_at = excluded.remote_updated_at,
         checked_at = excluded.checked_at, look_at = excluded.look_at, changed_at = NULL`,
  ).run({ id, credential, version, at: fromInstant(at), lookAt: fromInstant(lookAt) });
}

/**
 * Writing again settles what an earlier attempt left open, one that was still settling included: its time was waited
 * out, and the value there now is the new one.
 */
function supersede(db: Database, history: History, credential: string, by: string, at: Date): void {
  const open = db
    .prepare(
      "SELECT id, state FROM rotation WHERE credential = ? AND state IN ('intended', 'stored', 'unconfirmed') AND id <> ?",
    )
    .all(credential, by) as Pick<RotationRow, 'id' | 'state'>[];
  for (const { id, state } of open) {
    const reason = `overwritten by rotation ${by}`;
    if (state !== 'unconfirmed') move(db, history, id, 'unconfirmed', at, reason);
    move(db, history, id, 'abandoned', at, reason);
  }
}

function get(db: Database, id: string): RotationRow {
  const row = db.prepare(`${SELECT} WHERE id = ?`).get(id) as RotationRow | undefined;
  if (!row) throw new Error(`there is no rotation ${id}`);
  return row;
}
