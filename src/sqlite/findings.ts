import type { Finding, Summary } from '../verify/finding.ts';
import type {
  Comparison,
  FindingChange,
  FindingStore,
  Run,
  StoredFinding,
  StoredVerification,
} from '../verify/memory.ts';
import { fromInstant, toInstant } from './columns.ts';
import type { Database } from './database.ts';
import type { History } from './history.ts';

/** What is done in the transaction that remembers a run. */
export interface Remembering {
  /** What the run makes of what was stored (`verify/changes.ts`). */
  readonly compare: (before: readonly StoredFinding[], found: readonly Finding[], run: Run) => Comparison;
  /** Owes what is to be told of the changes. */
  readonly tell: (
    pipeline: { readonly name: string; readonly repo: string },
    run: Run,
    changes: readonly FindingChange[],
  ) => void;
  /** `user@host` of this process. */
  readonly actor: string;
}

export function openFindings(db: Database, history: History, remembering: Remembering): FindingStore {
  return {
    record: (pipeline, findings, at) =>
      db.transaction(() => record(db, history, remembering, pipeline, findings, at)),
    list: (pipeline) => list(db, pipeline),
    lastRun: (pipeline) => lastRun(db, pipeline),
    closeOthers: (declared, at) => closeOthers(db, history, declared, at),
    confirm: (pipeline, key, at) =>
      db.transaction(() => {
        db.prepare(
          `INSERT INTO manual_confirmation (pipeline, key, confirmed_at, actor) VALUES (@pipeline, @key, @at, @actor)
           ON CONFLICT (pipeline, key) DO UPDATE SET confirmed_at = @at, actor = @actor`,
        ).run({ pipeline, key, at: fromInstant(at), actor: remembering.actor });
        history.append({ type: 'verify.confirmed', subject: pipeline, result: key }, at);
      }),
    confirmations: (pipeline) => {
      const rows = db
        .prepare('SELECT key, confirmed_at FROM manual_confirmation WHERE pipeline = ?')
        .all(pipeline) as { key: string; confirmed_at: string }[];
      return new Map(rows.map((row) => [row.key, toInstant(row.confirmed_at)]));
    },
  };
}

/**
 * Failing are those that are known to, also where nobody can see it at present; these are among the unknown as well.
 *
 * @returns nulls where no pipeline was ever verified
 */
export function findingCounts(db: Database): {
  readonly fail: number | null;
  readonly unknown: number | null;
} {
  const verified = db.prepare('SELECT 1 FROM verification LIMIT 1').pluck().get();
  if (verified === undefined) return { fail: null, unknown: null };
  return db
    .prepare(
      `SELECT count(*) FILTER (WHERE known_outcome = 'fail') AS fail, count(*) FILTER (WHERE outcome = 'unknown') AS unknown
       FROM finding`,
    )
    .get() as { fail: number; unknown: number };
}

/** What one run has to tell and no later one has overtaken, by chapter. */
export function findingsToTell(db: Database, pipeline: string, run: number): readonly StoredFinding[] {
  return (
    db
      .prepare(`${SELECT} WHERE f.pipeline = +? AND f.change_run = +? ORDER BY f.section, f.rule, f.subject`)
      .all(pipeline, run) as FindingRow[]
  ).map(toFinding);
}

function record(
  db: Database,
  history: History,
  { compare, tell }: Remembering,
  pipeline: { readonly name: string; readonly repo: string },
  findings: readonly Finding[],
  at: Date,
): readonly FindingChange[] {
  const { name } = pipeline;
  const run = { pipeline: name, number: (lastRun(db, name)?.run ?? 0) + 1, at };
  const comparison = compare(list(db, name), findings, run);
  keepRun(db, run, comparison);
  for (const { rule, subject } of comparison.gone)
    db.prepare('DELETE FROM finding WHERE pipeline = ? AND rule = ? AND subject = ?').run(
      name,
      rule,
      subject,
    );
  for (const finding of comparison.findings) keepFinding(db, name, finding);
  for (const change of comparison.changes) history.append(eventOf(name, change), at);
  tell(pipeline, run, comparison.changes);
  return comparison.changes;
}

function eventOf(pipeline: string, { kind, finding }: FindingChange) {
  const { rule, subject, severity, outcome, observed } = finding;
  const detail = { rule, about: subject, severity, outcome, observed };
  return { type: `verify.${kind}`, subject: pipeline, result: `${rule}: ${subject}`, detail };
}

function keepRun(db: Database, { pipeline, number, at }: Run, { findings, nextLookAt }: Comparison): void {
  const count = (outcome: Finding['outcome']) => findings.filter((one) => one.outcome === outcome).length;
  db.prepare(
    `INSERT INTO verification (pipeline, run, checked_at, look_at, last_complete_at, pass, fail, unknown, not_applicable, manual)
     VALUES (@pipeline, @number, @at, @lookAt, @completeAt, @pass, @fail, @unknown, @notApplicable, @manual)
     ON CONFLICT (pipeline) DO UPDATE SET run = @number, checked_at = @at, look_at = @lookAt,
       last_complete_at = COALESCE(@completeAt, last_complete_at), pass = @pass, fail = @fail, unknown = @unknown,
       not_applicable = @notApplicable, manual = @manual`,
  ).run({
    pipeline,
    number,
    at: fromInstant(at),
    lookAt: fromInstant(nextLookAt),
    completeAt: count('unknown') === 0 ? fromInstant(at) : null,
    pass: count('pass'),
    fail: count('fail'),
    unknown: count('unknown'),
    notApplicable: count('not-applicable'),
    manual: count('manual'),
  });
}

