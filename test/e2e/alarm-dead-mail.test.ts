import { expect, it, onTestFinished } from 'vitest';
import { openPage, submitForm } from '../../src/sandbox/visitor.ts';
import { installAndRecord, openedForm, statusOf } from '../support/installed.ts';

it('rotate --leaked, with a mail server that takes the mail and says nothing: the form does not wait, and the end no longer than 25 s', async () => {
  const one = await installAndRecord();
  onTestFinished(() => one[Symbol.asyncDispose]());
  one.sandbox.mail.fault({ at: 'dot', action: 'hang', times: 9 });
  const running = one.program.start('--json', 'rotate', 'crates-io', '--leaked');
  const address = await openedForm(running);
  const page = await openPage(address);
  const done = await submitForm(address, page, { token: one.sandbox.offeredToken, expiration: '365d' });
  const stored = performance.now();
  expect(done.body).toContain('Stored and recorded');
  expect((await statusOf(one)).status.credentials[0]).toMatchObject({ state: 'ok', version: 2 });
  const { code, stderr } = await running.finished;
  expect(performance.now() - stored).toBeLessThan(28_000);
  expect(code).toBe(0);
  expect(stderr).toContain('mail about it is on its way: waiting for it, 25 s at most');
  expect(stderr).toContain('mail is waiting to be sent: start the daemon');
  // What hung is not forgotten: the next to send takes it back.
  const { deliveries } = (await statusOf(one)).status;
  expect(deliveries.inFlight + deliveries.pending).toBeGreaterThan(0);
});
