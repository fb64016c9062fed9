import { createInterface } from 'node:readline/promises';
import { AppError } from '../domain/error.ts';
import type { Finding } from '../verify/finding.ts';
import type { ManualRule } from '../verify/manual.ts';
import { manualKey } from '../verify/manual.ts';
import type { FindingStore } from '../verify/memory.ts';
import type { DeclaredPipeline } from '../verify/pipeline.ts';
import type { Context } from './command.ts';

/**
 * Asks about each line that only a person can see, one after the other; what is confirmed is remembered with today's date.
 *
 * @returns whether something was confirmed
 * @throws AppError invalid_input where nobody can answer
 */
export async function ask(
  { world, out }: Context,
  store: FindingStore,
  { name }: DeclaredPipeline,
  findings: readonly Finding[],
): Promise<boolean> {
  const lines = findings.filter(({ outcome }) => outcome === 'manual');
  if (lines.length === 0) return false;
  if (!process.stdin.isTTY) {
    throw new AppError('invalid_input', '--interactive asks questions, and nobody can answer here', {
      hints: ['run it on a terminal'],
    });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  let confirmed = false;
  try {
    for (const { rule, subject, expected, observed, remedy } of lines) {
      // What is asked about must be seen, whatever `--quiet` says.
      out
        .aloud()
        .talk(`\n${rule}  ${subject}\n  expected: ${expected}\n  ${observed}${remedy && `\n  → ${remedy}`}`);
      const answer = await terminal.question('  Did you look, and does it hold today? [y/N] ');
      if (!/^y(es)?$/i.test(answer.trim())) continue;
      store.confirm(name, manualKey(rule as ManualRule, subject), world.now());
      confirmed = true;
    }
  } finally {
    terminal.close();
  }
  return confirmed;
}
