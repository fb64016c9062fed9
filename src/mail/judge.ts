import type { DeliveryOutcome, ServiceFault } from '../remind/reminder.ts';
import type { Phase } from './letter.ts';
import type { MailServer } from './server-url.ts';

/** What nodemailer reports of a failure. */
export interface SmtpError {
  readonly code?: string;
  /** Of the system or of TLS, below nodemailer's own `code`. */
  readonly originalCode?: string;
  readonly responseCode?: number;
  /** Its reply, the code first. */
  readonly response?: string;
  /** The command that it answered; `CONN`: none, `API`: nothing was said. */
  readonly command?: string;
}

/** How far the conversation was when it failed. */
export interface Progress {
  readonly phase: Phase;
  /** The server had answered MAIL: what comes after depends on the recipient, too. */
  readonly addressed: boolean;
}

export interface Verdict {
  readonly outcome: DeliveryOutcome;
  /** The server waits for a command: it can be told QUIT. In the middle of a mail QUIT would become part of it. */
  readonly waiting: boolean;
  /** The conversation ended before the data began: on a fresh connection the same mail may get through. */
  readonly lost: boolean;
}

/** Success is our one recipient accepted, and nothing else. */
export function judgeAnswer(
  answer: { readonly accepted: readonly string[]; readonly response: string },
  recipient: string,
): Verdict {
  const code = Number(/^\d{3}/.exec(answer.response)?.[0] ?? 0);
  const taken = answer.accepted.length === 1 && answer.accepted[0] === recipient;
  if (taken && code >= 200 && code < 300)
    return { outcome: { kind: 'accepted', code }, waiting: true, lost: false };
  const reason = 'the mail server answered something unexpected';
  return { outcome: { kind: 'unclear', reason }, waiting: false, lost: false };
}

/** By codes and by how far the data got, never by wording. */
export function judgeError(error: SmtpError, progress: Progress, server: MailServer): Verdict {
  const { phase } = progress;
  const code = error.responseCode;
  const unsaid = error.command === 'API' && error.code === 'EENVELOPE';
  return {
    outcome: outcomeOf(error, progress, server),
    // RFC 5321 §4.2.1: after 421 nobody listens any more.
    waiting: unsaid || tooLargeByItself(error) || (code !== undefined && code !== 421 && phase !== 'begun'),
    lost: phase === 'before' && !unsaid && (code === 421 || (code === undefined && !tooLargeByItself(error))),
  };
}

function outcomeOf(error: SmtpError, { phase, addressed }: Progress, server: MailServer): DeliveryOutcome {
  const code = error.responseCode;
  const where = `the mail server ${server.host}:${server.port}`;
  if (error.code === 'EAUTH' || error.code === 'ENOAUTH') return loginRefused(code, where);
  if (phase === 'before' && isTlsFailure(error)) return untrusted(error, where);
  if (tooLargeByItself(error)) return refused(where, 552, true);
  // RFC 4954 §6 and RFC 3207 §4: it wants a login or TLS first, for every mail.
  if (code === 530 && phase === 'before') return loginRefused(code, where);
  const atMessage = error.command === 'MAIL FROM' || error.command === 'RCPT TO' || error.command === 'DATA';
  if (code !== undefined && (atMessage || addressed || phase !== 'before'))
    return refused(where, code, code === 552 && !isMailboxFull(error));
  if (phase === 'complete')
    return { kind: 'unclear', reason: `${where} did not answer after the mail was sent` };
  const why = code ?? error.originalCode ?? error.code;
  const reason = `${where} did not take it${why ? ` (${why})` : ''}`;
  const alone = phase !== 'before' || addressed || error.command === 'API';
  return { kind: 'not-sent', reason, ...(!alone && { fault: 'unreachable' as const }) };
}

function loginRefused(code: number | undefined, where: string): DeliveryOutcome {
  if (code !== undefined && code < 500) {
    const reason = `${where} cannot check the user and password now (${code})`;
    return { kind: 'not-sent', reason, fault: 'unreachable' };
  }
  const reason = `${where} does not accept the user or password${code ? ` (${code})` : ''}`;
  return { kind: 'not-sent', reason, fault: 'login' };
}

/** https://nodejs.org/api/tls.html, "X509 certificate error codes", and what OpenSSL says of a handshake. */
const UNTRUSTED =
  /^(CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERROR_IN_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|HOSTNAME_MISMATCH|ERR_TLS_|ERR_SSL_|EPROTO$)/;

export function isTlsFailure(error: SmtpError): boolean {
  return error.code === 'ETLS' || UNTRUSTED.test(error.originalCode ?? error.code ?? '');
}

function untrusted(error: SmtpError, where: string): DeliveryOutcome {
  const cause = error.originalCode ?? error.responseCode;
  const reason = `no trusted TLS with ${where}${cause ? ` (${cause})` : ''}`;
  // RFC 3207 §4: 454 "TLS not available due to temporary reason".
  const passing = error.responseCode !== undefined && error.responseCode < 500;
  const fault: ServiceFault = passing ? 'unreachable' : 'login';
  return { kind: 'not-sent', reason, fault };
}

function refused(where: string, code: number, tooLarge: boolean): DeliveryOutcome {
  const reason = `${where} refused the mail (${code})`;
  return { kind: 'refused', permanent: code >= 500, code, reason, ...(tooLarge && { tooLarge }) };
}

/** The server has announced less (RFC 1870), so that nothing was said; it is as if it had answered 552. */
function tooLargeByItself({ code, command, responseCode }: SmtpError): boolean {
  return code === 'EMESSAGE' && command === 'MAIL FROM' && responseCode === undefined;
}

/** RFC 3463, X.2.2: 552 is also said of a full mailbox, which no smaller mail helps. */
function isMailboxFull({ response }: SmtpError): boolean {
  return /^552[ -]5\.2\.2\b/.test(response ?? '');
}
