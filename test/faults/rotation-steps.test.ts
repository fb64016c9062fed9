import { afterEach, describe, expect, it } from 'vitest';
import type { Running } from '../../src/sandbox/run.ts';
import { openPage, submitForm } from '../../src/sandbox/visitor.ts';
import type { Installed } from '../support/installed.ts';
import { installAndRecord, openedForm, secretOf, statusOf } from '../support/installed.ts';

const open: Installed[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

async function begin(): Promise<Installed> {
  const one = await installAndRecord();
  open.push(one);
  return one;
}

async function paste(one: Installed, running: Running): Promise<void> {
  const address = await openedForm(running);
  const page = await openPage(address);
  submitForm(address, page, { token: one.sandbox.offeredToken, expiration: '365d' }).catch(() => undefined);
}

async function end(running: Running, signal: NodeJS.Signals): Promise<number> {
  running.child.kill(signal);
  return (await running.finished).code;
}

/** What the next round makes of it. */
async function recovered(one: Installed): Promise<string> {
  return (await one.program.run('daemon', '--once')).stderr;
}

const untouched = { version: 1, unsettled: null, destinations: [{ state: 'never-stored' }] };

describe('a rotation that is killed', () => {
  it('A1: before the baseline is read, is abandoned, and the old token stands', async () => {
    const one = await begin();
    const asked = { method: 'GET', path: /\/secrets\// };
    one.sandbox.github.fault({ ...asked, kind: 'hang' });
    const arrived = one.sandbox.github.when(asked);
    const running = one.program.start('--json', 'rotate', 'crates-io');
    await arrived;
    await end(running, 'SIGKILL');
    expect(await recovered(one)).toContain('rotation.abandoned');
    expect((await statusOf(one)).status.credentials[0]).toMatchObject(untouched);
    expect(one.sandbox.github.putCount()).toBe(0);
  });

  it('A3: after the paste, while crates.io is asked, is abandoned, and nothing went to GitHub', async () => {
    const one = await begin();
    const asked = { method: 'GET', path: /^\/api\/v1\/me/ };
    one.sandbox.cratesIo.fault({ ...asked, kind: 'hang' });
    const arrived = one.sandbox.cratesIo.when(asked);
    const running = one.program.start('--json', 'rotate', 'crates-io');
    await paste(one, running);
    await arrived;
    await end(running, 'SIGKILL');
    expect(await recovered(one)).toContain('rotation.abandoned');
    expect((await statusOf(one)).status.credentials[0]).toMatchObject(untouched);
    expect(one.sandbox.github.putCount()).toBe(0);
  });

  it('A9, A10: when GitHub has answered the write, is completed where the answer was written down, else unconfirmed', async () => {
    const one = await begin();
    const running = one.program.start('--json', 'rotate', 'crates-io');
    await paste(one, running);
    await one.sandbox.github.when({ method: 'PUT', stage: 'answered' });
    await end(running, 'SIGKILL');
    const said = await recovered(one);
    const { status } = await statusOf(one);
    // Which of the two depends on the instant; neither claims more than was written down.
    const recorded = status.credentials[0]?.version === 2;
    expect(said).toContain(recorded ? 'rotation.recorded' : 'rotation.unconfirmed');
    expect(status.credentials[0]?.unsettled === null).toBe(recorded);
    expect(Buffer.from(secretOf(one).opened).toString()).toBe(one.sandbox.offeredToken);
  });

  it('A10, A11: while it looks back, is completed after the restart, with one version', async () => {
    const one = await begin();
    const look = { method: 'GET', path: /secrets\/CRATES_IO_TOKEN$/ };
    const running = one.program.start('--json', 'rotate', 'crates-io');
    const applied = one.sandbox.github.when({ method: 'PUT', stage: 'answered' });
    await paste(one, running);
    await applied;
    one.sandbox.github.fault({ ...look, kind: 'hang' });
    const waiting = one.sandbox.github.when(look);
    const first = await Promise.race([waiting.then(() => 'looking'), running.finished.then(() => 'ended')]);
    await end(running, 'SIGKILL');
    await recovered(one);
    await recovered(one);
    expect(['looking', 'ended']).toContain(first);
    expect((await statusOf(one)).status.credentials[0]).toMatchObject({ version: 2, unsettled: null });
    const history = await one.program.run('--json', 'history', 'crates-io');
    expect(history.stdout.match(/"credential\.rotated"/g)).toHaveLength(1);
  });

  it('A13: after the record, whatever the page shows, has rotated', async () => {
    const one = await begin();
    const running = one.program.start('--json', 'rotate', 'crates-io');
    await paste(one, running);
    await new Promise<void>((resolve) => {
      running.child.stdout?.on('data', (chunk: Buffer) => {
        if (chunk.includes('"result"')) resolve();
      });
    });
    await end(running, 'SIGKILL');
    expect(await recovered(one)).not.toContain('"rotation.');
    expect((await statusOf(one)).status.credentials[0]).toMatchObject({ version: 2, unsettled: null });
  });
});

describe('a rotation that is told to stop', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('A15: by %s while the token is on its way, goes to its end first', async (signal, code) => {
    const one = await begin();
    const held = one.sandbox.github.fault({ method: 'PUT', kind: 'hold' });
    const arrived = one.sandbox.github.when({ method: 'PUT' });
    const running = one.program.start('--json', 'rotate', 'crates-io');
    await paste(one, running);
    await arrived;
    running.child.kill(signal);
    held.release();
    expect([0, code]).toContain((await running.finished).code);
    expect((await statusOf(one)).status.credentials[0]).toMatchObject({ version: 2, unsettled: null });
  });
});
