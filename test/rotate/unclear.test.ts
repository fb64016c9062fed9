import { describe, expect, it } from 'vitest';
import { openSecretStore } from '../../src/github/environment-secrets.ts';
import { DESTINATION, NOW } from '../support/builders.ts';
import type { Scene } from '../support/rotation.ts';
import { openScene } from '../support/rotation.ts';
import {
  clientOf,
  freePort,
  hasOpenssl,
  KEY_PATH,
  SEALER,
  selfSigned,
  startTestGitHub,
  TOKEN,
  TOKEN_FILE,
  UNRESOLVABLE,
} from '../support/stand-ins.ts';

const STAGING = { ...DESTINATION, environment: 'staging' };
const TWO = { declaration: { destinations: [DESTINATION, STAGING] } };
const SECONDARY = { message: 'You have exceeded a secondary rate limit. Please wait a few minutes.' };

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
  describe('when a fault of ours breaks off a write that is under way', () => {
    it('H11: answers unconfirmed, since GitHub may have it', async () => {
      const scene: Scene = await openScene({
        put: async (place, sealed) => {
          await openSecretStore(clientOf(scene.github)).put(place, sealed);
          throw new TypeError('a bug');
        },
      });
      const result = await scene.finish();
      expect([result.outcome, scene.state()]).toEqual(['unconfirmed', 'unconfirmed']);
      expect(JSON.stringify(result)).not.toContain(TOKEN);
    });
  });

  describe('when the key is outdated', () => {
    it('B9, B11: fetches it anew, seals once more, and the box opens with the second key', async () => {
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

    it("B9, B10: answers failed at the second time, with GitHub's words", async () => {
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

  describe('when GitHub says no for good', () => {
    it.each([401, 403, 404, 410])('answers failed at %i, after one PUT', async (status) => {
      const scene = await openScene();
      scene.github.fault({ method: 'PUT', kind: 'status', status, times: 9 });
      expect((await scene.finish()).outcome).toBe('failed');
      expect([sealedBodies(scene).length, scene.clock.slept, scene.destinationStates()]).toEqual([
        1,
        [],
        ['failed'],
      ]);
    });

    it('B2, B30: names the permission that is missing, and stores nothing', async () => {
      const scene = await openScene();
      scene.github.addToken(SEALER, { permissions: { environments: 'read' } });
      const result = await scene.finish();
      expect([result.outcome, result.next]).toEqual([
        'failed',
        ['GitHub asks for the permission environments:write: add it to the token'],
      ]);
      expect([scene.stored(), scene.state()]).toEqual(['the old one', 'failed']);
    });

    it('B28: says that the environment is gone, and stores the token nowhere', async () => {
      const scene = await openScene();
      scene.beforeRequest = (method) => {
        if (method === 'PUT') scene.github.removeEnvironment(DESTINATION.repo, DESTINATION.environment);
      };
      const result = await scene.finish();
      expect([result.outcome, result.reasons?.join()]).toEqual([
        'failed',
        expect.stringContaining('GitHub shows no such environment to this token any more'),
      ]);
      expect([scene.github.putCount(), sealedBodies(scene).length, scene.state()]).toEqual([0, 1, 'failed']);
    });

    it('B31: shows the page of single sign-on', async () => {
      const scene = await openScene();
      const page = `${scene.github.url}/orgs/example/sso?authorization_request=A1`;
      const headers = { 'x-github-sso': `required; url=${page}` };
      scene.github.fault({ method: 'PUT', kind: 'status', status: 403, headers });
      const { outcome, next } = await scene.finish();
      expect([outcome, next]).toEqual(['failed', [`authorise it within the hour at ${page}`]]);
    });

    it('B6: says that the repository was renamed meanwhile, and follows nothing', async () => {
      const scene = await openScene();
      scene.beforeRequest = (method) => {
        if (method === 'PUT') scene.github.renameRepository(DESTINATION.repo, 'example/gears');
      };
      const result = await scene.finish();
      expect([result.outcome, result.reasons?.join()]).toEqual([
        'failed',
        expect.stringContaining('renamed'),
      ]);
      expect([scene.github.putCount(), scene.state()]).toEqual([0, 'failed']);
    });

    it('B1: tries no other place once the token itself is not accepted', async () => {
      const scene = await openScene(TWO);
      scene.github.fault({
        method: 'PUT',
        kind: 'status',
        status: 401,
        body: { message: 'Bad credentials' },
        times: 9,
      });
      const result = await scene.finish();
      expect([result.outcome, sealedBodies(scene).length, scene.clock.slept]).toEqual(['failed', 1, []]);
      expect(result.reasons?.join()).toContain(`GitHub does not accept the token in "${TOKEN_FILE}"`);
    });

    it('B1: asks once, and nobody for a token, when it is not accepted before', async () => {
      const scene = await openScene(TWO);
      scene.github.removeToken(SEALER);
      await expect(scene.begin()).rejects.toMatchObject({ code: 'unauthorized' });
      expect([scene.github.requests.length, scene.clock.slept]).toEqual([1, []]);
    });
  });

  describe('when GitHub asks to wait', () => {
    it('B4: sends the same sealed bytes again when it may, and answers recorded', async () => {
      const scene = await openScene();
      const headers = { 'retry-after': '37' };
      scene.github.fault({ method: 'PUT', kind: 'status', status: 429, headers });
      expect((await scene.finish()).outcome).toBe('recorded');
      expect([scene.clock.slept, scene.stored()]).toEqual([[37_000], TOKEN]);
      const [first, second] = sealedBodies(scene);
      expect(second).toEqual(first);
      expectIntentBeforeEachPut(scene);
    });

    it('B4: waits a minute where no time is named, then longer, then stops, and says until when', async () => {
      const scene = await openScene();
      scene.github.fault({ method: 'PUT', kind: 'status', status: 403, body: SECONDARY, times: 9 });
      const result = await scene.finish();
      expect([result.outcome, scene.clock.slept]).toEqual(['failed', [60_000, 120_000]]);
      expect(result.reasons?.join()).toContain("GitHub's limit until 09:34 UTC");
      expect([scene.stored(), scene.state()]).toEqual(['the old one', 'failed']);
    });

    it('B3: does not keep anybody until a used-up hour is over, and tries no other place', async () => {
      const scene = await openScene(TWO);
      const reset = String(Date.parse('2026-11-23T10:00:00Z') / 1000);
      const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset };
      scene.github.fault({ method: 'PUT', kind: 'status', status: 403, headers, times: 9 });
      const result = await scene.finish();
      expect([result.outcome, sealedBodies(scene).length, scene.clock.slept]).toEqual(['failed', 1, []]);
      expect(result.reasons?.join()).toContain("GitHub's limit until 10:00 UTC");
    });
  });

  describe('when what answers the write points to another host', () => {
    it('B7: never goes there, and claims nothing before GitHub itself shows that nothing was stored', async () => {
      const scene = await openScene();
      const elsewhere = await openScene();
      scene.github.fault({ method: 'PUT', kind: 'redirect', to: `${elsewhere.github.url}/x`, times: 9 });
      const result = await scene.finish();
      expect([result.outcome, result.reasons?.join()]).toEqual([
        'failed',
        expect.stringContaining('an unexpected redirect was refused'),
      ]);
      expect([elsewhere.github.requests, scene.clock.slept.at(-1)]).toEqual([[], 60_000]);
    });

    it('B7: does not say "not stored" of a write that was handed on all the same', async () => {
      const scene = await openScene();
      const headers = { location: 'https://evil.example/' };
      scene.github.fault({ method: 'PUT', kind: 'apply-then-status', status: 307, headers, times: 9 });
      expect((await scene.finish()).outcome).toBe('unconfirmed');
      expect(scene.state()).toBe('unconfirmed');
    });
  });

  describe('when an answer is unclear', () => {
    it.each([
      ['B14', 'a 502', { kind: 'status', status: 502 }],
      ['B8', 'a 409', { kind: 'status', status: 409 }],
      ['B15', 'a hang', { kind: 'hang' }],
      ['B16', 'a reset', { kind: 'reset' }],
      ['B16', 'a reset behind which it landed', { kind: 'apply-then-reset' }],
      ['B14', 'a 503 behind which it landed', { kind: 'apply-then-status', status: 503 }],
      ['B15', 'a hang behind which it landed', { kind: 'apply-then-hang' }],
      ['B19', 'half of an answer', { kind: 'truncate' }],
      ['B19', 'a log-in page', { kind: 'html' }],
      ['B20', 'a body that drips', { kind: 'drip', everyMs: 20 }],
      ['B21', 'a huge body', { kind: 'huge', bytes: 2_000_000 }],
    ] as const)(
      '%s: sends the same sealed bytes again after %s, and answers recorded',
      async (_id, _, fault) => {
        const scene = await openScene({ firstPutMs: 200 });
        scene.github.fault({ method: 'PUT', ...fault });
        expect((await scene.finish()).outcome).toBe('recorded');
        const [first, second, ...more] = sealedBodies(scene);
        expect(second).toEqual(first);
        expect([more, scene.clock.slept, scene.stored()]).toEqual([[], [1_000], TOKEN]);
        expectIntentBeforeEachPut(scene);
      },
    );

    it('B8, B14: repeats three times, ever later, each after an intent of its own', async () => {
      const scene = await openScene();
      scene.github.fault({ method: 'PUT', kind: 'status', status: 500, times: 3 });
      expect((await scene.finish()).outcome).toBe('recorded');
      expect(scene.clock.slept).toEqual([1_000, 4_000, 15_000]);
      expect([sealedBodies(scene).length, attempts(scene)]).toEqual([4, 4]);
      expectIntentBeforeEachPut(scene);
    });

    it("B14, B29: keeps the time of the last PUT by GitHub's clock, so that nobody settles too early", async () => {
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
    it('B14, B15, B16: answers failed when GitHub shows that nothing changed, a minute later', async () => {
      const scene = await openScene();
      scene.github.fault({ method: 'PUT', kind: 'reset', times: 9 });
      const result = await scene.finish();
      expect(result.outcome).toBe('failed');
      expect(result.reasons?.join()).toContain('GitHub shows that nothing was stored');
      expect(scene.clock.slept).toEqual([1_000, 4_000, 15_000, 60_000]);
      expect([scene.state(), scene.destinationStates()]).toEqual(['failed', ['failed']]);
    });

    it('B14, B15, B16: answers unconfirmed when it has changed: nobody can say by whom', async () => {
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

    it('B28: answers unconfirmed when the environment is gone: a 404 is no proof', async () => {
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
    async function expectFailedAtOnce(apiUrl: string, code: RegExp): Promise<void> {
      const gone = await openScene({ put: openSecretStore(clientOf({ apiUrl })).put });
      const result = await gone.finish();
      expect(result.outcome).toBe('failed');
      expect(result.reasons?.join()).toMatch(code);
      expect(gone.clock.slept).toEqual([1_000, 4_000, 15_000]);
    }

    it('B17: answers failed where the name does not resolve, without waiting a minute: nothing was ever sent', async () => {
      await expectFailedAtOnce(UNRESOLVABLE, /ENOTFOUND|EAI_AGAIN/);
    });

    it('answers failed where nobody listens, without waiting a minute', async () => {
      await expectFailedAtOnce(`http://127.0.0.1:${await freePort()}`, /ECONNREFUSED/);
    });

    it.skipIf(!hasOpenssl)(
      'B18: answers failed to a certificate that is not trusted, without a way around it',
      async () => {
        const secure = await startTestGitHub(() => NOW, { tls: selfSigned() });
        const scene = await openScene({ put: openSecretStore(clientOf(secure)).put });
        const result = await scene.finish();
        expect([result.outcome, scene.state(), secure.requests]).toEqual(['failed', 'failed', []]);
        expect(result.reasons?.join()).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
        await secure.close();
      },
    );
  });
});
