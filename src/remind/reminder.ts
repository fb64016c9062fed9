import type { Declaration, Version } from '../domain/credential.ts';

/** What a reminder is about. `rotated`: the one notice after a rotation. */
export type Topic = 'expiry' | 'rotated' | 'revoked' | 'leaked' | 'standing' | 'unconfirmed';

/** What makes a reminder that reminder: no clock, time zone or order of events is part of it. */
export interface ReminderKey {
  readonly credential: string;
  readonly version: number;
  readonly topic: Topic;
  /** Days before expiry, negative after it; 0 for the other topics. */
  readonly leadDays: number;
  readonly channel: string;
  /** A bare mail address. */
  readonly recipient: string;
}

/** What is owed. `carried`: a message carries it; `covered`: a tighter one says it too. */
export interface Reminder extends ReminderKey {
  readonly id: number;
  readonly dueAt: Date;
  readonly state: 'owed' | 'carried' | 'covered' | 'cancelled';
  /** State of the message that carries it. */
  readonly messageState: MessageState | undefined;
}

export type MessageState = 'pending' | 'in-flight' | 'sent' | 'ambiguous' | 'dead' | 'cancelled';

/** The credential as the reminders see it. */
export interface Reminded {
  readonly declaration: Declaration;
  readonly acknowledgedUntil: Date | undefined;
  readonly retiredAt: Date | undefined;
  readonly current: Version | undefined;
}

/** A message that this process has claimed: nobody else may send it, and only under this claim can it be changed. */
export interface ClaimedMessage {
  readonly id: string;
  readonly channel: string;
  readonly recipient: string;
  readonly claim: number;
  readonly attempts: number;
  readonly repeats: number;
  /** How often the server has said no for good. */
  readonly refusals: number;
  /** Bytes of a mail whose answer was lost: a repeat is the same mail. Undefined: to be rendered. */
  readonly payload: Uint8Array | undefined;
  readonly messageId: string;
  readonly reminders: readonly (ReminderKey & { readonly id: number; readonly covers: readonly number[] })[];
}

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

/** Where reminders and messages are kept. Each call is one transaction. */
export interface Outbox {
  remindersOf(credential: string, version: number): readonly Reminder[];
  apply(plan: readonly PlanStep[], at: Date): void;
  /** Puts what is owed and due into messages, one a recipient and channel. @returns how many */
  gather(now: Date): number;
  /** Cancels what an outdated version or a retirement left, then takes the most urgent message that is due. */
  claim(epoch: string, now: Date): ClaimedMessage | undefined;
  /** Keeps the bytes, so that a repeat is the same mail. @returns false when the claim is no longer ours */
  keepPayload(message: ClaimedMessage, payload: Uint8Array): boolean;
  /** Durable before a byte of the mail leaves. @returns false when the claim is no longer ours */
  markData(message: ClaimedMessage): boolean;
  settle(message: ClaimedMessage, next: NextState, at: Date): boolean;
  /** Leaves a reminder that cannot be rendered out of its message, to be tried again later alone; nothing when the claim is lost. */
  leaveOut(message: ClaimedMessage, reminder: number, until: Date): void;
  /** Takes back what an ended run of the daemon had claimed. */
  recover(epoch: string, now: Date): number;
  counts(): OutboxCounts;
  /** The latest failure of mail that still waits, and when it is tried again. */
  trouble(): Trouble | undefined;
  /** The earliest instant at which something owed for this credential goes out. */
  nextAttemptAt(credential: string): Date | undefined;
}

export type PlanStep =
  | { readonly kind: 'owe'; readonly key: ReminderKey; readonly dueAt: Date }
  | { readonly kind: 'cover'; readonly key: ReminderKey; readonly by: ReminderKey; readonly dueAt: Date };

export interface NextState {
  readonly state: 'sent' | 'pending' | 'ambiguous' | 'dead';
  readonly nextAttemptAt: Date;
  readonly code: number | undefined;
  readonly error: string | undefined;
}

/** What a channel reports of one transmission. */
export type DeliveryOutcome =
  | { readonly kind: 'accepted'; readonly code: number }
  | { readonly kind: 'refused'; readonly permanent: boolean; readonly code: number; readonly reason: string }
  /** Definitely not handed over: no connection, no login, or the link broke before the end of the data. */
  | { readonly kind: 'not-sent'; readonly reason: string }
  /** The data went out and the answer was lost: the server may have it. */
  | { readonly kind: 'unclear'; readonly reason: string };

/** A way to reach people. */
export interface Channel {
  readonly name: string;
  render(draft: Draft): Promise<Uint8Array>;
  /** Calls `onData` after the server's 354 and before the first byte of the mail; nothing is sent when it throws. */
  send(recipient: string, payload: Uint8Array, onData: () => void): Promise<DeliveryOutcome>;
}

export interface Draft {
  readonly messageId: string;
  readonly recipient: string;
  readonly at: Date;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}
