import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfigFile } from '../../src/config/read-file.ts';
import { AppError } from '../../src/domain/error.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reseal-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Buffer, mode = 0o644): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

function refusalOf(path: string): AppError {
  try {
    readConfigFile(path);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('it was read');
}

describe('readConfigFile', () => {
  describe('when the file is good', () => {
    it('returns its text and the hash of its bytes', () => {
      const text = '\ufeffversion: 1 # ä\n';
      const sha256 = createHash('sha256').update(text).digest('hex');
      expect(readConfigFile(write('good.yaml', text, 0o600))).toEqual({ text: text.slice(1), sha256 });
    });

    it('returns the text behind a link', () => {
      const link = join(folder, 'link.yaml');
      symlinkSync(write('target.yaml', 'version: 1'), link);
      expect(readConfigFile(link).text).toBe('version: 1');
    });

    it('returns 1 MiB', () => {
      expect(readConfigFile(write('large.yaml', '#'.repeat(1024 * 1024))).text).toHaveLength(1024 * 1024);
    });
  });

  describe('when there is no file', () => {
    it('throws with the command that makes one', () => {
      const path = join(folder, 'absent.yaml');
      const error = refusalOf(path);
      expect(error.code).toBe('invalid_config');
      expect(error.message).toBe(`there is no configuration at "${path}"`);
      expect(error.hints[0]).toBe('make one with: reseal init');
    });

    it('throws the same where a folder on the way is a file', () => {
      const path = join(write('file', ''), 'config.yaml');
      expect(refusalOf(path).message).toBe(`there is no configuration at "${path}"`);
    });
  });

  describe.each([
    ['its group', 0o664],
    ['the world', 0o646],
    ['both', 0o666],
  ])('when the file can be written by %s', (_who, mode) => {
    it('throws with the line that mends it', () => {
      const path = write('open.yaml', 'version: 1', mode);
      const error = refusalOf(path);
      expect(error.message).toBe(`the configuration "${path}" can be written by others than its owner`);
      expect(error.hints).toEqual([`chmod go-w ${path}`]);
      execFileSync('sh', ['-c', error.hints[0] ?? '']);
      expect(readConfigFile(path).text).toBe('version: 1');
    });
  });

  describe('when the path needs quotes in a shell', () => {
    it('throws with a line that works all the same', () => {
      const path = write("it's; open $HOME.yaml", 'version: 1', 0o666);
      execFileSync('sh', ['-c', refusalOf(path).hints[0] ?? '']);
      expect(readConfigFile(path).text).toBe('version: 1');
    });
  });

  describe('when the path is no regular file', () => {
    it('throws for a folder', () => {
      expect(refusalOf(folder).message).toBe(`the configuration "${folder}" is not a regular file`);
    });

    it('throws for a pipe, without waiting for a writer', () => {
      const path = join(folder, 'pipe');
      execFileSync('mkfifo', [path]);
      expect(refusalOf(path).message).toBe(`the configuration "${path}" is not a regular file`);
    });

    it('throws for a device', () => {
      expect(refusalOf('/dev/null').message).toBe('the configuration "/dev/null" is not a regular file');
    });
  });

  describe('when the file is too large', () => {
    it('throws', () => {
      const path = write('huge.yaml', '#'.repeat(1024 * 1024 + 1));
      expect(refusalOf(path).message).toBe(`the configuration "${path}" is larger than 1 MiB`);
    });
  });

  describe('when the file is not UTF-8', () => {
    it('throws', () => {
      const path = write('latin.yaml', Buffer.from([0x61, 0x3a, 0x20, 0xe4]));
      expect(refusalOf(path).message).toBe(
        `the configuration "${path}" is not UTF-8 text (line 1, column 4)`,
      );
    });
  });

  describe('when a link leads in a circle', () => {
    it('throws with the code of the system', () => {
      const path = join(folder, 'circle.yaml');
      symlinkSync(path, path);
      expect(refusalOf(path).message).toBe(`the configuration "${path}" cannot be read (ELOOP)`);
    });
  });

  describe('when the system refuses to open it', () => {
    it('throws with the code of the system', () => {
      const path = join(folder, 'loop.yaml');
      symlinkSync('loop.yaml', path);
      const error = refusalOf(path);
      expect(error.message).toBe(`the configuration "${path}" cannot be read (ELOOP)`);
      expect(error.hints).toEqual([`look at it with: ls -l ${path}`]);
    });
  });
});
