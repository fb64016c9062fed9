import { parseConfig } from '../../src/config/load.ts';

/** What is written, and each of its problems as `line:column path: message`. */
export type Case = readonly [title: string, yaml: string, ...problems: string[]];

export const MAP = 'expected a map of options, each as name: value';
export const NUMBER = ' (this reads as a number; a text that looks like one needs quotes)';

export function problemsOf(text: string): readonly string[] {
  const result = parseConfig(text);
  if (result.ok) return [];
  return result.problems.map(
    ({ line, column, path, message }) => `${line}:${column} ${path && `${path}: `}${message}`,
  );
}
