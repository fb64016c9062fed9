import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { SmtpError, Verdict } from './judge.ts';
import { judgeAnswer, judgeError } from './judge.ts';
import type { Body, Letter } from './letter.ts';
import { bodyOf } from './letter.ts';
import type { MailServer } from './server-url.ts';

/** How long to wait, in milliseconds. */
export interface Patience {
  /** For connection, TLS and greeting together. */
  readonly connect: number;
  /** For a server that says nothing. */
  readonly silence: number;
  /** For one try of a mail altogether, whatever the server says meanwhile. */
  readonly whole: number;
  /** For the answer to QUIT, which changes nothing, and then for the other side to close. */
  readonly parting: number;
  /** For the next mail, before a connection that is kept is ended. */
  readonly idle: number;
}

/** One conversation with a mail server: opened and logged in with its first mail, then one mail after another. */
export interface Session {
  readonly server: MailServer;
  /** False once it has ended, from either side. */
  readonly alive: boolean;
  /** How many mails the server has accepted. */
  readonly accepted: number;
  deliver(letter: Letter): Promise<Verdict>;
  /** Waits for the next mail: does not keep the process alive, and ends by itself after `patience.idle`. */
  rest(): void;
  /** QUIT, then close. Only where the server waits for a command. */
  quit(): void;
  close(): void;
}

export async function newSession(server: MailServer, patience: Patience): Promise<Session> {
  const { default: Connection } = await import('nodemailer/lib/smtp-connection');
  const connection = new Connection({
    host: server.host,
    port: server.port,
    secure: server.implicitTls,
    requireTLS: server.requireTls,
    ignoreTLS: !server.implicitTls && !server.requireTls,
    connectionTimeout: patience.connect,
    greetingTimeout: patience.connect,
    socketTimeout: patience.silence,
    socketCloseTimeout: patience.parting,
  });
  // Whichever step waits hears of an error, too; this listener keeps late ones, and those in between, from ending the program.
  const { promise: broken, reject: breakOff } = Promise.withResolvers<never>();
  connection.on('error', breakOff);
  broken.catch(() => undefined);
  let accepted = 0;
  let bedtime: NodeJS.Timeout | undefined;

  function wake(): void {
    clearTimeout(bedtime);
    socketOf(connection)?.ref();
  }
  function quit(): void {
    wake();
    connection.quit();
    setTimeout(() => connection.close(), patience.parting).unref();
  }
  return {
    server,
    get alive() {
      return !connection.destroyed;
    },
    get accepted() {
      return accepted;
    },
    async deliver(letter) {
      wake();
      const verdict = await deliver(connection, broken, letter, server, patience);
      if (verdict.outcome.kind === 'accepted') accepted += 1;
      return verdict;
    },
    rest() {
      socketOf(connection)?.unref();
      bedtime = setTimeout(quit, patience.idle).unref();
    },
    quit,
    close() {
      clearTimeout(bedtime);
      connection.close();
    },
  };
}

function socketOf(connection: SMTPConnection): { ref(): void; unref(): void } | undefined {
  return connection._socket || undefined;
}

async function deliver(
  connection: SMTPConnection,
  broken: Promise<never>,
  letter: Letter,
  server: MailServer,
  { whole }: Patience,
): Promise<Verdict> {
  const body = bodyOf(letter);
  const { promise: late, reject: giveUp } = Promise.withResolvers<never>();
  const timer = setTimeout(() => giveUp(timedOut()), whole);
  let ready = false;
  async function converse(): Promise<Verdict> {
    await prepare(connection, server);
    // Whatever it says from here on answers MAIL, RCPT or DATA.
    connection.lastServerResponse = false;
    ready = true;
    return judgeAnswer(await transmit(connection, letter, body), letter.recipient);
  }
  try {
    return await Promise.race([broken, late, converse()]);
  } catch (error) {
    const addressed = ready && connection.lastServerResponse !== false;
    return judgeError(error as SmtpError, { phase: body.phase(), addressed }, server);
  } finally {
    clearTimeout(timer);
  }
}

function timedOut(): Error {
  return Object.assign(new Error('no end in time'), { code: 'ETIMEDOUT' });
}

/** Connects and logs in, unless it has. */
async function prepare(connection: SMTPConnection, server: MailServer): Promise<void> {
  if (connection.stage === 'connected') return;
  await connect(connection);
  if (server.user !== undefined) await logIn(connection, server);
}

function connect(connection: SMTPConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.once('end', () =>
      reject(Object.assign(new Error('connection ended'), { code: 'ECONNECTION' })),
    );
    connection.connect((error) => (error ? reject(error) : resolve()));
  });
}

function logIn(connection: SMTPConnection, { user, password }: MailServer): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.login({ credentials: { user: user ?? '', pass: password ?? '' } }, (error) =>
      error ? reject(error) : resolve(),
    );
  });
}

function transmit(
  connection: SMTPConnection,
  { from, recipient, payload }: Letter,
  { stream }: Body,
): Promise<{ readonly accepted: readonly string[]; readonly response: string }> {
  return new Promise((resolve, reject) => {
    // RFC 1870: a server that takes no mail of this size says so before it has been sent.
    const envelope = { from, to: [recipient], size: payload.length };
    connection.send(envelope, stream, (error, answer) => {
      if (error || !answer) reject(error ?? new Error('no answer'));
      else resolve(answer);
    });
  });
}
