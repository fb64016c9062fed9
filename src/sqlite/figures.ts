import type { RotationState } from '../rotate/rotation.ts';
import type { Finding, Summary } from '../verify/finding.ts';
import type { StoredFinding } from '../verify/memory.ts';
import { fromInstant, toInstant } from './columns.ts';
import type { Database } from './database.ts';

// What a look at the whole installation counts. Looks, and changes nothing.

/** How many rotations stand at each state. */
export function rotationCounts(db: Database): ReadonlyMap<RotationState, number> {
  const rows = db.prepare('SELECT state, count(*) AS count FROM rotation GROUP BY state').all() as {
    state: RotationState;
    count: number;
  }[];
  return new Map(rows.map(({ state, count }) => [state, count]));
}

/** When each pipeline was last verified, and what that found. */
export function lastVerifications(
  db: Database,
): ReadonlyMap<string, { readonly at: Date; readonly summary: Summary }> {
  const rows = db
    .prepare(
      'SELECT pipeline, checked_at, pass, fail, unknown, not_applicable AS notApplicable, manual FROM verification',
    )
    .all() as ({ pipeline: string; checked_at: string } & Summary)[];
  return new Map(
    rows.map(({ pipeline, checked_at, ...summary }) => [pipeline, { at: toInstant(checked_at), summary }]),
  );
}

type OpenFinding = Pick<StoredFinding, 'firstSeenAt'> &
  Pick<Finding, 'rule' | 'subject' | 'outcome' | 'severity' | 'observed' | 'remedy'> & {
    readonly pipeline: string;
  };

/** What fails or cannot be seen: failing first, and of these the most severe, then by chapter. */
export function openFindings(db: Database): readonly OpenFinding[] {
  const rows = db
    .prepare(
      `SELECT pipeline, rule, subject, outcome, severity, observed, remedy, first_seen_at FROM finding
       WHERE outcome IN ('fail', 'unknown')
       ORDER BY outcome, CASE severity WHEN 'high' THEN 0 WHEN 'medium' THEN 1 ELSE 2 END, pipeline, section, rule, subject`,
    )
    .all() as (Omit<OpenFinding, 'firstSeenAt'> & { first_seen_at: string })[];
  return rows.map(({ first_seen_at, ...row }) => ({ ...row, firstSeenAt: toInstant(first_seen_at) }));
}

/** The day's one mail may be a day away, twenty-five hours when the clock is put back; what waits for it is not late. */
const DAYS_MAIL_MS = 26 * 3_600_000;

/** When the oldest fell due that is owed and is in nobody's hands. What waits for the day's next mail does not count. */
export function oldestUndelivered(db: Database, now: Date): Date | undefined {
  const at = db
    .prepare(
      `SELECT MIN(due_at) FROM (
         SELECT MIN(due_at) AS due_at FROM reminder WHERE state = 'owed' AND due_at <= CASE urgent WHEN 1 THEN @now ELSE @late END
         UNION ALL SELECT MIN(due_at) FROM reminder WHERE state = 'dead' AND due_at <= @now
         UNION ALL SELECT MIN(r.due_at) FROM message AS m JOIN reminder AS r ON r.message = m.id
           WHERE m.state IN ('pending', 'in-flight', 'ambiguous', 'dead') AND r.state = 'carried' AND r.due_at <= @now)`,
    )
    .pluck()
    .get({ now: fromInstant(now), late: fromInstant(new Date(now.getTime() - DAYS_MAIL_MS)) }) as
    | string
    | null;
  return toInstant(at);
}

/**
 * When the next mail about each of these credentials goes out, where what was planned for it holds at `now`. One is left out whose plan is
 * to be made anew, and one that is quiet, since its plan is made again when that ends: of these, `App.nextMailAt` tells.
 */
export function plannedMails(
  db: Database,
  names: readonly string[],
  now: Date,
): ReadonlyMap<string, Date | undefined> {
  const rows = db
    .prepare(
      `WITH named (name) AS MATERIALIZED (SELECT value FROM json_each(@names)),
       waiting (credential, at) AS (
         SELECT credential, due_at FROM reminder WHERE credential IN named AND state = 'owed'
         UNION ALL SELECT r.credential, m.next_attempt_at FROM reminder AS r JOIN message AS m ON m.id = r.message
           WHERE r.credential IN named AND r.state = 'carried' AND m.next_attempt_at IS NOT NULL)
       SELECT c.name, MIN(w.at, COALESCE(c.plan_at, w.at)) AS both, COALESCE(w.at, c.plan_at) AS one
       FROM named JOIN credential AS c ON c.name = named.name LEFT JOIN (SELECT credential, MIN(at) AS at FROM waiting GROUP BY credential) AS w ON w.credential = c.name
       WHERE (c.plan_at > @now OR c.plan_at IS NULL) AND c.acknowledged_until IS NULL`,
    )
    .all({ names: JSON.stringify(names), now: fromInstant(now) }) as {
    name: string;
    both: string | null;
    one: string | null;
  }[];
  // MIN of two is NULL where one of them is.
  return new Map(rows.map(({ name, both, one }) => [name, toInstant(both ?? one)]));
}

const PROBE_WAIT_MS = 100;

/**
 * Begins to write and takes it back. A command that is writing just now is waited for, for a moment only: whoever asks is
 * answered by the process that sends the mail.
 *
 * @throws AppError storage, busy
 */
export function probeWritable(db: Database): void {
  const before = db.connection.pragma('busy_timeout', { simple: true }) as number;
  db.connection.pragma(`busy_timeout = ${PROBE_WAIT_MS}`);
  try {
    db.transaction(() => undefined);
  } finally {
    db.connection.pragma(`busy_timeout = ${before}`);
  }
}
