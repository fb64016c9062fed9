import type { Declaration } from '../domain/credential.ts';
import { AppError } from '../domain/error.ts';
import type { Register, RegisterChange, StoredCredential } from '../register/register.ts';
import { fromInstant, toInstant } from './columns.ts';
import type { Database } from './database.ts';
import type { DestinationRow } from './destinations.ts';
import {
  adoptForeign,
  forgetForeign,
  noteLook,
  noteRemote,
  rewatch,
  SELECT_DESTINATION,
  toDestination,
  toLookAt,
  unwatch,
} from './destinations.ts';
import type { History } from './history.ts';
import { letGo } from './reminders.ts';
import type { FormerRow, VersionRow } from './versions.ts';
import {
  declare,
  describeVersion,
  insertByHand,
  insertVersion,
  restore,
  revokeFormer,
  SELECT_CURRENT,
  SELECT_FORMER,
  toFormer,
  toVersion,
} from './versions.ts';

interface CredentialRow {
  name: string;
  declaration: string;
  declared: number;
  first_seen_at: string;
  acknowledged_until: string | null;
  retired_at: string | null;
}

const SELECT_CREDENTIAL =
  'SELECT name, declaration, declared, first_seen_at, acknowledged_until, retired_at FROM credential';
/** Names that are bound as one JSON array, so that a statement stays the same for any number of them. */
const NAMED = '(SELECT value FROM json_each(?))';
const SELECT_UNCONFIRMED = `SELECT credential, MIN(opened_at) AS since FROM rotation
  WHERE state = 'unconfirmed' AND credential IN ${NAMED} GROUP BY credential`;
/** So many credentials are read at once: a hundred thousand of them fit into no small memory. */
const A_BATCH = 500;

/** What credentials are put together from. */
interface Parts {
  readonly versions: ReadonlyMap<string, VersionRow>;
  readonly former: ReadonlyMap<string, readonly FormerRow[]>;
  readonly unconfirmed: ReadonlyMap<string, string>;
  readonly destinations: ReadonlyMap<string, readonly DestinationRow[]>;
}

/** @param onVersion runs in the transaction that records a version, so that what follows from it is never left out */
export function openRegister(
  db: Database,
  history: History,
  onVersion: (credential: string, version: number, at: Date) => void,
): Register {
  return {
    list: () => [...inBatches(db, [])].flat(),
    inBatches: (except = []) => inBatches(db, except),
    some: (names) => some(db, names),
    find: (name) => some(db, [name])[0],
    *declarations() {
      for (const rows of batchesOfRows(db, []))
        for (const { declaration, declared, retired_at } of rows)
          yield {
            declaration: JSON.parse(declaration) as Declaration,
            declared: declared === 1,
            retiredAt: toInstant(retired_at),
          };
    },
    apply: (changes, at) =>
      db.transaction(() => {
        for (const change of changes) applyChange(db, history, change, at);
      }),
    addVersion: (credential, version, at) =>
      db.transaction(() => {
        forgetForeign(db, credential);
        const number = insertByHand(db, credential, version, at);
        history.append(
          {
            type: 'credential.recorded',
            subject: credential,
            result: `version ${number}`,
            detail: describeVersion(version),
          },
          at,
        );
        onVersion(credential, number, at);
        return number;
      }),
    adopt: (credential, version, seen, at) =>
      db.transaction(() => {
        const number = insertVersion(db, credential, version, at, undefined);
        for (const { destination, updatedAt } of seen)
          adoptForeign(db, { credential, destination }, number, updatedAt, at);
        const result = `version ${number}, stored by somebody else`;
        history.append(
          { type: 'credential.recorded', subject: credential, result, detail: describeVersion(version) },
          at,
        );
        onVersion(credential, number, at);
        return number;
      }),
    acknowledge: (name, until, at) =>
      db.transaction(() => {
        db.prepare("UPDATE credential SET acknowledged_until = ?, plan_at = '' WHERE name = ?").run(
          fromInstant(until),
          name,
        );
        history.append(
          { type: 'credential.acknowledged', subject: name, result: `until ${fromInstant(until)}` },
          at,
        );
        letGo(db, name, at);
      }),
    retire: (name, at) =>
      db.transaction(() => {
        db.prepare("UPDATE credential SET retired_at = ?, plan_at = '' WHERE name = ?").run(
          fromInstant(at),
          name,
        );
        history.append({ type: 'credential.retired', subject: name, result: 'no more reminders' }, at);
        letGo(db, name, at);
      }),
    declare: (name, standing, at) => db.transaction(() => declare(db, history, name, standing, at)),
    revokeFormer: (name, at) => db.transaction(() => revokeFormer(db, history, name, at)),
    toLookAt: (now, limit) => toLookAt(db, now, limit),
    unwatch: (name, destination) => db.transaction(() => unwatch(db, { credential: name, destination })),
    restore: (name, at) => db.transaction(() => restore(db, history, name, at)),
    noteLook: (name, destination, look, at) =>
      db.transaction(() => noteLook(db, history, { credential: name, destination }, look, at)),
    noteRemote: (name, destination, remote, at) =>
      db.transaction(() => noteRemote(db, history, { credential: name, destination }, remote, at)),
  };
}

