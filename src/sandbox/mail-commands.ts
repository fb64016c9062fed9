import type { AuthTurn } from './mail-auth.ts';
import { beginAuth, continueAuth } from './mail-auth.ts';
import type { Reply, Session } from './mail-wire.ts';
import { faulted, forgetMail, reply } from './mail-wire.ts';

export const MAX_MESSAGE_BYTES = 10 * 1024 * 1024;

/** undefined: a fault took over, nothing is said. */
type Command = (session: Session, argument: string) => Reply | undefined;

/** RFC 5321 §4.1, and AUTH (RFC 4954) and STARTTLS (RFC 3207) where they are offered. */
const COMMANDS: Record<string, Command | undefined> = {
  EHLO: extendedHello,
  HELO(session) {
    forgetMail(session);
    return reply(250, 'sandbox.localhost');
  },
  STARTTLS: startTls,
  AUTH(session, argument) {
    if (faulted(session, 'auth')) return undefined;
    return authReply(session, beginAuth(session.host.credentials, argument));
  },
  MAIL: mailFrom,
  RCPT: recipientTo,
  DATA: data,
  RSET(session) {
    forgetMail(session);
    return reply(250, '2.0.0 Reset');
  },
  NOOP: () => reply(250, '2.0.0 OK'),
  VRFY: () => reply(252, '2.5.0 Send some mail, it may be delivered'),
  QUIT: () => ({ ...reply(221, '2.0.0 Bye'), next: 'close' }),
};

export function answerLine(session: Session, line: string): Reply | undefined {
  const { authStep, host } = session;
  if (authStep !== undefined) return authReply(session, continueAuth(host.credentials, authStep, line));
  const [, verb = '', argument = ''] = /^([A-Za-z]+)(?: +(.*))?$/.exec(line.trimEnd()) ?? [];
  const command = COMMANDS[verb.toUpperCase()];
  return command === undefined ? reply(500, '5.5.2 Command not recognized') : command(session, argument);
}

function extendedHello(session: Session, argument: string): Reply {
  const { credentials, tls } = session.host;
  forgetMail(session);
  return reply(
    250,
    `sandbox.localhost greets ${argument}`,
    'PIPELINING',
    '8BITMIME',
    `SIZE ${MAX_MESSAGE_BYTES}`,
    ...(tls !== undefined && !session.secure ? ['STARTTLS'] : []),
    ...(credentials === undefined ? [] : ['AUTH PLAIN LOGIN']),
    'ENHANCEDSTATUSCODES',
  );
}

function startTls(session: Session): Reply {
  if (session.host.tls === undefined || session.secure) return reply(502, '5.5.1 Not offered');
  return { ...reply(220, '2.0.0 Go ahead'), next: 'upgrade' };
}

function authReply(session: Session, turn: AuthTurn): Reply {
  session.authStep = turn.next;
  if (turn.code === 235) session.authenticated = true;
  return reply(turn.code, turn.text);
}

function mailFrom(session: Session, argument: string): Reply | undefined {
  const [, address, parameters = ''] = /^FROM: *<([^<>\s]*)>(.*)$/i.exec(argument) ?? [];
  if (session.host.credentials !== undefined && !session.authenticated) {
    return reply(530, '5.7.0 Authentication required');
  }
  if (session.from !== undefined) return reply(503, '5.5.1 A mail is already under way');
  if (address === undefined) return reply(501, '5.5.4 Syntax: MAIL FROM:<address>');
  const size = Number(/ SIZE=(\d+)/i.exec(parameters)?.[1] ?? 0);
  if (size > MAX_MESSAGE_BYTES) return reply(552, '5.3.4 Message too big');
  if (faulted(session, 'mail')) return undefined;
  session.from = address;
  return reply(250, '2.1.0 Sender OK');
}

function recipientTo(session: Session, argument: string): Reply | undefined {
  const [, address] = /^TO: *<([^<>\s]+)>/i.exec(argument) ?? [];
  if (session.from === undefined) return reply(503, '5.5.1 MAIL first');
  if (address === undefined) return reply(501, '5.5.4 Syntax: RCPT TO:<address>');
  if (faulted(session, 'recipient', [address])) return undefined;
  session.recipients.push(address);
  return reply(250, '2.1.5 Recipient OK');
}

function data(session: Session): Reply | undefined {
  if (session.from === undefined) return reply(503, '5.5.1 MAIL first');
  if (session.recipients.length === 0) return reply(554, '5.5.1 No valid recipients');
  if (faulted(session, 'data')) return undefined;
  return { ...reply(354, 'End with <CRLF>.<CRLF>'), next: 'body' };
}
