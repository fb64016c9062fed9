import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../support/database.ts';
import { PROGRAM } from '../support/installed.ts';

const CONFIG = 'version: 1\nowners: { ada: { email: ada@example.org } }\n';

function install(): { readonly folder: string; readonly args: readonly string[] } {
  const folder = makeFolder();
  const config = join(folder, 'config.yaml');
  writeFileSync(config, CONFIG, { mode: 0o600 });
  const args = ['--config', config, '--data-dir', join(folder, 'data')];
  spawnSync(process.execPath, [PROGRAM, ...args, 'init'], { stdio: 'ignore' });
  return { folder, args };
}

describe('when what is printed cannot be written', () => {
  it.each([['status'], ['config', 'show'], ['kinds']])('says so and ends with 3: %s', (...command) => {
    const { args } = install();
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, [PROGRAM, ...args, ...command], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    expect({ status, stderr }).toEqual({ status: 3, stderr: expect.stringContaining('ENOSPC') });
  });

  it('is content where whoever reads has seen enough', () => {
    const { args } = install();
    const line = [process.execPath, PROGRAM, ...args, 'config', 'schema'].map((one) => `'${one}'`).join(' ');
    const { stdout } = spawnSync(
      'bash',
      ['-c', `${line} | head -c 10 >/dev/null; echo "\${PIPESTATUS[0]}"`],
      {
        encoding: 'utf8',
      },
    );
    expect(stdout.trim()).toBe('0');
  });
});

describe('when there is no home folder', () => {
  it('takes nothing from the current one', () => {
    const folder = makeFolder();
    mkdirSync(join(folder, '.config/reseal'), { recursive: true });
    writeFileSync(join(folder, '.config/reseal/config.yaml'), CONFIG, { mode: 0o600 });
    const { status, stderr } = spawnSync(process.execPath, [PROGRAM, 'config', 'check'], {
      cwd: folder,
      env: { ...process.env, HOME: '', XDG_CONFIG_HOME: '', RESEAL_CONFIG: '' },
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('no home folder') });
  });
});
