import { Readable } from 'node:stream';
import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { Sender } from '../domain/address.ts';
import { describeError } from '../domain/error.ts';
import type { Channel, DeliveryOutcome, Draft } from '../remind/reminder.ts';
import type { MailServer } from './server-url.ts';

export interface SmtpOptions {
  readonly from: Sender;
  /** Read anew for each mail: a changed password needs no restart. @throws AppError */
  readonly server: () => MailServer;
  readonly patience?: Patience;
}

/** How long to wait, in milliseconds. */
export interface Patience {
  /** For connection, TLS and greeting together. */
  readonly connect: number;
  /** For a server that says nothing. */
  readonly silence: number;
  /** For one mail altogether, whatever the server says meanwhile. */
  readonly whole: number;
  /** For the answer to QUIT, which changes nothing. */
  readonly parting: number;
}

/** RFC 5321 §4.5.3.2 gives ten minutes for the answer to the final dot; half of that is what a daemon can wait. */
const PATIENCE: Patience = { connect: 10_000, silence: 300_000, whole: 600_000, parting: 2_000 };
const CHUNK_BYTES = 16_384;

interface SmtpError {
  readonly code?: string;
  /** Of the system or of TLS, below nodemailer's own `code`. */
  readonly originalCode?: string;
  readonly responseCode?: number;
  readonly command?: string;
}

/** Mail over SMTP: one recipient a message, with an envelope of bare addresses, never without TLS off loopback. */
export function openMail({ from, server, patience = PATIENCE }: SmtpOptions): Channel {
  return {
    name: 'mail',
    render: (draft) => render(draft, from),
    send: async (recipient, payload, onData) => {
      let target: MailServer;
      try {
        target = server();
      } catch (error) {
        return { kind: 'not-sent', reason: describeError(error) };
      }
      return send(target, patience, { from: from.address, recipient, body: bodyOf(payload, onData) });
    },
  };
}

async function render(draft: Draft, from: Sender): Promise<Uint8Array> {
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer');
  const mail = new MailComposer({
    from: { name: from.name ?? '', address: from.address },
    to: { name: '', address: draft.recipient },
    subject: draft.subject,
    date: draft.at,
    messageId: draft.messageId,
    text: draft.text,
    html: draft.html,
    // RFC 3834 §5: keeps out-of-office answers away.
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return mail.compile().build();
}

interface Letter {
  readonly from: string;
  readonly recipient: string;
  readonly body: Body;
}

async function send(server: MailServer, patience: Patience, letter: Letter): Promise<DeliveryOutcome> {
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
  });
  const { promise: broken, reject: breakOff } = Promise.withResolvers<never>();
  // Errors also reach whichever step is waiting; this listener keeps late ones from ending the program.
  connection.on('error', breakOff);
  broken.catch(() => undefined);
  const timer = setTimeout(() => breakOff(timedOut()), patience.whole);
  const outcome = await Promise.race([broken, deliver(connection, server, letter)]).catch(
    (error: SmtpError) => judgeError(error, letter.body.phase(), server),
  );
  clearTimeout(timer);
  part(connection, outcome, patience);
  return outcome;
}

async function deliver(
  connection: SMTPConnection,
  server: MailServer,
  letter: Letter,
): Promise<DeliveryOutcome> {
  await connect(connection);
  if (server.user !== undefined) await logIn(connection, server);
  return judgeAnswer(await transmit(connection, letter), letter.recipient);
}

/** QUIT where the server waits for a command; in the middle of a mail it would become part of it. */
function part(connection: SMTPConnection, outcome: DeliveryOutcome, { parting }: Patience): void {
  if (outcome.kind !== 'accepted' && outcome.kind !== 'refused') {
    connection.close();
    return;
  }
  connection.quit();
  setTimeout(() => connection.close(), parting).unref();
}

function timedOut(): Error {
  return Object.assign(new Error('no end in time'), { code: 'ETIMEDOUT' });
}

type Phase = 'before' | 'begun' | 'complete';

interface Body {
  readonly stream: Readable;
  /** `complete`: the final dot may be out. */
  readonly phase: () => Phase;
}

/**
 * The mail as a stream whose first read comes right after the server's 354. It is handed on in pieces: as long as the
 * connection has not taken nearly all of it, the final dot surely is not out.
 */
function bodyOf(payload: Uint8Array, onData: () => void): Body {
  let phase: Phase = 'before';
  let sent = 0;
  const stream = new Readable({
    read() {
      try {
        if (phase === 'before') onData();
      } catch (error) {
        this.destroy(error as Error);
        return;
      }
      phase = 'begun';
      this.push(payload.subarray(sent, sent + CHUNK_BYTES));
      sent += CHUNK_BYTES;
      if (sent >= payload.length) this.push(null);
    },
  });
  stream.on('end', () => {
    phase = 'complete';
  });
  return { stream, phase: () => phase };
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
  { from, recipient, body }: Letter,
): Promise<{ readonly accepted: readonly string[]; readonly response: string }> {
  return new Promise((resolve, reject) => {
    connection.send({ from, to: [recipient] }, body.stream, (error, answer) => {
      if (error || !answer) reject(error ?? new Error('no answer'));
      else resolve(answer);
    });
  });
}

/** Success is our one recipient accepted, and nothing else. */
function judgeAnswer(
  answer: { readonly accepted: readonly string[]; readonly response: string },
  recipient: string,
): DeliveryOutcome {
  const code = Number(/^\d{3}/.exec(answer.response)?.[0] ?? 0);
  if (answer.accepted.length === 1 && answer.accepted[0] === recipient && code >= 200 && code < 300) {
    return { kind: 'accepted', code };
  }
  return { kind: 'unclear', reason: 'the mail server answered something unexpected' };
}

/** https://nodejs.org/api/tls.html, "X509 certificate error codes", and what OpenSSL says of a handshake. */
const UNTRUSTED = /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_|ERR_SSL_)/;

/** By codes and by how far the data got, never by wording. */
function judgeError(error: SmtpError, phase: Phase, server: MailServer): DeliveryOutcome {
  const code = error.responseCode;
  const where = `${server.host}:${server.port}`;
  if (error.code === 'EAUTH' || error.code === 'ENOAUTH') {
    const reason =
      code !== undefined && code < 500
        ? `the mail server ${where} cannot check the user and password now (${code})`
        : `the mail server ${where} does not accept the user or password${code ? ` (${code})` : ''}`;
    return { kind: 'not-sent', reason };
  }
  const cause = error.originalCode ?? error.code;
  if (phase === 'before' && (error.code === 'ETLS' || UNTRUSTED.test(cause ?? ''))) {
    const why = cause === 'ETLS' ? '' : ` (${cause})`;
    return { kind: 'not-sent', reason: `no trusted TLS with the mail server ${where}${why}` };
  }
  const atMessage = error.command === 'MAIL FROM' || error.command === 'RCPT TO' || error.command === 'DATA';
  if (code !== undefined && (atMessage || phase !== 'before')) {
    return {
      kind: 'refused',
      permanent: code >= 500,
      code,
      reason: `the mail server ${where} refused the mail (${code})`,
    };
  }
  if (phase === 'complete')
    return { kind: 'unclear', reason: `the mail server ${where} did not answer after the mail was sent` };
  const why = code ?? cause;
  return { kind: 'not-sent', reason: `the mail server ${where} did not take it${why ? ` (${why})` : ''}` };
}
