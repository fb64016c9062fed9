import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { answerLine, MAX_MESSAGE_BYTES } from './mail-commands.ts';
import type { Reply, Session, SessionHost } from './mail-wire.ts';
import { envelopeOf, faulted, forgetMail, hangUp, reply, say } from './mail-wire.ts';

const MAX_LINE_BYTES = 4096;
const CRLF = Buffer.from('\r\n');
const END = Buffer.from('\r\n.\r\n');

/** One SMTP conversation (RFC 5321); as many mails as the client likes. */
export function converse(socket: Socket, host: SessionHost): void {
  const session: Session = {
    host,
    socket,
    buffer: Buffer.alloc(0),
    mode: 'command',
    authStep: undefined,
    authenticated: false,
    secure: false,
    from: undefined,
    recipients: [],
    dropped: 0,
  };
  listenTo(session);
  if (!faulted(session, 'greeting')) say(session, reply(220, 'sandbox.localhost ESMTP'));
}

function listenTo(session: Session): void {
  const { socket } = session;
  // A client that vanishes is what half of the faults are about; there is nobody left to tell.
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    if (session.mode === 'stuck') return;
    session.buffer = Buffer.concat([session.buffer, chunk]);
    advance(session);
  });
}

/** Clients may send several commands at once (RFC 2920), so everything readable is read. */
function advance(session: Session): void {
  while (session.mode !== 'stuck' && !session.socket.destroyed) {
    const more = session.mode === 'body' ? readBody(session) : readLine(session);
    if (!more) return;
  }
}

function readLine(session: Session): boolean {
  const end = session.buffer.indexOf(CRLF);
  if (end < 0) {
    if (session.buffer.length > MAX_LINE_BYTES) hangUp(session, reply(500, '5.5.2 Line too long'));
    return false;
  }
  const line = session.buffer.toString('utf8', 0, end);
  session.buffer = session.buffer.subarray(end + CRLF.length);
  const answer = answerLine(session, line);
  if (answer !== undefined) follow(session, answer);
  return true;
}

function follow(session: Session, answer: Reply): void {
  if (answer.next === 'close') {
    hangUp(session, answer);
    return;
  }
  say(session, answer);
  if (answer.next === 'upgrade') upgrade(session);
  if (answer.next === 'body') beginBody(session);
}

/** RFC 3207: whatever was said before the handshake is forgotten. */
function upgrade(session: Session): void {
  const { host, socket } = session;
  if (host.tls === undefined) return;
  socket.removeAllListeners('data');
  session.socket = new TLSSocket(socket, { isServer: true, key: host.tls.key, cert: host.tls.cert });
  session.buffer = Buffer.alloc(0);
  session.secure = true;
  session.authenticated = false;
  forgetMail(session);
  listenTo(session);
}

function beginBody(session: Session): void {
  // The line end before the first line lets a first line of `.` be found like any other.
  session.buffer = Buffer.concat([CRLF, session.buffer]);
  session.dropped = 0;
  session.mode = 'body';
}

function readBody(session: Session): boolean {
  const arrived = session.buffer.length - CRLF.length;
  const fault = session.host.faults.peek('body', session.recipients);
  if (fault !== undefined && arrived >= (fault.afterBytes ?? 1)) {
    faulted(session, 'body');
    return false;
  }
  const end = session.buffer.indexOf(END);
  if (end >= 0) {
    const stuffed = session.buffer.subarray(CRLF.length, end + CRLF.length);
    session.buffer = session.buffer.subarray(end + END.length);
    session.mode = 'command';
    finishMail(session, stuffed);
    return true;
  }
  if (arrived > MAX_MESSAGE_BYTES) {
    session.dropped += arrived;
    session.buffer = session.buffer.subarray(-(END.length - 1));
  }
  return false;
}

function finishMail(session: Session, stuffed: Buffer): void {
  const { host } = session;
  if (session.dropped + stuffed.length > MAX_MESSAGE_BYTES) {
    say(session, reply(552, '5.3.4 Message too big'));
  } else {
    const raw = unstuff(stuffed);
    if (host.faults.peek('dot', session.recipients)?.accepted) host.accept(envelopeOf(session), raw);
    if (!faulted(session, 'dot')) {
      host.accept(envelopeOf(session), raw);
      say(session, reply(250, '2.0.0 Message accepted'));
    }
  }
  forgetMail(session);
}

/** RFC 5321 §4.5.2: a line that starts with a dot was sent with one more. */
function unstuff(stuffed: Buffer): Buffer {
  return Buffer.from(stuffed.toString('latin1').replace(/(^|\r\n)\./g, '$1'), 'latin1');
}
