import { createHash, randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { AppError, describeError, isAppError } from '../domain/error.ts';

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/**
 * Puts another text in the place of a configuration: wholly or not at all, also when the power fails, with the mode and the owner that
 * the file has. A symbolic link stays one, and what it leads to is replaced.
 *
 * @param sha256 of the bytes that the text was made from
 * @throws AppError conflict where the file is another one by now, refused where it cannot be written; nothing is changed then
 */
export function replaceConfigFile(path: string, sha256: string, text: string): void {
  let made: string | undefined;
  try {
    const file = realpathSync(path);
    const { stats, bytes } = read(file);
    ensureSame(path, bytes, sha256);
    const mark = bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : Buffer.alloc(0);
    made = `${file}.${randomBytes(6).toString('hex')}.new`;
    writeNew(made, stats, Buffer.concat([mark, Buffer.from(text)]));
    ensureSame(path, read(file).bytes, sha256);
    renameSync(made, file);
    made = undefined;
    syncFolder(dirname(file));
  } catch (error) {
    throw isAppError(error) ? error : cannotWrite(path, error);
  } finally {
    if (made) rmSync(made, { force: true });
  }
}

function read(file: string): { readonly stats: Stats; readonly bytes: Buffer } {
  // Opened for writing as well: a file that its owner has made read-only is not to be replaced behind their back.
  const descriptor = openSync(file, 'r+');
  try {
    return { stats: fstatSync(descriptor), bytes: readFileSync(descriptor) };
  } finally {
    closeSync(descriptor);
  }
}

function ensureSame(path: string, bytes: Buffer, sha256: string): void {
  if (createHash('sha256').update(bytes).digest('hex') === sha256) return;
  throw new AppError(
    'conflict',
    `the configuration "${path}" was changed by somebody else at the same time`,
    {
      hints: ['nothing was changed by this command: run it again'],
    },
  );
}

function writeNew(file: string, { mode, uid, gid }: Stats, bytes: Buffer): void {
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
    const own = fstatSync(descriptor);
    if (own.uid !== uid || own.gid !== gid) fchownSync(descriptor, uid, gid);
    fchmodSync(descriptor, mode & 0o7777);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** So that the new name outlives a power failure. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function cannotWrite(path: string, cause: unknown): AppError {
  const { code } = cause as { code?: string };
  const reason =
    code === 'EROFS'
      ? 'its file system is read-only, as in a container'
      : code === 'EBUSY'
        ? 'it is mounted by itself, as in a container, and cannot be replaced'
        : code === 'EACCES' || code === 'EPERM'
          ? `user ${process.getuid?.() ?? 'of this process'} may not write it, or not into its folder`
          : (code ?? describeError(cause));
  return new AppError('refused', `the configuration "${path}" cannot be written: ${reason}`, {
    hints: [
      'nothing was changed: print what is to be added with --print, put it into the file where it is kept, and run this again',
    ],
    cause,
  });
}
