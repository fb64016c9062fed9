import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MailServer } from '../../src/mail/server-url.ts';
import { parseServerUrl } from '../../src/mail/server-url.ts';
import type { DeliveryOutcome } from '../../src/remind/reminder.ts';
import type { MailSink, MailSinkOptions } from '../../src/sandbox/mail.ts';
import { startMailSink } from '../../src/sandbox/mail.ts';
import type { Sending } from '../support/sending.ts';
import {
  ADA,
  CREDENTIALS,
  FROM,
  GRACE,
  MAIL,
  NOTHING,
  openTestMail,
  SHORT,
  sendOne,
} from '../support/sending.ts';
import { freePort } from '../support/stand-ins.ts';

// What becomes of one mail, by what the server does with it.

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

/** For the whole service: the reason is what follows the place in it. */
function unreachable(reason: string): object {
  return { kind: 'not-sent', fault: 'unreachable', reason: expect.stringContaining(reason) };
}

beforeEach(async () => {
  sink = await startMailSink();
});
afterEach(() => sink.close());

describe('send', () => {
  describe('when the server takes the mail', () => {
    it('answers accepted, with one recipient and just these bytes', async () => {
      expect(await send()).toEqual({ kind: 'accepted', code: 250 });
      expect(sink.messages).toHaveLength(1);
      expect(sink.messages[0]).toMatchObject({ from: FROM.address, recipients: [ADA] });
      expect(sink.messages[0]?.raw.equals(MAIL)).toBe(true);
    });

    it('sends the same bytes again when asked again', async () => {
      await send();
      await send();
      const [first, second] = sink.messages;
      expect(first?.raw.equals(second?.raw ?? Buffer.alloc(0))).toBe(true);
    });

    it('keeps lines of dots, and a mail of several pieces, whole', async () => {
      const lines = Array.from({ length: 4_000 }, (_, line) => `${'.'.repeat(line % 4)}line ${line}`);
      const payload = Buffer.from(`Subject: dots\r\n\r\n${lines.join('\r\n')}\r\n`);
      expect((await send({ payload })).kind).toBe('accepted');
      expect(sink.messages[0]?.raw.equals(payload)).toBe(true);
    });

    it('logs in where the address has a user', async () => {
      await restart({ credentials: CREDENTIALS });
      expect((await send()).kind).toBe('accepted');
    });

    it('E16: knows no more than the 250, whatever the server does with the mail later', async () => {
      const channel = openTestMail(() => parseServerUrl(sink.url, 'f'));
      const outcome = await channel.send(ADA, MAIL, NOTHING);
      await sink.stop();
      expect(outcome).toEqual({ kind: 'accepted', code: 250 });
      await sink.start();
    });
  });

  describe('when the data begins (T6)', () => {
    it('calls onData once, after 354 and before a byte of the mail', async () => {
      const events: string[] = [];
      // The sink sees "body" with the first byte of it, and "data" with the command.
      sink.fault({ at: 'body', action: 'close' });
      const body = sink.when('body').then(() => events.push('body'));
      void sink.when('data').then(() => events.push('data'));
      await send({ onData: () => events.push('onData') });
      await body;
      expect(events).toEqual(['data', 'onData', 'body']);
    });

    it('does not call onData when there is no 354', async () => {
      let calls = 0;
      sink.fault({ at: 'data', action: 'reply', code: 451 });
      await send({ onData: () => calls++ });
      expect(calls).toBe(0);
    });

    it('sends nothing when onData throws, and blames no service', async () => {
      const outcome = await send({
        onData: () => {
          throw new Error('the claim is no longer ours');
        },
      });
      expect(outcome).toMatchObject({ kind: 'not-sent' });
      expect(outcome).not.toHaveProperty('fault');
      // The next mail over the same server shows that nothing of the first one ended in it.
      await send({ payload: Buffer.from('Subject: next\r\n\r\n') });
      expect(sink.messages.map(({ raw }) => raw.toString())).toEqual(['Subject: next\r\n\r\n']);
    });
  });

  describe('when the server says no', () => {
    it.each([
      ['E2', 'mail', 452, false],
      ['E2', 'mail', 421, false],
      ['E2', 'recipient', 450, false],
      ['E2', 'recipient', 421, false],
      ['E2', 'data', 451, false],
      ['E3', 'dot', 451, false],
      ['E3', 'dot', 421, false],
      ['E4', 'recipient', 550, true],
      ['E4', 'mail', 553, true],
      ['E5', 'data', 554, true],
      ['E5', 'dot', 554, true],
    ] as const)('%s: answers refused to %s %i', async (_, at, code, permanent) => {
      sink.fault({ at, action: 'reply', code });
      expect(await send()).toEqual({
        kind: 'refused',
        permanent,
        code,
        reason: `the mail server 127.0.0.1:${sink.port} refused the mail (${code})`,
      });
      expect(sink.messages).toEqual([]);
    });

    it('E13: refuses for one recipient and not for another', async () => {
      sink.fault({ at: 'recipient', recipient: ADA, action: 'reply', code: 550 });
      expect((await send()).kind).toBe('refused');
      expect((await send({ recipient: GRACE })).kind).toBe('accepted');
      expect(sink.messages.map(({ recipients }) => recipients)).toEqual([[GRACE]]);
    });
  });

  describe('when the mail is too large', () => {
    it.each(['mail', 'recipient', 'data', 'dot'] as const)('E25: says so of 552 to %s', async (at) => {
      sink.fault({ at, action: 'reply', code: 552, text: '5.3.4 Message too big' });
      expect(await send()).toMatchObject({ kind: 'refused', permanent: true, code: 552, tooLarge: true });
      expect(sink.messages).toEqual([]);
    });

    it('E25: says so where the server has announced less, and sends nothing', async () => {
      let calls = 0;
      const payload = Buffer.alloc(11 * 1024 * 1024, 'reseal\r\n');
      expect(await send({ payload, onData: () => calls++ })).toEqual({
        kind: 'refused',
        permanent: true,
        code: 552,
        tooLarge: true,
        reason: `the mail server 127.0.0.1:${sink.port} refused the mail (552)`,
      });
      expect(calls).toBe(0);
      expect(sink.messages).toEqual([]);
    });

    it('E25: does not say so of a full mailbox, which no smaller mail helps', async () => {
      sink.fault({ at: 'dot', action: 'reply', code: 552, text: '5.2.2 Mailbox full' });
      expect(await send()).not.toHaveProperty('tooLarge');
    });
  });

  describe('when the service cannot be reached', () => {
    it('E1: answers not-sent to a refused connection', async () => {
      const port = await freePort();
      expect(await send({ server: { port } })).toEqual({
        kind: 'not-sent',
        fault: 'unreachable',
        reason: `the mail server 127.0.0.1:${port} did not take it (ECONNREFUSED)`,
      });
    });

    it('E1: answers not-sent to a name that does not resolve', async () => {
      const outcome = await send({ server: { host: 'mail.invalid', requireTls: true } });
      expect(outcome).toMatchObject(unreachable('mail.invalid'));
    });

    it.each([421, 554])('E1: answers not-sent to a greeting of %i, with the code', async (code) => {
      sink.fault({ at: 'greeting', action: 'reply', code });
      expect(await send()).toMatchObject(unreachable(`(${code})`));
    });

    it.each(['hang', 'close', 'reset'] as const)(
      'E1: answers not-sent to a %s before the greeting',
      async (action) => {
        sink.fault({ at: 'greeting', action });
        const patience = action === 'hang' ? SHORT : {};
        expect(await send({ patience })).toMatchObject(unreachable('did not take it'));
      },
    );

    it.each([
      ['auth', 'hang'],
      ['auth', 'close'],
      ['mail', 'hang'],
      ['mail', 'close'],
    ] as const)('E1: answers not-sent when at %s the server does %s', async (at, action) => {
      await restart({ credentials: CREDENTIALS });
      sink.fault({ at, action });
      const patience = action === 'hang' ? SHORT : {};
      expect(await send({ patience })).toMatchObject(unreachable('did not take it'));
    });
  });

  describe('when it was surely not handed over, and other mail may fare better', () => {
    it.each(['recipient', 'data'] as const)('answers not-sent to a hang at %s', async (at) => {
      sink.fault({ at, action: 'hang' });
      const outcome = await send({ patience: SHORT });
      expect(outcome.kind).toBe('not-sent');
      expect(outcome).not.toHaveProperty('fault');
    });

    it.each(['reset', 'close'] as const)(
      'E8: answers not-sent to a %s in the middle of a large mail',
      async (action) => {
        sink.fault({ at: 'body', action, afterBytes: 200_000 });
        const payload = Buffer.from(`Subject: large\r\n\r\n${'0123456789abcdef\r\n'.repeat(500_000)}`);
        const outcome = await send({ payload });
        expect(outcome.kind).toBe('not-sent');
        expect(outcome).not.toHaveProperty('fault');
        expect(sink.messages).toEqual([]);
      },
    );
  });

  describe('when the answer is lost', () => {
    it.each([
      ['E6', 'hang'],
      ['E7', 'close'],
      ['E7', 'reset'],
    ] as const)('%s: answers unclear to a %s after the final dot', async (_, action) => {
      sink.fault({ at: 'dot', action, accepted: true });
      expect(await send({ patience: action === 'hang' ? { silence: 300 } : {} })).toEqual({
        kind: 'unclear',
        reason: `the mail server 127.0.0.1:${sink.port} did not answer after the mail was sent`,
      });
      expect(sink.messages).toHaveLength(1);
    });

    it('E6: answers unclear when all the time is over, although the server still says something', async () => {
      sink.fault({ at: 'dot', action: 'hang' });
      expect((await send({ patience: { silence: 60_000, whole: 300 } })).kind).toBe('unclear');
    });
  });

  describe('when a recipient would smuggle something in (T8)', () => {
    it.each([
      'ada@example.org\r\nRCPT TO:<evil@example.org>',
      'ada@example.org>\r\nRCPT TO:<evil@example.org',
      'ada@example.org\nDATA',
      '<ada@example.org>',
    ])('sends nothing to %j, and blames no service', async (recipient) => {
      const outcome = await send({ recipient });
      expect(outcome.kind).toBe('not-sent');
      expect(outcome).not.toHaveProperty('fault');
      expect(sink.messages).toEqual([]);
    });

    it('makes no second recipient of a comma', async () => {
      await send({ recipient: 'ada@example.org,evil@example.org' });
      expect(sink.messages.flatMap(({ recipients }) => recipients)).not.toContain('evil@example.org');
    });
  });
});
