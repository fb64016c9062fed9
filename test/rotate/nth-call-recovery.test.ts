import { beforeAll, describe, expect, it } from 'vitest';
// First, so that what it wraps is wrapped before anything is bound.
import '../support/failing-calls.ts';
import type { Destination } from '../../src/domain/credential.ts';
import type { Confirmation } from '../../src/rotate/recover.ts';
import { confirmRotation, recoverRotations } from '../../src/rotate/recover.ts';
import { DESTINATION, later } from '../support/builders.ts';
import { rowsOf } from '../support/database.ts';
import type { Scene } from '../support/rotation.ts';
import { CHOSEN, ID, leaveIntent, openScene, recoveryOf } from '../support/rotation.ts';
import { freePort, TOKEN } from '../support/stand-ins.ts';
import type { Plan } from '../support/torture.ts';
import { torture } from '../support/torture.ts';
import { expectConsistent, inTime, threw, watchMoves } from './survival.ts';

// The recovery of what a dead process left, and a person's word about it, as often as either makes calls: in the n-th run, the n-th
// call fails; after that, everything works again and it is done once more.

const STAGING = { ...DESTINATION, environment: 'staging' };
const TWO = [DESTINATION, STAGING];

/** Dozens of runs each, on a machine that may be busy. */
const PATIENCE_MS = 180_000;

let closedPort = 0;
beforeAll(async () => {
  closedPort = await freePort();
});

/** GitHub stored it, a second after the intent. */
function land(scene: Scene, place: Destination): void {
  const { repo: repository, environment, secret: name } = place;
  scene.github.touchSecret({ repository, environment, name, at: later(1_000), value: TOKEN });
}

function settle(scene: Scene, place: Destination, state: 'stored' | 'verified'): void {
  const shown = state === 'verified' ? { remoteUpdatedAt: later(1_000) } : {};
  scene.stores.rotations.settleDestination(ID, place, { state, at: later(1_000), ...shown });
}

/** What is left, and to what the recovery brings it. */
const LEFT: readonly (readonly [string, readonly Destination[], (scene: Scene) => void, string])[] = [
  ['A6: an intent, and nothing at GitHub', [DESTINATION], () => undefined, 'failed/failed'],
  [
    'A8, A9: an intent, and a change at GitHub',
    [DESTINATION],
    (scene) => land(scene, DESTINATION),
    'unconfirmed/unconfirmed',
  ],
  [
    'A10: what GitHub had acknowledged',
    [DESTINATION],
    (scene) => {
      settle(scene, DESTINATION, 'stored');
      land(scene, DESTINATION);
    },
    'recorded/verified',
  ],
  [
    'A11: what GitHub had shown',
    [DESTINATION],
    (scene) => {
      land(scene, DESTINATION);
      settle(scene, DESTINATION, 'verified');
    },
    'recorded/verified',
  ],
  [
    'two destinations, one shown and one unknown',
    TWO,
    (scene) => {
      land(scene, DESTINATION);
      settle(scene, DESTINATION, 'verified');
      land(scene, STAGING);
    },
    'recorded/verified,unconfirmed',
  ],
  [
    'two destinations, one changed',
    TWO,
    (scene) => land(scene, DESTINATION),
    'unconfirmed/unconfirmed,failed',
  ],
];

async function leave(
  destinations: readonly Destination[],
  beginning: (scene: Scene) => void,
): Promise<Scene> {
  const scene = await openScene({ declaration: { destinations } });
  leaveIntent(scene, { destinations });
  beginning(scene);
  scene.clock.set(later(61_000));
  watchMoves(scene);
  scene.stores.db.connection.pragma('synchronous = OFF');
  return scene;
}

function ending(scene: Scene): string {
  return `${scene.state()}/${scene.destinationStates().join()}`;
}

/** Runs `work` with the n-th call failing, and then once more with everything in order. @returns how many calls it made */
async function interrupt(scene: Scene, plan: Plan, work: () => Promise<unknown>): Promise<number> {
  const meter = torture(scene, plan, closedPort);
  await inTime(work().catch(threw));
  meter.mend();
  expectConsistent(scene);
  if (plan.n > 0) {
    expect(meter.hit()).toBeDefined();
    await work();
  }
  return meter.calls();
}

const PLANS: readonly Omit<Plan, 'n'>[] = [
  { of: 'database' },
  // Only reads go out here, to which the other ways to fail are the same.
  ...(['refused', 'hang', 'cut'] as const).map((how) => ({ of: 'network', how }) as const),
];

describe('recoverRotations', () => {
  it.each(LEFT)(
    '%s, is brought at the next start to what it would have come to, whichever call has failed (I11, I13, I14, I25)',
    async (_, destinations, beginning, end) => {
      for (const plan of PLANS) {
        const once = async (n: number): Promise<number> => {
          const scene = await leave(destinations, beginning);
          const calls = await interrupt(scene, { ...plan, n }, () => recoverRotations(recoveryOf(scene)));
          expect(ending(scene)).toBe(end);
          expectConsistent(scene);
          return calls;
        };
        const calls = await once(0);
        for (let n = 1; n <= calls; n++) await once(n);
      }
    },
    PATIENCE_MS,
  );
});

describe('confirmRotation', () => {
  it.each([
    ['stored', { kind: 'stored', version: CHOSEN }, 'recorded/verified', 1, 'verified'],
    ['not-stored', { kind: 'not-stored' }, 'failed/failed', 0, 'changed-elsewhere'],
  ] as const)(
    'A8: settles what a person says (%s) when it is said again, whichever call has failed (I11, I13, I14, I25)',
    async (_, confirmation: Confirmation, end, versions, destination) => {
      for (const plan of PLANS) {
        const once = async (n: number): Promise<number> => {
          const scene = await leave([DESTINATION], (one) => land(one, DESTINATION));
          await recoverRotations(recoveryOf(scene));
          const calls = await interrupt(scene, { ...plan, n }, () => confirm(scene, confirmation));
          expect(ending(scene)).toBe(end);
          expect(rowsOf(scene.stores.db, 'version')).toHaveLength(versions);
          expect(rowsOf(scene.stores.db, 'destination').map((row) => row['state'])).toEqual([destination]);
          expectConsistent(scene);
          return calls;
        };
        const calls = await once(0);
        for (let n = 1; n <= calls; n++) await once(n);
      }
    },
    PATIENCE_MS,
  );
});

/** As the command does: where nothing is unsettled any more, it has been said already. */
async function confirm(scene: Scene, confirmation: Confirmation): Promise<void> {
  const { rotations } = scene.stores;
  const [entry] = rotations.unsettled('crates-io');
  if (entry) await confirmRotation(rotations, scene.rotation.store, entry, confirmation, scene.rotation.now);
}
