import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/domain/error.ts';
import { recoverRotations } from '../../src/rotate/recover.ts';
import type { RotationState } from '../../src/rotate/rotation.ts';
import { DESTINATION, later } from '../support/builders.ts';
import type { Scene } from '../support/rotation.ts';
import { CHOSEN, ID, leaveIntent, openRow, openScene, recoveryOf } from '../support/rotation.ts';

const STAGING = { ...DESTINATION, environment: 'staging' };
const TWO = { declaration: { destinations: [DESTINATION, STAGING] } };

function write(scene: Scene, at: Date, place = DESTINATION): void {
  const { repo: repository, environment, secret: name } = place;
  scene.github.touchSecret({ repository, environment, name, at, value: 'another' });
}

async function recover(
  scene: Scene,
  overrides: Parameters<typeof recoveryOf>[1] = {},
): Promise<readonly string[]> {
  const recovery = recoveryOf(scene, overrides);
  await recoverRotations(recovery);
  return recovery.told;
}

describe('recoverRotations', () => {
  describe('when nothing had been sent (A1 … A5)', () => {
    it.each([
      ['opened', []],
      ['submitted', ['submitted']],
      ['checked', ['submitted', 'checked']],
    ] as const)('ends one that was %s as abandoned, without asking GitHub', async (_, moves) => {
      const scene = await openScene();
      openRow(scene.stores, ID);
      for (const to of moves) scene.stores.rotations.move(ID, to, later(0));
      const told = await recover(scene, {
        store: () => {
          throw new AppError('invalid_config', 'there is no token');
        },
      });
      expect([scene.state(), told]).toEqual(['abandoned', ['rotation.abandoned']]);
    });
  });

  describe('when its own process ends it just before its lock is looked at', () => {
    it('touches nothing of it', async () => {
      const scene = await openScene();
      leaveIntent(scene);
      write(scene, later(5_000));
      scene.clock.set(later(60_000));
      const told = await recover(scene, {
        isOpen: () => {
          const { rotations } = scene.stores;
          rotations.settleDestination(ID, DESTINATION, { state: 'verified', at: later(6_000) });
          rotations.move(ID, 'stored', later(6_000));
          rotations.move(ID, 'verified', later(6_000));
          rotations.record(ID, CHOSEN, later(6_000));
          return false;
        },
      });
      expect([told, scene.state(), scene.destinationStates()]).toEqual([[], 'recorded', ['verified']]);
    });
  });

  describe('when an intent was left (A6, A7)', () => {
    it("leaves it alone within a minute of GitHub's clock", async () => {
      const scene = await openScene();
      leaveIntent(scene);
      scene.clock.set(later(59_000));
      expect([await recover(scene), scene.state()]).toEqual([[], 'intended']);
    });

    it('ends it as failed after that, when nothing has changed', async () => {
      const scene = await openScene();
      leaveIntent(scene);
      scene.clock.set(later(60_000));
      expect([await recover(scene), scene.state(), scene.destinationStates()]).toEqual([
        ['rotation.failed'],
        'failed',
        ['failed'],
      ]);
    });

    it("goes by GitHub's clock, not by ours", async () => {
      const scene = await openScene();
      leaveIntent(scene);
      expect(await recover(scene, { now: () => later(86_400_000) })).toEqual([]);
      expect(scene.state()).toBe('intended');
    });

    it('ends it as failed when a secret that was to be created is not there', async () => {
      const scene = await openScene({ storedAt: undefined });
      leaveIntent(scene, { baseline: undefined });
      scene.clock.set(later(60_000));
      expect(await recover(scene)).toEqual(['rotation.failed']);
    });

    it.each([1_000, 60_000])(
      'ends it as unconfirmed when GitHub shows a change, %i ms later (A8, A9)',
      async (ms) => {
        const scene = await openScene();
        leaveIntent(scene);
        write(scene, later(500));
        scene.clock.set(later(ms));
        expect([await recover(scene), scene.state(), scene.destinationStates()]).toEqual([
          ['rotation.unconfirmed'],
          'unconfirmed',
          ['unconfirmed'],
        ]);
        expect(scene.stores.register.find('crates-io')?.current).toBeUndefined();
      },
    );

    it("says unconfirmed when GitHub's answer carries no time (B29)", async () => {
      const scene = await openScene();
      leaveIntent(scene);
      scene.github.fault({ kind: 'headers', headers: { date: '' } });
      expect(await recover(scene)).toEqual(['rotation.unconfirmed']);
    });

    it('dates no intent to the time at which the form was opened, when later answers carry none (B29)', async () => {
      const scene = await openScene();
      await scene.begin();
      scene.clock.set(later(600_000));
      scene.github.fault({ method: 'GET', kind: 'headers', headers: { date: '' }, times: 2 });
      expect((await scene.finish()).outcome).toBe('recorded');
      const intended = scene.stores.db.connection.prepare('SELECT intended_at FROM rotation_destination');
      expect(Date.parse(String(intended.pluck().get()))).toBeGreaterThanOrEqual(later(600_000).getTime());
    });

    it('does not ask again about what is unconfirmed', async () => {
      const scene = await openScene();
      leaveIntent(scene);
      write(scene, later(500));
      await recover(scene);
      const asked = scene.github.requests.length;
      expect(await recover(scene)).toEqual([]);
      expect(scene.github.requests).toHaveLength(asked);
    });
  });

  describe('when its fate cannot be read', () => {
    it.each([
      [
        'GitHub is down',
        (scene: Scene) => void scene.github.fault({ kind: 'status', status: 502, times: 9 }),
      ],
      [
        'the environment is gone',
        (scene: Scene) => scene.github.removeEnvironment(DESTINATION.repo, 'release'),
      ],
      ['the repository is not shown', (scene: Scene) => scene.github.removeRepository(DESTINATION.repo)],
      ['a log-in page answers', (scene: Scene) => void scene.github.fault({ kind: 'html', times: 9 })],
    ])('leaves it as it is because %s, and says so', async (_, spoil) => {
      const scene = await openScene({ storedAt: undefined });
      leaveIntent(scene, { baseline: undefined });
      scene.clock.set(later(120_000));
      spoil(scene);
      expect([await recover(scene), scene.state()]).toEqual([['rotation.unread'], 'intended']);
    });

    it('leaves it as it is when there is no token, and goes on with the next', async () => {
      const scene = await openScene();
      leaveIntent(scene, { id: 'first' });
      openRow(scene.stores, 'second');
      const told = await recover(scene, {
        store: () => {
          throw new AppError('invalid_config', 'there is no token');
        },
      });
      expect(told).toEqual(['rotation.unread', 'rotation.abandoned']);
      expect([scene.state('first'), scene.state('second')]).toEqual(['intended', 'abandoned']);
    });
  });

  describe('when GitHub had said yes (A10)', () => {
    it('completes it once GitHub shows it, with exactly one "rotated"', async () => {
      const scene = await openScene();
      leaveIntent(scene);
      scene.stores.rotations.settleDestination(ID, DESTINATION, { state: 'stored', at: later(0) });
      write(scene, later(500));
      expect(await recover(scene)).toEqual(['rotation.recorded']);
      expect([scene.state(), scene.destinationStates()]).toEqual(['recorded', ['verified']]);
      expect(scene.events().filter((type) => type === 'credential.rotated')).toHaveLength(1);
      expect(scene.stores.register.find('crates-io')).toMatchObject({
        current: { version: 1, expiry: CHOSEN.expiry, lifetimeDays: 365 },
        destinations: [{ state: 'verified', remoteUpdatedAt: later(0) }],
      });
    });

    it('waits for reads that lag, and then says unconfirmed', async () => {
      const scene = await openScene();
      leaveIntent(scene);
      scene.stores.rotations.settleDestination(ID, DESTINATION, { state: 'stored', at: later(0) });
      expect([await recover(scene), scene.state()]).toEqual([[], 'intended']);
      scene.clock.set(later(60_000));
      expect([await recover(scene), scene.state()]).toEqual([['rotation.unconfirmed'], 'unconfirmed']);
    });
  });

  describe('when GitHub had shown it (A11, A12)', () => {
    it.each([[[]], [['stored']], [['stored', 'verified']]] as const)(
      'records it after the moves %j, without asking GitHub',
      async (moves) => {
        const scene = await openScene();
        leaveIntent(scene);
        const change = { state: 'verified', at: later(1_000), remoteUpdatedAt: later(0) } as const;
        scene.stores.rotations.settleDestination(ID, DESTINATION, change);
        for (const to of moves as readonly RotationState[]) scene.stores.rotations.move(ID, to, later(1_000));
        expect(await recover(scene)).toEqual(['rotation.recorded']);
        expect([scene.state(), scene.github.requests.length]).toEqual(['recorded', 0]);
        expect(await recover(scene)).toEqual([]);
        expect(scene.stores.register.find('crates-io')?.current?.version).toBe(1);
      },
    );
  });

  describe("when another's change was seen while our own write may still land (B26)", () => {
    it('a new rotation waits until it can land no more, so that the newer token stands', async () => {
      const scene = await openScene();
      leaveIntent(scene, { id: 'earlier' });
      write(scene, later(5_000));
      scene.clock.set(later(10_000));
      expect([await recover(scene), scene.state('earlier')]).toEqual([
        ['rotation.unconfirmed'],
        'unconfirmed',
      ]);
      await scene.begin();
      expect(await scene.finish()).toMatchObject({ outcome: 'recorded', version: 1 });
      const put = scene.github.requests.find(({ method }) => method === 'PUT');
      expect(put?.at.getTime()).toBeGreaterThanOrEqual(later(60_000).getTime());
      expect(scene.state('earlier')).toBe('abandoned');
    });
  });

  describe('when there were several destinations', () => {
    it('settles none of the rotation before each can be told', async () => {
      const scene = await openScene(TWO);
      leaveIntent(scene, { destinations: [DESTINATION, STAGING] });
      write(scene, later(500));
      expect([await recover(scene), scene.state()]).toEqual([[], 'intended']);
      expect(scene.destinationStates()).toEqual(['unconfirmed', 'intended']);
      scene.clock.set(later(60_000));
      expect([await recover(scene), scene.destinationStates()]).toEqual([
        ['rotation.unconfirmed'],
        ['unconfirmed', 'failed'],
      ]);
    });

    it('records the version where one of them is sure, and says that it is not everywhere', async () => {
      const scene = await openScene(TWO);
      leaveIntent(scene, { destinations: [DESTINATION, STAGING] });
      const { rotations } = scene.stores;
      rotations.settleDestination(ID, DESTINATION, {
        state: 'verified',
        at: later(0),
        remoteUpdatedAt: later(0),
      });
      scene.clock.set(later(60_000));
      const details: (string | undefined)[] = [];
      expect(await recover(scene, { report: ({ detail }) => void details.push(detail) })).toEqual([]);
      expect(details).toEqual(['completed after a restart, at some destinations only']);
      expect(scene.destinationStates()).toEqual(['verified', 'failed']);
      const { destinations } = scene.stores.register.find('crates-io') ?? {};
      expect(destinations?.map(({ destination }) => destination.environment)).toEqual(['release']);
    });
  });

  describe('when its process is still at it', () => {
    it('touches nothing', async () => {
      const scene = await openScene();
      leaveIntent(scene);
      scene.clock.set(later(3_600_000));
      expect(await recover(scene, { isOpen: (name) => name === 'crates-io' })).toEqual([]);
      expect([scene.state(), scene.github.requests]).toEqual(['intended', []]);
    });
  });
});
