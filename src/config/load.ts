import { AppError } from '../domain/error.ts';
import type { Config, ConfigProblem } from './config.ts';
import { readDocument } from './document.ts';
import { describeIssue, issueComplaints } from './issues.ts';
import { normalise } from './normalise.ts';
import { arrange } from './place.ts';
import { RULES } from './rules.ts';
import { configSchema } from './schema.ts';

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Reads the text of a configuration: the whole of it, or everything that is wrong with it. Never throws, never quotes it. */
export function parseConfig(text: string): ConfigResult {
  const read = readDocument(text);
  if (!read.ok) return read;
  const { value, problems, place } = read.document;
  const parsed = configSchema.safeParse(value, { error: describeIssue });
  const issues = issueComplaints(parsed.error?.issues ?? []);
  const complaints = [...issues, ...RULES.flatMap((rule) => rule(value))];
  const all = arrange([...problems, ...complaints.map(place)]);
  return parsed.success && all.length === 0
    ? { ok: true, config: normalise(parsed.data) }
    : { ok: false, problems: all };
}

const MAX_SHOWN = 200;

/** All problems as one error, a line each. */
export function describeProblems(path: string, problems: readonly ConfigProblem[]): AppError {
  const lines = problems.slice(0, MAX_SHOWN).map((problem) => {
    const where = `${path}:${problem.line}:${problem.column}: `;
    return problem.path === '' ? `${where}${problem.message}` : `${where}${problem.path}: ${problem.message}`;
  });
  if (problems.length > MAX_SHOWN) lines.push(`… and ${problems.length - MAX_SHOWN} more`);
  return new AppError('invalid_config', lines.join('\n'), {
    hints: ['correct the file and check it with: reseal config check'],
  });
}
