import { describeError, isAppError } from '../domain/error.ts';
import type { MailContext } from './compose.ts';
import type { Identity } from './message-id.ts';
import { afterServiceFailure, afterTransmission, isNews, MAX_REPEATS, mayTry } from './outcome.ts';
import type {
  Channel,
  Circuit,
  ClaimedMessage,
  DeliveryOutcome,
  NextState,
  Outbox,
  Reminded,
} from './reminder.ts';
import { renderMessage } from './render.ts';
import type { Report } from './sweep.ts';

/** What one round of sending needs. Only the holder of the daemon's lock runs it. */
export interface Round {
  readonly outbox: Outbox;
  readonly find: (name: string) => Reminded | undefined;
  readonly context: () => MailContext;
  readonly identity: Identity;
  /** By name. Where one is not configured, what is owed on it stays owed and visible. */
  readonly channels: ReadonlyMap<string, Channel>;
  /** The run of the daemon that holds the lock. */
  readonly epoch: string;
  readonly now: () => Date;
  readonly report: Report;
  readonly stopping: () => boolean;
  /** 0: what a lost answer leaves is held until a person decides. */
  readonly maxRepeats?: number;
  /** No message is begun after this instant, so that other work gets its turn. */
  readonly until?: Date;
  /** What was learned and could not be written down. Kept by the process from one round to the next. */
  readonly unwritten: Unwritten[];
}

interface Unwritten {
  readonly message: ClaimedMessage;
  readonly next: NextState;
  readonly at: Date;
}

export interface Delivered {
  readonly sent: number;
  readonly failed: number;
}

/** Sends what is due, most urgent first. One message that fails never stops the next. */
export async function deliverDue(round: Round): Promise<Delivered> {
  const { outbox, channels } = round;
  if (round.unwritten.length === 0 && outbox.isIdle(round.now())) return { sent: 0, failed: 0 };
  takeBack(round);
  const circuits = new Map(outbox.circuits().map((circuit) => [circuit.channel, circuit]));
  let [sent, failed] = [0, 0];
  try {
    // Each message is claimed once a round at most, since a failure moves its next attempt, or its channel's, ahead.
    while (!round.stopping() && !(round.until && round.now() >= round.until)) {
      const now = round.now();
      const ready = [...channels.keys()].filter((name) => mayTry(circuits.get(name), now));
      const message = ready.length > 0 ? outbox.claim(round.epoch, now, ready) : undefined;
      const channel = message && channels.get(message.channel);
      if (!message || !channel) break;
      if (await deliverOne(round, circuits, channel, message)) sent++;
      else failed++;
    }
  } finally {
    for (const channel of channels.values()) channel.close();
  }
  return { sent, failed };
}

/**
 * First of all in a round, and before anything is planned: writes down what the last one learned while nothing could be written,
 * and takes back what was claimed and never settled. Planned before, it would neither be covered by what is tighter nor take new
 * reminders along, and a second mail would go out beside it. Only the holder of the daemon's lock does it.
 */
export function takeBack({ outbox, unwritten, now }: Pick<Round, 'outbox' | 'unwritten' | 'now'>): void {
  for (let first = unwritten[0]; first; first = unwritten[0]) {
    outbox.settle(first.message, first.next, first.at);
    unwritten.shift();
  }
  outbox.recover(now());
}

async function deliverOne(
  round: Round,
  circuits: Map<string, Circuit>,
  channel: Channel,
  claimed: ClaimedMessage,
): Promise<boolean> {
  const ready = claimed.payload
    ? { message: claimed, payload: claimed.payload }
    : await renderMessage(round, channel, claimed).catch((error: unknown) => {
        if (!isAppError(error, 'unavailable')) throw error;
        settle(round, claimed, { kind: 'not-sent', reason: describeError(error) });
        return undefined;
      });
  if (!ready) return false;
  const { message, payload } = ready;
  const outcome = await transmit(round, channel, message, payload);
  if (outcome.kind === 'stale') return waitAgain(round, message);
  // What became of the message is written down before anything else.
  const sent = !splitTooLarge(round, message, outcome) && settle(round, message, outcome);
  watchService(round, circuits, message.channel, outcome);
  return sent;
}

