import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { ParsedMail } from 'mailparser';
import { simpleParser } from 'mailparser';
import type { SMTPServerOptions } from 'smtp-server';
import { SMTPServer } from 'smtp-server';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import type { MailServer } from '../../src/mail/server-url.ts';
import type { Patience } from '../../src/mail/smtp.ts';
import { openMail } from '../../src/mail/smtp.ts';
import type { DeliveryOutcome } from '../../src/remind/reminder.ts';
import { hasOpenssl, selfSigned } from '../support/stand-ins.ts';

// Mail as others understand it: smtp-server takes it, mailparser reads it; neither shares code with our stand-in.

const ADA = 'ada@example.org';
const FROM = { name: 'reseal', address: 'reseal@example.org' };
const MAIL = Buffer.from('Subject: due\r\nTo: ada@example.org\r\n\r\nThe token expires.\r\n');
const PATIENT: Patience = { connect: 10_000, silence: 10_000, whole: 20_000, parting: 50 };

interface Peer {
  readonly port: number;
  readonly mails: ParsedMail[];
  readonly envelopes: { from: string; to: string[]; secure: boolean; user: string | undefined }[];
}

/** Resolves an error with a reply code, as smtp-server takes it. */
function refusal(code: number): Error {
  return Object.assign(new Error('no'), { responseCode: code });
}

async function startPeer(options: SMTPServerOptions = {}): Promise<Peer> {
  const mails: Peer['mails'] = [];
  const envelopes: Peer['envelopes'] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: options.key ? [] : ['STARTTLS'],
    allowInsecureAuth: true,
    onData: (stream, session, done) => {
      simpleParser(stream, {}).then((mail) => {
        mails.push(mail);
        const { mailFrom, rcptTo } = session.envelope;
        envelopes.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          secure: session.secure,
          user: session.user,
        });
        done();
      }, done);
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { port: (server.server.address() as AddressInfo).port, mails, envelopes };
}

function serverAt(port: number, options: Partial<MailServer> = {}): MailServer {
  return {
    host: '127.0.0.1',
    port,
    implicitTls: false,
    requireTls: false,
    user: undefined,
    password: undefined,
    ...options,
  };
}

function send(
  server: MailServer,
  onData: () => void = () => undefined,
  patience: Partial<Patience> = {},
): Promise<DeliveryOutcome> {
  return openMail({ from: FROM, server: () => server, patience: { ...PATIENT, ...patience } }).send(
    ADA,
    MAIL,
    onData,
  );
}

describe('send, to smtp-server', () => {
  describe('when it takes the mail', () => {
    it('answers accepted, and it holds one mail for one recipient', async () => {
      const peer = await startPeer();
      expect(await send(serverAt(peer.port))).toEqual({ kind: 'accepted', code: 250 });
      expect(peer.envelopes).toEqual([{ from: FROM.address, to: [ADA], secure: false, user: undefined }]);
      expect(peer.mails.map(({ subject, text }) => [subject, text])).toEqual([
        ['due', 'The token expires.\n'],
      ]);
    });

    it('works without PIPELINING', async () => {
      const peer = await startPeer({ hidePIPELINING: true });
      expect((await send(serverAt(peer.port))).kind).toBe('accepted');
    });

    it('logs in with user and password', async () => {
      const peer = await startPeer({
        authOptional: false,
        onAuth: ({ username, password }, _, done) =>
          password === 'pa%55 wörd' ? done(null, { user: username ?? '' }) : done(refusal(535)),
      });
      const outcome = await send(serverAt(peer.port, { user: 'ré', password: 'pa%55 wörd' }));
      expect(outcome.kind).toBe('accepted');
      expect(peer.envelopes[0]?.user).toBe('ré');
    });
  });

  describe('when it says no', () => {
    it.each([450, 550])('answers refused to the recipient with %i (E2, E4)', async (code) => {
      const peer = await startPeer({ onRcptTo: (_, __, done) => done(refusal(code)) });
      expect(await send(serverAt(peer.port))).toMatchObject({
        kind: 'refused',
        permanent: code >= 500,
        code,
      });
    });

    it.each([451, 554])('answers refused after the dot with %i (E3, E5)', async (code) => {
      const peer = await startPeer({
        onData: (stream, _, done) => {
          stream.on('end', () => done(refusal(code))).resume();
        },
      });
      expect(await send(serverAt(peer.port))).toMatchObject({
        kind: 'refused',
        permanent: code >= 500,
        code,
      });
    });

    it('answers not-sent to a refused login (E14)', async () => {
      const peer = await startPeer({ onAuth: (_, __, done) => done(refusal(535)) });
      const outcome = await send(serverAt(peer.port, { user: 'u', password: 'p' }));
      expect(outcome).toMatchObject({ kind: 'not-sent', reason: expect.stringContaining('(535)') });
      expect(peer.mails).toEqual([]);
    });
  });

  describe('when it never answers the dot (E6)', () => {
    it('answers unclear', async () => {
      const peer = await startPeer({ onData: (stream) => void stream.resume() });
      const outcome = await send(serverAt(peer.port), undefined, { silence: 300 });
      expect(outcome.kind).toBe('unclear');
    });
  });

  describe('when onData throws', () => {
    it('hands over nothing', async () => {
      const peer = await startPeer();
      const outcome = await send(serverAt(peer.port), () => {
        throw new Error('not recorded');
      });
      expect(outcome.kind).toBe('not-sent');
      await send(serverAt(peer.port));
      expect(peer.mails).toHaveLength(1);
    });
  });

  describe.skipIf(!hasOpenssl || typeof setDefaultCACertificates !== 'function')(
    'when TLS is trusted',
    () => {
      const before = getCACertificates('default');
      afterEach(() => setDefaultCACertificates(before));

      it.each([
        ['STARTTLS', { requireTls: true }, false],
        ['TLS from the first byte', { implicitTls: true }, true],
      ])('delivers over %s', async (_, options, secure) => {
        const pair = selfSigned();
        setDefaultCACertificates([...before, pair.cert]);
        const peer = await startPeer({ ...pair, secure });
        expect((await send(serverAt(peer.port, options))).kind).toBe('accepted');
        expect(peer.envelopes[0]?.secure).toBe(true);
      });

      it('trusts no certificate made for another name', async () => {
        const pair = selfSigned();
        setDefaultCACertificates([...before, pair.cert]);
        const peer = await startPeer({ ...pair });
        const outcome = await send(serverAt(peer.port, { host: '127.0.0.2', requireTls: true }));
        expect(outcome.kind).toBe('not-sent');
        expect(peer.mails).toEqual([]);
      });
    },
  );
});

