import type { Destination } from '../domain/credential.ts';
import type { Look, RemoteSecret, StoredDestination, Watched } from '../register/register.ts';
import { fromInstant, KEPT_INTEGER, KEPT_TEXT, toInstant } from './columns.ts';
import type { Database } from './database.ts';
import type { History } from './history.ts';

export interface DestinationRow extends Destination {
  credential: string;
  version: number | null;
  state: StoredDestination['state'];
  stored_at: string | null;
  remote_updated_at: string | null;
  checked_at: string | null;
  changed_at: string | null;
}

/** One destination of one credential. */
interface Place {
  readonly credential: string;
  readonly destination: Destination;
}

export const SELECT_DESTINATION = `SELECT credential, repo, environment, secret, version, state, stored_at, remote_updated_at,
  checked_at, changed_at FROM destination`;
const BY_PLACE =
  'credential = +@credential AND repo = +@repo AND environment = +@environment AND secret = +@secret';
/** Seen to be another's, or gone. */
const FOREIGN = "('changed-elsewhere', 'missing')";

export function toDestination(row: DestinationRow): StoredDestination {
  return {
    destination: { repo: row.repo, environment: row.environment, secret: row.secret },
    version: row.version ?? undefined,
    state: row.state,
    storedAt: toInstant(row.stored_at),
    remoteUpdatedAt: toInstant(row.remote_updated_at),
    checkedAt: toInstant(row.checked_at),
    changedAt: toInstant(row.changed_at),
  };
}

export function toLookAt(db: Database, now: Date, limit: number): readonly Watched[] {
  const rows = db
    .prepare(
      `${SELECT_DESTINATION} WHERE look_at IS NOT NULL AND look_at <= ${KEPT_TEXT} ORDER BY look_at LIMIT ${KEPT_INTEGER}`,
    )
    .all(fromInstant(now), limit) as DestinationRow[];
  return rows.map((row) => ({ credential: row.credential, ...toDestination(row) }));
}

/** Called inside a transaction. */
export function unwatch(db: Database, place: Place): void {
  db.prepare(`UPDATE destination SET look_at = NULL WHERE ${BY_PLACE}`).run(keyOf(place));
}

/** What was left alone is looked at again, since its credential is wanted after all. Called inside a transaction. */
export function rewatch(db: Database, credential: string): void {
  db.prepare(
    `UPDATE destination SET look_at = ''
     WHERE credential = +? AND look_at IS NULL AND remote_updated_at IS NOT NULL AND state <> 'unconfirmed'`,
  ).run(credential);
}

/** Called inside a transaction. */
export function noteLook(db: Database, history: History, place: Place, look: Look, at: Date): void {
  const key = keyOf(place);
  const before = db.prepare(`SELECT state FROM destination WHERE ${BY_PLACE}`).pluck().get(key) as
    | DestinationRow['state']
    | undefined;
  const state = look.state ?? before;
  db.prepare(
    `UPDATE destination SET state = @state, look_at = @lookAt, checked_at = CASE WHEN @read THEN @at ELSE checked_at END,
       changed_at = CASE WHEN @state IN ${FOREIGN} THEN COALESCE(changed_at, @at) WHEN @state = 'unknown' THEN changed_at END
     WHERE ${BY_PLACE}`,
  ).run({
    ...key,
    state,
    lookAt: fromInstant(look.nextLookAt),
    read: look.read ? 1 : 0,
    at: fromInstant(at),
  });
  if (state === before || state === undefined) return;
  db.prepare("UPDATE credential SET plan_at = '' WHERE name = ?").run(place.credential);
  const detail = { ...place.destination, ...look.detail };
  history.append({ type: 'destination.seen', subject: place.credential, result: state, detail }, at);
}

/** What a destination holds that reseal never stored to. Called inside a transaction. */
export function noteRemote(
  db: Database,
  history: History,
  place: Place,
  remote: RemoteSecret,
  at: Date,
): void {
  db.prepare(
    `INSERT INTO destination (credential, repo, environment, secret, state, remote_updated_at, checked_at, look_at)
     VALUES (@credential, @repo, @environment, @secret, @state, @updatedAt, @at, @at)
     ON CONFLICT (credential, repo, environment, secret) DO UPDATE SET state = @state, remote_updated_at = @updatedAt,
       checked_at = @at, look_at = @at WHERE version IS NULL`,
  ).run({
    ...keyOf(place),
    state: remote.updatedAt ? 'never-stored' : 'missing',
    updatedAt: fromInstant(remote.updatedAt),
    at: fromInstant(at),
  });
  const result = remote.updatedAt
    ? `last written ${fromInstant(remote.updatedAt)}`
    : 'there is no such secret';
  const detail = { ...place.destination, differs: remote.differs ? 'yes' : 'no' };
  history.append({ type: 'destination.adopted', subject: place.credential, result, detail }, at);
}

/**
 * A person has recorded what is in use: what somebody else wrote is no longer foreign, and is found anew as the baseline. Called
 * inside a transaction.
 */
export function forgetForeign(db: Database, credential: string): void {
  db.prepare(
    `UPDATE destination SET state = 'unknown', version = NULL, remote_updated_at = NULL, changed_at = NULL, look_at = NULL
     WHERE credential = +? AND state IN ${FOREIGN}`,
  ).run(credential);
}

/** What somebody else wrote holds this version, as a person said. Called inside a transaction. */
export function adoptForeign(db: Database, place: Place, version: number, updatedAt: Date, at: Date): void {
  db.prepare(
    `UPDATE destination SET state = 'verified', version = @version, remote_updated_at = @updatedAt, stored_at = @updatedAt,
       checked_at = @at, changed_at = NULL, look_at = @at WHERE ${BY_PLACE}`,
  ).run({ ...keyOf(place), version, updatedAt: fromInstant(updatedAt), at: fromInstant(at) });
}

function keyOf({ credential, destination }: Place): Record<string, string> {
  const { repo, environment, secret } = destination;
  return { credential, repo, environment, secret };
}
