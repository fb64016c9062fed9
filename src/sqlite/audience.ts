import { checkedText, withChecksum } from './checksum.ts';
import { fromInstant } from './columns.ts';
import type { Database } from './database.ts';
import { findSnapshot } from './installation.ts';

/**
 * The policy of reminders, as text, by which people were told until now. Undefined: nobody was yet, or what was kept is damaged,
 * and a changed letter in an address would be somebody else's.
 */
export function readAudience(db: Database): string | undefined {
  const kept = db.prepare('SELECT policy FROM audience').pluck().get() as string | undefined;
  return checkedText(kept);
}

export function keepAudience(db: Database, policy: string, at: Date): void {
  db.prepare(
    'INSERT INTO audience (id, policy, since) VALUES (1, @policy, @at) ON CONFLICT (id) DO UPDATE SET policy = @policy, since = @at',
  ).run({ policy: withChecksum(policy), at: fromInstant(at) });
}

/** The configuration that was in force until now. `body`: undefined where what is kept of it was damaged. */
export function lastSnapshot(
  db: Database,
): { readonly sha256: string; readonly body: string | undefined } | undefined {
  const row = db.prepare('SELECT sha256, program FROM config_snapshot').get() as
    | { sha256: string; program: string }
    | undefined;
  return row && { sha256: row.sha256, body: findSnapshot(db, row.sha256, row.program) };
}
