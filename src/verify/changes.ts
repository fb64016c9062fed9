import type { Finding, Outcome, Severity } from './finding.ts';
import type { Comparison, FindingChange, LastChange, Run, StoredFinding, ToldChange } from './memory.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Two daily runs in a row lie at least so far apart: what is unknown in both is no short outage. */
const BLIND_MS = 20 * HOUR_MS;

/** In place of a rule: stands for all of a pipeline while nothing of it was ever judged. */
const WHOLE = 'pipeline';

/** What a run says, and what is stored. */
type Seen = Omit<Finding, 'why'>;

/**
 * What is new, worse, recovered or out of sight since the run before. What could not be read neither fails nor recovers: what was
 * last known stands. Pure.
 *
 * @param found all findings of one whole run
 */
export function compareRuns(
  before: readonly StoredFinding[],
  found: readonly Finding[],
  run: Run,
): Comparison {
  const old = new Map(before.map((one) => [keyOf(one), one]));
  const now = new Map<string, Finding>();
  for (const one of [...found, ...unseen(before, found), ...seenAtLast(before, found)]) {
    const other = now.get(keyOf(one));
    // A rule that answers twice is believed where it is worse.
    if (!other || rankOf(one.outcome) < rankOf(other.outcome)) now.set(keyOf(one), one);
  }
  const judged = [...now.values()].map((one) => {
    const past = old.get(keyOf(one));
    const change = changeOf(past, one, run.at);
    return { change: change && { ...change, finding: one }, finding: next(past, one, change, run) };
  });
  const gone = before.filter((one) => !now.has(keyOf(one)));
  const findings = judged.map(({ finding }) => finding);
  return {
    findings,
    gone,
    changes: [
      ...judged.flatMap(({ change }) => (change ? [change] : [])),
      ...gone
        .filter(({ known, rule }) => known && rule !== WHOLE)
        .map((one) => ({ kind: 'closed' as const, finding: { ...one, why: '' }, since: undefined })),
    ],
    nextLookAt: nextLookAt(findings, run),
  };
}

/**
 * All that was stored, when nothing of a pipeline could be read; where nothing was, one that stands for all.
 *
 * @param repo `owner/name` of the pipeline
 */
export function allUnknown(
  before: readonly StoredFinding[],
  { repo }: { readonly repo: string },
  reason: string,
): readonly Finding[] {
  return before.length > 0 ? before.map((one) => unknownNow(one, reason)) : [nothingSeen(repo, reason)];
}

function nothingSeen(repo: string, reason: string): Finding {
  return {
    rule: WHOLE,
    subject: repo,
    outcome: 'unknown',
    severity: 'medium',
    expected: 'what is declared can be verified',
    observed: reason,
    why: '',
    remedy: '',
    section: 4,
  };
}

/** What stood for the whole pipeline ends with the first run that judges it, and stays until whoever was told has heard of that. */
function seenAtLast(before: readonly StoredFinding[], found: readonly Finding[]): readonly Finding[] {
  if (found.some(({ rule }) => rule === WHOLE)) return [];
  return before
    .filter(({ rule, outcome, change }) => rule === WHOLE && (outcome === 'unknown' || isToHear(change)))
    .map((one) => ({ ...unknownNow(one, 'it can be verified again'), outcome: 'pass' }));
}

function isToHear(change: LastChange | undefined): boolean {
  return change?.kind === 'seen-again' && !change.told;
}

/** Whether changes must not wait for the morning: a release can be forged, or dies. */
export function isUrgent(changes: readonly FindingChange[]): boolean {
  return changes.some(
    ({ kind, finding }) => (kind === 'failed' || kind === 'worse') && finding.severity === 'high',
  );
}

export function isTold(change: FindingChange): change is FindingChange & { readonly kind: ToldChange } {
  return change.kind !== 'closed' && change.kind !== 'changed';
}

/** A subject that is not there while its rule could not see everything is out of sight, and not gone. */
function unseen(before: readonly StoredFinding[], found: readonly Finding[]): readonly Finding[] {
  const keys = new Set(found.map(keyOf));
  return before.flatMap((one) => {
    if (keys.has(keyOf(one))) return [];
    const blind = found.find(({ rule, outcome }) => rule === one.rule && outcome === 'unknown');
    // What was never known is asked about by that other answer now.
    return blind && one.known ? [unknownNow(one, blind.observed)] : [];
  });
}

function unknownNow(one: StoredFinding, reason: string): Finding {
  const { rule, subject, severity, expected, section } = one;
  return {
    rule,
    subject,
    outcome: 'unknown',
    severity,
    expected,
    observed: reason,
    why: '',
    remedy: '',
    section,
  };
}

type Verdict = Pick<FindingChange, 'kind' | 'since'>;

