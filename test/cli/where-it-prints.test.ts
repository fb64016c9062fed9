import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Installed } from '../support/installed.ts';
import { install, PROGRAM } from '../support/installed.ts';
import { commandLine, talkTo } from '../support/talk.ts';

const open: Installed[] = [];
async function begin(): Promise<Installed> {
  const one = await install();
  open.push(one);
  await one.program.run('init');
  return one;
}
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

describe('when what is printed cannot be written', () => {
  it('says so and ends with 3', async () => {
    const one = await begin();
    for (const command of [['status'], ['config', 'show'], ['kinds']]) {
      const full = openSync('/dev/full', 'w');
      const { code, said } = await talkTo(one, commandLine(one, ...command), {
        stdio: ['ignore', full, 'pipe'],
      }).finished;
      closeSync(full);
      expect({ command, code, said }).toEqual({ command, code: 3, said: expect.stringContaining('ENOSPC') });
    }
  });

  it('is content where whoever reads has seen enough', async () => {
    const one = await begin();
    const piped = `"$@" | head -c 10 >/dev/null; exit "\${PIPESTATUS[0]}"`;
    const { code } = await talkTo(one, ['bash', '-c', piped, 'bash', ...commandLine(one, 'config', 'schema')])
      .finished;
    expect(code).toBe(0);
  });
});

describe('when there is no home folder', () => {
  it('takes nothing from the current one', async () => {
    const one = await begin();
    const cwd = one.installation.folder;
    mkdirSync(join(cwd, '.config/reseal'), { recursive: true });
    writeFileSync(join(cwd, '.config/reseal/config.yaml'), 'version: 1\n', { mode: 0o600 });
    const env = { HOME: '', XDG_CONFIG_HOME: '', RESEAL_CONFIG: '' };
    const { code, said } = await talkTo(one, [process.execPath, PROGRAM, 'config', 'check'], { cwd, env })
      .finished;
    expect({ code, said }).toEqual({ code: 2, said: expect.stringContaining('no home folder') });
  });
});
