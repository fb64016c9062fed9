import { AppError } from '../../src/domain/error.ts';
import type { Channel, ClaimedMessage, DeliveryOutcome, Outbox } from '../../src/remind/reminder.ts';
import type { Payload, Sender, SentKey } from './ledger.ts';
import { sentKey } from './ledger.ts';
import type { Fate, Meanwhile, Point, RoundPlan, Worker } from './schedule.ts';

/** Thrown where a process is killed, and by everything that it still tries. */
export class Crash extends Error {}

/** One process: what it knows is gone when it is killed, and what it committed is not. */
export interface SimulatedProcess extends Sender {
  readonly epoch: string;
  /** What it holds. */
  claimed: ClaimedMessage | undefined;
  /** What the message says that it is about to send. */
  keys: SentKey[];
  plan: RoundPlan;
  /** What it has marked as begun. */
  begun: Begun | undefined;
  /** Durable steps of this round so far. */
  calls: number;
  sends: number;
  /** Failures of the disk that are still to come. */
  failing: number;
  plannedAllAt: Date | undefined;
  /** It holds the lock, and has not come round yet. */
  fresh: boolean;
  readonly unwritten: never[];
}

/** What the world does while a process is at work. */
export interface Surroundings {
  readonly meanwhile: (what: Meanwhile) => void;
  readonly worker: (what: Worker) => Promise<void>;
  /** The data has begun. @returns what the receiver makes of it */
  readonly begin: (process: SimulatedProcess, to: string, payload: Uint8Array) => Begun;
  readonly refused: (message: ClaimedMessage) => void;
  readonly leftOut: (message: ClaimedMessage, key: SentKey) => void;
  readonly settled: (
    process: SimulatedProcess,
    message: ClaimedMessage,
    state: string,
    done: boolean,
  ) => void;
  readonly park: (process: SimulatedProcess, point: Point) => Promise<void> | undefined;
  readonly noted: (event: 'crash' | 'full' | 'claim' | 'split' | 'mismatch' | 'log', detail: unknown) => void;
}

export interface Begun {
  accept(): void;
  answer(known: 'heard' | 'lost'): void;
  readonly keys: number;
}

export function openProcess(name: string, plan: RoundPlan): SimulatedProcess {
  return {
    name,
    epoch: name,
    dead: false,
    claimed: undefined,
    keys: [],
    begun: undefined,
    plan,
    calls: 0,
    sends: 0,
    failing: 0,
    plannedAllAt: undefined,
    fresh: true,
    unwritten: [],
  };
}

const LOOKS: readonly string[] = [
  'toPlan',
  'remindersOf',
  'circuits',
  'waiting',
  'owed',
  'isIdle',
  'counts',
  'trouble',
  'nextAttemptAt',
];

/** The outbox as a process reaches it: before and after each call the process can be killed, and the disk be full. */
export function wrapOutbox(process: SimulatedProcess, inner: Outbox, around: Surroundings): Outbox {
  const guard = (method: string, call: () => unknown): unknown => {
    step(process, around, 'before');
    const writes = !LOOKS.includes(method);
    const { full } = process.plan;
    if (full?.call === process.calls) process.failing = full.count;
    const fails = writes && process.failing > 0 && full !== undefined;
    if (fails) process.failing--;
    if (fails && full.when === 'before') throw noSpace(around, method);
    const result = call();
    step(process, around, 'after');
    if (fails) throw noSpace(around, method);
    return result;
  };
  const wrapped = Object.fromEntries(
    Object.entries(inner).map(([method, call]) => [
      method,
      (...given: unknown[]) => guard(method, () => (call as (...args: unknown[]) => unknown)(...given)),
    ]),
  ) as unknown as Outbox;
  return { ...wrapped, ...remembering(process, inner, around, guard) };
}

/** The calls that say what becomes of a message. */
function remembering(
  process: SimulatedProcess,
  inner: Outbox,
  around: Surroundings,
  guard: (method: string, call: () => unknown) => unknown,
): Pick<Outbox, 'claim' | 'leaveOut' | 'markData' | 'settle' | 'split'> {
  return {
    markData: (message, payload, now) =>
      guard('markData', () => {
        const marked = inner.markData(message, payload, now);
        // From here on the receiver may have it, as far as the database knows.
        if (marked) process.begun = around.begin(process, `${message.channel}|${message.recipient}`, payload);
        return marked;
      }) as boolean,
    claim: (epoch, now, channels) =>
      guard('claim', () => {
        const message = inner.claim(epoch, now, channels);
        process.claimed = message;
        process.keys = message?.reminders.map(sentKey) ?? [];
        if (message) around.noted('claim', message);
        return message;
      }) as ClaimedMessage | undefined,
    leaveOut: (message, reminder, until) => {
      guard('leaveOut', () => inner.leaveOut(message, reminder, until));
      around.leftOut(message, sentKey(reminder));
      const left = JSON.stringify(sentKey(reminder));
      process.keys = process.keys.filter((key) => JSON.stringify(key) !== left);
    },
    settle: (message, next, at) =>
      guard('settle', () => {
        const done = inner.settle(message, next, at);
        around.settled(process, message, next.state, done);
        if (next.refused) around.refused(message);
        return done;
      }) as boolean,
    split: (message, now) =>
      guard('split', () => {
        const done = inner.split(message, now);
        if (done) around.noted('split', message);
        return done;
      }) as boolean,
  };
}

