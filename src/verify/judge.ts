import type { Finding } from './finding.ts';
import type { Context, Rule } from './rule.ts';

/** What all rules answer, in their order. */
export function judgePipeline(rules: readonly Rule[], context: Context): readonly Finding[] {
  return rules.flatMap((rule) =>
    rule.judge(context).map((judgement) => ({
      rule: rule.id,
      subject: printable(judgement.subject),
      outcome: judgement.outcome,
      severity: judgement.severity ?? rule.severity,
      expected: printable(judgement.expected),
      observed: printable(judgement.observed),
      why: rule.why,
      remedy: printable(judgement.remedy),
      section: rule.section,
    })),
  );
}

/** Names of checks, files and jobs are somebody else's text, and go to terminals and mails. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]+/gu, '?');
}
