import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MailServer } from '../../src/mail/server-url.ts';
import { parseServerUrl } from '../../src/mail/server-url.ts';
import type { Patience } from '../../src/mail/smtp.ts';
import { openMail } from '../../src/mail/smtp.ts';
import type { DeliveryOutcome } from '../../src/remind/reminder.ts';
import type { MailSink, MailSinkOptions } from '../../src/sandbox/mail.ts';
import { startMailSink } from '../../src/sandbox/mail.ts';
import { freePort, hasOpenssl, selfSigned } from '../support/stand-ins.ts';

const ADA = 'ada@example.org';
const FROM = { name: 'reseal', address: 'reseal@example.org' };
const MAIL = Buffer.from('Subject: due\r\n\r\nThe token expires.\r\n');
/** Longer than any stall of a busy machine. */
const PATIENT: Patience = { connect: 10_000, silence: 10_000, whole: 20_000, parting: 300 };
/** For servers that never say anything. */
const SHORT: Partial<Patience> = { connect: 300, silence: 300 };
const CREDENTIALS = { user: 'reseal', password: 'pa55-w0rd' };

let sink: MailSink;

async function restart(options: MailSinkOptions): Promise<void> {
  await sink.close();
  sink = await startMailSink(options);
}

interface Sending {
  readonly recipient?: string;
  readonly payload?: Buffer;
  readonly onData?: () => void;
  readonly server?: Partial<MailServer>;
  readonly patience?: Partial<Patience>;
}

