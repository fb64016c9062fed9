import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, createWriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readPasswordFile } from '../../src/cli/read-password.ts';
import { makeFolder } from '../support/database.ts';

const NEVER = new AbortController().signal;
const unwarned = (text: string) => expect.unreachable(text);

function fileOf(content: string): string {
  const path = join(makeFolder(), 'password');
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

function makePipe(): string {
  const path = join(makeFolder(), 'pipe');
  execFileSync('mkfifo', ['-m', '600', path]);
  return path;
}

async function textOf(path: string, stopped = NEVER): Promise<string | undefined> {
  const password = await readPasswordFile(path, stopped, unwarned);
  return password && Buffer.from(password.reveal()).toString();
}

describe('readPasswordFile', () => {
  it.each([
    ['open sesame\n', 'open sesame'],
    ['open sesame\r\n', 'open sesame'],
    [' p\u00e4ss ', ' p\u00e4ss '],
    ['', ''],
    ['\n', ''],
    [`${'a'.repeat(1_024)}\r\n`, 'a'.repeat(1_024)],
  ])('drops the last line break of %j and nothing else', async (content, password) => {
    expect(await textOf(fileOf(content))).toBe(password);
  });

  it.each([
    ['one\ntwo\n', 'more than one line'],
    ['one\n\n', 'more than one line'],
    ['a'.repeat(1_025), 'more than 1024 bytes'],
    ['a'.repeat(100_000), 'more than 1024 bytes'],
  ])('refuses %#, names the file, and repeats nothing of it', async (content, reason) => {
    const path = fileOf(content);
    const read = readPasswordFile(path, NEVER, unwarned);
    await expect(read).rejects.toThrow(reason);
    await expect(read).rejects.toThrow(path);
    await expect(read).rejects.not.toThrow(/one.two|aaaa/);
  });

  it('says that a file is not there, and how it is named', async () => {
    const path = join(makeFolder(), 'none');
    await expect(readPasswordFile(path, NEVER, unwarned)).rejects.toThrow(
      expect.objectContaining({
        code: 'invalid_input',
        message: `the password file "${path}" is not there`,
        hints: [expect.stringContaining('--password-file FILE')],
      }),
    );
  });

  it.each([
    ['/', 'is a directory'],
    ['/dev/zero', 'is a device'],
    ['/dev/tty', /is a device|cannot be read/],
  ])('refuses %s', async (path, reason) => {
    await expect(readPasswordFile(path, NEVER, unwarned)).rejects.toThrow(reason);
  });

  it.each([0o640, 0o604])(
    'warns of a file with the mode %o, which others may read, and takes it',
    async (mode) => {
      const path = fileOf('sesame');
      chmodSync(path, mode);
      const warnings: string[] = [];
      const password = await readPasswordFile(path, NEVER, (text) => void warnings.push(text));
      expect(Buffer.from(password?.reveal() ?? []).toString()).toBe('sesame');
      expect(warnings).toEqual([
        expect.stringMatching(/^others than its owner may read the password file: chmod go-rwx .*password/),
      ]);
    },
  );

  describe('of a pipe', () => {
    it('waits for what writes into it, and takes it in pieces', async () => {
      const path = makePipe();
      const read = textOf(path);
      const writer = createWriteStream(path);
      await new Promise<void>((resolve) => writer.write('open ', () => resolve()));
      writer.end('sesame\n');
      expect(await read).toBe('open sesame');
    });

    it('takes what bash makes of <(…)', () => {
      const module = new URL('../../src/cli/read-password.ts', import.meta.url);
      const script = `const { readPasswordFile } = await import(${JSON.stringify(module)});
        const read = await readPasswordFile(process.argv[1], new AbortController().signal, () => undefined);
        process.stdout.write(read.reveal());`;
      const command = `"$0" --input-type=module -e "$1" <(printf 'open sesame\\n')`;
      expect(execFileSync('bash', ['-c', command, process.execPath, script]).toString()).toBe('open sesame');
    });

    it('refuses one without an end, after as much as a password may have', async () => {
      const path = makePipe();
      const endless = spawn('sh', ['-c', 'cat /dev/zero > "$0"', path], { stdio: 'ignore' });
      onTestFinished(() => void endless.kill());
      await expect(readPasswordFile(path, NEVER, unwarned)).rejects.toThrow('more than 1024 bytes');
    });

    it('ends with words when nobody writes into it', async () => {
      await expect(readPasswordFile(makePipe(), NEVER, unwarned)).rejects.toThrow('nothing came');
    });

    it('ends at once when it is stopped', async () => {
      const path = makePipe();
      const held = spawn('sh', ['-c', 'exec sleep 60 > "$0"', path], { stdio: 'ignore' });
      onTestFinished(() => void held.kill());
      const stop = new AbortController();
      const read = readPasswordFile(path, stop.signal, unwarned);
      stop.abort();
      expect(await read).toBeUndefined();
    });
  });
});
