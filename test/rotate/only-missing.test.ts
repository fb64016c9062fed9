import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findMissing } from '../../src/cli/find-missing.ts';
import type { NewVersion } from '../../src/domain/credential.ts';
import { openFingerprints } from '../../src/fingerprints.ts';
import { confirmRotation, recoverRotations } from '../../src/rotate/recover.ts';
import type { Rotation } from '../../src/rotate/rotate.ts';
import { precheck, submit } from '../../src/rotate/rotate.ts';
import type { SubmitOutcome } from '../../src/rotate/rotation.ts';
import { aReminder, aVersion, DESTINATION, later } from '../support/builders.ts';
import { makeFolder, rowsOf } from '../support/database.ts';
import type { Scene, SceneOptions } from '../support/rotation.ts';
import { aSubmission, CHOSEN, entryOf, openRow, openScene, recoveryOf } from '../support/rotation.ts';
import { secretOf, TOKEN } from '../support/stand-ins.ts';

const STAGING = { ...DESTINATION, environment: 'staging' };
const TWO = { declaration: { destinations: [DESTINATION, STAGING] } };
const STAGING_PATH = /\/environments\/staging\/secrets\/[A-Z_]+$/;
const ANOTHER = 'cioZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ';
const SECOND = 'rotation-2';

/** Stored in `release` as version 1, and refused by `staging`. */
async function openPartial(options: SceneOptions = {}): Promise<Scene> {
  const scene = await openScene({ ...TWO, ...options });
  scene.github.fault({ method: 'PUT', path: STAGING_PATH, kind: 'status', status: 403 });
  expect(await scene.finish()).toMatchObject({ outcome: 'partial', version: 1 });
  scene.clock.set(later(3_600_000, scene.clock.now()));
  scene.cratesIo.addToken(ANOTHER, { scopes: ['publish-update'] });
  return scene;
}

function missing({ rotation, stores }: Scene, fingerprints = rotation.fingerprints) {
  return findMissing(rotation.declaration, stores.register.find('crates-io'), fingerprints);
}

/** What `rotate --only-missing` does once its destinations are known. */
function completion(scene: Scene, id = SECOND): Rotation {
  const current = scene.stores.register.find('crates-io')?.current;
  const rotation = { ...scene.rotation, ...missing(scene), id, current };
  const { credential, completes } = rotation;
  const openedAt = scene.clock.now();
  rotation.log.open({ id, credential, openedAt, pid: 1, host: 'host', completes: completes.version });
  return rotation;
}

async function complete(scene: Scene, token = TOKEN): Promise<SubmitOutcome> {
  const rotation = completion(scene);
  const submission = { ...aSubmission(secretOf(token)), expiration: { kind: 'stated' } as const };
  return submit(rotation, await precheck(rotation), submission, () => undefined);
}

describe('what is said of the old token', () => {
  it('is said once no place holds it any more, and not before: a destination may still need it', async () => {
    const scene = await openScene(TWO);
    scene.stores.register.addVersion('crates-io', aVersion(), scene.clock.now());
    scene.github.fault({ method: 'PUT', path: STAGING_PATH, kind: 'status', status: 403 });
    const partial = await scene.finish();
    expect([partial.outcome, partial.version]).toEqual(['partial', 2]);
    expect(partial.next?.join()).not.toContain('The old token');
    scene.clock.set(later(3_600_000, scene.clock.now()));
    const completed = await complete(scene);
    expect(completed).toMatchObject({
      result: {
        outcome: 'recorded',
        next: [
          expect.stringContaining('The old token stays alive until it is revoked'),
          expect.stringContaining('reseal confirm crates-io --old-revoked'),
        ],
      },
    });
  });
});

