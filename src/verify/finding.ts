/** `manual`: only a person can tell, and the finding says when one last did. */
export type Outcome = 'pass' | 'fail' | 'unknown' | 'not-applicable' | 'manual';

/** What a wrong answer would cost: `high` lets a release be forged or kills it, `low` is untidy. */
export type Severity = 'high' | 'medium' | 'low';

/** Chapters of the release-secrets runbook. */
export type Section = 1 | 2 | 3 | 4 | 5 | 6;

/** The answer of one rule about one subject, as `verify --json` shows it. */
export interface Finding {
  /** Id of the rule, such as `environment-reviewers`. */
  readonly rule: string;
  /** What was looked at, such as `release` or `main: rust lint`; unique within the rule. */
  readonly subject: string;
  readonly outcome: Outcome;
  readonly severity: Severity;
  /** What the declaration asks for, as a person would say it. */
  readonly expected: string;
  /** What was found; of `unknown`: why it could not be read. */
  readonly observed: string;
  readonly why: string;
  /** What to click or type, with the page's address and the exact value; empty where nothing is to be done. */
  readonly remedy: string;
  readonly section: Section;
}

export interface Summary {
  readonly pass: number;
  readonly fail: number;
  readonly unknown: number;
  readonly notApplicable: number;
  readonly manual: number;
}

export function summarise(findings: readonly Finding[]): Summary {
  const count = (outcome: Outcome) => findings.filter((one) => one.outcome === outcome).length;
  return {
    pass: count('pass'),
    fail: count('fail'),
    unknown: count('unknown'),
    notApplicable: count('not-applicable'),
    manual: count('manual'),
  };
}
