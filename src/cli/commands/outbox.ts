import type { App } from '../../app.ts';
import { openUsedApp } from '../../app.ts';
import { formatInstant } from '../../domain/calendar.ts';
import { AppError } from '../../domain/error.ts';
import type { Reminder, ReminderKey, WaitingMessage } from '../../remind/reminder.ts';
import type { Context, Run } from '../command.ts';
import type { Output } from '../output.ts';
import { table } from '../output.ts';

/** What is owed and why it is not delivered; `retry ID` has a message that was given up sent again. */
export const run: Run = async (context, given) => {
  const app = await openUsedApp(context.places, context.world);
  try {
    const [verb, id] = given.arguments;
    if (verb === undefined) return show(context, app);
    if (verb !== 'retry' || id === undefined) {
      throw new AppError('invalid_input', 'expected nothing, or: retry ID', {
        hints: ['reseal outbox retry 12'],
      });
    }
    if (!/^[1-9]\d{0,14}$/.test(id) || !app.outbox.retry(Number(id), context.world.now())) {
      throw new AppError('invalid_input', 'no undelivered message has that number', {
        hints: ['`reseal outbox` lists them'],
      });
    }
    if (context.out.json) context.out.resultJson({ schemaVersion: 1, id, state: 'pending' });
    else context.out.result(`message ${id} is sent again; the daemon does it within a minute`);
    return 0;
  } finally {
    app.close();
  }
};

function show({ out }: Context, app: App): number {
  const messages = app.outbox.waiting();
  const owed = app.outbox.owed();
  const circuits = app.outbox.circuits();
  if (out.json) {
    out.resultJson({
      schemaVersion: 1,
      messages: messages.map(messageAsJson),
      owed: owed.map((reminder) => ({
        ...keyAsJson(reminder),
        state: reminder.state,
        channel: reminder.channel,
        recipient: reminder.recipient,
        dueAt: formatInstant(reminder.dueAt),
      })),
      circuits: circuits.map(({ channel, fault, reason, failures, since, nextTryAt }) => ({
        channel,
        fault,
        reason,
        failures,
        since: formatInstant(since),
        nextTryAt: formatInstant(nextTryAt),
      })),
    });
  } else {
    print(out, messages, owed);
    for (const { channel, reason, since, nextTryAt } of circuits) {
      out.result(
        out.style(
          'yellow',
          `${channel}: ${reason}, since ${formatInstant(since)}; next try at ${formatInstant(nextTryAt)}`,
        ),
      );
    }
  }
  const stuck = messages.some(({ state, lastError }) => state === 'dead' || lastError !== undefined);
  return stuck || circuits.length > 0 || owed.some(({ state }) => state === 'dead') ? 1 : 0;
}

function print(out: Output, messages: readonly WaitingMessage[], owed: readonly Reminder[]): void {
  if (messages.length + owed.length === 0) out.result('everything that was owed has been delivered');
  if (messages.length > 0) {
    const header = ['ID', 'STATE', 'TO', 'ABOUT', 'TRIES', 'NEXT TRY', 'WHY'].map((title) =>
      out.style('dim', title),
    );
    out.result(table([header, ...messages.map((message) => row(message))], out.terminal));
    if (messages.some(({ state }) => state === 'dead'))
      out.hint('once the reason is mended: reseal outbox retry ID');
  }
  for (const reminder of owed) {
    const why =
      reminder.state === 'dead' ? 'cannot be put into words: please report it' : 'waits for its hour';
    out.result(`owed to ${reminder.recipient}: ${describe(reminder)} (${why})`);
  }
}

function row({
  id,
  state,
  recipient,
  reminders,
  attempts,
  nextAttemptAt,
  lastError,
}: WaitingMessage): readonly string[] {
  return [
    String(id),
    state,
    recipient,
    reminders.map(describe).join(', '),
    String(attempts),
    nextAttemptAt ? formatInstant(nextAttemptAt) : '-',
    lastError ?? '-',
  ];
}

export function describe({ credential, topic, leadDays }: ReminderKey): string {
  if (topic === 'configuration') return 'the configuration';
  if (topic === 'history') return 'the history';
  if (topic === 'recipients') return 'who is told no more';
  if (topic === 'findings') return credential.replace('pipeline:', 'the pipeline ');
  if (topic !== 'expiry') return `${credential} (${topic})`;
  if (leadDays === 0) return `${credential} (the day it expires)`;
  const days = `${Math.abs(leadDays)} ${Math.abs(leadDays) === 1 ? 'day' : 'days'}`;
  return `${credential} (${days} ${leadDays > 0 ? 'before' : 'after'})`;
}

function keyAsJson({ credential, version, topic, leadDays }: ReminderKey): object {
  return { credential, version, topic, leadDays };
}

function messageAsJson(message: WaitingMessage): object {
  return {
    id: String(message.id),
    state: message.state,
    channel: message.channel,
    recipient: message.recipient,
    reminders: message.reminders.map(keyAsJson),
    attempts: message.attempts,
    lastError: message.lastError ?? null,
    nextAttemptAt: message.nextAttemptAt ? formatInstant(message.nextAttemptAt) : null,
  };
}
