import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Installed } from '../support/installed.ts';
import { installAndRecord, PROGRAM } from '../support/installed.ts';

const open: Installed[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

/** Runs the program without the right of root to read everything (util-linux's setpriv), as a container's user has none. */
function rotateWithoutPrivileges({ installation, leaks }: Installed) {
  const drop = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : ['env'];
  const [command = 'env', ...rest] = [...drop, process.execPath, PROGRAM];
  const ended = spawnSync(
    command,
    [...rest, '--config', installation.configPath, '--data-dir', installation.dataDir, 'rotate', 'crates-io'],
    { encoding: 'utf8' },
  );
  leaks.note({ sink: 'stderr', where: 'rotate', bytes: Buffer.from(ended.stdout + ended.stderr) });
  return ended;
}

describe('H9: a secret file', () => {
  async function withSealToken(change: (path: string) => void) {
    const one = await installAndRecord();
    open.push(one);
    change(join(one.installation.folder, 'github_seal_token'));
    return rotateWithoutPrivileges(one);
  }

  describe('when the user of the program cannot read it', () => {
    it('is answered with the line that fixes it, and 2', async () => {
      const { status, stderr } = await withSealToken((path) => chmodSync(path, 0o000));
      expect(status).toBe(2);
      expect(stderr).toMatch(/github_seal_token" cannot be read by user \d+/);
      expect(stderr).toMatch(/chown \d+ FILE && chmod 400 FILE/);
    });
  });

  describe('when it holds more than one line', () => {
    it('is refused without a word of its text', async () => {
      const { status, stderr } = await withSealToken((path) =>
        writeFileSync(path, 'first-half\nsecond-half\n'),
      );
      expect({
        status,
        said: stderr.includes('more than one line'),
        leaked: stderr.includes('half'),
      }).toEqual({
        status: 2,
        said: true,
        leaked: false,
      });
    });
  });

  describe('when it is empty', () => {
    it('is refused', async () => {
      const { status, stderr } = await withSealToken((path) => writeFileSync(path, '\n'));
      expect({ status, said: stderr.includes('is empty') }).toEqual({ status: 2, said: true });
    });
  });
});
