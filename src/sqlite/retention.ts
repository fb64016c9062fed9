import { addDays } from '../domain/calendar.ts';
import { fromInstant } from './columns.ts';
import type { Database } from './database.ts';

/** What is older has its end in the history, which is never thinned. */
export const KEPT_DAYS = 400;

export interface Thinned {
  readonly reminders: number;
  readonly messages: number;
  readonly outages: number;
}

/**
 * Of a version that has a successor, of a run of a pipeline, of the installation: nothing plans them again. Those of the present
 * version, and of none, say what has been sent and stay.
 */
const OVER = `(credential = '*' OR credential LIKE 'pipeline:%'
  OR (version > 0 AND version < (SELECT MAX(version) FROM version AS v WHERE v.credential = reminder.credential)))`;

/** What still may go out, or waits for a person, is not over. */
const SETTLED = `(state IN ('covered', 'cancelled') OR (state = 'carried'
  AND EXISTS (SELECT 1 FROM message AS m WHERE m.id = reminder.message AND m.next_attempt_at IS NULL AND m.state IN ('sent', 'cancelled'))))`;

/**
 * Removes what is settled, long past and needed by nobody: at most `limit` rows of each kind, so that a round stays short. The
 * pages are used again; the file does not shrink. Inside one transaction.
 */
export function thin(db: Database, now: Date, limit: number): Thinned {
  const which = { before: fromInstant(addDays(now, -KEPT_DAYS)), limit };
  return db.transaction(() => {
    const reminders = db
      .prepare(
        `DELETE FROM reminder WHERE (credential, version, topic, lead_days, recipient) IN (
           SELECT credential, version, topic, lead_days, recipient FROM reminder
           WHERE due_at < @before AND ${OVER} AND ${SETTLED} LIMIT @limit)`,
      )
      .run(which).changes;
    // Numbered in the order in which they were made: everything before one that went out long ago is older still.
    const messages = db
      .prepare(
        `DELETE FROM message WHERE id IN (SELECT id FROM message AS m
           WHERE m.id <= (SELECT MAX(id) FROM message WHERE state = 'sent' AND sent_at < @before)
             AND m.next_attempt_at IS NULL AND m.state IN ('sent', 'cancelled')
             AND NOT EXISTS (SELECT 1 FROM reminder AS r WHERE r.message = m.id) LIMIT @limit)`,
      )
      .run(which).changes;
    const outages = db
      .prepare(
        'DELETE FROM outage WHERE began_at IN (SELECT began_at FROM outage WHERE ended_at < @before LIMIT @limit)',
      )
      .run(which).changes;
    return { reminders, messages, outages };
  });
}
