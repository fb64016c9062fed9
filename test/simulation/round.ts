import { isAppError } from '../../src/domain/error.ts';
import type { MailContext } from '../../src/remind/compose.ts';
import { deliverDue, takeBack } from '../../src/remind/deliver.ts';
import type { ClaimedMessage } from '../../src/remind/reminder.ts';
import { sweep } from '../../src/remind/sweep.ts';
import type { Payload, Transmission } from './ledger.ts';
import { keyText, sentKey } from './ledger.ts';
import { begin } from './oracle.ts';
import type { Begun, SimulatedProcess, Surroundings } from './process.ts';
import { Crash, openChannel, openProcess, wrapOutbox } from './process.ts';
import type { Meanwhile, Point, RoundPlan, Worker } from './schedule.ts';
import { CALM } from './schedule.ts';
import type { Session } from './session.ts';
import { advance, change, INSTALL_ID } from './session.ts';
import { days } from './world.ts';

/** As the daemon has it. */
const SENDING_MS = 50_000;

/** One round of the daemon: recover, plan, gather, send. An error that people can act on is told, and the next round comes. */
export async function round(session: Session, process: SimulatedProcess, plan: RoundPlan): Promise<boolean> {
  Object.assign(process, { plan, calls: 0, sends: 0, failing: 0, fresh: false });
  session.counts.rounds++;
  const planned = ++session.tick;
  for (const other of session.going) session.besides.add(other);
  session.going.add(planned);
  const fresh: Transmission[] = [];
  try {
    await work(session, process, surround(session, planned, fresh), plan);
    return true;
  } catch (error) {
    if (process.dead || error instanceof Crash) return false;
    if (!isAppError(error)) throw error;
    session.log(`${process.name}: ${error.message}`);
    return false;
  } finally {
    session.going.delete(planned);
  }
}

async function work(
  session: Session,
  process: SimulatedProcess,
  around: Surroundings,
  plan: RoundPlan,
): Promise<void> {
  const { stores, variant, db, truth } = session;
  const { policy, maxRepeats, credentials } = truth.world;
  const outbox = wrapOutbox(process, variant?.outbox?.(stores.outbox, db) ?? stores.outbox, around);
  const poisoned = plan.poison === undefined ? undefined : credentials[plan.poison]?.name;
  const now = () => new Date(session.now);
  const report = ({ event, detail }: { event: string; detail?: string }) => {
    session.log(`${process.name}: ${event}${detail ? ` (${detail})` : ''}`);
  };
  const begun = now();
  // As the daemon's cycle does it, in this order.
  takeBack({ outbox, unwritten: process.unwritten, now });
  if (
    !process.plannedAllAt ||
    begun < process.plannedAllAt ||
    begun.getTime() >= process.plannedAllAt.getTime() + days(1)
  ) {
    outbox.replanAll();
    process.plannedAllAt = begun;
  }
  if (!outbox.isIdle(begun)) sweep({ outbox, find: stores.register.find, policy, now, report });
  if (outbox.waiting().length === 0 && process.unwritten.length === 0) return;
  const names = ['mail', ...(policy.webhooks.length > 0 ? ['webhook'] : [])];
  const channels = names.map((name) => openChannel(name, process, around));
  const context: MailContext = {
    policy,
    command: 'reseal',
    settingsPage: () => undefined,
    outages: [],
    undelivered: [],
    configurationTrouble: undefined,
    calendar: undefined,
  };
  await deliverDue({
    outbox,
    find: (name) => {
      const found = stores.register.find(name);
      return found && name === poisoned ? undefined : found;
    },
    context: () => context,
    identity: { installId: INSTALL_ID, domain: 'example.org' },
    channels: new Map(channels.map((channel) => [channel.name, variant?.channel?.(channel) ?? channel])),
    epoch: process.epoch,
    now,
    report,
    stopping: () => false,
    maxRepeats,
    until: new Date(begun.getTime() + SENDING_MS),
    unwritten: process.unwritten,
  });
}

