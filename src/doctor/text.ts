import { plain } from '../remind/words.ts';
import type { Check } from './check.ts';
import { countOutcomes } from './examine.ts';
import type { Line, Outcome } from './line.ts';
import { count } from './line.ts';

type Paint = (style: 'bold' | 'dim' | 'red' | 'yellow' | 'green', text: string) => string;

const COLOURS = { ok: 'green', problem: 'red', unknown: 'yellow' } as const;
const OUTCOME_WIDTH = 'problem'.length;
const INDENT = ' '.repeat(OUTCOME_WIDTH + 4);
/** Longer subjects push their own text to the right. */
const WIDEST_SUBJECT = 52;

/** For people: every line under its check, and at the end what has to be done, worst first. */
export function writeLines(checks: readonly Check[], lines: readonly Line[], paint: Paint): string {
  const groups = checks.flatMap(({ id, title }) => {
    const own = lines.filter(({ check }) => check === id);
    if (own.length === 0) return [];
    const width = Math.min(WIDEST_SUBJECT, Math.max(...own.map(({ subject }) => subject.length)));
    return [`${paint('bold', title)}\n${own.map((line) => writeLine(line, width, paint)).join('\n')}`];
  });
  return [...groups, summary(checks, lines, paint)].join('\n\n');
}

function writeLine({ subject, outcome, text, next }: Line, width: number, paint: Paint): string {
  const head = `  ${paint(COLOURS[outcome], outcome.padEnd(OUTCOME_WIDTH))}  ${plain(subject).padEnd(width)}  ${paragraph(text)}`;
  // What has to be done stands at the end, once.
  return outcome === 'ok' && next !== undefined ? `${head}\n${paint('dim', arrow(next))}` : head;
}

function arrow(next: string): string {
  return `${INDENT}→ ${paragraph(next)}`;
}

/** Several lines, as a broken configuration has them, below each other; nothing in them may move the cursor. */
function paragraph(text: string): string {
  return text.split('\n').map(plain).join(`\n${INDENT}`);
}

function summary(checks: readonly Check[], lines: readonly Line[], paint: Paint): string {
  const counts = countOutcomes(lines);
  const told = [
    counts.problem > 0 && count(counts.problem, 'problem'),
    `${counts.unknown} unknown`,
    `${counts.ok} ok`,
  ];
  const head = told.filter((one) => one !== false).join(', ');
  const todo = (['problem', 'unknown'] as const).flatMap((outcome) =>
    lines.filter((line) => line.outcome === outcome).map((line) => task(checks, line, outcome, paint)),
  );
  return [paint('bold', head), ...todo].join('\n');
}

function task(checks: readonly Check[], line: Line, outcome: Outcome, paint: Paint): string {
  const title = checks.find(({ id }) => id === line.check)?.title ?? line.check;
  const head = `  ${paint(COLOURS[outcome], outcome.padEnd(OUTCOME_WIDTH))}  ${title}, ${plain(line.subject)}: ${paragraph(line.text)}`;
  return line.next === undefined ? head : `${head}\n${arrow(line.next)}`;
}
