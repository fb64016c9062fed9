import { openStores } from '../../src/app.ts';
import { planRegister } from '../../src/register/register.ts';
import type { Channel, ClaimedMessage, Outbox } from '../../src/remind/reminder.ts';
import type { Database } from '../../src/sqlite/database.ts';
import { applyChange } from './change.ts';
import { openLedger } from './ledger.ts';
import type { Finding, Scene } from './oracle.ts';
import type { SimulatedProcess } from './process.ts';
import { openProcess } from './process.ts';
import type { Recorder } from './recorder.ts';
import type { Change, Schedule } from './schedule.ts';
import { CALM } from './schedule.ts';
import { openTruth } from './truth.ts';

export const INSTALL_ID = 'a-simulated-installation';

/** What one schedule did. */
export interface Counts {
  simulatedMs: number;
  owed: number;
  accepted: number;
  crashes: number;
  lostAnswers: number;
  repeats: number;
  staleRepeats: number;
  diskFull: number;
  secondWorkers: number;
  rounds: number;
  lost: number;
}

/** A way to break the program: around the outbox or a channel, never in it. */
export interface Variant {
  readonly name: string;
  readonly outbox?: (inner: Outbox, db: Database) => Outbox;
  readonly channel?: (inner: Channel) => Channel;
}

/** One schedule on its way. */
export interface Session extends Recorder, Scene {
  readonly findings: Finding[];
  readonly counts: Counts;
  now: number;
  tick: number;
  main: SimulatedProcess;
  readonly variant: Variant | undefined;
  readonly log: (line: string) => void;
  /** Claims that were held once. */
  readonly claims: ClaimedMessage[];
  /** Second workers that stopped in the middle of a transmission. */
  readonly parked: { readonly go: () => void; readonly over: Promise<void> }[];
  /** Rounds that are going on, by the tick at which they began to plan. */
  readonly going: Set<number>;
  starts: number;
  /** Something was recorded in the middle of the round. */
  disturbed: boolean;
}

export function openSession(
  schedule: Schedule,
  db: Database,
  options: { readonly variant?: Variant | undefined; readonly log: (line: string) => void },
): Session {
  const { world } = schedule;
  const { policy, maxRepeats } = world;
  const stores = openStores(db, { installId: INSTALL_ID, actor: 'ada@host', policy, maxRepeats });
  const now = new Date(world.start);
  stores.register.apply(planRegister(world.credentials, []), now);
  const session: Session = {
    db,
    stores,
    truth: openTruth(world),
    ledger: openLedger(),
    declared: world.credentials,
    rotations: 0,
    findings: [],
    counts: {
      simulatedMs: 0,
      owed: 0,
      accepted: 0,
      crashes: 0,
      lostAnswers: 0,
      repeats: 0,
      staleRepeats: 0,
      diskFull: 0,
      secondWorkers: 0,
      rounds: 0,
      lost: 0,
    },
    now: world.start,
    latest: world.start,
    backAt: 0,
    besides: new Set(),
    tick: 0,
    main: openProcess('daemon-1', CALM),
    variant: options.variant,
    log: options.log,
    claims: [],
    parked: [],
    going: new Set(),
    starts: 1,
    disturbed: false,
  };
  world.issues.forEach((issue, which) => {
    if (issue) change(session, { kind: 'record', which, issue });
  });
  return session;
}

export function advance(session: Session, ms: number): void {
  session.now += ms;
  session.tick++;
  if (ms < 0) session.backAt = session.tick;
  else session.counts.simulatedMs += ms;
  session.latest = Math.max(session.latest, session.now);
  session.log(`${ms < 0 ? 'the clock is put back to' : 'it is'} ${new Date(session.now).toISOString()}`);
}

export function change(session: Session, one: Change): void {
  // With no daemon there it takes the lock, and takes back what the last one left.
  if (one.kind === 'sweep' && session.main.fresh) session.stores.outbox.recover(new Date(session.now));
  const done = applyChange(session, one, new Date(session.now), ++session.tick);
  if (one.kind === 'sweep') for (const planned of session.going) session.besides.add(planned);
  if (done) session.log(done);
}

/** Another process in place of the one before, which is dead. */
export function restart(session: Session): void {
  session.main.dead = true;
  session.main = openProcess(`daemon-${++session.starts}`, CALM);
}