function send(sending: Sending = {}): Promise<DeliveryOutcome> {
  const { recipient = ADA, payload = MAIL, onData = () => undefined, server = {}, patience = {} } = sending;
  const channel = openMail({
    from: FROM,
    server: () => ({ ...parseServerUrl(sink.url, '/run/secrets/smtp'), ...server }),
    patience: { ...PATIENT, ...patience },
  });
  return channel.send(recipient, payload, onData);
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

    it('reads the address anew for each mail', async () => {
      const addresses: string[] = [];
      const channel = openMail({
        from: FROM,
        patience: PATIENT,
        server: () => {
          addresses.push(sink.url);
          return parseServerUrl(sink.url, 'f');
        },
      });
      await channel.send(ADA, MAIL, () => undefined);
      await channel.send(ADA, MAIL, () => undefined);
      expect(addresses).toHaveLength(2);
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

    it('sends nothing when onData throws', async () => {
      const outcome = await send({
        onData: () => {
          throw new Error('the claim is no longer ours');
        },
      });
      expect(outcome.kind).toBe('not-sent');
      // The next mail over the same server shows that nothing of the first one ended in it.
      await send({ payload: Buffer.from('Subject: next\r\n\r\n') });
      expect(sink.messages.map(({ raw }) => raw.toString())).toEqual(['Subject: next\r\n\r\n']);
    });
  });

  describe('when the server says no (E2, E3, E4, E5)', () => {
    it.each([
      ['recipient', 450, false],
      ['recipient', 550, true],
      ['mail', 452, false],
      ['mail', 553, true],
      ['data', 451, false],
      ['data', 554, true],
      ['dot', 451, false],
      ['dot', 554, true],
      ['dot', 552, true],
      ['dot', 421, false],
    ] as const)('answers refused to %s %i', async (at, code, permanent) => {
      sink.fault({ at, action: 'reply', code });
      expect(await send()).toEqual({
        kind: 'refused',
        permanent,
        code,
        reason: `the mail server 127.0.0.1:${sink.port} refused the mail (${code})`,
      });
      expect(sink.messages).toEqual([]);
    });

    it('refuses for one recipient and not for another (E13)', async () => {
      sink.fault({ at: 'recipient', recipient: ADA, action: 'reply', code: 550 });
      expect((await send()).kind).toBe('refused');
      expect((await send({ recipient: 'grace@example.org' })).kind).toBe('accepted');
    });
  });

  describe('when it was surely not handed over (E1, E8, E14)', () => {
    it('answers not-sent to a refused connection', async () => {
      const port = await freePort();
      expect(await send({ server: { port } })).toEqual({
        kind: 'not-sent',
        reason: `the mail server 127.0.0.1:${port} did not take it (ECONNREFUSED)`,
      });
    });

    it('answers not-sent to a name that does not resolve', async () => {
      const outcome = await send({ server: { host: 'mail.invalid', requireTls: true } });
      expect(outcome).toMatchObject({ kind: 'not-sent', reason: expect.stringContaining('mail.invalid') });
    });

    it('answers not-sent to a greeting of 421, with the code', async () => {
      sink.fault({ at: 'greeting', action: 'reply', code: 421 });
      expect(await send()).toMatchObject({ kind: 'not-sent', reason: expect.stringContaining('(421)') });
    });

    it.each(['hang', 'close', 'reset'] as const)(
      'answers not-sent to a %s before the greeting',
      async (action) => {
        sink.fault({ at: 'greeting', action });
        expect((await send({ patience: action === 'hang' ? SHORT : {} })).kind).toBe('not-sent');
      },
    );

    it.each([
      ['mail', 'hang'],
      ['mail', 'close'],
      ['recipient', 'reset'],
      ['data', 'hang'],
      ['data', 'close'],
    ] as const)('answers not-sent when at %s the server does %s', async (at, action) => {
      sink.fault({ at, action });
      expect((await send({ patience: action === 'hang' ? SHORT : {} })).kind).toBe('not-sent');
    });

    it.each([535, 530, 504])('answers not-sent to a refused login (%i), and blames it', async (code) => {
      await restart({ credentials: CREDENTIALS });
      sink.fault({ at: 'auth', action: 'reply', code });
      expect(await send()).toEqual({
        kind: 'not-sent',
        reason: `the mail server 127.0.0.1:${sink.port} does not accept the user or password (${code})`,
      });
    });

    it.each([454, 421])('does not blame the password for a passing trouble at login (%i)', async (code) => {
      await restart({ credentials: CREDENTIALS });
      sink.fault({ at: 'auth', action: 'reply', code });
      expect(await send()).toMatchObject({
        kind: 'not-sent',
        reason: expect.stringContaining(`cannot check the user and password now (${code})`),
      });
    });

    it('never shows user or password', async () => {
      await restart({ credentials: { user: 's3cr3t', password: 'other' } });
      const { user, password } = CREDENTIALS;
      expect(JSON.stringify(await send({ server: { user, password } }))).not.toMatch(/pa55|w0rd|s3cr3t/);
    });

    it.each(['reset', 'close'] as const)(
      'answers not-sent to a %s in the middle of a large mail',
      async (action) => {
        sink.fault({ at: 'body', action, afterBytes: 200_000 });
        const payload = Buffer.from(`Subject: large\r\n\r\n${'0123456789abcdef\r\n'.repeat(1_000_000)}`);
        expect((await send({ payload })).kind).toBe('not-sent');
        expect(sink.messages).toEqual([]);
      },
    );

    it('answers not-sent when the file with the address cannot be read', async () => {
      const channel = openMail({
        from: FROM,
        server: () => parseServerUrl('nonsense', '/run/secrets/smtp'),
      });
      expect(await channel.send(ADA, MAIL, () => undefined)).toEqual({
        kind: 'not-sent',
        reason: 'the mail server\'s address in "/run/secrets/smtp" is not a URL',
      });
    });
  });

  describe('when the answer is lost (E6, E7)', () => {
    it.each(['hang', 'close', 'reset'] as const)(
      'answers unclear to a %s after the final dot',
      async (action) => {
        sink.fault({ at: 'dot', action, accepted: true });
        expect(await send({ patience: action === 'hang' ? { silence: 300 } : {} })).toEqual({
          kind: 'unclear',
          reason: `the mail server 127.0.0.1:${sink.port} did not answer after the mail was sent`,
        });
        expect(sink.messages).toHaveLength(1);
      },
    );

    it('answers unclear when all the time is over, although the server still says something', async () => {
      sink.fault({ at: 'dot', action: 'hang' });
      expect((await send({ patience: { silence: 60_000, whole: 300 } })).kind).toBe('unclear');
    });
  });

  describe('when TLS is demanded and not to be had (E15)', () => {
    it('answers not-sent where STARTTLS is not offered, and sends no mail', async () => {
      expect(await send({ server: { requireTls: true } })).toEqual({
        kind: 'not-sent',
        reason: `no trusted TLS with the mail server 127.0.0.1:${sink.port}`,
      });
      expect(sink.messages).toEqual([]);
    });

    it('sends neither user nor password before TLS', async () => {
      await restart({ credentials: CREDENTIALS });
      let asked = false;
      void sink.when('auth').then(() => {
        asked = true;
      });
      await send({ server: { requireTls: true } });
      expect(asked).toBe(false);
    });

    it('answers not-sent where TLS is spoken from the first byte and the server does not', async () => {
      expect((await send({ server: { implicitTls: true }, patience: SHORT })).kind).toBe('not-sent');
    });

    it.skipIf(!hasOpenssl)(
      'answers not-sent to a certificate that is not trusted, with its code',
      async () => {
        await restart({ tls: selfSigned() });
        expect(await send({ server: { requireTls: true } })).toEqual({
          kind: 'not-sent',
          reason: `no trusted TLS with the mail server 127.0.0.1:${sink.port} (DEPTH_ZERO_SELF_SIGNED_CERT)`,
        });
        expect(sink.messages).toEqual([]);
      },
    );
  });

  describe('when a recipient would smuggle something in (T8)', () => {
    it.each([
      'ada@example.org\r\nRCPT TO:<evil@example.org>',
      'ada@example.org>\r\nRCPT TO:<evil@example.org',
      'ada@example.org\nDATA',
      '<ada@example.org>',
    ])('sends nothing to %j', async (recipient) => {
      expect((await send({ recipient })).kind).toBe('not-sent');
      expect(sink.messages).toEqual([]);
    });

    it('makes no second recipient of a comma', async () => {
      await send({ recipient: 'ada@example.org,evil@example.org' });
      expect(sink.messages.flatMap(({ recipients }) => recipients)).not.toContain('evil@example.org');
    });
  });
});
