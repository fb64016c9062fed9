import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readdirSync, readFileSync } from 'node:fs';
import type { Trace } from './leaks.ts';

/** Arguments and environment of every process below this one, as any tool of the same user could read them (proc(5)). */
export function readProcesses(): readonly Trace[] {
  return descendants(process.pid).flatMap((pid) =>
    ['cmdline', 'environ'].flatMap((part) => {
      const bytes = readProc(`${pid}/${part}`);
      return bytes === undefined ? [] : [{ sink: 'processes' as const, where: `/proc/PID/${part}`, bytes }];
    }),
  );
}

function descendants(pid: number): number[] {
  const children = tasksOf(pid).flatMap((task) => {
    const text = readProc(`${pid}/task/${task}/children`)?.toString() ?? '';
    return text.split(' ').filter(Boolean).map(Number);
  });
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function tasksOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Undefined where the process has ended, or the system has no /proc. */
function readProc(path: string): Buffer | undefined {
  try {
    return readFileSync(`/proc/${path}`);
  } catch {
    return undefined;
  }
}

export interface Output {
  /** What each process said, whole. */
  traces(): readonly Trace[];
  /** How many processes were to read a token from standard input. */
  readonly typed: number;
  stop(): void;
}

/**
 * Listens to whatever this process starts from now on, whoever starts it (https://nodejs.org/api/diagnostics_channel.html,
 * "child_process").
 *
 * @param live called while a started process runs: at its start, and whenever it says something
 */
export function followOutput(live: () => void): Output {
  const said = new Map<string, Buffer[]>();
  let typed = 0;
  const follow = (child: ChildProcess, sink: 'stdout' | 'stderr') => {
    const chunks: Buffer[] = [];
    said.set(`${sink} of process ${child.pid}`, chunks);
    child[sink]?.on('data', (chunk: Buffer | string) => {
      live();
      chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    });
  };
  const onProcess = (message: unknown) => {
    const { process: child } = message as { process: ChildProcess };
    // After those who started it have attached their listeners: this one must not set the stream flowing before theirs.
    child.once('spawn', () => {
      if (child.spawnargs.join(' ').includes('--stdin')) typed += 1;
      live();
      follow(child, 'stdout');
      follow(child, 'stderr');
    });
  };
  subscribe('child_process', onProcess);
  return {
    traces: () =>
      [...said].map(([where, chunks]) => ({
        sink: where.startsWith('stdout') ? 'stdout' : 'stderr',
        where,
        bytes: Buffer.concat(chunks),
      })),
    get typed() {
      return typed;
    },
    stop: () => void unsubscribe('child_process', onProcess),
  };
}
