import type { FormerVersion, NewVersion, Version } from '../domain/credential.ts';
import type { Expiry, ExpirySource } from '../domain/expiry.ts';
import { UNKNOWN_EXPIRY } from '../domain/expiry.ts';
import { fromInstant, toInstant } from './columns.ts';
import type { Database } from './database.ts';
import { rewatch } from './destinations.ts';
import type { History } from './history.ts';

export interface VersionRow {
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

export interface FormerRow {
  credential: string;
  version: number;
  expiry: Expiry['kind'];
  expires_at: string | null;
  expiry_source: ExpirySource;
  standing: Version['standing'];
  replaced_at: string;
}

export const SELECT_CURRENT = `
  SELECT credential, version, created_at, lifetime_days, expiry, expires_at, expiry_source, standing, standing_at, revoked_at,
    fingerprint, checked, recorded_at
  FROM version AS v
  WHERE version = (SELECT MAX(version) FROM version WHERE credential = v.credential)`;
/** Replaced by a rotation. What was recorded before it by hand is the same token with another date. */
export const SELECT_FORMER = `
  SELECT v.credential, v.version, v.expiry, v.expires_at, v.expiry_source, v.standing, n.recorded_at AS replaced_at
  FROM version AS n JOIN version AS v ON v.credential = n.credential AND v.version = n.version - 1
  WHERE n.rotation IS NOT NULL AND v.revoked_at IS NULL`;
/** What a person said of the current version. A leak is the worse of the two, and is never taken back. */
export function declare(
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
export function insertByHand(db: Database, credential: string, version: NewVersion, at: Date): number {
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
  return db.prepare(`${SELECT_CURRENT} AND credential = +?`).get(name) as VersionRow | undefined;
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

/** Its issuer accepts it after all. Of no effect where it is good, or leaked. Called inside a transaction. */
export function restore(db: Database, history: History, name: string, at: Date): void {
  const current = currentOf(db, name);
  if (current?.standing !== 'revoked') return;
  db.prepare(
    "UPDATE version SET standing = 'good', standing_at = NULL, revoked_at = NULL WHERE credential = ? AND version = ?",
  ).run(name, current.version);
  db.prepare("UPDATE credential SET plan_at = '' WHERE name = ?").run(name);
  const result = `version ${current.version} is accepted again`;
  history.append({ type: 'credential.restored', subject: name, result }, at);
}

export function revokeFormer(db: Database, history: History, name: string, at: Date): readonly number[] {
  const former = db
    .prepare(`${SELECT_FORMER} AND n.credential = +? ORDER BY v.version DESC`)
    .all(name) as FormerRow[];
  const versions = former.map(({ version }) => version);
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
  const number = db
    .prepare('SELECT COALESCE(MAX(version), 0) + 1 FROM version WHERE credential = +?')
    .pluck()
    .get(credential) as number;
  db.prepare(
    `INSERT INTO version (credential, version, created_at, lifetime_days, expiry, expires_at, expiry_source, standing,
         checked, rotation, fingerprint, recorded_at)
       VALUES (@credential, @number, @createdAt, @lifetimeDays, @expiry, @expiresAt, @source, 'good',
         @checked, @rotation, @fingerprint, @at)`,
  ).run({
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

export function toVersion(row: VersionRow): Version {
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

export function toFormer(row: FormerRow): FormerVersion {
  const { version, standing } = row;
  return { version, expiry: toExpiry(row), standing, replacedAt: toInstant(row.replaced_at) };
}

function toExpiry(row: Pick<VersionRow, 'expiry' | 'expires_at' | 'expiry_source'>): Expiry {
  if (row.expiry === 'known')
    return { kind: 'known', at: toInstant(row.expires_at ?? ''), source: row.expiry_source };
  if (row.expiry === 'never') return { kind: 'never', source: row.expiry_source };
  return { kind: 'unknown', source: 'unknown' };
}