interface Script {
  readonly port: number;
  /** Everything that the client said, once it has gone. */
  readonly heard: Promise<string>;
}

/** A server that says what it is told to, line by line, and after 354 never anything again unless told. */
async function startScript(answers: (line: string, socket: Socket) => string | undefined): Promise<Script> {
  const { promise: heard, resolve } = Promise.withResolvers<string>();
  const server = createServer((socket) => {
    let text = '';
    socket.write('220 script\r\n');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      const answer = answers(chunk.toString(), socket);
      text += chunk.toString();
      if (answer !== undefined) socket.write(answer);
    });
    socket.on('close', () => resolve(text));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => new Promise<void>((done) => server.close(() => done())));
  return { port: (server.address() as AddressInfo).port, heard };
}

function polite(line: string): string | undefined {
  if (line.startsWith('EHLO')) return '250 script\r\n';
  if (/^(MAIL|RCPT)/.test(line)) return '250 ok\r\n';
  if (line.startsWith('DATA')) return '354 go on\r\n';
  return line.endsWith('\r\n.\r\n') || line === '.\r\n' ? '250 taken\r\n' : undefined;
}

describe('send, to a server of few words', () => {
  it('lets go of one that never answers QUIT', async () => {
    const script = await startScript(polite);
    expect((await send(serverAt(script.port))).kind).toBe('accepted');
    expect(await script.heard).toMatch(/\r\n\.\r\nQUIT\r\n$/);
  });

  it('says nothing after 354 when onData throws: not the mail, no dot, no QUIT that would be part of it', async () => {
    const script = await startScript(polite);
    await send(serverAt(script.port), () => {
      throw new Error('not recorded');
    });
    expect(await script.heard).toMatch(/DATA\r\n$/);
  });

  it('has marked the data before a byte of the mail is heard (T6)', async () => {
    const events: string[] = [];
    const script = await startScript((line) => {
      events.push(line.split(/[ :\r]/)[0] ?? '');
      return polite(line);
    });
    await send(serverAt(script.port), () => events.push('onData'));
    expect(events.slice(0, 6)).toEqual(['EHLO', 'MAIL', 'RCPT', 'DATA', 'onData', 'Subject']);
  });

  it('takes a lone fragment after the dot for no answer', async () => {
    const script = await startScript((line, socket) => {
      const answer = polite(line);
      if (answer !== '250 taken\r\n') return answer;
      socket.end('25');
      return undefined;
    });
    expect((await send(serverAt(script.port))).kind).toBe('unclear');
  });

  it('ends at the deadline, although the server goes on talking', async () => {
    let timer: NodeJS.Timeout | undefined;
    onTestFinished(() => clearInterval(timer));
    const script = await startScript((line, socket) => {
      if (!line.startsWith('EHLO')) return undefined;
      timer = setInterval(() => socket.write('250-and\r\n'), 20);
      return undefined;
    });
    const channel = openMail({
      from: FROM,
      server: () => serverAt(script.port),
      patience: { ...PATIENT, whole: 300 },
    });
    expect(await channel.send(ADA, MAIL, () => undefined)).toEqual({
      kind: 'not-sent',
      reason: `the mail server 127.0.0.1:${script.port} did not take it (ETIMEDOUT)`,
    });
  });
});
