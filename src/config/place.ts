import type { LineCounter } from 'yaml';
import type { ConfigProblem } from './config.ts';
import { showKey } from './secrecy.ts';

export type Path = readonly (string | number)[];

/** Something wrong at a path. `key` points at the name, `value` at what is written behind it. */
export interface Complaint {
  readonly path: Path;
  readonly at: 'key' | 'value';
  readonly message: string;
}

/** `credentials.crates-io.destinations[0].repo`; a name with other characters stands in brackets and quotes. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const key = showKey(part);
    if (!/^[\w…-]+$/.test(key)) return `${text}["${key}"]`;
    return text === '' ? key : `${text}.${key}`;
  }, '');
}

export function lineAndColumn(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** A problem of the file as a whole. */
export function atTop(message: string): ConfigProblem {
  return { line: 1, column: 1, path: '', message };
}

/** In the order of the file, each place and path once: what is found first explains what is found there later. */
export function arrange(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const first = new Map<string, ConfigProblem>();
  for (const problem of problems) {
    const place = `${problem.line}:${problem.column}:${problem.path}`;
    if (!first.has(place)) first.set(place, problem);
  }
  return [...first.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}