function noSpace(around: Surroundings, method: string): AppError {
  around.noted('full', method);
  return new AppError('storage', 'the disk is full');
}

/** One durable step: the place where a process is killed. */
function step(process: SimulatedProcess, around: Surroundings, when: 'before' | 'after'): void {
  if (process.dead) throw new Crash();
  if (when === 'before') {
    process.calls++;
    for (const intrusion of process.plan.intrusions)
      if (intrusion.at === 'call' && intrusion.call === process.calls) around.meanwhile(intrusion.what);
  }
  const { crash } = process.plan;
  if (crash?.call !== process.calls || crash.when !== when) return;
  process.dead = true;
  around.noted('crash', `${process.name} is killed ${when} durable step ${process.calls}`);
  throw new Crash();
}

const EARLY: Partial<Record<Fate, DeliveryOutcome>> = {
  'refused-for-now': { kind: 'refused', permanent: false, code: 450, reason: 'try later' },
  refused: { kind: 'refused', permanent: true, code: 550, reason: 'no such user' },
  unreachable: { kind: 'not-sent', reason: 'no connection', fault: 'unreachable' },
  login: { kind: 'not-sent', reason: 'wrong password', fault: 'login' },
  'stale-connection': { kind: 'not-sent', reason: 'the connection was gone' },
};

const AFTER_DATA: Partial<Record<Fate, DeliveryOutcome>> = {
  'refused-for-now-after-dot': { kind: 'refused', permanent: false, code: 451, reason: 'not now' },
  'refused-after-dot': { kind: 'refused', permanent: true, code: 554, reason: 'not wanted' },
  'broken-off': { kind: 'not-sent', reason: 'broken off in the body' },
  lost: { kind: 'unclear', reason: 'no answer' },
  'lost-but-accepted': { kind: 'unclear', reason: 'no answer' },
};

/** A channel whose receiver does what the plan of the round says. Its bytes name what the message carries. */
export function openChannel(name: string, process: SimulatedProcess, around: Surroundings): Channel {
  return {
    name,
    render: async (draft) => {
      const payload: Payload = {
        messageId: draft.messageId,
        to: draft.recipient,
        at: draft.at.toISOString(),
        subject: draft.subject,
        keys: process.keys,
      };
      const said = draft.items
        .map(({ credential, topic, version }) => `${credential} ${topic} ${version}`)
        .sort();
      const meant = process.keys
        .map(({ credential, topic, version }) => `${credential} ${topic} ${version}`)
        .sort();
      if (said.join() !== meant.join()) around.noted('mismatch', `${said.join()} instead of ${meant.join()}`);
      return new TextEncoder().encode(JSON.stringify(payload));
    },
    send: (recipient, _payload, onData) => transmit(process, around, `${name}|${recipient}`, onData),
    close: () => undefined,
  };
}

async function transmit(
  process: SimulatedProcess,
  around: Surroundings,
  to: string,
  onData: () => void,
): Promise<DeliveryOutcome> {
  if (process.dead) throw new Crash();
  const number = ++process.sends;
  if (number > 200) throw new Error('it sends without end');
  const fate = process.plan.fates[number - 1] ?? process.plan.rest;
  around.noted('log', `${process.name} connects for ${to}: ${fate}`);
  await intrude(process, around, 'before-data', number);
  step(process, around, 'before');
  const early = EARLY[fate];
  if (early) return early;
  if (fate === 'thrown-before') throw new Error('a bug of the channel');
  process.begun = undefined;
  onData();
  const begun = process.begun as Begun | undefined;
  if (!begun) throw new Error('the data begins unmarked');
  await intrude(process, around, 'data', number);
  step(process, around, 'before');
  const accepted =
    fate === 'accepted' || fate === 'lost-but-accepted' || (fate === 'too-large' && begun.keys < 2);
  if (accepted) begun.accept();
  await intrude(process, around, 'answer', number);
  step(process, around, 'before');
  const late = AFTER_DATA[fate];
  begun.answer(late?.kind === 'unclear' || fate === 'thrown-after' ? 'lost' : 'heard');
  if (fate === 'thrown-after') throw new Error('a bug of the channel');
  if (late) return late;
  if (!accepted) return { kind: 'refused', permanent: true, code: 552, reason: 'too large', tooLarge: true };
  return { kind: 'accepted', code: 250 };
}

async function intrude(
  process: SimulatedProcess,
  around: Surroundings,
  point: Point,
  send: number,
): Promise<void> {
  for (const intrusion of process.plan.intrusions) {
    if (intrusion.at !== point || intrusion.send !== send) continue;
    if (intrusion.what.kind === 'worker') await around.worker(intrusion.what);
    else around.meanwhile(intrusion.what);
  }
  if (send === 1) await around.park(process, point);
}
