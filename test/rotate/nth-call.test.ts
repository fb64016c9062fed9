import { beforeAll, describe, expect, it } from 'vitest';
// First, so that what it wraps is wrapped before anything is bound.
import '../support/failing-calls.ts';
import type { Destination } from '../../src/domain/credential.ts';
import { confirmRotation, recoverRotations } from '../../src/rotate/recover.ts';
import type { SubmitOutcome } from '../../src/rotate/rotation.ts';
import { DESTINATION } from '../support/builders.ts';
import type { Scene } from '../support/rotation.ts';
import { CHOSEN, openScene, recoveryOf } from '../support/rotation.ts';
import { freePort } from '../support/stand-ins.ts';
import type { Plan } from '../support/torture.ts';
import { NETWORK_FAULTS, torture } from '../support/torture.ts';
import {
  expectConsistent,
  expectTrueJournal,
  holders,
  inTime,
  threw,
  watchIntents,
  watchMoves,
} from './survival.ts';

// The whole flow, as often as it makes calls: in the n-th run, the n-th call fails. The calls to the database are those of
// better-sqlite3, each statement, each begin and each commit; those to the network are requests over real sockets.

const ONE: readonly Destination[] = [DESTINATION];
const TWO: readonly Destination[] = [DESTINATION, { ...DESTINATION, environment: 'staging' }];

/** Dozens of runs each, on a machine that may be busy. */
const PATIENCE_MS = 180_000;

let closedPort = 0;
beforeAll(async () => {
  closedPort = await freePort();
});

interface Tried {
  readonly scene: Scene;
  readonly calls: number;
  /** The call that failed first. */
  readonly hit: string | undefined;
  /** What the person is told: an outcome, `refused`, or an error. */
  readonly told: string;
  readonly intents: readonly number[];
}

async function rotate(destinations: readonly Destination[], plan: Plan): Promise<Tried> {
  const scene = await openScene({ declaration: { destinations } });
  const intents = watchIntents(scene);
  watchMoves(scene);
  // What is proven here does not depend on the disk, and waiting for it takes most of the time.
  scene.stores.db.connection.pragma('synchronous = OFF');
  const meter = torture(scene, plan, closedPort);
  const told = await inTime(scene.submit().then(tell, threw));
  meter.mend();
  return { scene, calls: meter.calls(), hit: meter.hit(), told, intents };
}

function tell(outcome: SubmitOutcome): string {
  return outcome.kind === 'finished' ? outcome.result.outcome : 'refused';
}

function expectTold({ scene, told, intents }: Tried): void {
  const stored = holders(scene).length;
  // The person is never told that nothing was stored where it is.
  if (stored > 0) expect(['recorded', 'partial', 'unconfirmed']).toContain(told);
  if (told === 'recorded') expect(stored).toBe(scene.rotation.destinations.length);
  // I11: each PUT had an intent of its own on disk before it left.
  expect(intents.every((intended, index) => intended > index)).toBe(true);
}

/** I14: healthy again, it comes to an end that can be come to without the fault, or to one that a person settles. */
async function expectRecovers({ scene }: Tried): Promise<void> {
  const { rotations } = scene.stores;
  scene.clock.set(new Date(scene.clock.now().getTime() + 61_000));
  await recoverRotations(recoveryOf(scene));
  await recoverRotations(recoveryOf(scene));
  expect(['recorded', 'abandoned', 'failed', 'unconfirmed', undefined]).toContain(scene.state());
  expectConsistent(scene);
  expectTrueJournal(scene);
  const [entry] = rotations.unsettled('crates-io');
  if (!entry) return;
  const { store, now } = scene.rotation;
  const confirmation = { kind: 'stored', version: CHOSEN } as const;
  const said = await confirmRotation(rotations, store, entry, confirmation, now).catch(threw);
  expect(said).toBe(holders(scene).length > 0 ? 1 : 'threw');
  expectConsistent(scene);
}

/** Fails each call in turn. @returns each that was told, in order */
async function failEach(
  destinations: readonly Destination[],
  plan: Omit<Plan, 'n'>,
): Promise<readonly string[]> {
  const good = await rotate(destinations, { ...plan, n: 0 });
  expect(good.told).toBe('recorded');
  const told = new Set<string>();
  for (let n = 1; n <= good.calls; n++) {
    const tried = await rotate(destinations, { ...plan, n });
    told.add(tried.told);
    expect(tried.hit).toBeDefined();
    expectTold(tried);
    expectConsistent(tried.scene);
    await expectRecovers(tried);
  }
  return [...told].sort();
}

describe.each([
  ['one destination', ONE, ['failed', 'refused', 'threw', 'unconfirmed']],
  // Where only the first of two cannot be recorded, the second is.
  ['two destinations', TWO, ['partial', 'refused', 'threw', 'unconfirmed']],
] as const)('a rotation to %s', (_, destinations, outcomes) => {
  it(
    'I11, I12, I13, I14, I25: when any one call to the database fails, tells the truth and comes to an end',
    async () => {
      expect(await failEach(destinations, { of: 'database' })).toEqual(outcomes);
    },
    PATIENCE_MS,
  );

  it.each(NETWORK_FAULTS)(
    'I11, I12, I13, I14, I25: when any one request fails (%s), tells the truth and comes to an end',
    async (how) => {
      // One lost request is made up for, but for the question to crates.io: only a person may say "all the same".
      expect(await failEach(destinations, { of: 'network', how })).toEqual(['recorded', 'refused']);
    },
    PATIENCE_MS,
  );
});

describe('a rotation to one destination', () => {
  it(
    'A17, A18: when from any one call on the database takes nothing, tells the truth, and recovers (I12, I14)',
    async () => {
      const outcomes = ['failed', 'refused', 'threw', 'unconfirmed'];
      expect(await failEach(ONE, { of: 'database', lasts: true })).toEqual(outcomes);
    },
    PATIENCE_MS,
  );

  it.each(['refused', 'apply-then-reset'] as const)(
    'I12, I14: when from any one request on none is answered (%s), tells the truth, and recovers',
    async (how) => {
      const outcomes = ['failed', 'refused', 'threw', 'unconfirmed'];
      expect(await failEach(ONE, { of: 'network', how, lasts: true })).toEqual(outcomes);
    },
    PATIENCE_MS,
  );
});
