import type {
  Declaration,
  Destination,
  DestinationState,
  FormerVersion,
  Version,
} from '../domain/credential.ts';

/**
 * What a reminder is about. `rotated`: the one notice after a rotation; `standing`: the monthly line about what has no date, or one
 * that may not hold; `unconfirmed`: a rotation may have stored its token; `changed`: a secret was changed or removed by somebody
 * else; `old-token`: what was replaced lives on at its issuer; `configuration`: the file cannot be used; `findings`: verification
 * found a change; `recipients`: who was told is told no more; `history`: the chain of entries is broken.
 */
export type Topic =
  | 'expiry'
  | 'rotated'
  | 'revoked'
  | 'leaked'
  | 'standing'
  | 'unconfirmed'
  | 'changed'
  | 'old-token'
  | 'configuration'
  | 'findings'
  | 'recipients'
  | 'history';

/** Who is told, and how. */
export interface Addressee {
  /** Name of a channel: `mail` or `webhook`. */
  readonly channel: string;
  /** A bare mail address, or the name of a webhook. */
  readonly recipient: string;
}

/** What makes a reminder that reminder: no clock, time zone or order of events is part of it. */
export interface ReminderKey extends Addressee {
  /** `*`: the installation as a whole; `pipeline:NAME`: what was found there. */
  readonly credential: string;
  /**
   * 0: none is recorded, or it is about a place and not a version (`changed`). Of `findings` the run that saw
   * them, of `recipients` the entry of the history, of `configuration` and `history` the second in which it began.
   */
  readonly version: number;
  readonly topic: Topic;
  /**
   * Days before expiry, negative after it (or after a revocation, a leak, a replacement); of `standing` the month, counted from
   * year 0; of `unconfirmed` and `changed` the day, counted from 1970 and negative, so that two of them are two; else 0.
   */
  readonly leadDays: number;
}

/** What is owed. `carried`: a message carries it; `covered`: a tighter one says it too; `dead`: it cannot be rendered. */
export interface Reminder extends ReminderKey {
  readonly dueAt: Date;
  /** It does not wait for the day's one mail. */
  readonly urgent: boolean;
  readonly state: 'owed' | 'carried' | 'covered' | 'cancelled' | 'dead';
  /** State of the message that carries it. */
  readonly messageState: MessageState | undefined;
}

export type MessageState = 'pending' | 'in-flight' | 'sent' | 'ambiguous' | 'dead' | 'cancelled';

/** The credential as the reminders see it. */
export interface Reminded {
  readonly declaration: Declaration;
  /** False once it has left the configuration. */
  readonly declared: boolean;
  readonly firstSeenAt: Date;
  readonly acknowledgedUntil: Date | undefined;
  readonly retiredAt: Date | undefined;
  readonly current: Version | undefined;
  /** Replaced by a rotation, and not said to be revoked at the issuer: newest first. */
  readonly former: readonly FormerVersion[];
  /** Since when a rotation of it is unconfirmed. */
  readonly unconfirmedSince: Date | undefined;
  readonly destinations: readonly {
    readonly destination: Destination;
    readonly state: DestinationState;
    readonly remoteUpdatedAt: Date | undefined;
    /** When it was first seen missing or changed by somebody else. */
    readonly changedAt?: Date | undefined;
  }[];
}

/** A reminder as its message carries it. `covers`: the wider lead times that it stands for too. */
export interface Carried extends ReminderKey {
  readonly covers: readonly number[];
}

/** A message that this process has claimed: nobody else may send it, and only under this claim can it be changed. */
export interface ClaimedMessage extends Addressee {
  readonly id: number;
  readonly claim: number;
  readonly attempts: number;
  readonly repeats: number;
  /** How often the server has said no for good. */
  readonly refusals: number;
  /** Bytes of a mail whose answer was lost: a repeat is the same mail. Undefined: to be rendered. */
  readonly payload: Uint8Array | undefined;
  /** The earliest instant at which something that it carries fell due. */
  readonly firstDueAt: Date;
  readonly reminders: readonly Carried[];
}

/** How many messages are in each state; of `dead` and `ambiguous` those that still concern somebody. */
export interface OutboxCounts {
  readonly pending: number;
  readonly inFlight: number;
  readonly sent: number;
  readonly ambiguous: number;
  readonly dead: number;
}

export interface Trouble {
  readonly error: string;
  readonly nextAttemptAt: Date;
}

/** A message that has not been delivered, as `outbox` shows it. */
export interface WaitingMessage extends Addressee {
  readonly id: number;
  readonly state: MessageState;
  readonly reminders: readonly ReminderKey[];
  readonly attempts: number;
  readonly lastError: string | undefined;
  /** Undefined: it is not tried again by itself. */
  readonly nextAttemptAt: Date | undefined;
}

/** A service that has failed as a whole. */
export interface Circuit {
  readonly channel: string;
  readonly fault: ServiceFault;
  readonly reason: string;
  readonly failures: number;
  readonly since: Date;
  readonly nextTryAt: Date;
}

/** `login`: it does not take our credentials, or there is no trusted TLS: a person is needed. */
export type ServiceFault = 'unreachable' | 'login';

