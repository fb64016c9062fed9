import type { Socket } from 'node:net';
import type { AuthStep, Credentials } from './mail-auth.ts';
import type { Envelope, MailFault, MailFaultQueue, MailStage } from './mail-faults.ts';

/** What a conversation needs from the sink it belongs to. */
export interface SessionHost {
  readonly credentials: Credentials | undefined;
  readonly tls: { readonly key: string; readonly cert: string } | undefined;
  readonly faults: MailFaultQueue;
  reach(stage: MailStage, envelope: Envelope): void;
  accept(envelope: Envelope, raw: Buffer): void;
}

export interface Session {
  readonly host: SessionHost;
  socket: Socket;
  buffer: Buffer;
  mode: 'command' | 'body' | 'stuck';
  authStep: AuthStep | undefined;
  authenticated: boolean;
  secure: boolean;
  from: string | undefined;
  recipients: string[];
  /** Bytes of the body that were too many to keep. */
  dropped: number;
}

export interface Reply {
  readonly code: number;
  readonly lines: readonly string[];
  /** What follows once it is said. */
  readonly next?: 'body' | 'close' | 'upgrade';
}

export function reply(code: number, ...lines: string[]): Reply {
  return { code, lines };
}

export function say(session: Session, { code, lines }: Reply): void {
  const last = lines.length - 1;
  const text = lines.map((line, index) => `${code}${index === last ? ' ' : '-'}${line}\r\n`);
  if (session.socket.writable) session.socket.write(text.join(''));
}

export function hangUp(session: Session, last: Reply): void {
  say(session, last);
  session.mode = 'stuck';
  session.socket.end();
}

export function forgetMail(session: Session): void {
  session.from = undefined;
  session.recipients = [];
}

export function envelopeOf(session: Session): Envelope {
  return { from: session.from ?? '', recipients: [...session.recipients] };
}

/** True when a fault took over; the caller then says nothing. */
export function faulted(
  session: Session,
  at: MailStage,
  recipients: readonly string[] = session.recipients,
): boolean {
  const fault = session.host.faults.take(at, recipients);
  session.host.reach(at, { from: session.from ?? '', recipients: [...recipients] });
  if (fault === undefined) return false;
  play(session, fault);
  return true;
}

function play(session: Session, fault: MailFault): void {
  if (fault.action === 'reply') {
    const answer = reply(fault.code, fault.text ?? (fault.code < 500 ? '4.0.0 Try later' : '5.0.0 Refused'));
    // 421 announces that the server hangs up (RFC 5321 §4.2.1).
    if (fault.code === 421) hangUp(session, answer);
    else say(session, answer);
    return;
  }
  session.mode = 'stuck';
  if (fault.action === 'close') session.socket.destroy();
  if (fault.action === 'reset') session.socket.resetAndDestroy();
}