describe('submit, with what completes a version', () => {
  describe('when the same token is pasted', () => {
    it('stores it where it is missing, and nowhere else', async () => {
      const scene = await openPartial();
      const before = scene.github.requests.length;
      expect(await complete(scene)).toMatchObject({
        kind: 'finished',
        result: { outcome: 'recorded', version: 1 },
      });
      expect([scene.stored(), scene.stored(STAGING)]).toEqual([TOKEN, TOKEN]);
      const asked = scene.github.requests.slice(before).filter(({ path }) => path.includes('/release/'));
      expect(asked).toEqual([]);
    });

    it('makes no new version, and verifies the place at the one there is', async () => {
      const scene = await openPartial();
      const [version] = rowsOf(scene.stores.db, 'version');
      await complete(scene);
      expect(rowsOf(scene.stores.db, 'version')).toEqual([version]);
      expect(scene.stores.register.find('crates-io')?.destinations).toMatchObject([
        { destination: DESTINATION, version: 1, state: 'verified' },
        { destination: STAGING, version: 1, state: 'verified' },
      ]);
      expect(scene.events().at(-1)).toBe('credential.completed');
      expect(scene.events().filter((type) => type === 'credential.rotated')).toHaveLength(1);
    });

    it('leaves what is owed as it is, and sends no second notice', async () => {
      const scene = await openPartial();
      const key = aReminder({ leadDays: 60 });
      const step = { kind: 'owe', key, dueAt: later(0), urgent: false } as const;
      scene.stores.outbox.apply([{ credential: 'crates-io', steps: [step], nextPlanAt: undefined }]);
      const before = rowsOf(scene.stores.db, 'reminder');
      expect(before.map((row) => row['topic']).sort()).toEqual(['expiry', 'rotated']);
      await complete(scene);
      expect(rowsOf(scene.stores.db, 'reminder')).toEqual(before);
    });

    it('asks nobody to revoke anything: no token was replaced', async () => {
      const scene = await openPartial();
      const outcome = await complete(scene);
      expect(outcome).toMatchObject({ kind: 'finished', result: { next: [] } });
      expect(scene.stores.register.find('crates-io')?.former).toEqual([]);
    });
  });

  describe('when another token is pasted', () => {
    it('D4: refuses it before the issuer or GitHub sees it', async () => {
      const scene = await openPartial();
      const asked = scene.cratesIo.requests.length;
      const outcome = await complete(scene, ANOTHER);
      expect(outcome).toMatchObject({
        kind: 'refused',
        mayStoreUnchecked: false,
        reasons: [expect.stringContaining('not the token of version 1')],
      });
      expect([scene.cratesIo.requests.length, scene.stored(STAGING), scene.state(SECOND)]).toEqual([
        asked,
        'the old one',
        'opened',
      ]);
    });
  });

  describe('when the issuer does not know it any more', () => {
    it('C1: refuses it, and stores nothing', async () => {
      const scene = await openPartial();
      scene.cratesIo.revokeToken(TOKEN);
      expect((await complete(scene)).kind).toBe('refused');
      expect(scene.stored(STAGING)).toBe('the old one');
    });
  });

  describe('when GitHub refuses again', () => {
    it('answers failed, and the version stands as it stood', async () => {
      const scene = await openPartial();
      scene.github.fault({ method: 'PUT', path: STAGING_PATH, kind: 'status', status: 403 });
      expect(await complete(scene)).toMatchObject({ kind: 'finished', result: { outcome: 'failed' } });
      expect(missing(scene).destinations).toEqual([STAGING]);
    });
  });
});