function splitTooLarge(
  { outbox, now, report }: Round,
  message: ClaimedMessage,
  outcome: DeliveryOutcome,
): boolean {
  if (outcome.kind !== 'refused' || !outcome.tooLarge || !outbox.split(message, now())) return false;
  report({ event: 'mail.split', message: String(message.id), detail: outcome.reason });
  return true;
}

type Outcome = DeliveryOutcome | { readonly kind: 'stale' };

/**
 * An error of the channel's own is an outcome like others: what it was doing says whether the mail may have left.
 *
 * @throws what kept the beginning from being written down: nothing has left, and no other mail would fare better
 */
async function transmit(
  { outbox, now }: Round,
  channel: Channel,
  message: ClaimedMessage,
  payload: Uint8Array,
): Promise<Outcome> {
  const mark: { stage: 'before' | 'stale' | 'begun'; failure?: unknown } = { stage: 'before' };
  let outcome: DeliveryOutcome;
  try {
    outcome = await channel.send(message.recipient, payload, () => {
      try {
        mark.stage = outbox.markData(message, payload, now()) ? 'begun' : 'stale';
      } catch (error) {
        mark.failure = error;
        throw error;
      }
      if (mark.stage === 'stale') throw new Error('it is no longer so, or no longer ours');
    });
  } catch (error) {
    outcome = { kind: mark.stage === 'begun' ? 'unclear' : 'not-sent', reason: describeError(error) };
  }
  if (mark.failure !== undefined) throw mark.failure;
  return mark.stage === 'stale' ? { kind: 'stale' } : outcome;
}

const MINUTE_MS = 60_000;

/** Something was recorded between the claim and the data: what is left of the message is claimed anew. */
function waitAgain(round: Round, message: ClaimedMessage): boolean {
  const nextAttemptAt = new Date(round.now().getTime() + MINUTE_MS);
  settleAs(round, message, { state: 'pending', nextAttemptAt, code: undefined, error: undefined });
  round.report({ event: 'mail.stale', message: String(message.id) });
  return false;
}

function settle(round: Round, message: ClaimedMessage, outcome: DeliveryOutcome): boolean {
  const next = afterTransmission(outcome, message, round.now(), round.maxRepeats ?? MAX_REPEATS);
  settleAs(round, message, next);
  const served = outcome.kind === 'not-sent' && outcome.fault !== undefined;
  if (!served) {
    round.report({
      event: `mail.${next.state}`,
      message: String(message.id),
      ...(outcome.kind === 'accepted'
        ? { delaySeconds: Math.round((round.now().getTime() - message.firstDueAt.getTime()) / 1000) }
        : { detail: outcome.reason }),
    });
  }
  return next.state === 'sent';
}

/** Where it cannot be written down now, it is kept in mind: the answer of the server is not asked for twice. */
function settleAs({ outbox, unwritten, now }: Round, message: ClaimedMessage, next: NextState): void {
  const at = now();
  try {
    outbox.settle(message, next, at);
  } catch (error) {
    unwritten.push({ message, next, at });
    throw error;
  }
}

/** A service that fails as a whole is left alone for a while, and what waits for it stays as it is. */
function watchService(
  { outbox, report, now }: Round,
  circuits: Map<string, Circuit>,
  channel: string,
  outcome: DeliveryOutcome,
): void {
  const before = circuits.get(channel);
  if (outcome.kind === 'not-sent' && outcome.fault) {
    const circuit = afterServiceFailure(
      channel,
      before,
      { fault: outcome.fault, reason: outcome.reason },
      now(),
    );
    outbox.openCircuit(circuit);
    circuits.set(channel, circuit);
    if (isNews(circuit, before)) report({ event: `${channel}.failed`, detail: outcome.reason });
  } else if (before && (outcome.kind === 'accepted' || outcome.kind === 'refused')) {
    outbox.closeCircuit(channel);
    circuits.delete(channel);
    report({ event: `${channel}.works-again` });
  }
}
