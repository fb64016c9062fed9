import type { Unavailable } from './fact.ts';
import type { PipelineFacts } from './facts.ts';
import type { Outcome, Section, Severity } from './finding.ts';
import type { Pages } from './pages.ts';
import type { DeclaredPipeline } from './pipeline.ts';

/** One question of the runbook. Pure: it sees the declaration and the facts, and nothing else. */
export interface Rule {
  /** Kebab-case, never renamed: findings are compared by it from run to run. */
  readonly id: string;
  readonly section: Section;
  /** As a person asks it, with a question mark. */
  readonly question: string;
  /** Why a wrong answer matters, in one or two sentences. */
  readonly why: string;
  readonly severity: Severity;
  /** What the reading token needs, such as `actions:read`; undefined: it is public. */
  readonly permission: string | undefined;
  readonly judge: (context: Context) => readonly Judgement[];
}

export interface Context {
  readonly pipeline: DeclaredPipeline;
  readonly facts: PipelineFacts;
  readonly pages: Pages;
}

/** A finding without what its rule says of it. No judgement at all: nothing is declared that it would be about. */
export interface Judgement {
  readonly subject: string;
  readonly outcome: Outcome;
  readonly expected: string;
  readonly observed: string;
  /** Empty unless `fail` or `manual`. */
  readonly remedy: string;
  /** Where one subject weighs less or more than the rule. */
  readonly severity?: Severity;
}

export function pass(subject: string, expected: string, observed = expected): Judgement {
  return { subject, outcome: 'pass', expected, observed, remedy: '' };
}

export function fail(subject: string, expected: string, observed: string, remedy: string): Judgement {
  return { subject, outcome: 'fail', expected, observed, remedy };
}

export function unknown(subject: string, expected: string, { reason }: Unavailable): Judgement {
  return { subject, outcome: 'unknown', expected, observed: reason, remedy: '' };
}

/** @param because such as `the environment does not exist` */
export function notApplicable(subject: string, expected: string, because: string): Judgement {
  return { subject, outcome: 'not-applicable', expected, observed: because, remedy: '' };
}
