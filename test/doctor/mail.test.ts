import { describe, expect, it, onTestFinished } from 'vitest';
import type { MailProbe } from '../../src/mail/probe.ts';
import { probeMail } from '../../src/mail/probe.ts';
import type { MailServer } from '../../src/mail/server-url.ts';
import type { MailSink, MailSinkOptions } from '../../src/sandbox/mail.ts';
import { startMailSink } from '../../src/sandbox/mail.ts';
import { admit, ailing, lineOf } from '../support/doctor.ts';
import { CREDENTIALS, serverAt } from '../support/sending.ts';
import { freePort, hasOpenssl, selfSigned, startHalfOpen } from '../support/stand-ins.ts';

async function probe(
  options: MailSinkOptions,
  server: Partial<MailServer> = {},
): Promise<MailProbe & { sink: MailSink }> {
  const sink = await startMailSink(options);
  onTestFinished(() => sink.close());
  return { ...(await probeMail(serverAt(sink.port, server), 5_000)), sink };
}

describe('a mail server that is asked without a mail', () => {
  it('is logged in to, and left with nothing sent', async () => {
    const { sink, ...seen } = await probe({ credentials: CREDENTIALS }, CREDENTIALS);
    expect(seen).toEqual({ reached: 'end', encrypted: false, loggedIn: true });
    expect(sink.messages).toEqual([]);
  });

  it('is asked for no log-in where there is no user', async () => {
    expect(await probe({})).toMatchObject({ reached: 'end', loggedIn: false });
  });

  it('E14: says that it does not take the password, and shows none of it', async () => {
    const seen = await probe({ credentials: CREDENTIALS }, { ...CREDENTIALS, password: 's3cr3t-typo' });
    expect(seen).toMatchObject({ reached: 'login', passing: false });
    expect(JSON.stringify({ ...seen, sink: undefined })).not.toMatch(/s3cr3t|typo/);
  });

  it.skipIf(!hasOpenssl)('E15: is left where its certificate is not trusted, before the log-in', async () => {
    const seen = await probe(
      { credentials: CREDENTIALS, tls: selfSigned() },
      { ...CREDENTIALS, requireTls: true },
    );
    expect(seen).toMatchObject({
      reached: 'tls',
      passing: false,
      reason: expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT'),
    });
  });

  it('E15: is left where it offers no TLS', async () => {
    expect(await probe({}, { requireTls: true })).toMatchObject({ reached: 'tls', passing: false });
  });

  it('E1: is not reached where nobody listens', async () => {
    const seen = await probeMail(serverAt(await freePort()), 5_000);
    expect(seen).toMatchObject({ reached: 'connection', reason: expect.stringContaining('ECONNREFUSED') });
  });

  it('E1: is given up when it says nothing', async () => {
    const silent = await startHalfOpen();
    onTestFinished(silent.close);
    const seen = await probeMail(serverAt(silent.port), 200);
    expect(seen).toMatchObject({ reached: 'connection', reason: expect.stringContaining('ETIMEDOUT') });
  });
});

describe('doctor’s lines about mail', () => {
  it('are ok where the server takes the log-in', async () => {
    const patient = await admit();
    await patient.withApp(() => undefined);
    expect(ailing(await patient.look('mail'))).toEqual([]);
  });

  it('are a problem with a wrong password, and name the file', async () => {
    const patient = await admit();
    await patient.withApp(() => undefined);
    patient.writeSecret('smtp_url', `smtp://reseal:wrong@127.0.0.1:${patient.sandbox.mail.port}\n`);
    const lines = await patient.look('mail');
    expect(ailing(lines)).toEqual(['problem log-in']);
    expect(lineOf(lines, 'log-in')?.next).toContain('smtp_url');
  });

  it('are unknown after the step that fails', async () => {
    const patient = await admit();
    await patient.withApp(() => undefined);
    await patient.sandbox.mail.stop();
    expect(ailing(await patient.look('mail'))).toEqual([
      'problem connection',
      'unknown TLS',
      'unknown log-in',
    ]);
  });

  it('are a problem with an address that is none', async () => {
    const patient = await admit();
    patient.writeSecret('smtp_url', 'nonsense\n');
    expect(ailing(await patient.look('mail'))).toContain('problem address');
  });
});
