import { formatForPeople } from '../../domain/calendar.ts';
import type { Answer, Verdict, Verification } from './document.ts';

/** As a person says it; with it goes a sign, since not everybody sees colours. */
export const VERDICTS: Readonly<Record<Verdict, { readonly words: string; readonly sign: string }>> = {
  pass: { words: 'passes', sign: '✓' },
  fail: { words: 'fails', sign: '✗' },
  unknown: { words: 'unknown', sign: '?' },
  manual: { words: 'a person must look', sign: '☐' },
  'not-applicable': { words: 'does not apply', sign: '–' },
  'not-verified': { words: 'no answer yet', sign: '○' },
};

/** Answers that say the same of several subjects. */
export interface Likeness extends Answer {
  /** In the order in which they were judged; `subject` is the first. */
  readonly subjects: readonly string[];
}

/** What is wrong or open of a rule, with what to do; what passes needs no words. */
export function openAnswers({ answers }: Verification): readonly Likeness[] {
  return alike(answers.filter(({ outcome }) => outcome !== 'pass' && outcome !== 'not-applicable'));
}

/** In the checklist: also why a line does not apply, and only what was seen, since the step of the rule says the rest. */
export function seenAnswers({ answers }: Verification): readonly Likeness[] {
  const seen = answers
    .filter(({ outcome }) => outcome !== 'pass')
    .map((answer) => ({ ...answer, expected: [], remedy: [] }));
  return alike(seen);
}

function alike(answers: readonly Answer[]): readonly Likeness[] {
  const groups = Map.groupBy(answers, ({ outcome, expected, observed }) =>
    JSON.stringify([outcome, expected, observed]),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first ? [{ ...first, subjects: group.map(({ subject }) => subject) }] : [];
  });
}

/** Such as `13 of 14 pass`; empty where there is one answer or none, and where passing is not what is asked. */
export function tally({ outcome, answers }: Verification): string {
  if (outcome === 'manual' || outcome === 'not-applicable') return '';
  const passing = answers.filter(({ outcome }) => outcome === 'pass').length;
  return answers.length > 1 ? `${passing} of ${answers.length} pass` : '';
}

export function stateOf(verifiedAt: Date | undefined): string {
  return verifiedAt
    ? `Every check shows what was found on ${formatForPeople(verifiedAt)}.`
    : 'Nothing of it was verified yet.';
}
