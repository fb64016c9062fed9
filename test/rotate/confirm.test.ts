import { describe, expect, it } from 'vitest';
import type { Confirmation } from '../../src/rotate/recover.ts';
import { confirmRotation, recoverRotations } from '../../src/rotate/recover.ts';
import { DESTINATION, later } from '../support/builders.ts';
import type { Scene } from '../support/rotation.ts';
import { CHOSEN, entryOf, ID, leaveIntent, openScene, recoveryOf } from '../support/rotation.ts';

const STAGING = { ...DESTINATION, environment: 'staging' };
const TWO = { declaration: { destinations: [DESTINATION, STAGING] } };
const VERSION = { ...CHOSEN, checked: 'unchecked' } as const;
const STORED: Confirmation = { kind: 'stored', version: VERSION };
const NOT_STORED: Confirmation = { kind: 'not-stored' };

function write(scene: Scene, place = DESTINATION, at = later(500)): void {
  const { repo: repository, environment, secret: name } = place;
  scene.github.touchSecret({ repository, environment, name, at, value: 'another' });
}

/** Left by a killed process, changed at GitHub, found at the next start. */
async function openUnconfirmed(): Promise<Scene> {
  const scene = await openScene();
  leaveIntent(scene);
  write(scene);
  await recoverRotations(recoveryOf(scene));
  return scene;
}

function confirm(scene: Scene, confirmation: Confirmation): Promise<number | undefined> {
  const { rotation, stores, clock } = scene;
  return confirmRotation(stores.rotations, rotation.store, entryOf(scene), confirmation, clock.now);
}

describe('confirmRotation', () => {
  describe('when a person says that it was stored', () => {
    it('records the version, and returns its number', async () => {
      const scene = await openUnconfirmed();
      expect(await confirm(scene, STORED)).toBe(1);
      expect([scene.state(), scene.destinationStates()]).toEqual(['recorded', ['verified']]);
      expect(scene.stores.register.find('crates-io')).toMatchObject({
        current: { version: 1, checked: 'unchecked', expiry: VERSION.expiry },
        destinations: [{ state: 'verified', remoteUpdatedAt: later(0) }],
      });
    });

    it('records it also while it is only intended (A18)', async () => {
      const scene = await openScene();
      leaveIntent(scene);
      write(scene);
      expect(await confirm(scene, STORED)).toBe(1);
    });

    it('refuses when GitHub shows that nothing changed', async () => {
      const scene = await openScene();
      leaveIntent(scene);
      scene.clock.set(later(60_000));
      await expect(confirm(scene, STORED)).rejects.toMatchObject({
        code: 'refused',
        hints: [expect.stringContaining('reseal rotate crates-io')],
      });
      expect(scene.state()).toBe('intended');
    });

    it('says unsettled while it may still land', async () => {
      const scene = await openScene();
      leaveIntent(scene);
      scene.clock.set(later(30_000));
      await expect(confirm(scene, STORED)).rejects.toMatchObject({ code: 'unsettled' });
    });

    it("throws what GitHub's refusal means when it cannot be read", async () => {
      const scene = await openUnconfirmed();
      scene.github.removeEnvironment(DESTINATION.repo, DESTINATION.environment);
      await expect(confirm(scene, STORED)).rejects.toMatchObject({ code: 'not_found' });
      expect(scene.state()).toBe('unconfirmed');
    });

    it('claims only those destinations that changed', async () => {
      const scene = await openScene(TWO);
      leaveIntent(scene, { destinations: [DESTINATION, STAGING] });
      write(scene);
      scene.clock.set(later(60_000));
      expect(await confirm(scene, STORED)).toBe(1);
      expect(scene.destinationStates()).toEqual(['verified', 'failed']);
      const { destinations } = scene.stores.register.find('crates-io') ?? {};
      expect(destinations?.map(({ destination }) => destination.environment)).toEqual(['release']);
    });

    it('says unsettled while it may still land at one of them (I12)', async () => {
      const scene = await openScene(TWO);
      leaveIntent(scene, { destinations: [DESTINATION, STAGING] });
      write(scene);
      scene.clock.set(later(30_000));
      await expect(confirm(scene, STORED)).rejects.toMatchObject({ code: 'unsettled' });
      expect(scene.destinationStates()).toEqual(['intended', 'intended']);
    });

    it("takes no other's change where GitHub had said no to us", async () => {
      const scene = await openScene(TWO);
      leaveIntent(scene, { destinations: [DESTINATION, STAGING] });
      scene.stores.rotations.settleDestination(ID, STAGING, { state: 'failed', at: later(0) });
      write(scene);
      write(scene, STAGING);
      await confirm(scene, STORED);
      expect(scene.destinationStates()).toEqual(['verified', 'failed']);
    });
  });

  describe('when a person says that it was not stored', () => {
    it('ends it as failed, and records no version', async () => {
      const scene = await openUnconfirmed();
      scene.clock.set(later(60_000));
      expect(await confirm(scene, NOT_STORED)).toBeUndefined();
      expect([scene.state(), scene.destinationStates()]).toEqual(['failed', ['failed']]);
      expect(scene.stores.register.find('crates-io')?.current).toBeUndefined();
    });

    it('says unsettled while it may still land', async () => {
      const scene = await openScene();
      leaveIntent(scene);
      scene.clock.set(later(59_000));
      await expect(confirm(scene, NOT_STORED)).rejects.toMatchObject({ code: 'unsettled' });
      expect(scene.state()).toBe('intended');
    });

    it("says unsettled while it may still land behind another's change (I12)", async () => {
      const scene = await openUnconfirmed();
      scene.clock.set(later(59_000));
      await expect(confirm(scene, NOT_STORED)).rejects.toMatchObject({ code: 'unsettled' });
      expect(scene.state()).toBe('unconfirmed');
    });
  });

  describe('when it was settled once', () => {
    it.each([STORED, NOT_STORED])('is there no more to be settled again ($kind)', async (confirmation) => {
      const scene = await openUnconfirmed();
      scene.clock.set(later(60_000));
      await confirm(scene, confirmation);
      expect(scene.stores.rotations.unfinished()).toEqual([]);
    });
  });
});
