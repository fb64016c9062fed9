import { describe, expect, it } from 'vitest';
import { recoverRotations } from '../../src/rotate/recover.ts';
import type { Scene } from '../support/rotation.ts';
import { aSubmission, entryOf, failWrites, mend, openScene, recoveryOf } from '../support/rotation.ts';
import { TOKEN } from '../support/stand-ins.ts';

function puts({ github }: Scene): number {
  return github.requests.filter(({ method }) => method === 'PUT').length;
}

/** Writes fail from the first request of `method` on that leaves once `from` says so. */
function failFrom(scene: Scene, method: string, from: () => boolean = () => true): void {
  scene.beforeRequest = (one) => {
    if (one === method && from()) failWrites(scene);
  };
}

describe('submit', () => {
  describe('when our own record cannot be written before the PUT (A17)', () => {
    it('answers failed, and puts nothing', async () => {
      const scene = await openScene();
      await scene.begin();
      failFrom(scene, 'GET');
      const result = await scene.finish();
      expect(result.outcome).toBe('failed');
      expect(result.reasons?.join()).toContain('cannot be written: SQLITE_READONLY');
      expect([puts(scene), scene.stored()]).toEqual([0, 'the old one']);
    });

    it('never says that GitHub may have it', async () => {
      const scene = await openScene();
      await scene.begin();
      failFrom(scene, 'GET');
      expect(JSON.stringify(await scene.finish())).not.toMatch(/may have|has the new token/);
    });

    it('leaves a rotation that the next start ends as abandoned', async () => {
      const scene = await openScene();
      await scene.begin();
      failFrom(scene, 'GET');
      await scene.finish();
      mend(scene);
      expect(scene.state()).toBe('checked');
      await recoverRotations(recoveryOf(scene));
      expect(scene.state()).toBe('abandoned');
    });

    it('refuses the submission when not even that can be recorded, and takes the next one', async () => {
      const scene = await openScene();
      const { token } = aSubmission();
      await scene.begin();
      failWrites(scene);
      const refused = await scene.submit({ token });
      expect(refused).toMatchObject({ kind: 'refused', mayStoreUnchecked: false });
      expect(JSON.stringify(refused)).toContain('nothing was stored, because it cannot be recorded');
      expect(token.reveal()).toEqual(new Uint8Array(TOKEN.length));
      expect([puts(scene), scene.cratesIo.requests]).toEqual([0, []]);
      mend(scene);
      expect(await scene.submit()).toMatchObject({ kind: 'finished', result: { outcome: 'recorded' } });
    });
  });

  describe("when it cannot be written after GitHub's 204 (A18)", () => {
    it('answers unconfirmed, and says that GitHub has the new token and what to do', async () => {
      const scene = await openScene();
      failFrom(scene, 'PUT');
      const result = await scene.finish();
      expect(result.outcome).toBe('unconfirmed');
      expect(result.reasons).toHaveLength(1);
      expect(result.reasons?.join()).toContain('GitHub has the new token, and our own record of it failed');
      expect(result.next?.join('\n')).toContain('reseal confirm crates-io --stored --expires DATE');
      expect(scene.stored()).toBe(TOKEN);
    });

    it('says so at once, and claims no step that was not recorded', async () => {
      const scene = await openScene();
      failFrom(scene, 'PUT');
      await scene.finish();
      expect(scene.steps.at(-1)?.step).toBe('intended');
      expect(scene.github.requests.at(-1)?.method).toBe('PUT');
    });

    it('leaves an intent behind from which the next start says unconfirmed (A9)', async () => {
      const scene = await openScene();
      failFrom(scene, 'PUT');
      await scene.finish();
      mend(scene);
      expect(entryOf(scene).destinations[0]?.state).toBe('intended');
      const recovery = recoveryOf(scene);
      await recoverRotations(recovery);
      expect([scene.state(), recovery.told]).toEqual(['unconfirmed', ['rotation.unconfirmed']]);
    });
  });

  describe('when it cannot be written after GitHub showed it (A11, A12)', () => {
    it('answers unconfirmed, and the next start completes it', async () => {
      const scene = await openScene();
      failFrom(scene, 'GET', () => puts(scene) === 1);
      const result = await scene.finish();
      expect(result.outcome).toBe('unconfirmed');
      expect(result.reasons?.join()).toContain('GitHub has the new token');
      mend(scene);
      await recoverRotations(recoveryOf(scene));
      expect(scene.state()).toBe('recorded');
      expect(scene.events().filter((type) => type === 'credential.rotated')).toHaveLength(1);
    });
  });

  describe('when it cannot be written after a refusal', () => {
    it('answers failed all the same', async () => {
      const scene = await openScene();
      scene.github.fault({ method: 'PUT', kind: 'status', status: 403 });
      failFrom(scene, 'PUT');
      const result = await scene.finish();
      expect(result.outcome).toBe('failed');
      expect(result.reasons?.join()).toMatch(/may not be used for .*; our own record of it failed/);
    });
  });

  describe('when it cannot be written between two PUTs', () => {
    it("puts no more, and lets GitHub's own record decide (I11)", async () => {
      const scene = await openScene();
      scene.github.fault({ method: 'PUT', kind: 'apply-then-reset' });
      failFrom(scene, 'PUT');
      expect((await scene.finish()).outcome).toBe('unconfirmed');
      expect(puts(scene)).toBe(1);
    });
  });

  describe('when it cannot be written after everything was lost', () => {
    it('answers failed where GitHub shows no change', async () => {
      const scene = await openScene();
      scene.github.fault({ method: 'PUT', kind: 'reset', times: 9 });
      scene.clock.onSleep = () => {
        if (scene.clock.slept.at(-1) === 60_000) failWrites(scene);
      };
      expect((await scene.finish()).outcome).toBe('failed');
    });
  });
});
