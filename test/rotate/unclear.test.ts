import { describe, expect, it } from 'vitest';
import { openSecretStore } from '../../src/github/environment-secrets.ts';
import { DESTINATION } from '../support/builders.ts';
import type { Scene } from '../support/rotation.ts';
import { openScene } from '../support/rotation.ts';
import { clientOf, freePort, KEY_PATH, TOKEN } from '../support/stand-ins.ts';

interface SealedBody {
  readonly key_id: string;
  readonly encrypted_value: string;
}

function sealedBodies({ github }: Scene): readonly SealedBody[] {
  return github.requests
    .filter(({ method }) => method === 'PUT')
    .map(({ body }) => JSON.parse(body.toString()) as SealedBody);
}

function attempts({ stores }: Scene): unknown {
  return stores.db.connection.prepare('SELECT attempts FROM rotation_destination').pluck().get();
}

/** The rule for every PUT that ever left (I11). */
function expectIntentBeforeEachPut(scene: Scene): void {
  expect(scene.intentsAtPut).toEqual(sealedBodies(scene).map((_, index) => index + 1));
}

describe('submit', () => {
  describe('when the key is outdated (B9)', () => {
    it('fetches it anew, seals once more, and answers recorded (B11)', async () => {
      const scene = await openScene();
      scene.beforeRequest = (method) => {
        if (method === 'PUT' && sealedBodies(scene).length === 0) {
          scene.github.rotateKey(DESTINATION.repo, DESTINATION.environment);
        }
      };
      expect((await scene.finish()).outcome).toBe('recorded');
      const [first, second] = sealedBodies(scene);
      expect(first?.key_id).not.toBe(second?.key_id);
      expect(first?.encrypted_value).not.toBe(second?.encrypted_value);
      expect(scene.stored()).toBe(TOKEN);
      expectIntentBeforeEachPut(scene);
    });

    it("answers failed at the second time, with GitHub's words", async () => {
      const scene = await openScene();
      const body = { message: 'Bad request - validation failed due to an improperly encrypted secret' };
      scene.github.fault({ method: 'PUT', kind: 'status', status: 422, body, times: 9 });
      const result = await scene.finish();
      expect(result.outcome).toBe('failed');
      expect(result.reasons?.join()).toContain('improperly encrypted secret');
      expect([sealedBodies(scene).length, scene.stored(), scene.state()]).toEqual([
        2,
        'the old one',
        'failed',
      ]);
    });

    it('answers failed when the new key cannot be had', async () => {
      const scene = await openScene();
      scene.github.fault({ method: 'PUT', kind: 'status', status: 422 });
      scene.beforeRequest = (method) => {
        if (method === 'PUT') scene.github.fault({ path: KEY_PATH, kind: 'status', status: 403, times: 9 });
      };
      expect((await scene.finish()).outcome).toBe('failed');
      expect(sealedBodies(scene)).toHaveLength(1);
    });
  });

  describe('when GitHub says no for good (B2, B28, B30)', () => {
    it.each([401, 403, 404, 410, 429])('answers failed at %i, after one PUT', async (status) => {
      const scene = await openScene();
      scene.github.fault({ method: 'PUT', kind: 'status', status, times: 9 });
      expect((await scene.finish()).outcome).toBe('failed');
      expect([sealedBodies(scene).length, scene.clock.slept, scene.destinationStates()]).toEqual([
        1,
        [],
        ['failed'],
      ]);
    });
  });

  describe('when an answer is unclear (B8, B14, B15, B16)', () => {
    it.each([
      ['a 502', { kind: 'status', status: 502 }],
      ['a 409', { kind: 'status', status: 409 }],
      ['a hang', { kind: 'hang' }],
      ['a reset', { kind: 'reset' }],
      ['a reset behind which it landed', { kind: 'apply-then-reset' }],
      ['a 503 behind which it landed', { kind: 'apply-then-status', status: 503 }],
      ['a hang behind which it landed', { kind: 'apply-then-hang' }],
      ['half of an answer', { kind: 'truncate' }],
      ['a log-in page', { kind: 'html' }],
    ] as const)('sends the same sealed bytes again after %s, and answers recorded', async (_, fault) => {
      const scene = await openScene({ firstPutMs: 200 });
      scene.github.fault({ method: 'PUT', ...fault });
      expect((await scene.finish()).outcome).toBe('recorded');
      const [first, second, ...more] = sealedBodies(scene);
      expect(second).toEqual(first);
      expect([more, scene.clock.slept, scene.stored()]).toEqual([[], [1_000], TOKEN]);
      expectIntentBeforeEachPut(scene);
    });

    it('repeats three times, ever later, each after an intent of its own', async () => {
      const scene = await openScene();
      scene.github.fault({ method: 'PUT', kind: 'status', status: 500, times: 3 });
      expect((await scene.finish()).outcome).toBe('recorded');
      expect(scene.clock.slept).toEqual([1_000, 4_000, 15_000]);
      expect([sealedBodies(scene).length, attempts(scene)]).toEqual([4, 4]);
      expectIntentBeforeEachPut(scene);
    });

    it("keeps the time of the last PUT by GitHub's clock, so that nobody settles too early", async () => {
      const scene = await openScene();
      scene.github.fault({ method: 'PUT', kind: 'status', status: 500, times: 3 });
      const from = scene.clock.now().getTime();
      await scene.finish();
      const intended = scene.stores.db.connection
        .prepare('SELECT intended_at FROM rotation_destination')
        .pluck()
        .get() as string;
      expect(Date.parse(intended) - from).toBe(20_000);
    });
  });

  describe('when every answer is lost', () => {
    it('answers failed when GitHub shows that nothing changed, a minute later', async () => {
      const scene = await openScene();
      scene.github.fault({ method: 'PUT', kind: 'reset', times: 9 });
      const result = await scene.finish();
      expect(result.outcome).toBe('failed');
      expect(result.reasons?.join()).toContain('GitHub shows that nothing was stored');
      expect(scene.clock.slept).toEqual([1_000, 4_000, 15_000, 60_000]);
      expect([scene.state(), scene.destinationStates()]).toEqual(['failed', ['failed']]);
    });

    it('answers unconfirmed when it has changed: nobody can say by whom', async () => {
      const scene = await openScene();
      scene.github.fault({ method: 'PUT', kind: 'apply-then-reset', times: 9 });
      const result = await scene.finish();
      expect(result.outcome).toBe('unconfirmed');
      expect(result.next?.join()).toContain('--not-stored');
      expect([scene.state(), scene.destinationStates()]).toEqual(['unconfirmed', ['unconfirmed']]);
      expect(scene.stores.register.find('crates-io')?.current).toBeUndefined();
    });

    it('answers unconfirmed when it was created', async () => {
      const scene = await openScene({ storedAt: undefined });
      scene.github.fault({ method: 'PUT', kind: 'apply-then-reset', times: 9 });
      expect((await scene.finish()).outcome).toBe('unconfirmed');
    });

    it('answers unconfirmed when GitHub cannot be read any more', async () => {
      const scene = await openScene();
      scene.github.fault({ method: 'PUT', kind: 'reset', times: 9 });
      scene.clock.onSleep = () => {
        if (scene.clock.slept.at(-1) === 60_000)
          scene.github.fault({ method: 'GET', kind: 'reset', times: 9 });
      };
      expect((await scene.finish()).outcome).toBe('unconfirmed');
    });

    it('answers unconfirmed when the environment is gone: a 404 is no proof', async () => {
      const scene = await openScene({ storedAt: undefined });
      scene.github.fault({ method: 'PUT', kind: 'apply-then-reset', times: 9 });
      scene.clock.onSleep = () => {
        if (scene.clock.slept.at(-1) === 60_000) {
          scene.github.removeEnvironment(DESTINATION.repo, DESTINATION.environment);
        }
      };
      expect((await scene.finish()).outcome).toBe('unconfirmed');
    });

    it('looks again before it gives up reading', async () => {
      const scene = await openScene();
      scene.github.fault({ method: 'PUT', kind: 'reset', times: 9 });
      scene.clock.onSleep = () => {
        if (scene.clock.slept.at(-1) === 60_000)
          scene.github.fault({ method: 'GET', kind: 'reset', times: 2 });
      };
      expect((await scene.finish()).outcome).toBe('failed');
    });
  });

  describe('when a "no" follows a lost answer', () => {
    it.each([401, 403, 404, 422])('does not take %i for "nothing was stored"', async (status) => {
      const scene = await openScene();
      scene.github.fault({ method: 'PUT', kind: 'apply-then-reset' });
      scene.github.fault({ method: 'PUT', kind: 'status', status, times: 9 });
      expect((await scene.finish()).outcome).toBe('unconfirmed');
      expect(scene.stored()).toBe(TOKEN);
    });

    it.each([401, 403, 404, 422])('answers failed at %i when GitHub shows no change', async (status) => {
      const scene = await openScene();
      scene.github.fault({ method: 'PUT', kind: 'reset' });
      scene.github.fault({ method: 'PUT', kind: 'status', status, times: 9 });
      expect((await scene.finish()).outcome).toBe('failed');
      expect(scene.clock.slept).toContain(60_000);
    });

    it('tells both reasons', async () => {
      const scene = await openScene();
      scene.github.fault({ method: 'PUT', kind: 'apply-then-status', status: 502 });
      scene.github.fault({ method: 'PUT', kind: 'status', status: 401 });
      const { reasons } = await scene.finish();
      expect(reasons?.join()).toMatch(/GitHub answered 502, then: GitHub does not accept the token in/);
    });
  });

  describe('when no connection comes about any more', () => {
    it('answers failed without waiting a minute: nothing was ever sent', async () => {
      const away = openSecretStore(clientOf({ apiUrl: `http://127.0.0.1:${await freePort()}` }));
      const gone = await openScene({ put: away.put });
      const result = await gone.finish();
      expect(result.outcome).toBe('failed');
      expect(result.reasons?.join()).toContain('ECONNREFUSED');
      expect(gone.clock.slept).toEqual([1_000, 4_000, 15_000]);
    });
  });
});
