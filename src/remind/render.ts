import { describeError, isAppError } from '../domain/error.ts';
import type { MailContext } from './compose.ts';
import { composeMessage } from './compose.ts';
import type { Identity } from './message-id.ts';
import { messageIdOf } from './message-id.ts';
import type { Carried, Channel, ClaimedMessage, Outbox, Reminded } from './reminder.ts';
import type { Report } from './sweep.ts';

/** What rendering needs of a round. */
interface Rendering {
  readonly outbox: Outbox;
  readonly find: (name: string) => Reminded | undefined;
  readonly context: () => MailContext;
  readonly identity: Identity;
  readonly now: () => Date;
  readonly report: Report;
}

const HOUR_MS = 3_600_000;

/**
 * Renders what can be rendered. A reminder that cannot holds nothing else up: it leaves its message, and is tried again alone.
 *
 * @returns the message with what it says, or undefined where nothing could be said
 */
export async function renderMessage(
  rendering: Rendering,
  channel: Channel,
  message: ClaimedMessage,
): Promise<{ readonly message: ClaimedMessage; readonly payload: Uint8Array } | undefined> {
  const { outbox, report } = rendering;
  const until = new Date(rendering.now().getTime() + HOUR_MS);
  const leaveOut = (reminder: Carried, error: unknown) => {
    outbox.leaveOut(message, reminder, until);
    report({
      event: 'mail.not-rendered',
      message: String(message.id),
      detail: `${reminder.credential}: ${describeError(error)}`,
    });
  };
  const render = async (reminders: readonly Carried[]) => {
    const draft = {
      messageId: messageIdOf(reminders, rendering.identity),
      recipient: message.recipient,
      at: rendering.now(),
      ...compose(rendering, reminders),
    };
    return { message: { ...message, reminders }, payload: await channel.render(draft) };
  };
  let failure: unknown;
  try {
    return await render(message.reminders);
  } catch (error) {
    // Who was to render it has ended: that says nothing of what it carries.
    if (isAppError(error, 'unavailable')) throw error;
    failure = error;
  }
  // Rarely: which of them is to blame?
  const good = message.reminders.filter((reminder) => {
    try {
      compose(rendering, [reminder]);
      return true;
    } catch (error) {
      leaveOut(reminder, error);
      return false;
    }
  });
  if (good.length === 0) return undefined;
  try {
    if (good.length < message.reminders.length) return await render(good);
  } catch (error) {
    if (isAppError(error, 'unavailable')) throw error;
    failure = error;
  }
  // Each says something alone and together they do not: in halves, down to the one that is to blame.
  if (outbox.split({ ...message, reminders: good }, rendering.now())) return undefined;
  for (const reminder of good) leaveOut(reminder, failure);
  return undefined;
}

function compose({ find, context, now }: Rendering, reminders: readonly Carried[]) {
  const names = [...new Set(reminders.map(({ credential }) => credential))];
  const known = names.map((name) => [name, find(name)] as const);
  const credentials = new Map(
    known.filter((one): one is readonly [string, Reminded] => one[1] !== undefined),
  );
  return composeMessage(reminders, credentials, context(), now());
}
