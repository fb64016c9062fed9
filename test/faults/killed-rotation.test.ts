import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Running } from '../../src/sandbox/run.ts';
import { openPage, submitForm } from '../../src/sandbox/visitor.ts';
import { startHalfWay } from '../support/half-way.ts';
import type { Installed } from '../support/installed.ts';
import { installAndRecord, openedForm, secretOf, statusOf } from '../support/installed.ts';

const open: Installed[] = [];
async function begin(): Promise<{ one: Installed; running: Running; address: string }> {
  const one = await installAndRecord();
  open.push(one);
  const running = one.program.start('--json', 'rotate', 'crates-io');
  return { one, running, address: await openedForm(running) };
}
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

/** Submits without waiting for the answer: the process is killed meanwhile. */
async function paste({ one, address }: { one: Installed; address: string }): Promise<void> {
  const page = await openPage(address);
  submitForm(address, page, { token: one.sandbox.offeredToken, expiration: '365d' }).catch(() => undefined);
}

async function kill(running: Running): Promise<void> {
  running.child.kill('SIGKILL');
  await running.finished;
}

describe('a rotation that is killed', () => {
  describe('when the baseline is not read yet (A1)', () => {
    it('is abandoned at the next start, and the old secret stands', async () => {
      const one = await installAndRecord();
      open.push(one);
      const asked = { method: 'GET', path: /\/secrets\// };
      one.sandbox.github.fault({ ...asked, kind: 'hang' });
      const arrived = one.sandbox.github.when(asked);
      const running = one.program.start('--json', 'rotate', 'crates-io');
      await arrived;
      await kill(running);
      expect((await one.program.run('daemon', '--once')).stderr).toContain('rotation.abandoned');
      expect((await statusOf(one)).status.credentials[0]).toMatchObject({ version: 1, unsettled: null });
      expect(one.sandbox.github.putCount()).toBe(0);
    });
  });

  describe('when the form is open (A2)', () => {
    it('is abandoned at the next start, and the old secret stands', async () => {
      const { one, running } = await begin();
      const before = secretOf(one).updatedAt;
      await kill(running);
      expect((await one.program.run('daemon', '--once')).stderr).toContain('rotation.abandoned');
      const { status } = await statusOf(one);
      expect(status.credentials[0]).toMatchObject({ version: 1, unsettled: null });
      expect(secretOf(one).updatedAt).toEqual(before);
    });
  });

  describe('when the token was checked, the key fetched, and no intent written (A4, A5)', () => {
    it('is abandoned at the next start; the secret’s updated_at has not moved', async () => {
      const { one, running, address } = await begin();
      const before = secretOf(one).updatedAt;
      const baseline = { method: 'GET', path: /secrets\/CRATES_IO_TOKEN$/ };
      one.sandbox.github.fault({ ...baseline, kind: 'hang' });
      const asked = one.sandbox.github.when({ ...baseline, stage: 'arrived' });
      await paste({ one, address });
      await asked;
      await kill(running);
      expect((await statusOf(one)).status.credentials[0]?.unsettled).toBeNull();
      expect((await one.program.run('daemon', '--once')).stderr).toContain('rotation.abandoned');
      expect(secretOf(one).updatedAt).toEqual(before);
      expect(one.sandbox.github.putCount()).toBe(0);
    });
  });

  describe('when the intent is written and GitHub stored nothing (A6)', () => {
    it('is shown as unsettled, then found to have failed once the write can no longer land', async () => {
      const { one, running, address } = await begin();
      one.sandbox.github.fault({ method: 'PUT', kind: 'hang' });
      const asked = one.sandbox.github.when({ method: 'PUT', stage: 'arrived' });
      await paste({ one, address });
      await asked;
      await kill(running);
      const shown = await statusOf(one);
      expect(shown.code).toBe(1);
      expect(shown.status.credentials[0]?.unsettled).toContain('interrupted while storing');
      await one.program.run('daemon', '--once');
      expect((await statusOf(one)).status.credentials[0]?.unsettled).not.toBeNull();
      one.advanceGitHub(61_000);
      expect((await one.program.run('daemon', '--once')).stderr).toContain('rotation.failed');
      expect((await statusOf(one)).status.credentials[0]).toMatchObject({ version: 1, unsettled: null });
    });
  });

  describe('when half of the request has arrived (A7)', () => {
    it('is found to have failed once nothing can land any more; GitHub never had the whole', async () => {
      const one = await installAndRecord();
      open.push(one);
      const relay = await startHalfWay(one.sandbox.github);
      const { configPath } = one.installation;
      const config = readFileSync(configPath, 'utf8');
      writeFileSync(configPath, config.replace(one.sandbox.github.apiUrl, relay.url));
      const running = one.program.start('--json', 'rotate', 'crates-io');
      await paste({ one, address: await openedForm(running) });
      await relay.half;
      await kill(running);
      writeFileSync(configPath, config);
      await relay.close();
      expect((await statusOf(one)).status.credentials[0]?.unsettled).toContain('interrupted while storing');
      one.advanceGitHub(61_000);
      expect((await one.program.run('daemon', '--once')).stderr).toContain('rotation.failed');
      expect((await statusOf(one)).status.credentials[0]).toMatchObject({ version: 1, unsettled: null });
      expect(one.sandbox.github.requests.filter(({ method }) => method === 'PUT')).toEqual([]);
      expect(Buffer.from(secretOf(one).opened).toString()).toBe(one.sandbox.oldToken);
    });
  });

  describe('when GitHub stored it and the answer never came (A8)', () => {
    async function killedAfterPut(): Promise<Installed> {
      const { one, running, address } = await begin();
      one.sandbox.github.fault({ method: 'PUT', kind: 'apply-then-hang' });
      const applied = one.sandbox.github.when({ method: 'PUT', stage: 'applied' });
      await paste({ one, address });
      await applied;
      await kill(running);
      return one;
    }

    it('is unconfirmed in `status` before and after recovery, and never taken for ours by itself', async () => {
      const one = await killedAfterPut();
      const first = await statusOf(one);
      expect(first.code).toBe(1);
      expect(first.status.credentials[0]?.destinations[0]?.state).toBe('unconfirmed');
      expect((await one.program.run('daemon', '--once')).stderr).toContain('rotation.unconfirmed');
      const { status } = await statusOf(one);
      expect(status.credentials[0]).toMatchObject({ version: 1, state: 'due' });
      expect(status.credentials[0]?.unsettled).toContain('unconfirmed');
    });

    it('is settled by `confirm --stored`, as version 2', async () => {
      const one = await killedAfterPut();
      const expires = new Date(Date.now() + 300 * 86_400_000).toISOString().slice(0, 10);
      const { code } = await one.program.run('confirm', 'crates-io', '--stored', '--expires', expires);
      expect(code).toBe(0);
      expect((await statusOf(one)).status.credentials[0]).toMatchObject({
        version: 2,
        state: 'ok',
        unsettled: null,
        destinations: [{ state: 'verified' }],
      });
    });

    it('is settled by `confirm --not-stored`: the old version and its reminders stay', async () => {
      const one = await killedAfterPut();
      // Whatever was seen, the write may still be on its way for a minute.
      expect((await one.program.run('confirm', 'crates-io', '--not-stored')).code).toBe(4);
      one.advanceGitHub(61_000);
      expect((await one.program.run('confirm', 'crates-io', '--not-stored')).code).toBe(0);
      expect((await statusOf(one)).status.credentials[0]).toMatchObject({
        version: 1,
        // The date that was known may not be that of what is there now.
        state: 'unknown',
        unsettled: null,
        // The secret did change, so that it is somebody else's: never shown as fine.
        destinations: [{ state: 'changed-elsewhere' }],
      });
    });

    it('is settled by rotating again', async () => {
      const one = await killedAfterPut();
      // A new one waits until the first cannot land any more.
      one.advanceGitHub(61_000);
      const running = one.program.start('--json', 'rotate', 'crates-io');
      const address = await openedForm(running);
      await submitForm(address, await openPage(address), {
        token: one.sandbox.offeredToken,
        expiration: '365d',
      });
      expect((await running.finished).code).toBe(0);
      expect((await statusOf(one)).status.credentials[0]).toMatchObject({ version: 2, unsettled: null });
    });
  });

  describe('when nothing waits to be confirmed', () => {
    it('`confirm` says so, with 2', async () => {
      const one = await installAndRecord();
      open.push(one);
      const { code, stderr } = await one.program.run('confirm', 'crates-io', '--not-stored');
      expect({ code, said: stderr.includes('waits to be confirmed') }).toEqual({ code: 2, said: true });
    });
  });
});

describe('a `status` in a second terminal', () => {
  it('disturbs nothing while the form is open', async () => {
    const { one, running, address } = await begin();
    for (let look = 0; look < 5; look++)
      expect((await statusOf(one)).status.credentials[0]?.unsettled).toBeNull();
    const { status } = await submitForm(address, await openPage(address), {
      token: one.sandbox.offeredToken,
      expiration: '365d',
    });
    expect(status).toBe(200);
    expect((await running.finished).code).toBe(0);
  });
});

describe('a second rotation of the same credential', () => {
  it('is refused while the first is open, and says who has it (D10)', async () => {
    const { one, running } = await begin();
    const second = await one.program.run('rotate', 'crates-io');
    expect({ code: second.code, said: second.stderr.includes(`process ${running.child.pid}`) }).toEqual({
      code: 3,
      said: true,
    });
  });
});

describe('Ctrl-C at the form', () => {
  it('abandons the rotation with 130, and nothing was stored (A15)', async () => {
    const { one, running } = await begin();
    running.child.kill('SIGINT');
    expect((await running.finished).code).toBe(130);
    expect(one.sandbox.github.putCount()).toBe(0);
    expect((await statusOf(one)).status.credentials[0]).toMatchObject({ version: 1, unsettled: null });
  });
});
