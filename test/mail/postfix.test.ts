import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { simpleParser } from 'mailparser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openMail } from '../../src/mail/smtp.ts';
import type { DeliveryOutcome, Draft } from '../../src/remind/reminder.ts';
import type { Errand } from '../support/mail-child.ts';
import type { Postfix } from '../support/postfix.ts';
import { hasPostfix, startPostfix } from '../support/postfix.ts';
import { aDraft, FROM, serverAt } from '../support/sending.ts';

// The whole way into a mailbox, through a server that is in use everywhere. Off loopback STARTTLS is demanded by itself
// (server-url.test.ts); here it is asked for.

const CHILD = join(import.meta.dirname, '../support/mail-child.ts');
const TRACE_HEADERS = ['Return-Path', 'X-Original-To', 'Delivered-To', 'Received'];

const CALENDAR = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'METHOD:PUBLISH', 'END:VCALENDAR', ''].join('\r\n');

interface Way {
  readonly to: Errand['server'];
  readonly trusting: boolean;
  /** False: the process ends by itself although its connection is open. */
  readonly close: boolean;
}

describe.skipIf(!hasPostfix)('send, to Postfix (needs Postfix)', () => {
  let postfix: Postfix;
  beforeAll(async () => {
    postfix = await startPostfix();
  });
  afterAll(() => postfix?.stop());

  function server(options: Partial<Errand['server']> = {}): Errand['server'] {
    const { port, user, password } = postfix;
    return serverAt(port, { requireTls: true, user, password, ...options });
  }

  async function render(draft: Partial<Draft>): Promise<Buffer> {
    const channel = openMail({ from: FROM, server: () => server() });
    return Buffer.from(await channel.render(aDraft(draft)));
  }

  /** In a process of its own, which trusts the certificate from its environment. */
  async function send(
    mails: readonly { recipient: string; payload: Buffer }[],
    { to = server(), trusting = true, close = true }: Partial<Way> = {},
  ): Promise<readonly DeliveryOutcome[]> {
    const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
    const child = execFile(process.execPath, [CHILD], {
      env: trusting ? { ...env, NODE_EXTRA_CA_CERTS: postfix.certificate } : env,
    });
    const errand: Errand = {
      server: to,
      mails: mails.map(({ recipient, payload }) => ({ recipient, payload: payload.toString('latin1') })),
      close,
    };
    child.stdin?.end(JSON.stringify(errand));
    const [outcomes] = await Promise.all([child.stdout ? text(child.stdout) : '[]', once(child, 'exit')]);
    return JSON.parse(outcomes);
  }

  /** What the server has logged since, once the client has gone. */
  async function logSince(start: number): Promise<string> {
    await expect.poll(() => postfix.log().slice(start), { timeout: 20_000 }).toMatch(/disconnect from/);
    return postfix.log().slice(start);
  }

  it('delivers over STARTTLS and with a login, byte for byte but for trace headers', async () => {
    const recipient = 'ada@example.org';
    const words = `.\n..\nA line of é.\n${'a long line '.repeat(200)}\n`;
    const payload = await render({ recipient, subject: 'läuft ab 🔑', text: words, calendar: CALENDAR });
    expect(await send([{ recipient, payload }], { close: false })).toEqual([{ kind: 'accepted', code: 250 }]);

    const [mail] = await postfix.mailbox(recipient, 1);
    const stored = mail?.toString('latin1') ?? '';
    const rendered = payload.toString('latin1').replaceAll('\r\n', '\n');
    expect(stored.slice(-rendered.length)).toBe(rendered);
    const trace = stored.slice(0, -rendered.length);
    const headers = trace.split(/\n(?![ \t])/).filter((line) => line !== '');
    expect(headers.map((header) => header.split(':')[0])).toEqual(TRACE_HEADERS);
    // RFC 3848: ESMTP with TLS (S) and a login (A).
    expect(trace).toMatch(/with ESMTPSA id/);
    expect(trace).toContain(`Return-Path: <${FROM.address}>`);
    expect((await simpleParser(stored)).subject).toBe('läuft ab 🔑');
  });

  it('sends 20 mails over one connection with one handshake and one login', async () => {
    const recipient = 'burst@example.org';
    const start = postfix.log().length;
    const payloads = await Promise.all(
      Array.from({ length: 20 }, (_, mail) => render({ recipient, subject: `mail ${mail}` })),
    );
    const outcomes = await send(payloads.map((payload) => ({ recipient, payload })));
    expect(outcomes.map(({ kind }) => kind)).toEqual(Array(20).fill('accepted'));
    const log = await logSince(start);
    expect(log.match(/\]: connect from/g)).toHaveLength(1);
    expect(log.match(/TLS connection established from/g)).toHaveLength(1);
    expect(log).toMatch(/disconnect from .* ehlo=2 starttls=1 auth=1 mail=20 rcpt=20 data=20 quit=1 /);
    const subjects = (await postfix.mailbox(recipient, 20)).map(
      (mail) => /^Subject: (.*)$/m.exec(mail.toString())?.[1],
    );
    expect(new Set(subjects).size).toBe(20);
  });

  it('E14: blames a wrong password, and sends nothing', async () => {
    const recipient = 'password@example.org';
    const start = postfix.log().length;
    const payload = await render({ recipient });
    expect(await send([{ recipient, payload }], { to: server({ password: 'wrong' }) })).toEqual([
      {
        kind: 'not-sent',
        fault: 'login',
        reason: `the mail server 127.0.0.1:${postfix.port} does not accept the user or password (535)`,
      },
    ]);
    expect(await logSince(start)).toMatch(/disconnect from .* ehlo=2 starttls=1 auth=0\/1 quit=1 /);
  });

  it('E14: asks for a login where there is none in the address', async () => {
    const payload = await render({});
    const [outcome] = await send([{ recipient: 'ada@example.org', payload }], {
      to: serverAt(postfix.port),
    });
    expect(outcome).toMatchObject({
      kind: 'not-sent',
      fault: 'login',
      reason: expect.stringContaining('(530)'),
    });
  });

  it('E15: stops at a certificate that is not trusted, and sends neither password nor mail', async () => {
    const start = postfix.log().length;
    const payload = await render({});
    expect(await send([{ recipient: 'ada@example.org', payload }], { trusting: false })).toEqual([
      {
        kind: 'not-sent',
        fault: 'login',
        reason: `no trusted TLS with the mail server 127.0.0.1:${postfix.port} (DEPTH_ZERO_SELF_SIGNED_CERT)`,
      },
    ]);
    expect(await logSince(start)).toMatch(/disconnect from .* ehlo=1 starttls=/);
    expect(postfix.log().slice(start)).not.toMatch(/ auth=| mail=/);
  });

  it('E15: stops where STARTTLS is not offered', async () => {
    const start = postfix.log().length;
    const payload = await render({});
    const [outcome] = await send([{ recipient: 'ada@example.org', payload }], {
      to: server({ port: postfix.plainPort }),
    });
    expect(outcome).toMatchObject({ kind: 'not-sent', fault: 'login' });
    expect(await logSince(start)).not.toMatch(/ auth=| mail=/);
  });

  it('E25: is told by the server that a mail is too large, before any of it is sent', async () => {
    const start = postfix.log().length;
    const payload = Buffer.alloc(1_000_001, 'reseal\r\n');
    const [outcome] = await send([{ recipient: 'ada@example.org', payload }]);
    expect(outcome).toMatchObject({ kind: 'refused', permanent: true, tooLarge: true });
    expect(await logSince(start)).not.toMatch(/ data=/);
  });
});
