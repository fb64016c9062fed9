import type { ChildProcess, StdioOptions } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import type { Installed } from './installed.ts';
import { PROGRAM } from './installed.ts';

/** A program that is talked to. */
export interface Talk {
  readonly child: ChildProcess;
  /** Resolves when the program has said this. */
  heard(text: string): Promise<void>;
  readonly finished: Promise<{ code: number | null; said: string }>;
}

export interface TalkOptions {
  readonly stdio?: StdioOptions;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** The built program as a command line, with the places of this installation. */
export function commandLine({ installation }: Installed, ...args: readonly string[]): readonly string[] {
  const { configPath, dataDir } = installation;
  return [process.execPath, PROGRAM, '--config', configPath, '--data-dir', dataDir, ...args];
}

/** Runs a command line beside us; what it says on either output is heard. */
export function talkTo(one: Installed, line: readonly string[], options: TalkOptions = {}): Talk {
  const [command = '', ...args] = line;
  const { stdio = ['pipe', 'pipe', 'pipe'], env = {}, cwd } = options;
  return follow(spawn(command, args, { stdio, cwd, env: { ...process.env, ...one.environment, ...env } }));
}

/** `script` of util-linux gives a program a pseudo-terminal. */
export const hasScript = spawnSync('script', ['--version']).status === 0;

/**
 * The same on a pseudo-terminal, which passes on what is typed and what is shown.
 *
 * @param after a command of bash that runs on the same terminal afterwards, as the shell of a person would
 */
export function talkOnTerminal(
  one: Installed,
  line: readonly string[],
  { after = 'true', ...options }: TalkOptions & { readonly after?: string } = {},
): Talk {
  const command = line.map((part) => `'${part}'`).join(' ');
  const shell = `bash -c ${quoted(`${command}; code=$?; ${after}; exit $code`)}`;
  return talkTo(one, ['script', '-qec', shell, '/dev/null'], options);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function follow(child: ChildProcess): Talk {
  let said = '';
  let listeners: (() => void)[] = [];
  const onData = (chunk: Buffer) => {
    said += chunk.toString('latin1');
    for (const listener of listeners) listener();
  };
  child.stdout?.on('data', onData);
  child.stderr?.on('data', onData);
  child.stdin?.on('error', () => undefined);
  return {
    child,
    heard: (text) =>
      new Promise((resolve) => {
        const look = () => {
          if (said.includes(text)) resolve();
        };
        listeners = [...listeners, look];
        look();
      }),
    finished: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, said }));
    }),
  };
}
