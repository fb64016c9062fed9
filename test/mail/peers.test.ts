import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { ParsedMail } from 'mailparser';
import { simpleParser } from 'mailparser';
import type { SMTPServerOptions } from 'smtp-server';
import { SMTPServer } from 'smtp-server';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import type { MailServer } from '../../src/mail/server-url.ts';
import type { DeliveryOutcome } from '../../src/remind/reminder.ts';
import type { Sending } from '../support/sending.ts';
import { ADA, FROM, sendOne, serverAt } from '../support/sending.ts';
import { polite, startScript } from '../support/smtp-script.ts';
import { hasOpenssl, selfSigned } from '../support/stand-ins.ts';

// Mail as others understand it: smtp-server takes it, mailparser reads it; neither shares code with our stand-in.

interface Peer {
  readonly port: number;
  readonly mails: ParsedMail[];
  readonly envelopes: { from: string; to: string[]; secure: boolean; user: string | undefined }[];
}

/** Resolves an error with a reply code, as smtp-server takes it. */
function refusal(code: number): Error {
  return Object.assign(new Error('no'), { responseCode: code });
}

async function startPeer(options: SMTPServerOptions = {}, host = '127.0.0.1'): Promise<Peer> {
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
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { port: (server.server.address() as AddressInfo).port, mails, envelopes };
}

function send(
  server: MailServer,
  onData?: () => void,
  patience: Sending['patience'] = {},
): Promise<DeliveryOutcome> {
  return sendOne(server, { patience: { parting: 50, ...patience }, ...(onData && { onData }) });
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
    it.each([450, 550])('E2, E4: answers refused to the recipient with %i', async (code) => {
      const peer = await startPeer({ onRcptTo: (_, __, done) => done(refusal(code)) });
      expect(await send(serverAt(peer.port))).toMatchObject({
        kind: 'refused',
        permanent: code >= 500,
        code,
      });
    });

    it.each([451, 554])('E3, E5: answers refused after the dot with %i', async (code) => {
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

    it('E14: answers not-sent to a refused login', async () => {
      const peer = await startPeer({ onAuth: (_, __, done) => done(refusal(535)) });
      const outcome = await send(serverAt(peer.port, { user: 'u', password: 'p' }));
      expect(outcome).toMatchObject({
        kind: 'not-sent',
        fault: 'login',
        reason: expect.stringContaining('(535)'),
      });
      expect(peer.mails).toEqual([]);
    });
  });

  describe('when it never answers the dot', () => {
    it('E6: answers unclear', async () => {
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

      it('E15: trusts no certificate made for another name', async () => {
        const pair = selfSigned();
        setDefaultCACertificates([...before, pair.cert]);
        const peer = await startPeer({ ...pair }, '127.0.0.2');
        const outcome = await send(serverAt(peer.port, { host: '127.0.0.2', requireTls: true }));
        expect(outcome).toMatchObject({
          kind: 'not-sent',
          fault: 'login',
          reason: expect.stringContaining('(ERR_TLS_CERT_ALTNAME_INVALID)'),
        });
        expect(peer.mails).toEqual([]);
      });
    },
  );
});

describe('send, to a server of few words', () => {
  it('lets go of one that never answers QUIT', async () => {
    const script = await startScript(polite);
    expect((await send(serverAt(script.port))).kind).toBe('accepted');
    expect(await script.heard(1)).toMatch(/\r\n\.\r\nQUIT\r\n$/);
  });

  it('says nothing after 354 when onData throws: not the mail, no dot, no QUIT that would be part of it', async () => {
    const script = await startScript(polite);
    await send(serverAt(script.port), () => {
      throw new Error('not recorded');
    });
    expect(await script.heard(1)).toMatch(/DATA\r\n$/);
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
    expect(await send(serverAt(script.port), undefined, { whole: 300 })).toEqual({
      kind: 'not-sent',
      fault: 'unreachable',
      reason: `the mail server 127.0.0.1:${script.port} did not take it (ETIMEDOUT)`,
    });
  });
});
