import type { Finding, Outcome, Summary } from './finding.ts';

/**
 * What is told by mail, once. `worse`: a failure weighs more than before; `blind`: it cannot be read any more; `seen-again`: after
 * that it can; `lapsed`: what a person once confirmed is to be confirmed again.
 */
export type ToldChange = 'failed' | 'worse' | 'recovered' | 'blind' | 'seen-again' | 'lapsed';

/** `closed`: the declaration asks it no more; `changed`: another outcome, and neither good nor bad news. In the history only. */
export type SilentChange = 'closed' | 'changed';

/** What one run has changed. */
export interface FindingChange {
  readonly kind: ToldChange | SilentChange;
  /** As it is now; of `closed` as it was last. */
  readonly finding: Finding;
  /** Of `failed`, `worse` and `recovered` when the failure began, of `blind` and `seen-again` when the sight was lost. */
  readonly since: Date | undefined;
}

/** One rule's answer about one subject, as it was last seen. */
export interface StoredFinding extends Omit<Finding, 'why'> {
  /** When the present outcome began. */
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  /** The last outcome that was not `unknown`, and when that was last so; undefined: never. */
  readonly known: { readonly outcome: Exclude<Outcome, 'unknown'>; readonly at: Date } | undefined;
  /** When its last failure began. */
  readonly failedAt: Date | undefined;
  /** When that ended. Undefined while it stands, also while nobody can see it. */
  readonly resolvedAt: Date | undefined;
  /** The last change that was to be told, until it is overtaken. */
  readonly change: LastChange | undefined;
}

export interface LastChange {
  readonly kind: ToldChange;
  /** The run that saw it. */
  readonly run: number;
  readonly since: Date | undefined;
  /** A mail with it has gone out, or may have. */
  readonly told: boolean;
}

/** The run that is compared with what is stored. */
export interface Run {
  readonly pipeline: string;
  /** Counts the runs of the pipeline, from 1. */
  readonly number: number;
  readonly at: Date;
}

/** What a run makes of what was stored. */
export interface Comparison {
  /** Everything that is to be stored now. */
  readonly findings: readonly StoredFinding[];
  /** Those of them that are to be stored no more. */
  readonly gone: readonly Pick<Finding, 'rule' | 'subject'>[];
  readonly changes: readonly FindingChange[];
  readonly nextLookAt: Date;
}

/** The last run of a pipeline. */
export interface StoredVerification {
  readonly run: number;
  readonly checkedAt: Date;
  readonly nextLookAt: Date;
  /** When nothing was unknown; undefined: never yet. */
  readonly lastCompleteAt: Date | undefined;
  readonly summary: Summary;
}

/** Where findings are kept. Each call is one transaction. */
export interface FindingStore {
  /**
   * Remembers a whole run: findings, history and what is owed about its changes. One of a single rule would close all the
   * others, and must not be given. @returns what has changed
   */
  record(
    pipeline: { readonly name: string; readonly repo: string },
    findings: readonly Finding[],
    at: Date,
  ): readonly FindingChange[];
  /** What is stored of a pipeline, by chapter. */
  list(pipeline: string): readonly StoredFinding[];
  lastRun(pipeline: string): StoredVerification | undefined;
  /** Closes what is stored of pipelines that are not among these. */
  closeOthers(declared: readonly string[], at: Date): void;
  /** A person has seen that a line holds. */
  confirm(pipeline: string, key: string, at: Date): void;
  /** When each line that only a person can see was last confirmed, by its key. */
  confirmations(pipeline: string): ReadonlyMap<string, Date>;
}
