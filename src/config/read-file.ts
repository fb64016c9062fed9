// Apart from load.ts, and without its imports: a file whose hash is known needs no parser.
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { AppError } from '../domain/error.ts';

export const MAX_CONFIG_BYTES = 1024 * 1024;

/**
 * The text of the configuration and the hash of its bytes. Who can write this file decides where tokens go, so it is
 * judged by the descriptor that is read, not by its name.
 *
 * @throws AppError invalid_config
 */
export function readConfigFile(path: string): { text: string; sha256: string } {
  const file = open(path);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile())
      throw refused(
        path,
        'is not a regular file',
        'name a file, such as --config ~/.config/reseal/config.yaml',
      );
    if ((stats.mode & 0o022) !== 0) {
      throw refused(path, 'can be written by others than its owner', `chmod go-w ${shellQuote(path)}`);
    }
    const bytes = readBounded(file, path);
    return { text: decode(bytes, path), sha256: createHash('sha256').update(bytes).digest('hex') };
  } finally {
    closeSync(file);
  }
}

/** Without waiting: opening a pipe for reading would block until somebody writes to it. */
function open(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new AppError('invalid_config', `there is no configuration at "${path}"`, {
        hints: ['make one with: reseal init', 'or name another with --config FILE or RESEAL_CONFIG'],
        cause: error,
      });
    }
    throw refused(path, `cannot be read (${code})`, `look at it with: ls -l ${shellQuote(path)}`, error);
  }
}

function readBounded(file: number, path: string): Buffer {
  const buffer = Buffer.alloc(MAX_CONFIG_BYTES + 1);
  let length = 0;
  try {
    for (let read = -1; read !== 0 && length < buffer.length; length += read) {
      read = readSync(file, buffer, length, buffer.length - length, null);
    }
  } catch (error) {
    throw refused(
      path,
      `cannot be read (${errorCode(error)})`,
      `look at it with: ls -l ${shellQuote(path)}`,
      error,
    );
  }
  if (length > MAX_CONFIG_BYTES)
    throw refused(path, 'is larger than 1 MiB', 'is it the right file? a configuration is a few KB');
  return buffer.subarray(0, length);
}

function decode(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    const [line, column] = placeOfNoText(bytes);
    throw refused(
      path,
      `is not UTF-8 text (line ${line}, column ${column})`,
      'is it the right file? a configuration is YAML in UTF-8',
      error,
    );
  }
}

/** Where the first byte stands that belongs to no character: line and column, from 1. */
function placeOfNoText(bytes: Buffer): readonly [number, number] {
  let [good, bad] = [0, bytes.length + 1];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (isUtf8(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  const lines = new TextDecoder().decode(bytes.subarray(0, good), { stream: true }).split(/\r\n|\r|\n/);
  return [lines.length, [...(lines.at(-1) ?? '')].length + 1];
}

/** As far as it goes: a character may be cut off at its end. */
function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function refused(path: string, what: string, hint: string, cause?: unknown): AppError {
  return new AppError('invalid_config', `the configuration "${path}" ${what}`, { hints: [hint], cause });
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : 'unknown error';
}

function shellQuote(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
