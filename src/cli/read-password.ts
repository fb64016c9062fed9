import { readFileSync } from 'node:fs';
import { AppError } from '../domain/error.ts';
import type { Secret } from '../domain/secret.ts';
import { withoutLastBreak } from '../kinds/line-end.ts';
import { ownSecret } from './read-token.ts';

const MOST_BYTES = 1_024;
const LF = 0x0a;
const CR = 0x0d;

/**
 * The password in a file: one line, without its line break. An empty file is an empty password, which some programs set where none was
 * given. The bytes never become a string.
 *
 * @throws AppError invalid_input naming the file; never its content
 */
export function readPasswordFile(path: string): Secret {
  const bytes = readBytes(path);
  try {
    const password = withoutLastBreak(bytes);
    if (password.length > MOST_BYTES || password.includes(LF) || password.includes(CR)) {
      const what = password.length > MOST_BYTES ? `more than ${MOST_BYTES} bytes long` : 'more than one line';
      throw new AppError('invalid_input', `the password in "${path}" is ${what}`, {
        hints: ['put the password alone into that file, on one line'],
      });
    }
    return ownSecret(password);
  } finally {
    bytes.fill(0);
  }
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    const reason = code === 'ENOENT' ? 'is not there' : `cannot be read (${code})`;
    throw new AppError('invalid_input', `the password file "${path}" ${reason}`, {
      hints: ['name a file that holds the password alone: --password-file FILE'],
    });
  }
}