describe('findMissing', () => {
  it('answers the places that do not hold the version, and all that is known of it', async () => {
    const { destinations, completes } = missing(await openPartial());
    expect(destinations).toEqual([STAGING]);
    expect(completes).toMatchObject({
      version: 1,
      known: { lifetimeDays: 365, checked: 'live', fingerprint: expect.stringMatching(/^[0-9a-f.]+$/) },
    });
  });

  it.each(['revoked', 'leaked'] as const)('refuses one that is %s', async (standing) => {
    const scene = await openPartial();
    scene.stores.register.declare('crates-io', standing, scene.clock.now());
    expect(() => missing(scene)).toThrow(
      expect.objectContaining({ code: 'refused', message: expect.stringContaining(standing) }),
    );
  });

  it('refuses where nothing is missing, and names what to do', async () => {
    const scene = await openPartial();
    await complete(scene);
    expect(() => missing(scene)).toThrow(
      expect.objectContaining({
        code: 'refused',
        message: expect.stringContaining('nothing is missing'),
        hints: ['for a new token: reseal rotate crates-io'],
      }),
    );
  });

  it('B25: refuses to overwrite what somebody else has written since', async () => {
    const scene = await openPartial();
    scene.stores.rotations.disown('crates-io', STAGING, scene.clock.now());
    expect(() => missing(scene)).toThrow(
      expect.objectContaining({ code: 'refused', message: expect.stringContaining('somebody else changed') }),
    );
  });

  it('refuses where the key that recognises tokens is lost, and names what to do', async () => {
    const scene = await openPartial();
    const other = openFingerprints({ dataDir: makeFolder() }, { randomBytes });
    expect(() => missing(scene, other)).toThrow(
      expect.objectContaining({
        code: 'refused',
        hints: ['store a new one everywhere: reseal rotate crates-io'],
      }),
    );
  });

  it('refuses where no version is recorded, or one that was never pasted here', async () => {
    const scene = await openScene(TWO);
    expect(() => missing(scene)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
    const byHand: NewVersion = {
      expiry: { kind: 'unknown', source: 'unknown' },
      lifetimeDays: undefined,
      createdAt: undefined,
      checked: 'not-asked',
    };
    scene.stores.register.addVersion('crates-io', byHand, scene.clock.now());
    expect(() => missing(scene)).toThrow(
      expect.objectContaining({ code: 'refused', message: expect.stringContaining('not pasted here') }),
    );
  });
});

describe('when the process dies while it completes a version', () => {
  /** Left with its intent, by GitHub's clock of that moment. */
  async function interrupted(): Promise<Scene> {
    const scene = await openPartial();
    const { log, completes } = completion(scene);
    const at = scene.clock.now();
    for (const state of ['submitted', 'checked'] as const) log.move(SECOND, state, at);
    const baselineUpdatedAt = new Date('2025-11-30T16:04:12Z');
    const intent = { destination: STAGING, keyId: '1', baselineUpdatedAt, intendedAt: at, localAt: at };
    if (completes) log.intend(SECOND, intent, completes.known);
    return scene;
  }

  function land(scene: Scene): void {
    const { repo: repository, environment, secret: name } = STAGING;
    scene.github.touchSecret({ repository, environment, name, value: TOKEN, at: scene.clock.now() });
  }

  function expectCompleted(scene: Scene): void {
    expect(rowsOf(scene.stores.db, 'version')).toHaveLength(1);
    expect(scene.stores.register.find('crates-io')?.destinations).toMatchObject([
      { version: 1, state: 'verified' },
      { version: 1, state: 'verified' },
    ]);
    expect(scene.events().at(-1)).toBe('credential.completed');
  }

  it('A10: after the answer: recovery finishes it, as the version that it completes', async () => {
    const scene = await interrupted();
    scene.stores.rotations.settleDestination(SECOND, STAGING, { state: 'stored', at: scene.clock.now() });
    land(scene);
    const recovery = recoveryOf(scene);
    await recoverRotations(recovery);
    expect([recovery.told, scene.state(SECOND)]).toEqual([['rotation.recorded'], 'recorded']);
    expectCompleted(scene);
  });

  it('A6: before the write: recovery finds that nothing was stored, and the version stands as it stood', async () => {
    const scene = await interrupted();
    scene.clock.set(later(61_000, scene.clock.now()));
    await recoverRotations(recoveryOf(scene));
    expect(scene.state(SECOND)).toBe('failed');
    expect(missing(scene).destinations).toEqual([STAGING]);
  });

  it('A8: before the answer: a person says that it was stored, which makes no new version', async () => {
    const scene = await interrupted();
    land(scene);
    await recoverRotations(recoveryOf(scene));
    expect(scene.state(SECOND)).toBe('unconfirmed');
    const { rotation, stores, clock } = scene;
    const entry = entryOf(scene, SECOND);
    const said = { kind: 'stored', version: CHOSEN } as const;
    expect(await confirmRotation(stores.rotations, rotation.store, entry, said, clock.now)).toBe(1);
    expectCompleted(scene);
  });

  it('A8: the same token may be stored again where it may have landed already', async () => {
    const scene = await interrupted();
    land(scene);
    await recoverRotations(recoveryOf(scene));
    const again = completion(scene, 'rotation-3');
    expect(again.destinations).toEqual([STAGING]);
    const outcome = await submit(again, await precheck(again), aSubmission(), () => undefined);
    expect(outcome).toMatchObject({ kind: 'finished', result: { outcome: 'recorded', version: 1 } });
    expect(scene.stores.rotations.unfinished()).toEqual([]);
    expectCompleted(scene);
  });
});

describe('submit, for a new version', () => {
  /** Version 1 is stored, and another rotation is open. */
  async function openAgain(
    fingerprints?: Rotation['fingerprints'],
  ): Promise<{ scene: Scene; next: Rotation }> {
    const scene = await openScene();
    await scene.finish();
    scene.clock.set(later(3_600_000, scene.clock.now()));
    const current = scene.stores.register.find('crates-io')?.current;
    const next = { ...scene.rotation, id: SECOND, current, ...(fingerprints && { fingerprints }) };
    openRow(scene.stores, SECOND);
    return { scene, next };
  }

  it('D4: refuses the token that is stored already, naming its version, before anybody is asked', async () => {
    const { scene, next } = await openAgain();
    const reminders = rowsOf(scene.stores.db, 'reminder');
    const asked = scene.cratesIo.requests.length;
    const outcome = await submit(next, await precheck(next), aSubmission(), () => undefined);
    expect(outcome).toMatchObject({
      kind: 'refused',
      mayStoreUnchecked: false,
      reasons: [expect.stringContaining('this is the token that is stored already, as version 1')],
    });
    expect([scene.cratesIo.requests.length, scene.state(SECOND)]).toEqual([asked, 'opened']);
    expect(scene.github.putCount()).toBe(1);
    expect(rowsOf(scene.stores.db, 'version')).toHaveLength(1);
    expect(rowsOf(scene.stores.db, 'reminder')).toEqual(reminders);
  });

  it('D4: refuses none where the key was lost: nobody can tell', async () => {
    const lost = openFingerprints({ dataDir: makeFolder() }, { randomBytes });
    const { next } = await openAgain(lost);
    const outcome = await submit(next, await precheck(next), aSubmission(), () => undefined);
    expect(outcome).toMatchObject({ kind: 'finished', result: { outcome: 'recorded', version: 2 } });
  });

  it('D4: keeps no key in the database, nor anything that names the token without it', async () => {
    const { scene } = await openAgain();
    const { connection } = scene.stores.db;
    const key = readFileSync(join(dirname(connection.name), 'fingerprint.key'));
    const bytes = connection.serialize();
    const plain = createHash('sha256').update(TOKEN).digest('hex').slice(0, 16);
    expect([
      key.length,
      bytes.includes(key),
      bytes.includes(key.toString('hex')),
      bytes.includes(plain),
    ]).toEqual([32, false, false, false]);
  });

  it('takes another one', async () => {
    const { scene, next } = await openAgain();
    scene.cratesIo.addToken(ANOTHER, { scopes: ['publish-update'] });
    const outcome = await submit(next, await precheck(next), aSubmission(secretOf(ANOTHER)), () => undefined);
    expect(outcome).toMatchObject({ kind: 'finished', result: { outcome: 'recorded', version: 2 } });
    expect(scene.stored()).toBe(ANOTHER);
  });
});
