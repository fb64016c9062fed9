import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Installation } from './installation.ts';

/** The real program, run as its user runs it, on one installation. */
export interface Program {
  /** Runs a command to its end. */
  run(...args: readonly string[]): Promise<Finished>;
  /** Starts a command and lets it run; its output can be followed line by line. */
  start(...args: readonly string[]): Running;
  /** The same with something to read: the whole of its standard input, or undefined where that never ends. */
  feed(input: string | undefined, ...args: readonly string[]): Running;
  /** Starts a command on this terminal. */
  attach(...args: readonly string[]): Promise<number>;
  /** Ends whatever it started and still runs. */
  stopAll(): Promise<void>;
}

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly lines: AsyncIterable<string>;
  readonly finished: Promise<Finished>;
}

/**
 * @param entry the file that is the program: src/main.ts or dist/main.js
 * @param env what is added to the environment
 */
export function openProgram(
  entry: string,
  installation: Installation,
  env: Readonly<Record<string, string>> = {},
): Program {
  const children = new Set<ChildProcess>();
  const common = [
    ...process.execArgv,
    entry,
    '--config',
    installation.configPath,
    '--data-dir',
    installation.dataDir,
  ];
  const launch = (args: readonly string[], stdin: 'ignore' | 'pipe' | 'inherit') => {
    const output = stdin === 'inherit' ? 'inherit' : 'pipe';
    const child = spawn(process.execPath, [...common, ...args], {
      stdio: [stdin, output, output],
      env: { ...process.env, ...env },
    });
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };
  const follow = (child: ChildProcess): Running => {
    const stdout: string[] = [];
    const stderr: Buffer[] = [];
    const reader = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    reader.on('line', (line) => stdout.push(line));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    const finished = new Promise<Finished>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) =>
        resolve({
          code: code ?? -1,
          stdout: stdout.join('\n'),
          stderr: Buffer.concat(stderr).toString('utf8'),
        }),
      );
    });
    return { child, lines: reader, finished };
  };
  const start = (...args: readonly string[]) => follow(launch(args, 'ignore'));
  return {
    start,
    feed: (input, ...args) => {
      const child = launch(args, 'pipe');
      // It may end without having read everything.
      child.stdin?.on('error', () => undefined);
      if (input !== undefined) child.stdin?.end(input);
      return follow(child);
    },
    run: (...args) => start(...args).finished,
    attach: (...args) => {
      const child = launch(args, 'inherit');
      return new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (code) => resolve(code ?? -1));
      });
    },
    stopAll: async () => {
      const ending = [...children].map((child) => new Promise((resolve) => child.once('close', resolve)));
      for (const child of children) child.kill('SIGTERM');
      await Promise.all(ending);
    },
  };
}
