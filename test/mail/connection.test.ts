import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseServerUrl } from '../../src/mail/server-url.ts';
import type { Patience } from '../../src/mail/smtp.ts';
import type { Channel, DeliveryOutcome } from '../../src/remind/reminder.ts';
import type { MailSink } from '../../src/sandbox/mail.ts';
import { startMailSink } from '../../src/sandbox/mail.ts';
import { ADA, CREDENTIALS, GRACE, MAIL, NOTHING, openTestMail, SHORT, serverAt } from '../support/sending.ts';
import { polite, startScript } from '../support/smtp-script.ts';

// What becomes of the connection between one mail and the next.

let sink: MailSink;
beforeEach(async () => {
  sink = await startMailSink({ credentials: CREDENTIALS });
});
afterEach(() => sink.close());

function open(patience: Partial<Patience> = {}): Channel {
  return openTestMail(() => parseServerUrl(sink.url, '/run/secrets/smtp'), patience);
}

function send(channel: Channel, recipient = ADA): Promise<DeliveryOutcome> {
  return channel.send(recipient, MAIL, NOTHING);
}

describe('a burst', () => {
  it('goes over one connection with one login', async () => {
    let logins = 0;
    const channel = open();
    void sink.when('auth').then(function again() {
      logins += 1;
      void sink.when('auth').then(again);
    });
    for (const recipient of [ADA, GRACE, ADA, GRACE, ADA]) await send(channel, recipient);
    expect({ connections: sink.connections, logins }).toEqual({ connections: 1, logins: 1 });
    expect(sink.messages.map(({ recipients }) => recipients)).toEqual([
      [ADA],
      [GRACE],
      [ADA],
      [GRACE],
      [ADA],
    ]);
  });

  it('takes a new connection after 100 mails, and parts from the first', async () => {
    const script = await startScript();
    const channel = openTestMail(() => serverAt(script.port));
    for (let mail = 1; mail <= 100; mail += 1) await send(channel);
    expect(script.sockets).toHaveLength(1);
    expect(await script.heard(1)).toMatch(/\r\n\.\r\nQUIT\r\n$/);
    expect((await send(channel)).kind).toBe('accepted');
    expect(script.sockets).toHaveLength(2);
  });

  it('gives two mails at the same time a connection each', async () => {
    const channel = open();
    const outcomes = await Promise.all([send(channel), send(channel, GRACE)]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['accepted', 'accepted']);
    expect(sink.connections).toBe(2);
    await send(channel);
    expect(sink.connections).toBe(2);
  });
});

describe('a kept connection that fails before the data', () => {
  it('E1: is replaced at once when the server has closed it', async () => {
    const channel = open();
    await send(channel);
    await sink.stop();
    await sink.start();
    let marks = 0;
    expect(await channel.send(ADA, MAIL, () => marks++)).toEqual({ kind: 'accepted', code: 250 });
    expect({ marks, connections: sink.connections, mails: sink.messages.length }).toEqual({
      marks: 1,
      connections: 2,
      mails: 2,
    });
  });

  it.each([
    ['mail', 'reply'],
    ['mail', 'close'],
    ['mail', 'reset'],
    ['mail', 'hang'],
    ['recipient', 'reply'],
    ['recipient', 'close'],
    ['data', 'reply'],
    ['data', 'reset'],
  ] as const)(
    'E2: is replaced at once when at %s the server answers 421 or fails (%s)',
    async (at, action) => {
      const channel = open(action === 'hang' ? SHORT : {});
      await send(channel);
      sink.fault(action === 'reply' ? { at, action, code: 421 } : { at, action });
      let marks = 0;
      expect(await channel.send(GRACE, MAIL, () => marks++)).toEqual({ kind: 'accepted', code: 250 });
      expect({ marks, connections: sink.connections, mails: sink.messages.length }).toEqual({
        marks: 1,
        connections: 2,
        mails: 2,
      });
    },
  );

  it('is replaced after a 421 that nobody asked for', async () => {
    const script = await startScript();
    const channel = openTestMail(() => serverAt(script.port));
    await send(channel);
    script.sockets[0]?.end('421 script is going down\r\n');
    await script.heard(1);
    expect((await send(channel)).kind).toBe('accepted');
    expect(script.sockets).toHaveLength(2);
  });

  it('E1: fails as any other when the fresh one fails, too', async () => {
    const channel = open();
    await send(channel);
    await sink.stop();
    expect(await send(channel)).toMatchObject({
      kind: 'not-sent',
      fault: 'unreachable',
      reason: expect.stringContaining('ECONNREFUSED'),
    });
    await sink.start();
  });

  it('E2: is tried on one fresh connection only', async () => {
    const channel = open();
    await send(channel);
    sink.fault({ at: 'mail', action: 'reply', code: 421, times: 3 });
    expect(await send(channel)).toMatchObject({ kind: 'refused', permanent: false, code: 421 });
    expect(sink.connections).toBe(2);
  });
});

describe('a kept connection that fails later', () => {
  it.each([
    ['E8', 'body', 'close', 'not-sent'],
    ['E7', 'dot', 'reset', 'unclear'],
  ] as const)('%s: is no reason to repeat the mail (%s %s)', async (_, at, action, kind) => {
    const channel = open();
    await send(channel);
    sink.fault({ at, action });
    let marks = 0;
    const payload = Buffer.from(`Subject: large\r\n\r\n${'0123456789abcdef\r\n'.repeat(500_000)}`);
    expect((await channel.send(ADA, payload, () => marks++)).kind).toBe(kind);
    expect({ marks, connections: sink.connections }).toEqual({ marks: 1, connections: 1 });
  });
});

