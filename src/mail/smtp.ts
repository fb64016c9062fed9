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
}

const CONNECT_MS = 10_000;
/** RFC 5321 §4.5.3.2 gives ten minutes for the answer to the final dot; half of that is what a daemon can wait. */
const SILENCE_MS = 300_000;

interface SmtpError {
  readonly code?: string;
  readonly responseCode?: number;
  readonly command?: string;
}

/** Mail over SMTP: one recipient a message, with an envelope of bare addresses, never without TLS off loopback. */
export function openMail({ from, server }: SmtpOptions): Channel {
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
      return send(target, from, recipient, payload, onData);
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

async function send(
  server: MailServer,
  from: Sender,
  recipient: string,
  payload: Uint8Array,
  onData: () => void,
): Promise<DeliveryOutcome> {
  const { default: Connection } = await import('nodemailer/lib/smtp-connection');
  const connection = new Connection({
    host: server.host,
    port: server.port,
    secure: server.implicitTls,
    requireTLS: server.requireTls,
    ignoreTLS: !server.implicitTls && !server.requireTls,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
  });
  const body = bodyOf(payload, onData);
  // Errors also reach whichever step is waiting; this listener keeps late ones from ending the program.
  const broken = new Promise<never>((_, reject) => connection.on('error', reject));
  broken.catch(() => undefined);
  try {
    await Promise.race([broken, connect(connection)]);
    if (server.user !== undefined) await Promise.race([broken, logIn(connection, server)]);
    const answer = await Promise.race([broken, transmit(connection, from.address, recipient, body.stream)]);
    return judgeAnswer(answer, recipient);
  } catch (error) {
    return judgeError(error as SmtpError, body.phase(), server);
  } finally {
    connection.quit();
  }
}

type Phase = 'before' | 'begun' | 'complete';

/** The mail as a stream whose first read comes right after the server's 354. `complete`: the final dot may be out. */
function bodyOf(payload: Uint8Array, onData: () => void): { stream: Readable; phase: () => Phase } {
  let phase: Phase = 'before';
  const stream = new Readable({
    read() {
      if (phase !== 'before') return;
      try {
        onData();
      } catch (error) {
        this.destroy(error as Error);
        return;
      }
      phase = 'begun';
      this.push(payload);
      this.push(null);
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
  from: string,
  recipient: string,
  body: Readable,
): Promise<{ readonly accepted: readonly string[]; readonly response: string }> {
  return new Promise((resolve, reject) => {
    connection.send({ from, to: [recipient] }, body, (error, answer) => {
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

/** By codes and by how far the data got, never by wording. */
function judgeError(error: SmtpError, phase: Phase, server: MailServer): DeliveryOutcome {
  const code = error.responseCode;
  const where = `${server.host}:${server.port}`;
  if (error.code === 'EAUTH' || error.code === 'ENOAUTH') {
    return {
      kind: 'not-sent',
      reason: `the mail server ${where} does not accept the user or password${code ? ` (${code})` : ''}`,
    };
  }
  if (error.code === 'ETLS')
    return { kind: 'not-sent', reason: `no trusted TLS with the mail server ${where}` };
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
  const why = code ?? error.code;
  return { kind: 'not-sent', reason: `the mail server ${where} did not take it${why ? ` (${why})` : ''}` };
}
