import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');
/** The program as it ships. */
export const PROGRAM = join(ROOT, 'dist/main.js');

function newest(path: string): number {
  const found = statSync(path);
  if (!found.isDirectory()) return found.mtimeMs;
  return Math.max(...readdirSync(path).map((name) => newest(join(path, name))), 0);
}

/** Builds it where it is missing, or older than what it is built from. @returns whether it is there */
export function buildProgram(): boolean {
  const sources = ['src', 'package.json', 'package-lock.json', 'tools/build.mjs'];
  const wanted = Math.max(...sources.map((name) => newest(join(ROOT, name))));
  const built = statSync(PROGRAM, { throwIfNoEntry: false });
  if (built && built.mtimeMs > wanted) return true;
  const { status } = spawnSync(process.execPath, [join(ROOT, 'tools/build.mjs')], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  return status === 0;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** With the Node that runs this. */
export const node = (...args: readonly string[]): Command => ({ file: process.execPath, args });

export function isInstalled(name: string): boolean {
  return spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined;
}

/** A process from its start to its end. @returns milliseconds */
export function timed({ file, args }: Command): number {
  const started = performance.now();
  const { error, signal } = spawnSync(file, args, { stdio: 'ignore' });
  if (error || signal) throw new Error(`${file} ${args.join(' ')}: ${error?.message ?? signal}`);
  return performance.now() - started;
}

/**
 * The most that a program of Node had in memory, asked of the system as it ends (VmHWM, proc_pid_status(5)). What getrusage(2)
 * answers is not less than what its parent had.
 *
 * @returns MiB; undefined where there is no /proc
 */
export function peakMib(folder: string, args: readonly string[]): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const [script, answer] = [join(folder, 'peak.cjs'), join(folder, 'peak')];
  writeFileSync(
    script,
    `const { readFileSync, writeFileSync } = require('node:fs');
process.on('exit', () => writeFileSync(${JSON.stringify(answer)}, readFileSync('/proc/self/status')));\n`,
  );
  spawnSync(process.execPath, ['--require', script, ...args], { stdio: 'ignore' });
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(answer, 'utf8'))?.[1]) / 1024;
}

/** A folder of its own under the system's for temporary files; removed with everything in it. */
export function openFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'reseal-bench-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
