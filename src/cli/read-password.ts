import type { Stats } from 'node:fs';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { shellQuote } from '../doctor/line.ts';
import { AppError } from '../domain/error.ts';
import type { Secret } from '../domain/secret.ts';
import { withoutLastBreak } from '../kinds/line-end.ts';
import { ownSecret } from './read-token.ts';

const MOST_BYTES = 1_024;
/** With a line break of Windows. */
const MOST_READ = MOST_BYTES + 2;
const LF = 0x0a;
const CR = 0x0d;

/** Between two looks into a pipe. */
const LOOK_MS = 20;
/** So many looks at a pipe that nobody has open, and nobody will. */
const MOST_LOOKS = 150;

/**
 * The password in a file, or out of a pipe such as bash makes of `<(pass show …)`: one line, without its line break. An empty file is
 * an empty password, which some programs set where none was given. The bytes never become a string.
 *
 * @param warn told what should be mended, although the password is taken
 * @returns undefined when `stopped` says so
 * @throws AppError invalid_input naming the file; never its content
 */
export async function readPasswordFile(
  path: string,
  stopped: AbortSignal,
  warn: (text: string) => void,
): Promise<Secret | undefined> {
  const bytes = Buffer.alloc(MOST_READ + 1);
  try {
    const length = await readInto(bytes, path, stopped, warn);
    return length === undefined ? undefined : passwordOf(bytes.subarray(0, length), path);
  } finally {
    bytes.fill(0);
  }
}

function passwordOf(bytes: Uint8Array, path: string): Secret {
  const password = withoutLastBreak(bytes);
  if (password.length > MOST_BYTES || password.includes(LF) || password.includes(CR)) {
    const what = password.length > MOST_BYTES ? `more than ${MOST_BYTES} bytes long` : 'more than one line';
    throw new AppError('invalid_input', `the password in "${path}" is ${what}`, {
      hints: ['put the password alone into that file, on one line'],
    });
  }
  return ownSecret(password);
}

/** @returns how many bytes there were: one more than may be, where there are more */
async function readInto(
  bytes: Buffer,
  path: string,
  stopped: AbortSignal,
  warn: (text: string) => void,
): Promise<number | undefined> {
  let file: FileHandle | undefined;
  try {
    // What would block, blocks a thread that the end of the process waits for: a pipe that nobody writes into, a terminal.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const stats = await file.stat();
    const objection = objectionTo(stats);
    if (objection !== undefined) throw refused(path, objection);
    if (stats.isFile() && (stats.mode & 0o044) !== 0)
      warn(`others than its owner may read the password file: chmod go-rwx ${shellQuote(path)}`);
    return stats.isFIFO() ? await readPipe(file, bytes, path, stopped) : await readAll(file, bytes, stopped);
  } catch (error) {
    if (error instanceof AppError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw refused(path, code === 'ENOENT' ? 'is not there' : `cannot be read (${code})`);
  } finally {
    await file?.close();
  }
}

function objectionTo(stats: Stats): string | undefined {
  if (stats.isDirectory()) return 'is a directory';
  return stats.isFile() || stats.isFIFO() ? undefined : 'is a device, and not a file';
}

async function readAll(file: FileHandle, bytes: Buffer, stopped: AbortSignal): Promise<number | undefined> {
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length, null);
    if (stopped.aborted) return undefined;
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}

/** Waits for what writes into it as long as that has it open, such as a program that asks for a password itself. */
async function readPipe(
  file: FileHandle,
  bytes: Buffer,
  path: string,
  stopped: AbortSignal,
): Promise<number | undefined> {
  let length = 0;
  let written = false;
  for (let looks = 0; length < bytes.length; ) {
    const found = await lookInto(file, bytes.subarray(length));
    if (stopped.aborted) return undefined;
    written ||= found !== 0;
    if (found === 0 && (written || ++looks >= MOST_LOOKS)) break;
    if (found > 0) length += found;
    else await pause(LOOK_MS);
  }
  if (length === 0) throw refused(path, 'is a pipe out of which nothing came');
  return length;
}

/** @returns how many bytes there were; 0: nobody has it open to write; -1: nothing yet */
async function lookInto(file: FileHandle, bytes: Buffer): Promise<number> {
  try {
    return (await file.read(bytes, 0, bytes.length, null)).bytesRead;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return -1;
    throw error;
  }
}

function refused(path: string, reason: string): AppError {
  return new AppError('invalid_input', `the password file "${path}" ${reason}`, {
    hints: ['name a file that holds the password alone: --password-file FILE'],
  });
}