describe('after a refusal', () => {
  it.each([
    ['E4', 'recipient', 550],
    ['E2', 'mail', 450],
    ['E3', 'dot', 451],
    ['E25', 'dot', 552],
  ] as const)('%s: the next mail takes a fresh connection (%s %i)', async (_, at, code) => {
    const channel = open();
    await send(channel);
    sink.fault({ at, action: 'reply', code });
    expect(await send(channel)).toMatchObject({ kind: 'refused', code });
    expect(sink.connections).toBe(1);
    expect((await send(channel)).kind).toBe('accepted');
    expect(sink.connections).toBe(2);
  });

  it('says QUIT, where the server waits for a command', async () => {
    const script = await startScript((piece) => (piece.startsWith('RCPT') ? '550 no\r\n' : polite(piece)));
    const channel = openTestMail(() => serverAt(script.port));
    expect((await send(channel)).kind).toBe('refused');
    expect(await script.heard(1)).toMatch(/RCPT TO:<ada@example.org>\r\nQUIT\r\n$/);
  });

  it('E14: says QUIT after a refused login, too', async () => {
    const script = await startScript((piece) => {
      if (piece.startsWith('EHLO')) return '250-script\r\n250 AUTH PLAIN\r\n';
      return piece.startsWith('AUTH') ? '535 no\r\n' : undefined;
    });
    const channel = openTestMail(() => serverAt(script.port, CREDENTIALS));
    expect(await send(channel)).toMatchObject({ kind: 'not-sent', fault: 'login' });
    expect(await script.heard(1)).toMatch(/AUTH PLAIN \S+\r\nQUIT\r\n$/);
  });

  it('says nothing where the server refuses in the middle of a mail: QUIT would become part of it', async () => {
    const script = await startScript((piece) => (piece.startsWith('Subject') ? '552 no\r\n' : polite(piece)));
    const channel = openTestMail(() => serverAt(script.port));
    const payload = Buffer.from(`Subject: large\r\n\r\n${'0123456789abcdef\r\n'.repeat(500_000)}`);
    expect(await channel.send(ADA, payload, NOTHING)).toMatchObject({ kind: 'refused', tooLarge: true });
    expect(await script.heard(1)).not.toMatch(/QUIT|\r\n\.\r\n/);
  });
});

describe('when the address changes', () => {
  it('reads it anew for each mail, and opens a new connection', async () => {
    const other = await startMailSink({ credentials: { user: 'reseal', password: 'the new one' } });
    let { url } = sink;
    const channel = openTestMail(() => parseServerUrl(url, 'f'));
    await send(channel);
    url = other.url;
    expect((await send(channel)).kind).toBe('accepted');
    expect([sink.messages.length, other.messages.length]).toEqual([1, 1]);
    await other.close();
  });

  it('E14: logs in again with a changed password, and parts from the old connection', async () => {
    const script = await startScript((piece) => {
      if (piece.startsWith('EHLO')) return '250-script\r\n250 AUTH PLAIN\r\n';
      return piece.startsWith('AUTH') ? '235 ok\r\n' : polite(piece);
    });
    let password = 'the old one';
    const channel = openTestMail(() => serverAt(script.port, { user: 'reseal', password }));
    await send(channel);
    password = 'the new one';
    expect((await send(channel)).kind).toBe('accepted');
    channel.close();
    expect(await script.heard(1)).toMatch(/\r\nQUIT\r\n$/);
    expect(await script.heard(2)).toContain(Buffer.from('\0reseal\0the new one').toString('base64'));
  });
});

describe('between mails', () => {
  it('close says QUIT, and may be called at any time', async () => {
    const script = await startScript();
    const channel = openTestMail(() => serverAt(script.port));
    channel.close();
    await send(channel);
    channel.close();
    expect(await script.heard(1)).toMatch(/\r\n\.\r\nQUIT\r\n$/);
    expect((await send(channel)).kind).toBe('accepted');
  });

  it('says QUIT when no further mail comes', async () => {
    const script = await startScript();
    const channel = openTestMail(() => serverAt(script.port), { idle: 20, parting: 20 });
    await send(channel);
    expect(await script.heard(1)).toMatch(/\r\n\.\r\nQUIT\r\n$/);
  });

  it('survives a reset and rubbish', async () => {
    const script = await startScript();
    const channel = openTestMail(() => serverAt(script.port));
    await send(channel);
    script.sockets[0]?.resetAndDestroy();
    await script.heard(1);
    await send(channel);
    script.sockets[1]?.write('HTTP/1.1 200 OK\r\n\r\n');
    await script.heard(2);
    expect((await send(channel)).kind).toBe('accepted');
    expect(script.sockets).toHaveLength(3);
  });

  it('does not keep the process alive', async () => {
    const script = await startScript();
    const child = execFile(process.execPath, [join(import.meta.dirname, '../support/mail-child.ts')]);
    child.stdin?.end(
      JSON.stringify({
        server: serverAt(script.port),
        mails: [{ recipient: ADA, payload: MAIL.toString() }],
      }),
    );
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
    expect(await script.heard(1)).toMatch(/\r\n\.\r\n$/);
  });
});
