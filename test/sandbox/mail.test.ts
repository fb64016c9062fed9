import { connect } from 'node:net';
import { createTransport } from 'nodemailer';
import { afterEach, describe, expect, it } from 'vitest';
import type { MailFault, MailSink, MailSinkOptions } from '../../src/sandbox/mail.ts';
import { startMailSink } from '../../src/sandbox/mail.ts';

const MAIL = {
  from: 'reseal@example.org',
  to: 'owner@example.org',
  subject: 'Token läuft ab',
  text: 'First line\n.a line with a dot\n..two dots\n.\nlast',
  html: '<p>soon</p>',
};

let sink: MailSink;

async function start(options: MailSinkOptions = {}): Promise<void> {
  sink = await startMailSink(options);
}

async function send(
  change: object = {},
  url = sink.url,
): Promise<{ accepted: unknown[]; rejected: unknown[] }> {
  const transport = createTransport({
    url,
    socketTimeout: 300,
    greetingTimeout: 300,
    connectionTimeout: 300,
  });
  try {
    return await transport.sendMail({ ...MAIL, ...change });
  } finally {
    transport.close();
  }
}

/** Sends lines in one go, as a pipelining client may, and returns all that is said until the end. */
function talk(...lines: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const socket = connect(sink.port, '127.0.0.1', () =>
      socket.write(lines.map((line) => `${line}\r\n`).join('')),
    );
    socket.on('data', (chunk) => {
      said += chunk.toString();
    });
    socket.on('error', reject).on('close', () => resolve(said));
  });
}

function codes(said: string): string[] {
  return said.split('\r\n').flatMap((line) => (/^\d{3} /.test(line) ? [line.slice(0, 3)] : []));
}

