import type { Finding, Section } from '../verify/finding.ts';
import { summarise } from '../verify/finding.ts';
import type { DeclaredPipeline } from '../verify/pipeline.ts';
import { fold, widthOfTerminal } from './columns.ts';
import type { Output } from './output.ts';
import { table } from './output.ts';

const CHAPTERS: Readonly<Record<Section, string>> = {
  1: 'secrets and crates.io',
  2: 'PyPI',
  3: 'npm',
  4: 'environment and workflow',
  5: 'branch protection',
  6: 'what is left to a person, and hygiene',
};

const STYLES = {
  fail: 'red',
  unknown: 'yellow',
  manual: 'yellow',
  pass: 'green',
  'not-applicable': 'dim',
} as const;

/** By chapter: what holds in one line each, what does not with its reason and what to do. Tab-separated for a pipe. */
export function printFindings(out: Output, pipeline: DeclaredPipeline, findings: readonly Finding[]): void {
  if (!out.terminal) {
    for (const { rule, subject, outcome, observed } of findings)
      out.result(table([[pipeline.name, outcome, rule, subject, observed]], false));
    return;
  }
  for (const section of [1, 2, 3, 4, 5, 6] as const) {
    const members = findings.filter((finding) => finding.section === section);
    if (members.length === 0) continue;
    out.result(`\n${out.style('bold', `${section}. ${CHAPTERS[section]}`)}`);
    for (const finding of members) print(out, finding);
  }
  const { pass, fail, unknown, notApplicable, manual } = summarise(findings);
  out.result(
    `\n${pipeline.name}: ${pass} hold, ${fail} ${fail === 1 ? 'fails' : 'fail'}, ${unknown} unknown, ${manual} only a person can confirm, ${notApplicable} not applicable`,
  );
}

function print(
  out: Output,
  { rule, subject, outcome, severity, expected, observed, why, remedy }: Finding,
): void {
  const say = (text: string) => out.result(fold(text, widthOfTerminal(process.stdout.columns)));
  const word = outcome === 'not-applicable' ? 'n/a' : outcome;
  const weight = outcome === 'fail' ? ` (${severity})` : '';
  say(`${out.style(STYLES[outcome], word.padEnd(7))} ${rule}  ${subject}${weight}`);
  if (outcome === 'pass' || outcome === 'not-applicable') return;
  say(`        expected: ${expected}`);
  say(`        ${outcome === 'unknown' ? 'could not be read' : 'found'}: ${observed}`);
  if (outcome === 'fail') say(`        why: ${why}`);
  if (remedy) say(`        → ${remedy}`);
}
