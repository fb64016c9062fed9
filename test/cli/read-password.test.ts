import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPasswordFile } from '../../src/cli/read-password.ts';
import { makeFolder } from '../support/database.ts';

function fileOf(content: string): string {
  const path = join(makeFolder(), 'password');
  writeFileSync(path, content);
  return path;
}

describe('readPasswordFile', () => {
  it.each([
    ['open sesame\n', 'open sesame'],
    ['open sesame\r\n', 'open sesame'],
    [' p\u00e4ss ', ' p\u00e4ss '],
    ['', ''],
    ['\n', ''],
  ])('drops the last line break of %j and nothing else', (content, password) => {
    expect(Buffer.from(readPasswordFile(fileOf(content)).reveal()).toString()).toBe(password);
  });

  it.each([
    ['one\ntwo\n', 'more than one line'],
    ['one\n\n', 'more than one line'],
    ['a'.repeat(1_025), 'more than 1024 bytes'],
  ])('refuses %#, names the file, and repeats nothing of it', (content, reason) => {
    const path = fileOf(content);
    const read = () => readPasswordFile(path);
    expect(read).toThrow(reason);
    expect(read).toThrow(path);
    expect(read).not.toThrow(/one.two|aaaa/);
  });

  it('says that a file is not there, and how it is named', () => {
    const path = join(makeFolder(), 'none');
    expect(() => readPasswordFile(path)).toThrow(
      expect.objectContaining({
        code: 'invalid_input',
        message: `the password file "${path}" is not there`,
        hints: [expect.stringContaining('--password-file FILE')],
      }),
    );
  });
});
