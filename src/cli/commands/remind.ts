import type { App } from '../../app.ts';
import { openUsedApp } from '../../app.ts';
import { takeSendingLock } from '../../daemon.ts';
import { isMailAddress } from '../../domain/address.ts';
import { formatInstant } from '../../domain/calendar.ts';
import { AppError } from '../../domain/error.ts';
import type { Delivered } from '../../remind/deliver.ts';
import { deliverDue, takeBack } from '../../remind/deliver.ts';
import { previewDue } from '../../remind/preview.ts';
import { sweep } from '../../remind/sweep.ts';
import { planningOf, roundOf } from '../../sending.ts';
import { heldSince } from '../../sqlite/hold.ts';
import { listTroubles } from '../../sqlite/installation.ts';
import { noteReach } from '../../storage-watch.ts';
import type { Context, Run } from '../command.ts';
import { textOption } from '../command.ts';
import { sendSample } from '../sample-mail.ts';
import { describe } from './outbox.ts';

/** One sweep now; what it would send; or one mail with the real template. */
export const run: Run = async (context, given) => {
  const app = await openUsedApp(context.places, context.world);
  try {
    app.ensureSomebodyIsTold();
    app.syncRegister();
    const test = textOption(given, 'test');
    if (test !== undefined && given.options['dryRun'] === true) {
      throw new AppError('invalid_input', '--dry-run sends nothing, and --test sends a mail: choose one');
    }
    if (test !== undefined) return await sendTest(context, app, test);
    return given.options['dryRun'] === true ? showPlan(context, app) : await sweepNow(context, app);
  } finally {
    app.close();
  }
};

function showPlan({ out, world }: Context, app: App): number {
  const names = app.register.list().map(({ declaration }) => declaration.name);
  const due = previewDue(
    planningOf(app, () => undefined),
    names,
  );
  if (out.json) {
    out.resultJson({ schemaVersion: 1, now: formatInstant(world.now()), due });
    return due.length > 0 ? 1 : 0;
  }
  if (due.length === 0) out.result('nothing is due');
  for (const reminder of due) {
    const covers =
      reminder.topic === 'expiry' && reminder.covers.length > 0
        ? `; also for ${reminder.covers.join(', ')} days before`
        : '';
    const about = describe({ ...reminder, channel: '', recipient: '' });
    out.result(`${about}, version ${reminder.version}: to ${reminder.recipients.join(', ')}${covers}`);
  }
  return due.length > 0 ? 1 : 0;
}

/** Only the holder of the daemon's lock sends: beside a running daemon, this queues. */
async function sweepNow({ world, places, out }: Context, app: App): Promise<number> {
  const report = ({ event, detail }: { event: string; detail?: string }) => {
    // Why it is held is said at the end, also where it was held before.
    if (event !== 'mail.sent' && event !== 'storage.held') out.talk(`${event}${detail ? `: ${detail}` : ''}`);
  };
  const lock = takeSendingLock(app.db, places, world, report);
  const held = heldSince(app.db);
  const run = { epoch: world.randomBytes(8).toString('hex'), stopping: () => false, unwritten: [] };
  let unplanned = 0;
  let delivered: Delivered | undefined;
  try {
    if (lock) takeBack({ outbox: app.outbox, unwritten: run.unwritten, now: world.now });
    unplanned = sweep(planningOf(app, report));
    if (lock && !held) {
      delivered = await deliverDue(await roundOf(app, { ...run, report }));
      noteReach(app.db, world.now(), report);
    }
  } finally {
    lock?.release();
  }
  const waiting = app.outbox.waiting();
  if (out.json) {
    out.resultJson({
      schemaVersion: 1,
      sent: delivered?.sent ?? 0,
      failed: delivered?.failed ?? 0,
      waiting: waiting.length,
      queued: delivered === undefined,
      heldSince: held ? formatInstant(held) : null,
    });
  } else if (held) {
    out.result(`${waiting.length} held: nothing goes out since ${formatInstant(held)}`);
    out.talk(listTroubles(app.db).find(({ name }) => name === 'held')?.detail ?? '');
    out.hint('start sending again with: reseal resume');
  } else if (delivered) {
    out.result(`${delivered.sent} sent, ${waiting.length} waiting`);
    if (waiting.length > 0) out.hint('why: reseal outbox');
  } else {
    out.result(`${waiting.length} queued: the daemon that is running sends them within a minute`);
  }
  const isLeft = waiting.length > 0 && (delivered !== undefined || held !== undefined);
  return unplanned > 0 || isLeft ? 1 : 0;
}

async function sendTest({ out }: Context, app: App, address: string): Promise<number> {
  if (!isMailAddress(address)) {
    throw new AppError('invalid_input', '--test takes a bare mail address', {
      hints: ['--test joao@example.org'],
    });
  }
  const outcome = await sendSample(app, address);
  const accepted = outcome.kind === 'accepted';
  const detail = accepted ? undefined : outcome.reason;
  if (out.json)
    out.resultJson({ schemaVersion: 1, recipient: address, outcome: outcome.kind, reason: detail ?? null });
  else if (accepted) out.result(`a mail with the real template went to ${address}; nothing owed was touched`);
  if (accepted) return 0;
  throw new AppError('refused', detail ?? 'the mail did not go out', {
    hints: ['check the file that mail.url-file names, and the mail server'],
  });
}