describe('startMailSink', () => {
  afterEach(() => sink.close());

  describe('when nodemailer sends', () => {
    it('returns the message as it was meant', async () => {
      await start({ now: () => new Date('2026-11-22T10:00:00Z') });
      await send({ messageId: '<1@reseal>', headers: { 'X-Reseal': 'yes' } });
      const [mail] = await sink.waitForMessages(1);
      expect(mail).toMatchObject({
        from: 'reseal@example.org',
        recipients: ['owner@example.org'],
        subject: 'Token läuft ab',
        html: '<p>soon</p>\n',
        messageId: '<1@reseal>',
        at: new Date('2026-11-22T10:00:00Z'),
      });
      expect(mail?.text?.trimEnd()).toBe(MAIL.text);
      expect(mail?.headers.get('x-reseal')).toBe('yes');
    });

    it('keeps the bytes of a message given whole', async () => {
      await start();
      const raw = 'Subject: x\r\n\r\n.dot\r\n..\r\nend\r\n';
      await send({ raw, envelope: { from: 'a@example.org', to: ['b@example.org'] } });
      expect(sink.messages[0]?.raw.toString()).toBe(raw);
    });

    it('takes many mails over one connection', async () => {
      await start();
      const transport = createTransport({ url: sink.url, pool: true, maxConnections: 1 });
      for (const subject of ['one', 'two', 'three']) await transport.sendMail({ ...MAIL, subject });
      transport.close();
      const mails = await sink.waitForMessages(3);
      expect(mails.map((mail) => mail.subject)).toEqual(['one', 'two', 'three']);
      expect(sink.connections).toBe(1);
    });

    it('wants the credentials of its address', async () => {
      await start({ credentials: { user: 'us er', password: 'p@ss/word' } });
      await send();
      expect(sink.messages).toHaveLength(1);
      const wrong = send({}, `smtp://user:wrong@127.0.0.1:${sink.port}`);
      await expect(wrong).rejects.toMatchObject({ code: 'EAUTH', responseCode: 535 });
      await expect(send({}, `smtp://127.0.0.1:${sink.port}`)).rejects.toMatchObject({ responseCode: 530 });
    });

    it('takes AUTH LOGIN as well', async () => {
      await start({ credentials: { user: 'u', password: 'p' } });
      const login = createTransport({
        host: '127.0.0.1',
        port: sink.port,
        auth: { user: 'u', pass: 'p' },
        authMethod: 'LOGIN',
      });
      await login.sendMail(MAIL);
      expect(sink.messages).toHaveLength(1);
    });

    it('rejects when the messages do not come', async () => {
      await start();
      const waiting = sink.waitForMessages(1, { timeoutMs: 10 });
      await expect(waiting).rejects.toThrow('Waited 10 ms for 1 messages; 0 came.');
    });
  });

  describe('when a client speaks by hand', () => {
    it('answers each command, also sent all at once', async () => {
      await start();
      const said = await talk(
        'EHLO me',
        'NOOP',
        'VRFY someone',
        'DATA',
        'RCPT TO:<a@b>',
        'MAIL FROM:<>',
        'DATA',
        'RCPT TO:<a@b>',
        'RSET',
        'BOGUS',
        'MAIL FROM:<x@y> SIZE=99999999',
        'QUIT',
      );
      expect(codes(said)).toEqual('220 250 250 252 503 503 250 554 250 250 500 552 221'.split(' '));
      expect(said).toContain('250-sandbox.localhost greets me\r\n250-PIPELINING\r\n');
      expect(said).not.toContain('STARTTLS');
    });

    it('takes an empty message and one that ends in dots', async () => {
      await start();
      const envelope = ['MAIL FROM:<a@b>', 'RCPT TO:<c@d>', 'DATA'];
      await talk('HELO me', ...envelope, '.', ...envelope, '..', '.', 'QUIT');
      expect(sink.messages.map((mail) => mail.raw.toString())).toEqual(['', '.\r\n']);
    });

    it('answers 552 to more than 10 MB, and goes on', async () => {
      await start();
      const envelope = ['MAIL FROM:<a@b>', 'RCPT TO:<c@d>', 'DATA'];
      const line = 'x'.repeat(998);
      const said = await talk(
        'HELO me',
        ...envelope,
        ...Array(10_600).fill(line),
        '.',
        ...envelope,
        'ok',
        '.',
        'QUIT',
      );
      expect(codes(said)).toEqual('220 250 250 250 354 552 250 250 354 250 221'.split(' '));
      expect(sink.messages).toHaveLength(1);
    });
  });

  describe('when a fault is asked for', () => {
    const cases: [name: string, fault: MailFault, error: object, kept: number][] = [
      ['421 as greeting', { at: 'greeting', action: 'reply', code: 421 }, { responseCode: 421 }, 0],
      ['no greeting', { at: 'greeting', action: 'hang' }, { code: 'ETIMEDOUT' }, 0],
      ['a dropped connection', { at: 'greeting', action: 'reset' }, { command: 'CONN' }, 0],
      ['451 to MAIL', { at: 'mail', action: 'reply', code: 451 }, { responseCode: 451 }, 0],
      ['550 to RCPT', { at: 'recipient', action: 'reply', code: 550 }, { responseCode: 550 }, 0],
      ['554 to DATA', { at: 'data', action: 'reply', code: 554 }, { responseCode: 554 }, 0],
      ['a drop inside the body', { at: 'body', action: 'reset' }, { command: 'CONN' }, 0],
      ['451 after the dot', { at: 'dot', action: 'reply', code: 451 }, { responseCode: 451 }, 0],
      ['554 after the dot', { at: 'dot', action: 'reply', code: 554 }, { responseCode: 554 }, 0],
      ['a hang after the dot, refused', { at: 'dot', action: 'hang' }, { code: 'ETIMEDOUT' }, 0],
      [
        'a hang after the dot, taken',
        { at: 'dot', action: 'hang', accepted: true },
        { code: 'ETIMEDOUT' },
        1,
      ],
      [
        'a close after the dot, taken',
        { at: 'dot', action: 'close', accepted: true },
        { command: 'CONN' },
        1,
      ],
      ['a reset after the dot', { at: 'dot', action: 'reset' }, { command: 'CONN' }, 0],
    ];
    it.each(cases)('gives %s, once', async (_name, fault, error, kept) => {
      await start();
      const control = sink.fault(fault);
      await expect(send()).rejects.toMatchObject(error);
      expect([sink.messages.length, control.hits]).toEqual([kept, 1]);
      await send();
      expect(sink.messages).toHaveLength(kept + 1);
    });

    it('refuses one recipient of several', async () => {
      await start();
      sink.fault({ at: 'recipient', recipient: 'Bad@example.org', action: 'reply', code: 550 });
      const result = await send({ to: 'owner@example.org, bad@example.org' });
      expect(result).toMatchObject({ accepted: ['owner@example.org'], rejected: ['bad@example.org'] });
      expect(sink.messages[0]?.recipients).toEqual(['owner@example.org']);
    });

    it('refuses the right password', async () => {
      await start({ credentials: { user: 'u', password: 'p' } });
      sink.fault({ at: 'auth', action: 'reply', code: 535, times: 2 });
      await expect(send()).rejects.toMatchObject({ code: 'EAUTH', responseCode: 535 });
    });

    it('refuses connections while it is stopped', async () => {
      await start();
      await sink.stop();
      await expect(send()).rejects.toMatchObject({ code: 'ESOCKET' });
      await sink.start();
      await send();
      expect(sink.messages).toHaveLength(1);
    });

    it('says when a conversation gets somewhere', async () => {
      await start();
      sink.fault({ at: 'dot', action: 'hang', accepted: true });
      const data = sink.when('data');
      const accepted = sink.when('accepted');
      const attempt = send().catch(() => 'failed');
      expect(await data).toEqual({ from: 'reseal@example.org', recipients: ['owner@example.org'] });
      expect(await accepted).toEqual(await data);
      expect(await attempt).toBe('failed');
    });
  });
});