/** Where reminders and messages are kept. Each call is one transaction. */
export interface Outbox {
  /** Whether there is nothing to plan, to put into messages, to send or to take back: one look, and mostly the only one. */
  isIdle(now: Date): boolean;
  /** Names of the credentials that must be planned at `now`, at most `limit`. */
  toPlan(now: Date, limit: number): readonly string[];
  /** Has every credential planned again at the next sweep. */
  replanAll(): void;
  /** Those of a version, and those of none. */
  remindersOf(credential: string, version: number): readonly Reminder[];
  /** Applies what was planned, and notes when each credential must be planned next; undefined: when something changes. */
  apply(plans: readonly Plan[]): void;
  /**
   * Puts what is owed and due into messages, one a recipient. What may wait, waits while the recipient has had the day's one
   * mail since `dayBegan`. @returns how many reminders were put into messages
   */
  gather(now: Date, dayBegan: () => Date): number;
  /** Drops what has become pointless, then takes the most urgent message that is due on one of these channels. */
  claim(epoch: string, now: Date, channels: readonly string[]): ClaimedMessage | undefined;
  /**
   * Keeps the bytes durably before one of them leaves. @returns false when the claim is no longer ours, or when a rotation, an
   * acknowledgement or a retirement recorded since has made any of it pointless
   */
  markData(message: ClaimedMessage, payload: Uint8Array, now: Date): boolean;
  settle(message: ClaimedMessage, next: NextState, at: Date): boolean;
  /** A reminder that cannot be rendered leaves its message, and is tried again alone; after five times it is dead. */
  leaveOut(message: ClaimedMessage, reminder: ReminderKey, until: Date): void;
  /** Makes two messages of one that is too large. @returns false where it carries a single reminder */
  split(message: ClaimedMessage, now: Date): boolean;
  /** Takes back what was claimed and never settled: nothing is in flight when a round begins. @returns how many */
  recover(now: Date): number;
  counts(): OutboxCounts;
  /** The latest failure of mail that still waits, and when it is tried again. */
  trouble(): Trouble | undefined;
  /** The earliest instant at which something owed for this credential goes out. */
  nextAttemptAt(credential: string): Date | undefined;
  /** What is not delivered, most urgent first. */
  waiting(): readonly WaitingMessage[];
  /** What is owed and in no message yet. */
  owed(): readonly Reminder[];
  /** Has a message that was given up sent again. @returns false when there is no such message */
  retry(id: number, at: Date): boolean;
  circuits(): readonly Circuit[];
  openCircuit(circuit: Circuit): void;
  closeCircuit(channel: string): void;
}

/** What is to be done about one credential. */
export interface Plan {
  readonly credential: string;
  readonly steps: readonly PlanStep[];
  readonly nextPlanAt: Date | undefined;
}

export type PlanStep =
  | { readonly kind: 'owe'; readonly key: ReminderKey; readonly dueAt: Date; readonly urgent: boolean }
  /** A wider one that has not gone out: the one of lead time `by` says it too. */
  | { readonly kind: 'cover'; readonly key: ReminderKey; readonly by: number; readonly dueAt: Date }
  /** It no longer concerns this recipient. */
  | { readonly kind: 'drop'; readonly key: ReminderKey };

export interface NextState {
  readonly state: 'sent' | 'pending' | 'ambiguous' | 'dead';
  /** Undefined: it is not tried again by itself. */
  readonly nextAttemptAt: Date | undefined;
  readonly code: number | undefined;
  readonly error: string | undefined;
  /** The server said no for good. */
  readonly refused?: boolean;
}

/** What a channel reports of one transmission. */
export type DeliveryOutcome =
  | { readonly kind: 'accepted'; readonly code: number }
  | {
      readonly kind: 'refused';
      readonly permanent: boolean;
      readonly code: number;
      readonly reason: string;
      /** The server takes no message of this size (RFC 5321, 552). */
      readonly tooLarge?: boolean;
    }
  /** Definitely not handed over. `fault`: the service as a whole failed, and other messages would fail alike. */
  | { readonly kind: 'not-sent'; readonly reason: string; readonly fault?: ServiceFault }
  /** The data went out and the answer was lost: the server may have it. */
  | { readonly kind: 'unclear'; readonly reason: string };

/** A way to reach people. */
export interface Channel {
  readonly name: string;
  render(draft: Draft): Promise<Uint8Array>;
  /**
   * Calls `onData` when the receiver is ready and before the first byte of the message leaves; nothing is sent when it throws.
   * May keep a connection open for the next message.
   */
  send(recipient: string, payload: Uint8Array, onData: () => void): Promise<DeliveryOutcome>;
  /** Ends what is kept open between messages. */
  close(): void;
}

/** One message in words. */
export interface Draft {
  readonly messageId: string;
  readonly recipient: string;
  readonly at: Date;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** An iCalendar object (RFC 5545) with the expiries that it speaks of; undefined: it speaks of none. */
  readonly calendar: string | undefined;
  /** The same as plain values, for programs; most urgent first. */
  readonly items: readonly DraftItem[];
}

export interface DraftItem {
  readonly credential: string;
  readonly topic: Topic;
  readonly version: number;
  readonly headline: string;
  readonly expiresAt: Date | undefined;
  readonly daysLeft: number | undefined;
  readonly destinations: readonly Destination[];
  /** What to type. */
  readonly command: string | undefined;
  /** The issuer's page. */
  readonly link: string | undefined;
}
