import { describe, expect, it } from 'vitest';
import type { Destination } from '../../src/domain/credential.ts';
import type { CredentialStatus } from '../../src/register/status.ts';
import { anyNeedsPerson, credentialStatuses } from '../../src/register/status.ts';
import { precheck, submit } from '../../src/rotate/rotate.ts';
import { DESTINATION, later, NOW } from '../support/builders.ts';
import { rowsOf } from '../support/database.ts';
import type { Scene } from '../support/rotation.ts';
import { aSubmission, openRow, openScene } from '../support/rotation.ts';
import { secretOf, TOKEN } from '../support/stand-ins.ts';

const STAGING = { ...DESTINATION, environment: 'staging' };
const GEARS = { ...DESTINATION, repo: 'example/gears' };
const NEXT = 'cioZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ';
const PLACES: readonly Destination[] = [DESTINATION, STAGING, GEARS];
const THREE = { declaration: { destinations: PLACES } };

function failWritesTo({ github }: Scene, environment: string, status = 403): void {
  const path = new RegExp(`/environments/${environment}/secrets/[A-Z_]+$`);
  github.fault({ method: 'PUT', path, kind: 'status', status, times: 9 });
}

function statusesOf({ rotation, stores }: Scene): readonly CredentialStatus[] {
  const sources = {
    nextReminderAt: () => undefined,
    unsettled: () => undefined,
    baseline: () => undefined,
    lateWrite: () => undefined,
    livesOn: () => false,
  };
  return credentialStatuses([rotation.declaration], stores.register.list(), sources, NOW);
}

/** What each place is said to hold, as `status` shows it. */
function shown(scene: Scene): readonly unknown[] {
  const [status] = statusesOf(scene);
  return status?.destinations.map(({ state, version }) => [state, version]) ?? [];
}

