import type { Declaration, FormerVersion, NewVersion, Version } from '../domain/credential.ts';
import type { Expiry, ExpirySource } from '../domain/expiry.ts';
import { UNKNOWN_EXPIRY } from '../domain/expiry.ts';
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

interface CredentialRow {
  name: string;
  declaration: string;
  declared: number;
  first_seen_at: string;
  acknowledged_until: string | null;
  retired_at: string | null;
}

interface VersionRow {
  credential: string;
  version: number;
  created_at: string | null;
  lifetime_days: number | null;
  expiry: Expiry['kind'];
  expires_at: string | null;
  expiry_source: ExpirySource;
  standing: Version['standing'];
  standing_at: string | null;
  revoked_at: string | null;
  fingerprint: string | null;
  checked: Version['checked'];
  recorded_at: string;
}

interface FormerRow {
  credential: string;
  version: number;
  expiry: Expiry['kind'];
  expires_at: string | null;
  expiry_source: ExpirySource;
  standing: Version['standing'];
  replaced_at: string;
}

const SELECT_CREDENTIAL =
  'SELECT name, declaration, declared, first_seen_at, acknowledged_until, retired_at FROM credential';
const SELECT_CURRENT = `
  SELECT credential, version, created_at, lifetime_days, expiry, expires_at, expiry_source, standing, standing_at, revoked_at,
    fingerprint, checked, recorded_at
  FROM version AS v
  WHERE version = (SELECT MAX(version) FROM version WHERE credential = v.credential)`;
/** Replaced by a rotation. What was recorded before it by hand is the same token with another date. */
const SELECT_FORMER = `
  SELECT v.credential, v.version, v.expiry, v.expires_at, v.expiry_source, v.standing, n.recorded_at AS replaced_at
  FROM version AS n JOIN version AS v ON v.credential = n.credential AND v.version = n.version - 1
  WHERE n.rotation IS NOT NULL AND v.revoked_at IS NULL`;
const SELECT_UNCONFIRMED =
  "SELECT credential, MIN(opened_at) AS since FROM rotation WHERE state = 'unconfirmed' GROUP BY credential";

/** What the credentials of a list, or one alone, are put together from. */
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
    list: () => {
      const parts = allParts(db);
      return (db.prepare(`${SELECT_CREDENTIAL} ORDER BY name`).all() as CredentialRow[]).map((row) =>
        toCredential(row, parts),
      );
    },
    find: (name) => {
      const row = db.prepare(`${SELECT_CREDENTIAL} WHERE name = ?`).get(name) as CredentialRow | undefined;
      return row && toCredential(row, partsOf(db, name));
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
    restore: (name, at) =>
      db.transaction(() => {
        const current = currentOf(db, name);
        if (current?.standing !== 'revoked') return;
        db.prepare(
          "UPDATE version SET standing = 'good', standing_at = NULL, revoked_at = NULL WHERE credential = ? AND version = ?",
        ).run(name, current.version);
        db.prepare("UPDATE credential SET plan_at = '' WHERE name = ?").run(name);
        const result = `version ${current.version} is accepted again`;
        history.append({ type: 'credential.restored', subject: name, result }, at);
      }),
    noteLook: (name, destination, look, at) =>
      db.transaction(() => noteLook(db, history, { credential: name, destination }, look, at)),
    noteRemote: (name, destination, remote, at) =>
      db.transaction(() => noteRemote(db, history, { credential: name, destination }, remote, at)),
  };
}

function allParts(db: Database): Parts {
  const rows = <Row>(sql: string) => db.prepare(sql).all() as Row[];
  return {
    versions: new Map(rows<VersionRow>(SELECT_CURRENT).map((row) => [row.credential, row])),
    former: Map.groupBy(rows<FormerRow>(`${SELECT_FORMER} ORDER BY v.version DESC`), (row) => row.credential),
    unconfirmed: new Map(
      rows<{ credential: string; since: string }>(SELECT_UNCONFIRMED).map((row) => [
        row.credential,
        row.since,
      ]),
    ),
    destinations: Map.groupBy(rows<DestinationRow>(SELECT_DESTINATION), (row) => row.credential),
  };
}

function partsOf(db: Database, name: string): Parts {
  const rows = <Row>(sql: string) => db.prepare(sql).all(name) as Row[];
  const [version] = rows<VersionRow>(`${SELECT_CURRENT} AND credential = ?`);
  const [unconfirmed] = rows<{ since: string | null }>(
    "SELECT MIN(opened_at) AS since FROM rotation WHERE state = 'unconfirmed' AND credential = ?",
  );
  return {
    versions: new Map(version ? [[name, version]] : []),
    former: new Map([
      [name, rows<FormerRow>(`${SELECT_FORMER} AND n.credential = ? ORDER BY v.version DESC`)],
    ]),
    unconfirmed: new Map(unconfirmed?.since ? [[name, unconfirmed.since]] : []),
    destinations: new Map([[name, rows<DestinationRow>(`${SELECT_DESTINATION} WHERE credential = ?`)]]),
  };
}

/** What a person said of the current version. A leak is the worse of the two, and is never taken back. */
function declare(
  db: Database,
  history: History,
  name: string,
  standing: 'revoked' | 'leaked',
  at: Date,
): boolean {
  const current = currentOf(db, name) ?? insertUndated(db, name, at);
  const revokedAt = standing === 'revoked' ? fromInstant(at) : null;
  db.prepare(
    'UPDATE version SET revoked_at = COALESCE(revoked_at, ?) WHERE credential = ? AND version = ?',
  ).run(revokedAt, name, current.version);
  if (current.standing === standing || current.standing === 'leaked') return false;
  db.prepare('UPDATE version SET standing = ?, standing_at = ? WHERE credential = ? AND version = ?').run(
    standing,
    fromInstant(at),
    name,
    current.version,
  );
  db.prepare("UPDATE credential SET retired_at = NULL, plan_at = '' WHERE name = ?").run(name);
  rewatch(db, name);
  history.append({ type: `credential.${standing}`, subject: name, result: `version ${current.version}` }, at);
  return true;
}

