import { describeError } from '../domain/error.ts';
import type { MailContext } from './compose.ts';
import { composeMessage } from './compose.ts';
import { afterTransmission } from './outcome.ts';
import type { ReminderPolicy } from './plan.ts';
import { planReminders } from './plan.ts';
import type { Channel, ClaimedMessage, DeliveryOutcome, Outbox, Reminded } from './reminder.ts';

/** What one round needs. `epoch` names the run of the daemon that holds the lock. */
export interface Round {
  readonly outbox: Outbox;
  readonly credentials: () => readonly Reminded[];
  readonly policy: ReminderPolicy;
  readonly context: MailContext;
  /** Undefined: no mail server is configured, so everything stays owed and visible. */
  readonly channel: Channel | undefined;
  readonly epoch: string;
  readonly now: () => Date;
  readonly report: (event: {
    readonly event: string;
    readonly message?: string;
    readonly detail?: string;
  }) => void;
  readonly stopping: () => boolean;
}

/**
 * Plans what has fallen due. Separate from sending, and harmless to repeat. One credential that cannot be planned is
 * told, and stops no other. @returns how many could not
 */
export function planAll(round: Pick<Round, 'outbox' | 'credentials' | 'policy' | 'now' | 'report'>): number {
  const now = round.now();
  let failed = 0;
  for (const credential of round.credentials()) {
    const { declaration, current } = credential;
    try {
      const existing = current ? round.outbox.remindersOf(declaration.name, current.version) : [];
      const plan = planReminders(credential, existing, round.policy, now);
      if (plan.length > 0) round.outbox.apply(plan, now);
    } catch (error) {
      failed++;
      round.report({ event: 'plan.failed', detail: `${declaration.name}: ${describeError(error)}` });
    }
  }
  round.outbox.gather(now);
  return failed;
}

/** Sends what is due, most urgent first. One message that fails never stops the next. @returns how many went out */
export async function deliverDue(round: Round): Promise<{ sent: number; failed: number }> {
  let sent = 0;
  let failed = 0;
  const { channel } = round;
  if (!channel) return { sent, failed };
  // Each message is claimed once a round at most, since a failure moves its next attempt into the future.
  for (;;) {
    if (round.stopping()) break;
    const message = round.outbox.claim(round.epoch, round.now());
    if (!message) break;
    if (await deliverOne(round, channel, message)) sent++;
    else failed++;
  }
  return { sent, failed };
}

async function deliverOne(round: Round, channel: Channel, message: ClaimedMessage): Promise<boolean> {
  const ready = message.payload
    ? { message, payload: message.payload }
    : await render(round, channel, message);
  if (!ready) return false;
  if (!round.outbox.keepPayload(ready.message, ready.payload)) return false;
  return settle(round, message, await transmit(round.outbox, channel, ready.message, ready.payload));
}

/** An error of the channel's own is an outcome like others: what it was doing says whether the mail may have left. */
async function transmit(
  outbox: Outbox,
  channel: Channel,
  message: ClaimedMessage,
  payload: Uint8Array,
): Promise<DeliveryOutcome> {
  let begun = false;
  try {
    return await channel.send(message.recipient, payload, () => {
      if (!outbox.markData(message)) throw new Error('the claim was taken over');
      begun = true;
    });
  } catch (error) {
    return { kind: begun ? 'unclear' : 'not-sent', reason: describeError(error) };
  }
}

function settle(round: Round, message: ClaimedMessage, outcome: DeliveryOutcome): boolean {
  const now = round.now();
  const next = afterTransmission(outcome, message, now);
  round.outbox.settle(message, next, now);
  round.report({
    event: `mail.${next.state}`,
    message: message.id,
    ...(outcome.kind === 'accepted' ? {} : { detail: outcome.reason }),
  });
  return next.state === 'sent';
}

const HOUR_MS = 3_600_000;
/** From here on, what cannot be rendered is no passing fault. */
const RENDER_TRIES = 5;

/**
 * Renders what can be rendered. A reminder that cannot holds nothing else up: it is left out and tried again alone; a
 * message of which nothing can be rendered waits with its reason, and is dead after five tries. Either shows in `status`.
 */
async function render(
  round: Round,
  channel: Channel,
  message: ClaimedMessage,
): Promise<{ readonly message: ClaimedMessage; readonly payload: Uint8Array } | undefined> {
  const now = round.now();
  const known = new Map(round.credentials().map((credential) => [credential.declaration.name, credential]));
  const good = message.reminders.filter((reminder) => canRender(round, message, reminder, known));
  if (good.length === 0) {
    settleUnrendered(round, message);
    return undefined;
  }
  for (const reminder of message.reminders) {
    if (!good.includes(reminder))
      round.outbox.leaveOut(message, reminder.id, new Date(now.getTime() + HOUR_MS));
  }
  const content = composeMessage(good, known, round.context, now);
  const draft = { messageId: message.messageId, recipient: message.recipient, at: now, ...content };
  try {
    return { message: { ...message, reminders: good }, payload: await channel.render(draft) };
  } catch (error) {
    settle(round, message, { kind: 'not-sent', reason: describeError(error) });
    return undefined;
  }
}

function canRender(
  round: Round,
  message: ClaimedMessage,
  reminder: ClaimedMessage['reminders'][number],
  known: ReadonlyMap<string, Reminded>,
): boolean {
  try {
    composeMessage([reminder], known, round.context, round.now());
    return true;
  } catch (error) {
    round.report({ event: 'mail.not-rendered', message: message.id, detail: describeError(error) });
    return false;
  }
}

function settleUnrendered({ outbox, now }: Round, message: ClaimedMessage): void {
  const state = message.attempts < RENDER_TRIES ? 'pending' : 'dead';
  const error = `the mail about ${message.reminders.map(({ credential }) => `"${credential}"`).join(', ')} could not be rendered`;
  outbox.settle(
    message,
    { state, nextAttemptAt: new Date(now().getTime() + HOUR_MS), code: undefined, error },
    now(),
  );
}
