import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MailServer } from '../../src/mail/server-url.ts';
import { parseServerUrl } from '../../src/mail/server-url.ts';
import type { DeliveryOutcome } from '../../src/remind/reminder.ts';
import type { MailSink, MailSinkOptions } from '../../src/sandbox/mail.ts';
import { startMailSink } from '../../src/sandbox/mail.ts';
import type { Sending } from '../support/sending.ts';
import { ADA, CREDENTIALS, MAIL, NOTHING, openTestMail, sendOne, serverAt } from '../support/sending.ts';
import { startScript } from '../support/smtp-script.ts';
import { hasOpenssl, selfSigned } from '../support/stand-ins.ts';

// Where a person is needed: the server does not take our credentials, or there is no TLS that we trust.

let sink: MailSink;

async function restart(options: MailSinkOptions): Promise<void> {
  await sink.close();
  sink = await startMailSink(options);
}

function send({
  server,
  ...sending
}: Sending & { server?: Partial<MailServer> } = {}): Promise<DeliveryOutcome> {
  return sendOne({ ...parseServerUrl(sink.url, '/run/secrets/smtp'), ...server }, sending);
}

beforeEach(async () => {
  sink = await startMailSink();
});
afterEach(() => sink.close());

describe('send', () => {
  describe('when the server does not take our credentials', () => {
    it.each([535, 530, 504])('E14: answers not-sent to a refused login (%i), and blames it', async (code) => {
      await restart({ credentials: CREDENTIALS });
      sink.fault({ at: 'auth', action: 'reply', code });
      expect(await send()).toEqual({
        kind: 'not-sent',
        fault: 'login',
        reason: `the mail server 127.0.0.1:${sink.port} does not accept the user or password (${code})`,
      });
    });

    it.each([454, 421])(
      'E14: does not blame the password for a passing trouble at login (%i)',
      async (code) => {
        await restart({ credentials: CREDENTIALS });
        sink.fault({ at: 'auth', action: 'reply', code });
        expect(await send()).toMatchObject({
          kind: 'not-sent',
          fault: 'unreachable',
          reason: expect.stringContaining(`cannot check the user and password now (${code})`),
        });
      },
    );

    it('E14: never shows user or password', async () => {
      await restart({ credentials: { user: 's3cr3t', password: 'other' } });
      const { user, password } = CREDENTIALS;
      expect(JSON.stringify(await send({ server: { user, password } }))).not.toMatch(/pa55|w0rd|s3cr3t/);
    });

    it('E14: answers not-sent to 530 at MAIL, which a login is wanted for', async () => {
      await restart({ credentials: CREDENTIALS });
      expect(await send({ server: { user: undefined, password: undefined } })).toEqual({
        kind: 'not-sent',
        fault: 'login',
        reason: `the mail server 127.0.0.1:${sink.port} does not accept the user or password (530)`,
      });
    });

    it('E14: answers not-sent when the file with the address cannot be used', async () => {
      const channel = openTestMail(() => parseServerUrl('nonsense', '/run/secrets/smtp'));
      expect(await channel.send(ADA, MAIL, NOTHING)).toEqual({
        kind: 'not-sent',
        fault: 'login',
        reason: 'the mail server\'s address in "/run/secrets/smtp" is not a URL',
      });
    });
  });

  describe('when TLS is demanded and not to be had', () => {
    it('E15: answers not-sent where STARTTLS is not offered, and sends no mail', async () => {
      expect(await send({ server: { requireTls: true } })).toEqual({
        kind: 'not-sent',
        fault: 'login',
        reason: `no trusted TLS with the mail server 127.0.0.1:${sink.port} (502)`,
      });
      expect(sink.messages).toEqual([]);
    });

    it('E15: sends neither user nor password before TLS', async () => {
      await restart({ credentials: CREDENTIALS });
      let asked = false;
      void sink.when('auth').then(() => {
        asked = true;
      });
      await send({ server: { requireTls: true } });
      expect(asked).toBe(false);
    });

    it('E15: answers not-sent where TLS is spoken from the first byte and the server does not', async () => {
      expect(await send({ server: { implicitTls: true } })).toMatchObject({
        kind: 'not-sent',
        fault: 'login',
        reason: expect.stringContaining('no trusted TLS'),
      });
    });

    it.each([
      ['answers 454 to STARTTLS', '454 not now\r\n', '(454)'],
      ['breaks off during the handshake', '220 go on\r\n', '(ECONNRESET)'],
    ])('E1: answers not-sent to a server that %s, and blames nobody', async (_, answer, reason) => {
      const script = await startScript((piece, socket) => {
        if (piece.startsWith('EHLO')) return '250-script\r\n250 STARTTLS\r\n';
        if (piece.startsWith('STARTTLS')) return answer;
        socket.end();
        return undefined;
      });
      expect(await sendOne(serverAt(script.port, { requireTls: true }))).toMatchObject({
        kind: 'not-sent',
        fault: 'unreachable',
        reason: expect.stringContaining(reason),
      });
      expect(await script.heard(1)).not.toMatch(/MAIL FROM/);
    });

    it.skipIf(!hasOpenssl)(
      'E15: answers not-sent to a certificate that is not trusted, with its code',
      async () => {
        await restart({ tls: selfSigned() });
        expect(await send({ server: { requireTls: true } })).toEqual({
          kind: 'not-sent',
          fault: 'login',
          reason: `no trusted TLS with the mail server 127.0.0.1:${sink.port} (DEPTH_ZERO_SELF_SIGNED_CERT)`,
        });
        expect(sink.messages).toEqual([]);
      },
    );
  });
});
