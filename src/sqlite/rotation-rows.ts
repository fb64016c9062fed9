import type { Destination, NewVersion } from '../domain/credential.ts';
import type { Expiry, ExpirySource } from '../domain/expiry.ts';
import type { JournalDestination, JournalEntry, RotationState } from '../rotate/rotation.ts';
import { toInstant } from './columns.ts';
import type { Database } from './database.ts';

// The rows of the journal, as its entries.

export interface RotationRow {
  id: string;
  credential: string;
  completes: number | null;
  state: RotationState;
  detail: string | null;
  chosen: string | null;
  pid: number;
  host: string;
  opened_at: string;
  updated_at: string;
}

interface DestinationRow extends Destination {
  state: JournalDestination['state'];
  baseline_updated_at: string | null;
  intended_at: string;
  remote_updated_at: string | null;
}

export function placeOf({ repo, environment, secret }: Destination): Destination {
  return { repo, environment, secret };
}

export function toEntry(db: Database, row: RotationRow): JournalEntry {
  const destinations = db
    .prepare(
      `SELECT repo, environment, secret, state, baseline_updated_at, intended_at, remote_updated_at
       FROM rotation_destination WHERE rotation = ? ORDER BY repo, environment, secret`,
    )
    .all(row.id) as DestinationRow[];
  return {
    id: row.id,
    credential: row.credential,
    completes: row.completes ?? undefined,
    state: row.state,
    openedAt: toInstant(row.opened_at),
    updatedAt: toInstant(row.updated_at),
    pid: row.pid,
    host: row.host,
    detail: row.detail ?? undefined,
    chosen: row.chosen === null ? undefined : toChosen(row.chosen),
    destinations: destinations.map((place) => ({
      destination: placeOf(place),
      state: place.state,
      baselineUpdatedAt: toInstant(place.baseline_updated_at),
      intendedAt: toInstant(place.intended_at),
      remoteUpdatedAt: toInstant(place.remote_updated_at),
    })),
  };
}

function toChosen(json: string): NewVersion {
  const { expiry, createdAt, lifetimeDays, checked, fingerprint } = JSON.parse(json) as {
    expiry: { kind: 'known'; at: string; source: ExpirySource } | Exclude<Expiry, { kind: 'known' }>;
    createdAt?: string;
    lifetimeDays?: number;
    checked: NewVersion['checked'];
    fingerprint?: string;
  };
  return {
    expiry: expiry.kind === 'known' ? { ...expiry, at: toInstant(expiry.at) } : expiry,
    createdAt: toInstant(createdAt ?? null),
    lifetimeDays,
    checked,
    fingerprint,
  };
}