const COLUMNS = [
  'outcome',
  'severity',
  'section',
  'expected',
  'observed',
  'remedy',
  'first_seen_at',
  'last_seen_at',
  'known_outcome',
  'known_at',
  'failed_at',
  'resolved_at',
  'change',
  'change_since',
  'change_run',
] as const;

const KEEP = `INSERT INTO finding (pipeline, rule, subject, ${COLUMNS.join(', ')})
  VALUES (@pipeline, @rule, @subject, ${COLUMNS.map((column) => `@${column}`).join(', ')})
  ON CONFLICT (pipeline, rule, subject) DO UPDATE SET ${COLUMNS.map((column) => `${column} = @${column}`).join(', ')}`;

function keepFinding(db: Database, pipeline: string, finding: StoredFinding): void {
  const { known, change } = finding;
  db.prepare(KEEP).run({
    pipeline,
    rule: finding.rule,
    subject: finding.subject,
    outcome: finding.outcome,
    severity: finding.severity,
    section: finding.section,
    expected: finding.expected,
    observed: finding.observed,
    remedy: finding.remedy,
    first_seen_at: fromInstant(finding.firstSeenAt),
    last_seen_at: fromInstant(finding.lastSeenAt),
    known_outcome: known?.outcome ?? null,
    known_at: fromInstant(known?.at),
    failed_at: fromInstant(finding.failedAt),
    resolved_at: fromInstant(finding.resolvedAt),
    change: change?.kind ?? null,
    change_since: fromInstant(change?.since),
    change_run: change?.run ?? null,
  });
}

type Known = NonNullable<StoredFinding['known']>;
type Change = NonNullable<StoredFinding['change']>;

interface FindingRow extends Omit<Finding, 'why'> {
  first_seen_at: string;
  last_seen_at: string;
  known_outcome: Known['outcome'] | null;
  known_at: string | null;
  failed_at: string | null;
  resolved_at: string | null;
  change: Change['kind'] | null;
  change_since: string | null;
  change_run: number | null;
  told: number;
}

/** `told`: its mail has gone out to somebody, or may have. */
const SELECT = `SELECT f.rule, f.subject, ${COLUMNS.map((column) => `f.${column}`).join(', ')},
    EXISTS (SELECT 1 FROM reminder AS r JOIN message AS m ON m.id = r.message
      WHERE r.credential = 'pipeline:' || f.pipeline AND r.version = f.change_run AND r.topic = 'findings'
        AND (m.state IN ('sent', 'ambiguous') OR m.repeats > 0 OR (m.state = 'in-flight' AND m.stage = 'data'))) AS told
  FROM finding AS f`;

function list(db: Database, pipeline: string): readonly StoredFinding[] {
  return (
    db
      .prepare(`${SELECT} WHERE f.pipeline = +? ORDER BY f.section, f.rule, f.subject`)
      .all(pipeline) as FindingRow[]
  ).map(toFinding);
}

function toFinding(row: FindingRow): StoredFinding {
  const { rule, subject, outcome, severity, section, expected, observed, remedy } = row;
  const knownAt = toInstant(row.known_at);
  return {
    rule,
    subject,
    outcome,
    severity,
    section,
    expected,
    observed,
    remedy,
    firstSeenAt: toInstant(row.first_seen_at),
    lastSeenAt: toInstant(row.last_seen_at),
    known: row.known_outcome && knownAt ? { outcome: row.known_outcome, at: knownAt } : undefined,
    failedAt: toInstant(row.failed_at),
    resolvedAt: toInstant(row.resolved_at),
    change:
      row.change && row.change_run !== null
        ? {
            kind: row.change,
            run: row.change_run,
            since: toInstant(row.change_since),
            told: row.told === 1,
          }
        : undefined,
  };
}

interface VerificationRow {
  run: number;
  checked_at: string;
  look_at: string;
  last_complete_at: string | null;
  pass: number;
  fail: number;
  unknown: number;
  not_applicable: number;
  manual: number;
}

function lastRun(db: Database, pipeline: string): StoredVerification | undefined {
  const row = db
    .prepare(
      `SELECT run, checked_at, look_at, last_complete_at, pass, fail, unknown, not_applicable, manual
       FROM verification WHERE pipeline = ?`,
    )
    .get(pipeline) as VerificationRow | undefined;
  if (!row) return undefined;
  const { pass, fail, unknown, not_applicable: notApplicable, manual } = row;
  const summary: Summary = { pass, fail, unknown, notApplicable, manual };
  return {
    run: row.run,
    checkedAt: toInstant(row.checked_at),
    nextLookAt: toInstant(row.look_at),
    lastCompleteAt: toInstant(row.last_complete_at),
    summary,
  };
}

function closeOthers(db: Database, history: History, declared: readonly string[], at: Date): void {
  // Looking is free, and mostly there is nothing.
  const others = db
    .prepare(
      `SELECT pipeline FROM verification AS v WHERE pipeline NOT IN (SELECT value FROM json_each(?))
         AND EXISTS (SELECT 1 FROM finding WHERE pipeline = v.pipeline)`,
    )
    .pluck()
    .all(JSON.stringify(declared)) as string[];
  if (others.length === 0) return;
  db.transaction(() => {
    for (const pipeline of others) {
      db.prepare('DELETE FROM finding WHERE pipeline = ?').run(pipeline);
      const result = 'it is no longer in the configuration';
      history.append({ type: 'verify.closed', subject: pipeline, result }, at);
    }
  });
}