describe('a rotation of several destinations', () => {
  describe('when every place takes it', () => {
    it('stores it in environments and repositories alike, and answers recorded once', async () => {
      const scene = await openScene(THREE);
      expect(await scene.finish()).toMatchObject({ outcome: 'recorded', version: 1 });
      expect(PLACES.map((place) => scene.stored(place))).toEqual([TOKEN, TOKEN, TOKEN]);
      expect(scene.destinationStates()).toEqual(['verified', 'verified', 'verified']);
      expect(shown(scene)).toEqual([
        ['verified', 1],
        ['verified', 1],
        ['verified', 1],
      ]);
      expect(rowsOf(scene.stores.db, 'version')).toHaveLength(1);
      expect(scene.events().filter((type) => type === 'credential.rotated')).toHaveLength(1);
    });

    it('asks the issuer once for all of them', async () => {
      const scene = await openScene(THREE);
      await scene.finish();
      expect(scene.cratesIo.requests).toHaveLength(1);
    });

    it("seals to each environment's own key", async () => {
      const scene = await openScene(THREE);
      await scene.finish();
      const keys = PLACES.map(
        ({ repo, environment, secret }) => scene.github.secret(repo, environment, secret)?.keyId,
      );
      expect(new Set(keys).size).toBe(3);
    });

    it('says with each step how far it has come, and of the check nothing of the kind', async () => {
      const scene = await openScene(THREE);
      await scene.finish();
      const counted = scene.steps.map(({ step, progress }) => [step, progress?.done, progress?.total]);
      const one = (done: number) => ['intended', 'stored', 'verified'].map((step) => [step, done, 3]);
      expect(counted).toEqual([
        ...[1, 2, 3].map((done) => ['precheck', done, 3]),
        ['submitted', undefined, undefined],
        ['checked', undefined, undefined],
        ...[1, 2, 3].flatMap(one),
      ]);
    });

    it('counts nothing where there is one alone', async () => {
      const scene = await openScene();
      await scene.finish();
      expect(scene.steps.filter(({ progress }) => progress)).toEqual([]);
    });
  });

  describe('when the second of three refuses', () => {
    it('answers partial, goes on to the third, and says what to do about the one that is left', async () => {
      const scene = await openScene(THREE);
      failWritesTo(scene, 'staging');
      const result = await scene.finish();
      expect([result.outcome, result.version, scene.state()]).toEqual(['partial', 1, 'recorded']);
      expect(result.reasons).toEqual([
        expect.stringMatching(
          /^example\/widgets › staging › CARGO_REGISTRY_TOKEN: the token in .* may not be used/,
        ),
      ]);
      expect(result.next?.join()).toContain('reseal rotate crates-io --only-missing');
      expect(PLACES.map((place) => scene.stored(place))).toEqual([TOKEN, 'the old one', TOKEN]);
    });

    it('shows that the one that is left holds nothing of ours, and asks for a person', async () => {
      const scene = await openScene(THREE);
      failWritesTo(scene, 'staging');
      await scene.finish();
      expect(shown(scene)).toEqual([
        ['verified', 1],
        ['never-stored', null],
        ['verified', 1],
      ]);
      expect(anyNeedsPerson(statusesOf(scene))).toBe(true);
    });

    it('shows that the one that is left holds the version before', async () => {
      const scene = await openScene(THREE);
      await scene.finish();
      expect(anyNeedsPerson(statusesOf(scene))).toBe(false);
      scene.clock.set(later(3_600_000, scene.clock.now()));
      scene.cratesIo.addToken(NEXT, { scopes: ['publish-update'] });
      failWritesTo(scene, 'staging');
      const current = scene.stores.register.find('crates-io')?.current;
      const next = { ...scene.rotation, id: 'rotation-2', current };
      openRow(scene.stores, next.id);
      await submit(next, await precheck(next), aSubmission(secretOf(NEXT)), () => undefined);
      expect(shown(scene)).toEqual([
        ['verified', 2],
        ['never-stored', 1],
        ['verified', 2],
      ]);
      expect(PLACES.map((place) => scene.stored(place))).toEqual([NEXT, TOKEN, NEXT]);
      expect(anyNeedsPerson(statusesOf(scene))).toBe(true);
    });
  });

  describe('when one place shows no change', () => {
    it('answers partial, and shows that place as unconfirmed', async () => {
      const scene = await openScene(THREE);
      const path = /\/environments\/staging\/secrets\/[A-Z_]+$/;
      scene.github.fault({ method: 'PUT', path, kind: 'apply-then-reset', times: 9 });
      expect((await scene.finish()).outcome).toBe('partial');
      expect(shown(scene)).toEqual([
        ['verified', 1],
        ['unconfirmed', 1],
        ['verified', 1],
      ]);
    });
  });

  describe('when all of them refuse', () => {
    it('answers failed, each with its reason, and records no version', async () => {
      const scene = await openScene(THREE);
      for (const environment of ['release', 'staging']) failWritesTo(scene, environment);
      const result = await scene.finish();
      expect([result.outcome, result.reasons?.length, result.version]).toEqual(['failed', 3, undefined]);
      expect(PLACES.map((place) => scene.stored(place))).toEqual([
        'the old one',
        'the old one',
        'the old one',
      ]);
      expect([scene.state(), rowsOf(scene.stores.db, 'version')]).toEqual(['failed', []]);
    });
  });

  describe('when one is unclear and the others refuse', () => {
    it('answers unconfirmed, and records no version', async () => {
      const scene = await openScene(THREE);
      failWritesTo(scene, 'staging');
      const path = /\/widgets\/environments\/release\/secrets\/[A-Z_]+$/;
      scene.github.fault({ method: 'PUT', path, kind: 'apply-then-reset', times: 9 });
      failWritesTo(scene, 'release');
      expect((await scene.finish()).outcome).toBe('unconfirmed');
      expect(scene.destinationStates()).toEqual(expect.arrayContaining(['unconfirmed', 'failed']));
      expect(rowsOf(scene.stores.db, 'version')).toEqual([]);
    });
  });

  it('touches no other secret of the same environments', async () => {
    const scene = await openScene(THREE);
    const other = { repository: DESTINATION.repo, environment: 'release', name: 'NPM_TOKEN' };
    scene.github.addSecret({ ...other, value: 'foreign', at: new Date('2026-01-01') });
    await scene.finish();
    const kept = scene.github.secret(other.repository, other.environment, other.name);
    expect([kept && Buffer.from(kept.opened).toString(), kept?.updatedAt]).toEqual([
      'foreign',
      new Date('2026-01-01'),
    ]);
    const touched = scene.github.requests.filter(({ path }) => path.includes('NPM_TOKEN'));
    expect([touched, scene.github.putCount()]).toEqual([[], 3]);
  });
});
