// npm run recovery-model: how often a recovery would be wrong about an interrupted write, over every small history of one, with both
// of its rules, with one of them and with none. Fails where it is wrong with both.
import type { Judged } from '../test/rotate/recovery-model.ts';
import { casesOf, count, judgeAll, LARGE, SMALL, VARIANTS, wrongOf } from '../test/rotate/recovery-model.ts';

for (const [title, axes] of [
  ['small', SMALL],
  ['large', LARGE],
] as const) {
  const cases = casesOf(axes);
  console.log(`## The ${title} grid: ${cases.length.toLocaleString('en')} histories\n`);
  console.log(
    '| rules | wrong "not stored" | not stored | unconfirmed | too early to say | taken for ours |',
  );
  console.log('|---|--:|--:|--:|--:|--:|');
  for (const { name, rules } of VARIANTS) {
    const judged = await judgeAll(cases, rules);
    console.log(`| ${[name, wrongOf(judged), ...figures(judged)].join(' | ')} |`);
    if (rules.guard && rules.settle && wrongOf(judged) > 0) process.exitCode = 1;
  }
  console.log('');
}

function figures(judged: readonly Judged[]): readonly number[] {
  return (['not-stored', 'unconfirmed', 'settling', 'verified'] as const).map((fate) => count(judged, fate));
}
