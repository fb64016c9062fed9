import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { MAX_SECRET_BYTES } from '../../src/kinds/format.ts';
import { openPage, submitForm } from '../../src/sandbox/visitor.ts';
import type { Installed } from './installed.ts';
import { installAndRecord, PROGRAM } from './installed.ts';
import type { Copies } from './memory.ts';
import { countCopies } from './memory.ts';

export const WAYS = {
  'form, live check': { by: 'form', check: true },
  'form, no live check': { by: 'form', check: false },
  'form, a file, no live check': { by: 'file', check: false },
  'standard input, live check': { by: 'stdin', check: true },
  'standard input, no live check': { by: 'stdin', check: false },
} as const;

export type Way = keyof typeof WAYS;

/**
 * Stops the process where nothing is left to it but to end: the result is printed, the form closed, the database shut.
 * The program is the one that ships; this is given to Node beside it.
 */
const STOP_AT_EXIT = 'data:text/javascript,process.on("exit",()=>process.kill(process.pid,"SIGSTOP"))';

/** Rotates once with the built program, and counts what is left of the token in its process after the result. */
export async function measureResidue(way: Way): Promise<Copies> {
  await using one = await installAndRecord();
  const { by, check } = WAYS[way];
  // Of no known form: what looks like another kind is told so, for which its beginning becomes a string.
  const token = check ? one.sandbox.offeredToken : `own${randomBytes(16).toString('hex')}`;
  if (!check) useKindWithoutCheck(one.installation.configPath);
  const child = startRotation(one, by === 'stdin');
  const { pid = 0 } = child;
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const result = follow(child, token, by);
  try {
    const outcome = await Promise.race([result, ended.then((code) => `the end with ${code}`)]);
    if (outcome !== 'recorded') throw new Error(`the rotation came to ${outcome}`);
    await stopped(pid);
    return countCopies(pid, token);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

function startRotation({ installation }: Installed, stdin: boolean): ChildProcess {
  const places = ['--config', installation.configPath, '--data-dir', installation.dataDir];
  const rotate = ['--json', 'rotate', 'crates-io', '--lifetime', '365d', ...(stdin ? ['--stdin'] : [])];
  return spawn(process.execPath, ['--import', STOP_AT_EXIT, PROGRAM, ...places, ...rotate], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
}

/** Gives it the token in its way. @returns the outcome that it prints */
function follow(
  { stdin, stdout }: ChildProcess,
  token: string,
  by: (typeof WAYS)[Way]['by'],
): Promise<string> {
  if (by === 'stdin') stdin?.end(`${token}\n`);
  const given = by === 'file' ? fileOf(token) : token;
  return new Promise((resolve, reject) => {
    const paste = async (address: string) => {
      const { status } = await submitForm(address, await openPage(address), { token: given });
      if (status !== 200) reject(new Error(`the form answered ${status}`));
    };
    createInterface({ input: stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const step = JSON.parse(line) as { step: string; address?: string; outcome?: string };
      if (step.step === 'form' && step.address) paste(step.address).catch(reject);
      if (step.step === 'result') resolve(step.outcome ?? '');
    });
  });
}

/** As large as GitHub stores, of many lines, with the token in the middle. */
function fileOf(token: string): Uint8Array<ArrayBuffer> {
  const file = Buffer.alloc(MAX_SECRET_BYTES, 'x\ny');
  file.write(token, MAX_SECRET_BYTES / 2);
  return file;
}

function useKindWithoutCheck(configPath: string): void {
  const text = readFileSync(configPath, 'utf8').replace('kind: crates-io-token', 'kind: generic');
  writeFileSync(configPath, text.replace(/^ *(name-at-issuer|scopes): .*\n/gm, ''));
}

/** proc(5): the state stands behind the name, and T is stopped. */
async function stopped(pid: number): Promise<void> {
  while (!/\) T/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))) await pause(2);
}