/** What is recorded by hand is what our own writes hold, with another date. */
function insertByHand(db: Database, credential: string, version: NewVersion, at: Date): number {
  const before = currentOf(db, credential);
  const held =
    before &&
    db
      .prepare('UPDATE destination SET version = version + 1 WHERE credential = ? AND version = ?')
      .run(credential, before.version).changes > 0;
  const fingerprint = held ? (before.fingerprint ?? undefined) : undefined;
  return insertVersion(db, credential, { ...version, fingerprint }, at, undefined);
}

function currentOf(
  db: Database,
  name: string,
): Pick<VersionRow, 'version' | 'standing' | 'fingerprint'> | undefined {
  return db.prepare(`${SELECT_CURRENT} AND credential = ?`).get(name) as VersionRow | undefined;
}

function insertUndated(
  db: Database,
  name: string,
  at: Date,
): { version: number; standing: Version['standing'] } {
  const undated: NewVersion = {
    expiry: UNKNOWN_EXPIRY,
    lifetimeDays: undefined,
    createdAt: undefined,
    checked: 'not-asked',
  };
  return { version: insertVersion(db, name, undated, at, undefined), standing: 'good' };
}

function revokeFormer(db: Database, history: History, name: string, at: Date): readonly number[] {
  const versions =
    partsOf(db, name)
      .former.get(name)
      ?.map(({ version }) => version) ?? [];
  for (const version of versions) {
    db.prepare('UPDATE version SET revoked_at = ? WHERE credential = ? AND version = ?').run(
      fromInstant(at),
      name,
      version,
    );
    history.append(
      { type: 'credential.old-token-revoked', subject: name, result: `version ${version}, as a person said` },
      at,
    );
  }
  if (versions.length > 0) db.prepare("UPDATE credential SET plan_at = '' WHERE name = ?").run(name);
  return versions;
}

/** Adds the next version. Called inside a transaction. @returns its number */
export function insertVersion(
  db: Database,
  credential: string,
  version: NewVersion,
  at: Date,
  rotation: string | undefined,
): number {
  const number = db.connection
    .prepare('SELECT COALESCE(MAX(version), 0) + 1 FROM version WHERE credential = ?')
    .pluck()
    .get(credential) as number;
  db.connection
    .prepare(
      `INSERT INTO version (credential, version, created_at, lifetime_days, expiry, expires_at, expiry_source, standing,
         checked, rotation, fingerprint, recorded_at)
       VALUES (@credential, @number, @createdAt, @lifetimeDays, @expiry, @expiresAt, @source, 'good',
         @checked, @rotation, @fingerprint, @at)`,
    )
    .run({
      credential,
      number,
      createdAt: fromInstant(version.createdAt),
      lifetimeDays: version.lifetimeDays ?? null,
      expiry: version.expiry.kind,
      expiresAt: version.expiry.kind === 'known' ? fromInstant(version.expiry.at) : null,
      source: version.expiry.source,
      checked: version.checked,
      rotation: rotation ?? null,
      fingerprint: version.fingerprint ?? null,
      at: fromInstant(at),
    });
  // A new version answers what was acknowledged for the old one, and brings a retired credential back.
  db.prepare(
    "UPDATE credential SET acknowledged_until = NULL, retired_at = NULL, plan_at = '' WHERE name = ?",
  ).run(credential);
  rewatch(db, credential);
  return number;
}

export function describeVersion(version: NewVersion): Record<string, string | null> {
  return {
    expiry: version.expiry.kind,
    expiresAt: version.expiry.kind === 'known' ? fromInstant(version.expiry.at) : null,
    expirySource: version.expiry.source,
    checked: version.checked,
  };
}

function applyChange(db: Database, history: History, change: RegisterChange, at: Date): void {
  const name = change.kind === 'vanish' ? change.name : change.declaration.name;
  if (change.kind === 'vanish') {
    db.prepare("UPDATE credential SET declared = 0, plan_at = '' WHERE name = ?").run(name);
  } else {
    db.connection
      .prepare(
        `INSERT INTO credential (name, declaration, declared, first_seen_at) VALUES (@name, @declaration, 1, @at)
         ON CONFLICT (name) DO UPDATE SET declaration = @declaration, declared = 1, plan_at = ''`,
      )
      .run({ name, declaration: JSON.stringify(change.declaration), at: fromInstant(at) });
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

function toVersion(row: VersionRow): Version {
  return {
    version: row.version,
    createdAt: toInstant(row.created_at),
    lifetimeDays: row.lifetime_days ?? undefined,
    expiry: toExpiry(row),
    standing: row.standing,
    standingAt: toInstant(row.standing_at),
    revokedAt: toInstant(row.revoked_at),
    fingerprint: row.fingerprint ?? undefined,
    checked: row.checked,
    recordedAt: toInstant(row.recorded_at),
  };
}

function toFormer(row: FormerRow): FormerVersion {
  const { version, standing } = row;
  return { version, expiry: toExpiry(row), standing, replacedAt: toInstant(row.replaced_at) };
}

function toExpiry(row: Pick<VersionRow, 'expiry' | 'expires_at' | 'expiry_source'>): Expiry {
  if (row.expiry === 'known')
    return { kind: 'known', at: toInstant(row.expires_at ?? ''), source: row.expiry_source };
  if (row.expiry === 'never') return { kind: 'never', source: row.expiry_source };
  return { kind: 'unknown', source: 'unknown' };
}
