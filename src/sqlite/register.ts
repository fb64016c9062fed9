import type { Declaration, NewVersion, Version } from '../domain/credential.ts';
import type { Expiry, ExpirySource } from '../domain/expiry.ts';
import type { Register, RegisterChange, StoredCredential, StoredDestination } from '../register/register.ts';
import { fromInstant, toInstant } from './columns.ts';
import type { Database } from './database.ts';
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
  checked: Version['checked'];
  recorded_at: string;
}

interface DestinationRow {
  credential: string;
  repo: string;
  environment: string;
  secret: string;
  version: number | null;
  state: StoredDestination['state'];
  stored_at: string | null;
  remote_updated_at: string | null;
}

const SELECT_CREDENTIAL =
  'SELECT name, declaration, declared, first_seen_at, acknowledged_until, retired_at FROM credential';
const SELECT_CURRENT = `
  SELECT credential, version, created_at, lifetime_days, expiry, expires_at, expiry_source, standing, standing_at, checked, recorded_at
  FROM version AS v
  WHERE version = (SELECT MAX(version) FROM version WHERE credential = v.credential)`;
const SELECT_DESTINATION =
  'SELECT credential, repo, environment, secret, version, state, stored_at, remote_updated_at FROM destination';

/** @param onVersion runs in the transaction that records a version, so that what follows from it is never left out */
export function openRegister(
  db: Database,
  history: History,
  onVersion: (credential: string, version: number, at: Date) => void,
): Register {
  return {
    list: () => {
      const versions = new Map(
        (db.prepare(SELECT_CURRENT).all() as VersionRow[]).map((row) => [row.credential, row]),
      );
      const destinations = Map.groupBy(
        db.prepare(SELECT_DESTINATION).all() as DestinationRow[],
        (row) => row.credential,
      );
      return (db.prepare(`${SELECT_CREDENTIAL} ORDER BY name`).all() as CredentialRow[]).map((row) =>
        toCredential(row, versions.get(row.name), destinations.get(row.name) ?? []),
      );
    },
    find: (name) => {
      const row = db.prepare(`${SELECT_CREDENTIAL} WHERE name = ?`).get(name) as CredentialRow | undefined;
      if (!row) return undefined;
      const version = db.prepare(`${SELECT_CURRENT} AND credential = ?`).get(name) as VersionRow | undefined;
      const destinations = db
        .prepare(`${SELECT_DESTINATION} WHERE credential = ?`)
        .all(name) as DestinationRow[];
      return toCredential(row, version, destinations);
    },
    apply: (changes, at) =>
      db.transaction(() => {
        for (const change of changes) applyChange(db, history, change, at);
      }),
    addVersion: (credential, version, at) =>
      db.transaction(() => {
        const number = insertVersion(db, credential, version, at, undefined);
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
    noteRemote: (name, { repo, environment, secret }, remote, at) =>
      db.transaction(() => {
        db.prepare(
          `INSERT INTO destination (credential, repo, environment, secret, state, remote_updated_at)
           VALUES (@name, @repo, @environment, @secret, @state, @updatedAt)
           ON CONFLICT (credential, repo, environment, secret) DO UPDATE SET state = @state, remote_updated_at = @updatedAt
             WHERE version IS NULL`,
        ).run({
          name,
          repo,
          environment,
          secret,
          state: remote.updatedAt ? 'never-stored' : 'missing',
          updatedAt: fromInstant(remote.updatedAt),
        });
        const result = remote.updatedAt
          ? `last written ${fromInstant(remote.updatedAt)}`
          : 'there is no such secret';
        const detail = { repo, environment, secret, differs: remote.differs ? 'yes' : 'no' };
        history.append({ type: 'destination.adopted', subject: name, result, detail }, at);
      }),
  };
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
         checked, rotation, recorded_at)
       VALUES (@credential, @number, @createdAt, @lifetimeDays, @expiry, @expiresAt, @source, 'good',
         @checked, @rotation, @at)`,
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
      at: fromInstant(at),
    });
  // A new version answers what was acknowledged for the old one, and brings a retired credential back.
  db.prepare(
    "UPDATE credential SET acknowledged_until = NULL, retired_at = NULL, plan_at = '' WHERE name = ?",
  ).run(credential);
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

function toCredential(
  row: CredentialRow,
  version: VersionRow | undefined,
  destinations: readonly DestinationRow[],
): StoredCredential {
  return {
    declaration: JSON.parse(row.declaration) as Declaration,
    declared: row.declared === 1,
    firstSeenAt: toInstant(row.first_seen_at),
    acknowledgedUntil: toInstant(row.acknowledged_until),
    retiredAt: toInstant(row.retired_at),
    current: version ? toVersion(version) : undefined,
    destinations: destinations.map((destination) => ({
      destination: {
        repo: destination.repo,
        environment: destination.environment,
        secret: destination.secret,
      },
      version: destination.version ?? undefined,
      state: destination.state,
      storedAt: toInstant(destination.stored_at),
      remoteUpdatedAt: toInstant(destination.remote_updated_at),
    })),
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
    checked: row.checked,
    recordedAt: toInstant(row.recorded_at),
  };
}

function toExpiry(row: VersionRow): Expiry {
  if (row.expiry === 'known')
    return { kind: 'known', at: toInstant(row.expires_at ?? ''), source: row.expiry_source };
  if (row.expiry === 'never') return { kind: 'never', source: row.expiry_source };
  return { kind: 'unknown', source: 'unknown' };
}
