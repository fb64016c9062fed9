import type { App } from '../../app.ts';
import { openUsedApp } from '../../app.ts';
import { endOfLocalDay, formatInstant, parseInstant } from '../../domain/calendar.ts';
import { AppError } from '../../domain/error.ts';
import { chunks, formatTold, MOST_NAMED } from '../../history/about.ts';
import type { ReminderKey } from '../../remind/reminder.ts';
import { sweep } from '../../remind/sweep.ts';
import { planningOf } from '../../sending.ts';
import { assumeSent, heldSince, release } from '../../sqlite/hold.ts';
import { noteHead, readHead } from '../../sqlite/noted-head.ts';
import type { Given, Run } from '../command.ts';
import { textOption } from '../command.ts';
import type { Output } from '../output.ts';
import { describe } from './outbox.ts';

/** Lets sending go on after a restore. What a mail may have gone out for by then is not sent again, unless a person wants it. */
export const run: Run = async (context, given) => {
  const { out, world } = context;
  const app = await openUsedApp(context.places, world);
  try {
    app.ensureSomebodyIsTold();
    app.syncRegister();
    const since = heldSince(app.db);
    if (!since) {
      if (out.json) out.resultJson({ schemaVersion: 1, held: false, assumedSent: [], goingOut: [] });
      else out.result('nothing is held: mail goes out as it falls due');
      return 0;
    }
    const until = assumedUntil(given, since, app.config.timezone);
    const isRehearsal = given.options['dryRun'] === true;
    const found = isRehearsal ? rehearse(app, until) : resume(app, until);
    if (out.json) out.resultJson({ schemaVersion: 1, held: isRehearsal, ...asJson(until, found) });
    else print(out, until, found, isRehearsal);
    return 0;
  } finally {
    app.close();
  }
};

/** @returns undefined: nothing is taken for sent */
function assumedUntil(given: Given, since: Date, timeZone: string): Date | undefined {
  const text = textOption(given, 'assumeSentUntil');
  if (given.options['sendAll'] === true) {
    if (text === undefined) return undefined;
    throw new AppError(
      'invalid_input',
      '--send-all sends everything that is due: it goes without --assume-sent-until',
    );
  }
  if (text === undefined) return since;
  const from = parseInstant(text);
  if (from > since)
    throw new AppError(
      'invalid_input',
      `--assume-sent-until lies after ${formatInstant(since)}, since when nothing can have been sent`,
      {
        hints: ['--assume-sent-until 2027-05-20, or an instant such as 2027-05-20T12:00:00Z'],
      },
    );
  // Of a day, all that went out on it counts.
  const until = BARE_DATE.test(text) ? endOfLocalDay(text, timeZone) : from;
  return until < since ? until : since;
}

const BARE_DATE = /^\d{4}-\d{2}-\d{2}$/;

interface Found {
  readonly assumed: readonly ReminderKey[];
  readonly going: readonly ReminderKey[];
}

/** In one transaction: a process that is killed on the way leaves it held. */
function resume(app: App, until: Date | undefined): Found {
  const { db, identity } = app;
  return db.transaction(() => {
    const found = settle(app, until);
    const head = readHead(db.connection);
    // Within it, else a round of the daemon in between finds the history cut off, and holds again.
    if (head) noteHead(db.connection.name, identity.installId, head);
    return found;
  });
}

/** The same, taken back. */
function rehearse(app: App, until: Date | undefined): Found {
  let found: Found = { assumed: [], going: [] };
  const over = new Error('only a rehearsal');
  try {
    app.db.transaction(() => {
      found = settle(app, until);
      throw over;
    });
  } catch (error) {
    if (error !== over) throw error;
  }
  return found;
}

function settle(app: App, until: Date | undefined): Found {
  const { db, outbox, history, world } = app;
  const at = world.now();
  outbox.replanAll();
  sweep(planningOf(app, () => undefined));
  const assumed = until ? assumeSent(db, until) : [];
  for (const [recipient, keys] of Map.groupBy(assumed, (key) => key.recipient)) {
    for (const part of chunks(keys.map(formatTold), MOST_NAMED)) {
      const detail = { channel: keys[0]?.channel ?? '', reminders: part };
      const result = `fell due by ${formatInstant(until ?? at)}, and was not sent again after a restore`;
      history.append({ type: 'mail.assumed-sent', subject: recipient, result, detail }, at);
    }
  }
  release(db);
  const result = until
    ? `what fell due by ${formatInstant(until)} was taken for sent`
    : 'all that is due is sent';
  history.append(
    { type: 'installation.resumed', subject: 'reseal', result, detail: { assumedSent: assumed.length } },
    at,
  );
  const waiting = outbox.waiting().filter(({ nextAttemptAt }) => nextAttemptAt !== undefined);
  const owed = outbox.owed().filter(({ state, dueAt }) => state === 'owed' && dueAt <= at);
  return { assumed, going: [...waiting.flatMap(({ reminders }) => reminders), ...owed] };
}

function asJson(until: Date | undefined, { assumed, going }: Found): object {
  return {
    assumedSentUntil: until ? formatInstant(until) : null,
    assumedSent: assumed.map(keyAsJson),
    goingOut: going.map(keyAsJson),
  };
}

function keyAsJson({ credential, version, topic, leadDays, channel, recipient }: ReminderKey): object {
  return { credential, version, topic, leadDays, channel, recipient };
}

const MOST_LINES = 40;

function print(out: Output, until: Date | undefined, { assumed, going }: Found, isRehearsal: boolean): void {
  if (until) list(out, `taken for sent, since it fell due by ${formatInstant(until)}`, assumed);
  list(out, isRehearsal ? 'would go out' : 'goes out now', going);
  if (isRehearsal) {
    out.hint(
      'let it go on: reseal resume; or with another date: --assume-sent-until DATE; or send it all: --send-all',
    );
    return;
  }
  out.result('sending goes on: the daemon sends within a minute, and each next lead time comes in its time');
}

function list(out: Output, title: string, keys: readonly ReminderKey[]): void {
  out.result(`${title}: ${keys.length === 0 ? 'nothing' : keys.length}`);
  for (const key of keys.slice(0, MOST_LINES)) out.result(`  ${describe(key)} to ${key.recipient}`);
  if (keys.length > MOST_LINES) out.result(`  and ${keys.length - MOST_LINES} more: --json lists them all`);
}
