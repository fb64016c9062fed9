import type { Round } from '../../src/remind/deliver.ts';
import { deliverDue, takeBack } from '../../src/remind/deliver.ts';
import type { Channel, DeliveryOutcome, Draft } from '../../src/remind/reminder.ts';
import type { Planning } from '../../src/remind/sweep.ts';
import { sweep } from '../../src/remind/sweep.ts';
import { aDeclaration, aMailContext, aPolicy, aVersion, daysFromNow, knownUntil, NOW } from './builders.ts';
import type { Stores } from './database.ts';
import { INSTALL_ID, openStores } from './database.ts';

export const ACCEPTED: DeliveryOutcome = { kind: 'accepted', code: 250 };
export const REFUSED: DeliveryOutcome = {
  kind: 'refused',
  permanent: true,
  code: 550,
  reason: 'no such user',
};
export const GREYLISTED: DeliveryOutcome = { kind: 'refused', permanent: false, code: 451, reason: 'later' };
export const TOO_LARGE: DeliveryOutcome = {
  kind: 'refused',
  permanent: true,
  code: 552,
  reason: 'too large',
  tooLarge: true,
};
export const UNCLEAR: DeliveryOutcome = { kind: 'unclear', reason: 'no answer' };
export const NOT_SENT: DeliveryOutcome = { kind: 'not-sent', reason: 'connection lost' };
export const UNREACHABLE: DeliveryOutcome = { kind: 'not-sent', reason: 'refused', fault: 'unreachable' };
export const NO_LOGIN: DeliveryOutcome = { kind: 'not-sent', reason: '535 no', fault: 'login' };

export interface Mail {
  readonly recipient: string;
  readonly payload: string;
}

/** One whose data began. */
export interface BegunMail extends Mail {
  readonly answer: DeliveryOutcome['kind'];
}

export type Answer = DeliveryOutcome | Error;

/** A channel that asks `answer` what becomes of a mail, and keeps what it was given. */
export function channelBy(answer: (mail: Mail, earlier: number) => Answer, name = 'mail') {
  /** What was handed to it, and those of it whose data began. */
  const tries: Mail[] = [];
  const mails: BegunMail[] = [];
  const drafts: Draft[] = [];
  const channel: Channel = {
    name,
    render: async (draft) => {
      drafts.push(draft);
      return new TextEncoder().encode(
        `${draft.messageId} ${draft.at.toISOString()} ${draft.subject}\n${draft.text}`,
      );
    },
    send: async (recipient, payload, onData) => {
      const mail = { recipient, payload: Buffer.from(payload).toString() };
      const outcome = answer(mail, tries.length);
      tries.push(mail);
      if (!('kind' in outcome)) throw outcome;
      if (outcome.kind === 'not-sent') return outcome;
      onData();
      mails.push({ ...mail, answer: outcome.kind });
      return outcome;
    },
    close: () => undefined,
  };
  return { channel, tries, mails, drafts };
}

/** One that answers in turn, the last answer again and again. */
export function aChannel(...answers: readonly Answer[]) {
  return channelBy((_mail, earlier) => answers[Math.min(earlier, answers.length - 1)] ?? ACCEPTED);
}

export interface Clock {
  now: Date;
}

export type RoundOptions = Partial<Omit<Round, 'channels'>> & { readonly policy?: Planning['policy'] };

/** A sender over these channels, whose `cycle` is one round of the daemon. */
export function aRound(
  stores: Stores,
  channels: Channel | readonly Channel[],
  { policy = aPolicy(), ...overrides }: RoundOptions = {},
  clock: Clock = { now: NOW },
) {
  const events: string[] = [];
  const reports: Parameters<Round['report']>[0][] = [];
  const round: Round = {
    outbox: stores.outbox,
    find: stores.register.find,
    context: () => aMailContext(),
    identity: { installId: INSTALL_ID, domain: 'example.org' },
    channels: new Map([channels].flat().map((channel) => [channel.name, channel])),
    epoch: 'this-run',
    now: () => clock.now,
    report: (event) => {
      reports.push(event);
      events.push(event.event);
    },
    stopping: () => false,
    unwritten: [],
    ...overrides,
  };
  const { outbox, find, now, report } = round;
  const plan = () => sweep({ outbox, find, policy, now, report });
  const cycle = async () => {
    takeBack(round);
    plan();
    return deliverDue(round);
  };
  return { round, events, reports, clock, plan, cycle };
}

/** Credentials of a year that have `left` days, recorded long ago; their owners in turn. */
export function openWith(names: readonly string[], left = 10, owners: readonly string[] = ['ada']): Stores {
  const stores = openStores(
    names.map((name, index) => aDeclaration({ name, owner: owners[index % owners.length] ?? 'ada' })),
  );
  const version = aVersion({ expiry: knownUntil(daysFromNow(left)) });
  stores.db.transaction(() => {
    for (const name of names) stores.register.addVersion(name, version, daysFromNow(-300));
  });
  return stores;
}
