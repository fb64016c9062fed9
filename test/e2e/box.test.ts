import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { openPage, submitForm } from '../../src/sandbox/visitor.ts';
import { boxesOf } from '../support/boxes.ts';
import type { Installed } from '../support/installed.ts';
import { installAndRecord, openedForm, PLACE, PROGRAM } from '../support/installed.ts';

const open: Installed[] = [];
async function begin(): Promise<Installed> {
  const one = await installAndRecord();
  open.push(one);
  return one;
}
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

describe('I16: the box that GitHub gets', () => {
  function expectBox(one: Installed): void {
    const { id } = one.sandbox.github.key(PLACE.repo, PLACE.environment);
    expect(boxesOf(one)).toEqual([{ keyId: id, opened: one.sandbox.offeredToken }]);
  }

  it('opens with the environment’s key to the pasted bytes without the blanks around them, under that key’s id', async () => {
    const one = await begin();
    const running = one.program.start('--json', 'rotate', 'crates-io');
    const address = await openedForm(running);
    const token = ` \t${one.sandbox.offeredToken}\r\n `;
    await submitForm(address, await openPage(address), { token, expiration: '365d' });
    expect((await running.finished).code).toBe(0);
    expectBox(one);
  });

  it('opens to the same when the token came by standard input', async () => {
    const one = await begin();
    const { configPath, dataDir } = one.installation;
    const places = ['--config', configPath, '--data-dir', dataDir];
    const child = spawn(process.execPath, [PROGRAM, ...places, 'rotate', 'crates-io', '--stdin'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    child.stdin.end(` \t${one.sandbox.offeredToken}\r\n `);
    expect(await once(child, 'close')).toEqual([0, null]);
    expectBox(one);
  });
});
