import { isDeepStrictEqual } from 'node:util';
import type { Sender } from '../domain/address.ts';
import { describeError } from '../domain/error.ts';
import type { Channel, DeliveryOutcome } from '../remind/reminder.ts';
import type { Verdict } from './judge.ts';
import type { Letter } from './letter.ts';
import { renderMail } from './render.ts';
import type { MailServer } from './server-url.ts';
import type { Patience, Session } from './session.ts';
import { newSession } from './session.ts';

export type { Patience } from './session.ts';

export interface SmtpOptions {
  readonly from: Sender;
  /** Read anew for each mail: a changed password needs no restart. @throws AppError */
  readonly server: () => MailServer;
  readonly patience?: Patience;
}

/** RFC 5321 §4.5.3.2 gives ten minutes for the answer to the final dot; half of that is what a daemon can wait. */
const PATIENCE: Patience = {
  connect: 10_000,
  silence: 300_000,
  whole: 600_000,
  parting: 2_000,
  idle: 15_000,
};
/** Mail servers commonly end a connection after so many. */
const MAILS_PER_CONNECTION = 100;

/**
 * Mail over SMTP: one recipient a message, with an envelope of bare addresses, never without TLS off loopback. The mails of a
 * burst go over one connection.
 */
export function openMail({ from, server, patience = PATIENCE }: SmtpOptions): Channel {
  const desk = openDesk(patience);
  return {
    name: 'mail',
    render: (draft) => renderMail(draft, from),
    async send(recipient, payload, onData) {
      let target: MailServer;
      try {
        target = server();
      } catch (error) {
        return { kind: 'not-sent', reason: describeError(error), fault: 'login' };
      }
      return desk.deliver(target, { from: from.address, recipient, payload, onData });
    },
    close: desk.close,
  };
}

interface Desk {
  deliver(server: MailServer, letter: Letter): Promise<DeliveryOutcome>;
  close(): void;
}

/** Keeps one connection from an accepted mail to the next. */
function openDesk(patience: Patience): Desk {
  let kept: Session | undefined;

  /** While a mail is under way its connection is nobody else's. */
  function take(server: MailServer): Session | undefined {
    const session = kept;
    kept = undefined;
    if (!session?.alive) return undefined;
    if (isDeepStrictEqual(session.server, server)) return session;
    session.quit();
    return undefined;
  }
  function leave(session: Session, { outcome, waiting }: Verdict): DeliveryOutcome {
    const reusable = outcome.kind === 'accepted' && session.accepted < MAILS_PER_CONNECTION;
    if (!waiting) session.close();
    else if (kept || !reusable) session.quit();
    else {
      kept = session;
      session.rest();
    }
    return outcome;
  }
  return {
    async deliver(server, letter) {
      const before = take(server);
      const verdict = await before?.deliver(letter);
      if (before && verdict) {
        const outcome = leave(before, verdict);
        // Ended by the server meanwhile, as it may: that says nothing about this mail or about the service.
        if (!verdict.lost) return outcome;
      }
      const session = await newSession(server, patience);
      return leave(session, await session.deliver(letter));
    },
    close() {
      kept?.quit();
      kept = undefined;
    },
  };
}