function some(db: Database, names: readonly string[]): readonly StoredCredential[] {
  const rows = db.prepare(`${SELECT_CREDENTIAL} WHERE name IN ${NAMED}`).all(JSON.stringify(names));
  return rows.length === 0 ? [] : assemble(db, rows as CredentialRow[]);
}

function* inBatches(db: Database, except: readonly string[]): Generator<readonly StoredCredential[]> {
  for (const rows of batchesOfRows(db, except)) yield assemble(db, rows);
}

/** What is written meanwhile is seen from the next batch on. @throws AppError storage where the table is not in order */
function* batchesOfRows(db: Database, except: readonly string[]): Generator<readonly CredentialRow[]> {
  const next = db.prepare(
    `${SELECT_CREDENTIAL} WHERE name > @after AND name NOT IN (SELECT value FROM json_each(@except)) ORDER BY name LIMIT ${A_BATCH}`,
  );
  const without = JSON.stringify(except);
  for (let after = ''; ; ) {
    const rows = next.all({ after, except: without }) as CredentialRow[];
    const last = rows.at(-1);
    if (!last) return;
    // A damaged index would lead round in a circle.
    if (last.name <= after)
      throw new AppError('storage', 'the credentials in the database are not in order: it is damaged', {
        hints: ['see what is wrong: reseal doctor; put a backup in its place: reseal restore FILE'],
      });
    yield rows;
    if (rows.length < A_BATCH) return;
    after = last.name;
  }
}

/** Puts credentials together from the tables that know of them. */
function assemble(db: Database, credentials: readonly CredentialRow[]): readonly StoredCredential[] {
  const names = JSON.stringify(credentials.map(({ name }) => name));
  const rows = <Row>(sql: string) => db.prepare(sql).all(names) as Row[];
  const parts: Parts = {
    versions: new Map(
      rows<VersionRow>(`${SELECT_CURRENT} AND credential IN ${NAMED}`).map((row) => [row.credential, row]),
    ),
    former: Map.groupBy(
      rows<FormerRow>(`${SELECT_FORMER} AND n.credential IN ${NAMED} ORDER BY v.version DESC`),
      (row) => row.credential,
    ),
    unconfirmed: new Map(
      rows<{ credential: string; since: string }>(SELECT_UNCONFIRMED).map((row) => [
        row.credential,
        row.since,
      ]),
    ),
    destinations: Map.groupBy(
      rows<DestinationRow>(`${SELECT_DESTINATION} WHERE credential IN ${NAMED}`),
      (row) => row.credential,
    ),
  };
  return credentials.map((row) => toCredential(row, parts));
}

function applyChange(db: Database, history: History, change: RegisterChange, at: Date): void {
  const name = change.kind === 'vanish' ? change.name : change.declaration.name;
  if (change.kind === 'vanish') {
    db.prepare("UPDATE credential SET declared = 0, plan_at = '' WHERE name = ?").run(name);
  } else {
    db.prepare(
      `INSERT INTO credential (name, declaration, declared, first_seen_at) VALUES (@name, @declaration, 1, @at)
         ON CONFLICT (name) DO UPDATE SET declaration = @declaration, declared = 1, plan_at = ''`,
    ).run({ name, declaration: JSON.stringify(change.declaration), at: fromInstant(at) });
    rewatch(db, name);
  }
  const result = {
    add: 'declared',
    change: 'changed',
    vanish: 'no longer declared',
    return: 'declared again',
  }[change.kind];
  const detail = change.kind === 'change' ? { changed: change.changed.join(', ') } : {};
  history.append({ type: 'credential.declared', subject: name, result, detail }, at);
}

function toCredential(row: CredentialRow, parts: Parts): StoredCredential {
  const version = parts.versions.get(row.name);
  return {
    declaration: JSON.parse(row.declaration) as Declaration,
    declared: row.declared === 1,
    firstSeenAt: toInstant(row.first_seen_at),
    acknowledgedUntil: toInstant(row.acknowledged_until),
    retiredAt: toInstant(row.retired_at),
    current: version && toVersion(version),
    former: (parts.former.get(row.name) ?? []).map(toFormer),
    unconfirmedSince: toInstant(parts.unconfirmed.get(row.name) ?? null),
    destinations: (parts.destinations.get(row.name) ?? []).map(toDestination),
  };
}