function surround(session: Session, planned: number, fresh: Transmission[]): Surroundings {
  return {
    meanwhile: (what) => meanwhile(session, what),
    worker: (what) => secondWorker(session, what),
    park: (process, point) => parkings.get(process)?.(point),
    begin: (process, to, payload) => transmission(session, planned, fresh, process, to, payload),
    settled: (process, message, state, done) => settled(session, process, message, state, done),
    refused: ({ id }) => session.ledger.refused.add(id),
    leftOut: ({ channel, recipient }, key) =>
      session.ledger.leftOut.add(keyText(key, `${channel}|${recipient}`)),
    noted: (event, detail) => noted(session, event, detail),
  };
}

function meanwhile(session: Session, what: Meanwhile): void {
  session.disturbed = true;
  if (what.kind === 'advance') advance(session, what.ms);
  else change(session, what.change);
}

function transmission(
  session: Session,
  planned: number,
  fresh: Transmission[],
  process: SimulatedProcess,
  to: string,
  bytes: Uint8Array,
): Begun {
  const text = new TextDecoder().decode(bytes);
  const payload = JSON.parse(text) as Payload;
  const { sent, staleRepeat } = begin(session, {
    tick: ++session.tick,
    at: session.now,
    sender: process,
    message: process.claimed?.id ?? 0,
    claim: process.claimed?.claim ?? 0,
    to,
    bytes: text,
    payload,
    planned,
    contended: session.going.size > 1,
    fresh,
  });
  if (sent.repeat) session.counts.repeats++;
  else fresh.push(sent);
  if (staleRepeat) session.counts.staleRepeats++;
  session.log(
    `${process.name} ${sent.repeat ? 'repeats' : 'sends'} ${payload.keys.map((key) => keyText(key, '')).join(', ')}to ${to}`,
  );
  return {
    keys: payload.keys.length,
    accept: () => {
      sent.accepted = true;
      session.counts.accepted++;
    },
    answer: (known) => {
      sent.answer = known;
      if (known === 'lost') session.counts.lostAnswers++;
    },
  };
}

/** What is written down is known for good; where somebody else has taken it over, nobody will know. */
function settled(
  session: Session,
  process: SimulatedProcess,
  message: ClaimedMessage,
  state: string,
  done: boolean,
): void {
  const sent = session.ledger.all.findLast(
    (one) => one.sender === process && one.message === message.id && one.claim === message.claim,
  );
  if (sent?.answer === 'heard') sent.answer = done ? 'durable' : 'lost';
  if (!done || state !== 'dead') return;
  const to = `${message.channel}|${message.recipient}`;
  for (const key of message.reminders) session.ledger.givenUp.add(keyText(sentKey(key), to));
}

function noted(session: Session, event: Parameters<Surroundings['noted']>[0], detail: unknown): void {
  if (event === 'crash') session.counts.crashes++;
  if (event === 'full') session.counts.diskFull++;
  if (event === 'claim') session.claims.push(detail as ClaimedMessage);
  if (event === 'split') {
    const { reminders, channel, recipient } = detail as ClaimedMessage;
    for (const key of reminders) session.ledger.split.add(keyText(sentKey(key), `${channel}|${recipient}`));
  }
  if (event === 'mismatch') session.findings.push({ invariant: 'I6 payload', detail: String(detail) });
  else if (event !== 'claim' && event !== 'split') session.log(`${event}: ${String(detail)}`);
}

/** Where a second worker stops, by process. */
const parkings = new WeakMap<SimulatedProcess, (point: Point) => Promise<void> | undefined>();

async function secondWorker(session: Session, { round: plan, parked }: Worker): Promise<void> {
  session.disturbed = true;
  session.counts.secondWorkers++;
  const process = openProcess(`second-${session.counts.secondWorkers}`, CALM);
  const arrived = Promise.withResolvers<void>();
  const going = Promise.withResolvers<void>();
  parkings.set(process, (point) => {
    if (point !== parked) return undefined;
    arrived.resolve();
    return going.promise;
  });
  const over = round(session, process, plan).then(() => {
    process.dead = true;
  });
  session.parked.push({ go: going.resolve, over });
  await Promise.race([over, arrived.promise]);
}
