import type { App } from '../app.ts';
import { takeSendingLock } from '../daemon.ts';
import type { Declaration } from '../domain/credential.ts';
import { describeError } from '../domain/error.ts';
import type { Kind } from '../kinds/kind.ts';
import { deliverDue, takeBack } from '../remind/deliver.ts';
import { sweep } from '../remind/sweep.ts';
import type { RotationCard } from '../rotate/rotation.ts';
import { planningOf, roundOf } from '../sending.ts';
import { heldSince } from '../sqlite/hold.ts';
import { listTroubles } from '../sqlite/installation.ts';
import type { Lock } from '../sqlite/lock.ts';
import { noteReach } from '../storage-watch.ts';
import type { Context } from './command.ts';

const WAITING =
  'warning: mail is waiting to be sent: start the daemon, or run `reseal remind`; `reseal outbox` says why';
/** What is printed at the end is out by then. */
const EXIT_MS = 200;

export type Standing = 'revoked' | 'leaked';

/** Mail about an alarm on its way, beside the form. */
export interface Sending {
  /** Waits for its end, `ms` at most; what is left is sent later. */
  finish(ms: number): Promise<void>;
}

/**
 * Records that a credential is revoked or leaked, and queues it for every owner, durably, before anything else is done. The
 * daemon sends; where none runs, this process does, beside the form.
 */
export function raiseAlarm(
  { places, world, out }: Context,
  app: App,
  name: string,
  standing: Standing,
): Sending {
  const isNew = app.register.declare(name, standing, world.now());
  let failed: string | undefined;
  const report = ({ event, detail }: { event: string; detail?: string }) => {
    if (event === 'plan.failed') failed = detail;
  };
  const lock = takeSendingLock(app.db, places, world, report);
  if (lock) takeBack({ outbox: app.outbox, unwritten: [], now: world.now });
  sweep(planningOf(app, report));
  out.talk(
    isNew
      ? `recorded: "${name}" ${standing === 'leaked' ? 'has leaked' : 'is revoked'}; mail to every owner is queued`
      : `"${name}" is recorded as ${app.register.find(name)?.current?.standing ?? standing} already`,
  );
  if (failed) out.talk(`warning: nobody could be told of it: ${failed}`);
  if (!lock) {
    out.talk('the daemon that is running sends the mail within a minute');
    return { finish: async () => undefined };
  }
  if (heldSince(app.db)) {
    lock.release();
    const reason = listTroubles(app.db).find(({ name: trouble }) => trouble === 'held')?.detail ?? '';
    out.talk(`warning: the mail about it is held: ${reason}`);
    return { finish: async () => undefined };
  }
  return sendBeside(app, lock, out);
}

function sendBeside(app: App, lock: Lock, out: Context['out']): Sending {
  const { world } = app;
  let given: 'time' | 'up' = 'time';
  let over = false;
  const send = async () => {
    const epoch = world.randomBytes(8).toString('hex');
    const run = { epoch, stopping: () => given === 'up', unwritten: [], report: () => undefined };
    try {
      const { sent, failed } = await deliverDue(await roundOf(app, run));
      noteReach(app.db, world.now(), run.report);
      if (given === 'up') return;
      const left = app.outbox.waiting().length;
      if (sent > 0) out.talk(`${sent} ${sent === 1 ? 'mail' : 'mails'} about it went out`);
      if (failed + left > 0) out.talk(WAITING);
    } catch (error) {
      if (given === 'time')
        out.talk(`warning: no mail could be sent now: ${describeError(error)}; run \`reseal remind\``);
    } finally {
      over = true;
      lock.release();
    }
  };
  const sending = send();
  return {
    finish: async (ms) => {
      if (over) return;
      out.talk(`mail about it is on its way: waiting for it, ${ms / 1000} s at most`);
      const patience = Promise.withResolvers<void>();
      const timer = setTimeout(patience.resolve, ms);
      await Promise.race([sending, patience.promise]);
      clearTimeout(timer);
      if (over) return;
      given = 'up';
      out.talk(WAITING);
      // A mail server that says nothing must not keep the process: how far the mail got stands in the database.
      setTimeout(() => process.exit(), EXIT_MS).unref();
    },
  };
}

/** What to do in an alarm, in the order of the harm, for page and terminal. */
export function alarmCard(
  app: App,
  declaration: Declaration,
  kind: Kind,
): NonNullable<RotationCard['alarm']> | undefined {
  const current = app.register.find(declaration.name)?.current;
  if (!current || current.standing === 'good') return undefined;
  const { standing } = current;
  if (standing === 'revoked')
    return {
      standing,
      steps: [
        {
          text: `Whatever uses it fails until a new one is stored: make the new one at ${kind.issuer} and paste it below.`,
        },
      ],
    };
  const since = (current.createdAt ?? current.recordedAt).toISOString().slice(0, 10);
  const itself = kind.revoking ? ` ${kind.revoking}` : '';
  return {
    standing,
    steps: [
      ...(current.revokedAt
        ? []
        : [
            {
              text: `Revoke the old one now at ${kind.issuer}, before anything else.${itself}`,
              link: kind.pages?.revoke,
            },
          ]),
      { text: `Make the new one at ${kind.issuer} and paste it below.`, link: kind.pages?.make },
      {
        text: `Then look through everything that was published with the old one since ${since}, and withdraw what is not yours.`,
      },
      {
        text: 'Jobs that wait for an approval read the secret when they start, so they get the new one: refuse those that you do not know. Jobs that run already hold the old one.',
      },
    ],
  };
}
