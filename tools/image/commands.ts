import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Said in one sentence, without a stack. */
export class Problem extends Error {}

/** Where a program is, as the PATH finds it. */
export function find(program: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, program)).find(existsSync);
}

/**
 * Runs a program to its end.
 *
 * @returns its standard output
 * @throws Problem with the last that it printed
 */
export function run(program: string, args: readonly string[], cwd?: string): string {
  const { error, status, signal, stdout, stderr } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) throw new Problem(`${program} does not start: ${error.message}`);
  if (status === 0) return stdout;
  const last = `${stdout}\n${stderr}`.trimEnd().split('\n').slice(-30).join('\n');
  throw new Problem(`${program} ${args.join(' ')} ended with ${signal ?? status}:\n${last}`);
}

/** What was looked at, and whether it was as it must be. */
export interface Checks {
  readonly failed: readonly string[];
  /** @param seen what was found, said where it is not what was expected */
  check(title: string, holds: boolean, seen?: unknown): void;
  /** A figure or a fact that is no question. */
  note(line: string): void;
}

export function openChecks(): Checks {
  const failed: string[] = [];
  return {
    failed,
    check: (title, holds, seen) => {
      if (!holds) failed.push(title);
      console.log(
        holds ? `  ok      ${title}` : `  FAILED  ${title}${seen === undefined ? '' : `: ${show(seen)}`}`,
      );
    },
    note: (line) => console.log(`          ${line}`),
  };
}

function show(seen: unknown): string {
  return typeof seen === 'string' ? seen.trim() : JSON.stringify(seen);
}