function changeOf(past: StoredFinding | undefined, now: Finding, at: Date): Verdict | undefined {
  if (now.outcome === 'unknown') return lossOf(past, at);
  const failedAt = past?.known?.outcome === 'fail' ? past.failedAt : undefined;
  const sighted = past && isBlind(past) ? past : undefined;
  if (now.outcome === 'fail') {
    if (!past || !failedAt) return { kind: 'failed', since: at };
    if (weightOf(now.severity) > weightOf(past.severity)) return { kind: 'worse', since: failedAt };
    return sighted && { kind: 'seen-again', since: sighted.firstSeenAt };
  }
  if (failedAt) return { kind: 'recovered', since: failedAt };
  // What nobody was told of needs no all-clear.
  if (sighted?.change?.told) return { kind: 'seen-again', since: sighted.firstSeenAt };
  if (past && hasLapsed(past, now)) return { kind: 'lapsed', since: undefined };
  if (past?.known && past.known.outcome !== now.outcome) return { kind: 'changed', since: undefined };
  return undefined;
}

/** One outage is not told: only what has been out of sight for two daily runs, also where it was never in sight. */
function lossOf(past: StoredFinding | undefined, at: Date): Verdict | undefined {
  if (past?.outcome !== 'unknown' || isBlind(past)) return undefined;
  const passed = at.getTime() - past.firstSeenAt.getTime();
  return passed >= BLIND_MS ? { kind: 'blind', since: past.firstSeenAt } : undefined;
}

function isBlind({ outcome, change }: StoredFinding): boolean {
  return outcome === 'unknown' && change?.kind === 'blind';
}

/** A line for people asks for nothing while its confirmation holds. */
function hasLapsed({ known, remedy }: StoredFinding, now: Seen): boolean {
  return known?.outcome === 'manual' && remedy === '' && isToConfirm(now);
}

function isToConfirm({ outcome, remedy }: Seen): boolean {
  return outcome === 'manual' && remedy !== '';
}

function next(
  past: StoredFinding | undefined,
  { why: _, ...now }: Finding,
  verdict: Verdict | undefined,
  { number, at }: Run,
): StoredFinding {
  const same = past?.outcome === now.outcome;
  const { outcome } = now;
  const failed = verdict?.kind === 'failed' ? at : past?.failedAt;
  const resolved = verdict?.kind === 'recovered' ? at : past?.resolvedAt;
  return {
    ...now,
    // What was last known stands: how much it weighs, and what it asks for.
    ...(outcome === 'unknown' && past?.known ? { severity: past.severity, remedy: past.remedy } : {}),
    // Also by a clock that has been put back.
    firstSeenAt: same && past.firstSeenAt < at ? past.firstSeenAt : at,
    lastSeenAt: at,
    known: outcome === 'unknown' ? past?.known : { outcome, at },
    failedAt: failed,
    resolvedAt: verdict?.kind === 'failed' ? undefined : resolved,
    change: nextChange(past, now, verdict, number),
  };
}

/** What was to be told stays so until something else is, or until it is no longer so. */
function nextChange(
  past: StoredFinding | undefined,
  now: Seen,
  verdict: Verdict | undefined,
  run: number,
): LastChange | undefined {
  if (verdict && verdict.kind !== 'closed' && verdict.kind !== 'changed')
    return { kind: verdict.kind, run, since: verdict.since, told: false };
  const change = past?.change;
  const overtaken =
    (change?.kind === 'blind' && now.outcome !== 'unknown') ||
    (change?.kind === 'lapsed' && now.outcome !== 'unknown' && !isToConfirm(now)) ||
    verdict?.kind === 'changed';
  return overtaken ? undefined : change;
}

/** Daily; in an hour while something has only just gone out of sight, which may be an outage, or nothing was ever seen. */
function nextLookAt(findings: readonly StoredFinding[], { pipeline, at }: Run): Date {
  const unsettled = findings.some(
    (one) => one.outcome === 'unknown' && (one.known ? !isBlind(one) : one.rule === WHOLE),
  );
  return new Date(at.getTime() + (unsettled ? HOUR_MS : DAY_MS + spread(pipeline)));
}

/** Half an hour to either side, always the same for one pipeline, so that what began together does not stay together. */
function spread(pipeline: string): number {
  const hash = [...pipeline].reduce(
    (sum, character) => (sum * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003,
    7,
  );
  return ((hash * 3_571) % HOUR_MS) - HOUR_MS / 2;
}

function keyOf({ rule, subject }: Pick<Finding, 'rule' | 'subject'>): string {
  return JSON.stringify([rule, subject]);
}

const OUTCOMES: readonly Outcome[] = ['fail', 'unknown', 'manual', 'not-applicable', 'pass'];

function rankOf(outcome: Outcome): number {
  return OUTCOMES.indexOf(outcome);
}

const WEIGHTS: readonly Severity[] = ['low', 'medium', 'high'];

function weightOf(severity: Severity): number {
  return WEIGHTS.indexOf(severity);
}
