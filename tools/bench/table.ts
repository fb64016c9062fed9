import { cpus } from 'node:os';
import type { Benchmark, Figure, Goal, Line, Options, Unit } from './benchmark.ts';

export const COLUMNS = ['what is measured', 'reseal', 'beside', 'ratio', 'goal'];
const RULE = '|---|--:|---|--:|---|';
const NOTHING = '–';
/** Behind the goal. */
export const MISSED = ' **missed**';

function digits(number: number): string {
  const places = number >= 100 ? 0 : number >= 10 ? 1 : 2;
  return number.toLocaleString('en-US', { minimumFractionDigits: places, maximumFractionDigits: places });
}

function whole(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}

function amount(number: number, unit: Unit): string {
  if (unit === 'mails') return `${digits(number)} ms, ${whole(1000 / number)}/s`;
  const counted = unit === 'bytes' || unit === 'points' || unit === 'requests' || unit === 'writes';
  return `${counted ? whole(number) : digits(number)} ${unit}`;
}

function times(ratio: number): string {
  return ratio < 0.01 ? `1/${whole(1 / ratio)} ×` : `${digits(ratio)} ×`;
}

function limit({ of, atMost }: Goal, unit: Unit): string {
  const plain = atMost.toLocaleString('en-US');
  if (of === 'figure') return `≤ ${plain} ${unit === 'mails' ? 'ms' : unit}`;
  return atMost < 0.01 ? `≤ ${times(atMost)}` : `≤ ${plain} ×`;
}

function ratioOf(figure: Figure): number | undefined {
  if ('missing' in figure) return undefined;
  if (figure.ratio !== undefined) return figure.ratio;
  return typeof figure.beside === 'number' ? figure.reseal / figure.beside : undefined;
}

function isMissed({ of, atMost }: Goal, figure: Figure): boolean {
  if ('missing' in figure) return false;
  const value = of === 'ratio' ? ratioOf(figure) : figure.reseal;
  return value !== undefined && value > atMost;
}

function besideCell({ beside, unit }: Line, figure: Figure): string {
  if (beside === undefined) return NOTHING;
  if ('missing' in figure || figure.beside === undefined) return beside;
  return `${beside}: ${typeof figure.beside === 'number' ? amount(figure.beside, unit) : figure.beside}`;
}

export function row(line: Line, figure: Figure): string {
  const { what, unit, goals = [] } = line;
  const ratio = ratioOf(figure);
  const goal = goals.map((one) => `${limit(one, unit)}${isMissed(one, figure) ? MISSED : ''}`).join(', ');
  const cells = [
    what,
    'missing' in figure ? figure.missing : amount(figure.reseal, unit),
    besideCell(line, figure),
    ratio === undefined ? NOTHING : times(ratio),
    goal || NOTHING,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** A benchmark beside what it measured, by the keys of its lines. */
export type Measured = readonly [Benchmark, Readonly<Record<string, Figure>>];

/** @param names what was asked for; none: all */
export function table(measured: readonly Measured[], names: readonly string[], options: Options): string {
  const args = [...names, ...(options.quick ? ['--quick'] : []), ...(options.long ? ['--long'] : [])];
  const command = ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
  const rows = measured.flatMap(([{ lines }, figures]) =>
    Object.entries(lines).map(([key, line]) => row(line, figures[key] ?? { missing: 'not measured' })),
  );
  return [
    `\`${command}\` printed, with Node ${process.versions.node} on both sides, ${cpus().length} cores, up to ${options.rounds} rounds in turns; medians, and as ratio the median of the rounds' own:`,
    '',
    `| ${COLUMNS.join(' | ')} |`,
    RULE,
    ...rows,
  ].join('\n');
}
