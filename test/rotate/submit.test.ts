import { describe, expect, it } from 'vitest';
import { openSecretStore } from '../../src/github/environment-secrets.ts';
import { firstBroken } from '../../src/history/chain.ts';
import type { SubmitOutcome } from '../../src/rotate/rotation.ts';
import { aVersion, DESTINATION, later } from '../support/builders.ts';
import { findLeaks } from '../support/canary.ts';
import { INSTALL_ID } from '../support/database.ts';
import type { Scene } from '../support/rotation.ts';
import { aSubmission, BASELINE, ID, leaveIntent, openScene } from '../support/rotation.ts';
import { clientOf, SECRET_PATH, secretOf, TOKEN, wireOf } from '../support/stand-ins.ts';

const STAGING = { ...DESTINATION, environment: 'staging' };
const TWO = { declaration: { destinations: [DESTINATION, STAGING] } };

function puts({ github }: Scene): number {
  return github.requests.filter(({ method }) => method === 'PUT').length;
}

/** What must hold after a refused submission: nothing has been touched, and another may follow. */
function expectUntouched(scene: Scene): void {
  expect(scene.state()).toBe('opened');
  expect(puts(scene)).toBe(0);
  expect(
    scene.github.secret(DESTINATION.repo, DESTINATION.environment, DESTINATION.secret)?.updatedAt,
  ).toEqual(BASELINE);
  expect(scene.stored()).toBe('the old one');
}

describe('precheck', () => {
  it('says of each destination whether it will be created', async () => {
    const scene = await openScene({ ...TWO, storedAt: undefined });
    scene.github.addSecret({
      repository: DESTINATION.repo,
      environment: 'release',
      name: DESTINATION.secret,
      at: BASELINE,
    });
    const views = await scene.begin();
    expect([...views.values()].map(({ updatedAt }) => updatedAt)).toEqual([BASELINE, undefined]);
    expect(scene.steps.map(({ step, outcome }) => [step, outcome])).toEqual([
      ['precheck', 'ready'],
      ['precheck', 'will be created'],
    ]);
  });

  it('throws before anybody is asked when one of them is not there', async () => {
    const scene = await openScene(TWO);
    scene.github.removeEnvironment(DESTINATION.repo, 'staging');
    await expect(scene.begin()).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('submit', () => {
  describe('when all goes well', () => {
    it('answers recorded, and GitHub holds just the pasted bytes (I16)', async () => {
      const scene = await openScene();
      expect(await scene.finish()).toEqual({
        outcome: 'recorded',
        version: 1,
        expiry: { kind: 'known', at: new Date('2027-11-23T00:00:00Z'), source: 'entered' },
        next: [expect.stringContaining('The old token stays alive until it is revoked')],
      });
      expect(scene.stored()).toBe(TOKEN);
      expect(scene.state()).toBe('recorded');
    });

    it('says that the old token stays alive where there was one, and how to say that it is gone', async () => {
      const scene = await openScene({ rotation: { current: aVersion() } });
      expect((await scene.finish()).next).toEqual([
        expect.stringContaining('The old token stays alive until it is revoked'),
        expect.stringContaining('reseal confirm crates-io --old-revoked'),
      ]);
    });

    it('says nothing of an old token where there was none', async () => {
      const scene = await openScene({ storedAt: undefined });
      expect((await scene.finish()).next).toEqual([]);
    });

    it('opens a connection to GitHub while the issuer is asked, without the token', async () => {
      const scene = await openScene();
      await scene.begin();
      const opened = scene.github.when({ path: /^\/rate_limit$/ });
      await scene.submit();
      expect((await opened).headers).not.toHaveProperty('authorization');
    });

    it('reports each step once, in order', async () => {
      const scene = await openScene();
      await scene.finish();
      expect(scene.steps.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual([
        'precheck ready',
        'submitted received',
        'checked live',
        'intended recorded',
        'stored updated',
        'verified updated_at moved',
      ]);
    });

    it('asks crates.io once, puts once, and waits for nothing', async () => {
      const scene = await openScene();
      await scene.finish();
      expect([scene.cratesIo.requests.length, puts(scene), scene.clock.slept]).toEqual([1, 1, []]);
    });

    it('writes the intent durably before the PUT leaves (I11)', async () => {
      const scene = await openScene();
      await scene.finish();
      expect(scene.intentsAtPut).toEqual([1]);
    });

    it("records the version, where it lives, and GitHub's time of it", async () => {
      const scene = await openScene();
      await scene.finish();
      const stored = scene.stores.register.find('crates-io');
      expect(stored?.current).toMatchObject({ version: 1, checked: 'live', lifetimeDays: 365 });
      expect(stored?.destinations).toMatchObject([
        { destination: DESTINATION, version: 1, state: 'verified', remoteUpdatedAt: later(0) },
      ]);
    });

    it('writes exactly one "rotated" into a history that holds (I13)', async () => {
      const scene = await openScene();
      await scene.finish();
      expect(scene.events().filter((type) => type === 'credential.rotated')).toHaveLength(1);
      expect(firstBroken(scene.stores.history.list(), INSTALL_ID)).toBeUndefined();
    });

    it('B23: creates a secret that was not there, and says so before and after', async () => {
      const scene = await openScene({ storedAt: undefined });
      expect((await scene.finish()).outcome).toBe('recorded');
      const told = scene.steps.map(({ step, outcome }) => `${step} ${outcome}`);
      expect(told).toEqual(expect.arrayContaining(['precheck will be created', 'stored created']));
      expect(scene.stored()).toBe(TOKEN);
    });

    it('leaves no trace of the token in the database, the steps or what went to GitHub (I15)', async () => {
      const scene = await openScene();
      const outcome = await scene.submit();
      const sinks = new Map([
        ['database', scene.stores.db.connection.serialize()],
        ['steps', Buffer.from(JSON.stringify([scene.steps, outcome]))],
        ['requests', wireOf(scene.github.requests)],
      ]);
      expect(findLeaks(TOKEN, sinks)).toEqual([]);
    });
  });

  describe('when the token cannot be the right one', () => {
    it('refuses it by its form, and does not show it to crates.io (D3)', async () => {
      const scene = await openScene();
      const outcome = await scene.submit({ token: secretOf(`ghp_${'a'.repeat(36)}`) });
      expect(outcome).toMatchObject({ kind: 'refused', mayStoreUnchecked: false });
      expect(scene.cratesIo.requests).toEqual([]);
      expectUntouched(scene);
    });

    it('C1: refuses a dead one, and takes the next', async () => {
      const scene = await openScene();
      scene.cratesIo.revokeToken(TOKEN);
      expect((await scene.submit()).kind).toBe('refused');
      expectUntouched(scene);
      const next = 'cioZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ';
      scene.cratesIo.addToken(next, { scopes: ['publish-update'] });
      expect((await scene.finish({ token: secretOf(next) })).outcome).toBe('recorded');
      expect(scene.stored()).toBe(next);
    });

    it('C3: refuses one that could not be checked, and stores it at the deliberate second step', async () => {
      const scene = await openScene();
      scene.cratesIo.fault({ kind: 'status', status: 503, times: 2 });
      expect(await scene.submit()).toMatchObject({ kind: 'refused', mayStoreUnchecked: true });
      expectUntouched(scene);
      expect((await scene.finish({ unchecked: true })).outcome).toBe('recorded');
      expect(scene.stores.register.find('crates-io')?.current?.checked).toBe('unchecked');
      expect(scene.steps.filter(({ step }) => step === 'checked').map(({ outcome }) => outcome)).toEqual([
        'inconclusive',
        'unchecked',
      ]);
    });

    it('C2: takes a live one with scopes alone, and says what that proves', async () => {
      const scene = await openScene();
      await scene.finish();
      const checked = scene.steps.find(({ step }) => step === 'checked');
      expect([checked?.outcome, checked?.detail]).toEqual(['live', expect.stringContaining('this proves')]);
      expect(scene.stores.register.find('crates-io')?.current?.checked).toBe('live');
    });

    it.each([
      [
        'C4',
        'words that nobody knows',
        { kind: 'status', status: 403, body: { errors: [{ detail: 'who are you?' }] } },
      ],
      ['C7', 'a redirect', { kind: 'redirect', to: 'https://evil.example/' }],
    ] as const)('%s: takes %s for no check, and lets the person decide', async (_id, _, fault) => {
      const scene = await openScene();
      scene.cratesIo.fault(fault);
      expect(await scene.submit()).toMatchObject({ kind: 'refused', mayStoreUnchecked: true });
      expectUntouched(scene);
    });

    it('C5: refuses one whose account is locked, says so, and stays open', async () => {
      const scene = await openScene();
      scene.cratesIo.addToken(TOKEN, { scopes: ['publish-update'], locked: { reason: 'abuse' } });
      const outcome = await scene.submit();
      expect(outcome).toMatchObject({ kind: 'refused', mayStoreUnchecked: false });
      expect(outcome.kind === 'refused' && outcome.reasons.join()).toContain('locked');
      expectUntouched(scene);
    });

    it('refuses a dead one although storing unchecked was asked for', async () => {
      const scene = await openScene();
      scene.cratesIo.revokeToken(TOKEN);
      expect(await scene.submit({ unchecked: true })).toMatchObject({
        kind: 'refused',
        mayStoreUnchecked: false,
      });
      expectUntouched(scene);
    });

    it('asks nobody about a kind without a live check', async () => {
      const scene = await openScene({ rotation: { issuer: undefined } });
      expect((await scene.finish()).outcome).toBe('recorded');
      expect(scene.stores.register.find('crates-io')?.current?.checked).toBe('not-asked');
    });
  });

  describe('when somebody else changed the secret while the form was open', () => {
    it('B27: of two machines at the same secret, the second stops before its PUT, and both histories say what they did', async () => {
      const first = await openScene();
      const second = await openScene({ rotation: { store: openSecretStore(clientOf(first.github)) } });
      await first.begin();
      await second.begin();
      expect((await first.finish()).outcome).toBe('recorded');
      const result = await second.finish();
      expect([result.outcome, result.reasons?.join()]).toEqual([
        'failed',
        expect.stringContaining('somebody else changed this secret while the form was open'),
      ]);
      expect([puts(first), first.stored(), second.state()]).toEqual([1, TOKEN, 'failed']);
      expect(first.events()).toContain('credential.rotated');
      expect(second.events()).not.toContain('credential.rotated');
    });

    it('B27: answers failed, and puts nothing', async () => {
      const scene = await openScene();
      await scene.begin();
      const { repo: repository, environment, secret: name } = DESTINATION;
      scene.github.touchSecret({ repository, environment, name, value: 'theirs', at: later(-3_000) });
      const result = await scene.finish();
      expect(result.outcome).toBe('failed');
      expect(result.reasons?.join()).toContain('somebody else changed this secret');
      expect([puts(scene), scene.stored(), scene.state()]).toEqual([0, 'theirs', 'failed']);
    });

    it('B23, B27: does the same when it was created or removed', async () => {
      const { repo: repository, environment, secret: name } = DESTINATION;
      const created = await openScene({ storedAt: undefined });
      await created.begin();
      created.github.addSecret({ repository, environment, name, at: later(-3_000) });
      expect((await created.finish()).outcome).toBe('failed');
      const removed = await openScene();
      await removed.begin();
      removed.github.removeSecret({ repository, environment, name });
      expect((await removed.finish()).outcome).toBe('failed');
      expect([puts(created), puts(removed)]).toEqual([0, 0]);
    });
  });

  describe('when GitHub cannot be read after the token was pasted', () => {
    it.each([
      ['a 502', { kind: 'status', status: 502 }],
      ['a log-in page', { kind: 'html' }],
      ['a reset', { kind: 'reset' }],
    ] as const)('B13: asks again after %s, up to three times', async (_, fault) => {
      const scene = await openScene();
      await scene.begin();
      scene.github.fault({ method: 'GET', path: SECRET_PATH, times: 2, ...fault });
      expect((await scene.finish()).outcome).toBe('recorded');
      expect(scene.clock.slept).toEqual([1_000, 4_000]);
    });

    it('B13: gives up after the third, and stores nothing', async () => {
      const scene = await openScene();
      await scene.begin();
      scene.github.fault({ method: 'GET', kind: 'status', status: 502, times: 9 });
      const result = await scene.finish();
      expect(result.outcome).toBe('failed');
      expect(result.reasons?.join()).toMatch(/GitHub answered 502 .*; nothing was stored$/);
      expect([puts(scene), scene.state()]).toEqual([0, 'failed']);
    });

    it('does not repeat a refusal', async () => {
      const scene = await openScene();
      await scene.begin();
      scene.github.fault({ method: 'GET', kind: 'status', status: 403, times: 9 });
      expect((await scene.finish()).outcome).toBe('failed');
      expect(scene.clock.slept).toEqual([]);
    });
  });

  describe("when GitHub's answers carry no time", () => {
    it('B29: stores and records all the same', async () => {
      const scene = await openScene();
      scene.github.fault({ kind: 'headers', headers: { date: '' }, times: 99 });
      expect((await scene.finish()).outcome).toBe('recorded');
      expect(scene.state()).toBe('recorded');
    });

    it('B29: records an intent of its own time where its clock is a day off', async () => {
      const ahead = later(86_400_000);
      const scene = await openScene();
      scene.github.fault({ kind: 'headers', headers: { date: ahead.toUTCString() }, times: 99 });
      expect((await scene.finish()).outcome).toBe('recorded');
      const intended = scene.stores.db.connection
        .prepare('SELECT intended_at FROM rotation_destination')
        .pluck();
      expect(new Date(String(intended.get()))).toEqual(ahead);
    });
  });

  describe('when the secret was written in this very second', () => {
    it('waits until a write would show', async () => {
      const scene = await openScene({ storedAt: later(-500) });
      expect((await scene.finish()).outcome).toBe('recorded');
      expect(scene.clock.slept).toEqual([2_000]);
    });
  });

  describe('when reads lag behind writes', () => {
    it('B22: looks again until GitHub shows it', async () => {
      const scene = await openScene();
      scene.github.setReadLag({ milliseconds: 5_000 });
      expect((await scene.finish()).outcome).toBe('recorded');
      expect(scene.clock.slept).toEqual([250, 500, 1_000, 2_000, 4_000]);
    });

    it('B22: answers unconfirmed, and records no version, when GitHub never shows it', async () => {
      const scene = await openScene();
      scene.github.setReadLag({ reads: 1_000 });
      const result = await scene.finish();
      expect(result.outcome).toBe('unconfirmed');
      expect(result.reasons?.join()).toContain('GitHub accepted it, but shows no change yet');
      expect(result.next?.join()).toContain('reseal confirm crates-io --stored');
      expect([scene.state(), scene.destinationStates()]).toEqual(['unconfirmed', ['unconfirmed']]);
      expect(scene.stores.register.find('crates-io')?.current).toBeUndefined();
      expect(scene.clock.slept.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThanOrEqual(60_000);
    });

    it('goes on looking when single looks fail', async () => {
      const scene = await openScene();
      scene.github.setReadLag({ milliseconds: 200 });
      let looks = 0;
      scene.beforeRequest = (method) => {
        if (puts(scene) === 0 || method !== 'GET') return;
        looks += 1;
        if (looks === 2) scene.github.fault({ method: 'GET', kind: 'reset' });
      };
      expect((await scene.finish()).outcome).toBe('recorded');
    });
  });

  describe('when an earlier rotation may still land', () => {
    it("B26: waits out its minute by GitHub's clock, and ends it once ours lies over it", async () => {
      const scene = await openScene();
      leaveIntent(scene, { id: 'earlier', intendedAt: later(-10_000) });
      expect((await scene.finish()).outcome).toBe('recorded');
      expect(scene.clock.slept[0]).toBe(50_000);
      expect([scene.state('earlier'), scene.state()]).toEqual(['abandoned', 'recorded']);
      expect(scene.stores.rotations.unfinished()).toEqual([]);
    });

    it('waits for no older one', async () => {
      const scene = await openScene();
      leaveIntent(scene, { id: 'earlier', intendedAt: later(-60_000) });
      await scene.finish();
      expect(scene.clock.slept).toEqual([]);
    });
  });

  describe('when there are several destinations', () => {
    it("B12: seals for each to that environment's own key, with which GitHub opens it", async () => {
      const scene = await openScene(TWO);
      await scene.finish();
      const held = TWO.declaration.destinations.map(({ repo, environment, secret }) =>
        scene.github.secret(repo, environment, secret),
      );
      expect(held.map((one) => Buffer.from(one?.opened ?? []).toString())).toEqual([TOKEN, TOKEN]);
      const sent = scene.github.requests.filter(({ method }) => method === 'PUT');
      expect(sent.map(({ body }) => JSON.parse(body.toString()).key_id)).toEqual(
        held.map((one) => one?.keyId),
      );
      expect(new Set(held.map((one) => one?.keyId)).size).toBe(2);
    });

    it('puts the same token into each, a second apart', async () => {
      const scene = await openScene(TWO);
      expect((await scene.finish()).outcome).toBe('recorded');
      expect([scene.stored(), scene.stored(STAGING)]).toEqual([TOKEN, TOKEN]);
      expect(scene.clock.slept).toEqual([1_000]);
      expect(scene.intentsAtPut).toEqual([1, 2]);
    });

    it.each([
      ['first', 'release', ['failed', 'verified']],
      ['second', 'staging', ['verified', 'failed']],
    ])('answers partial when the %s is refused, and says where it is not', async (_, environment, states) => {
      const scene = await openScene(TWO);
      const path = new RegExp(`/environments/${environment}/`);
      scene.github.fault({ method: 'PUT', path, kind: 'status', status: 403 });
      const result = await scene.finish();
      expect(result).toMatchObject({ outcome: 'partial', version: 1 });
      expect(result.reasons).toEqual([expect.stringContaining(`› ${environment} ›`)]);
      expect([scene.state(), scene.destinationStates()]).toEqual(['recorded', states]);
      const places = scene.stores.register.find('crates-io')?.destinations ?? [];
      expect(places.map((place) => place.destination.environment)).not.toContain(environment);
    });

    it('answers unconfirmed when one is unclear and none is verified', async () => {
      const scene = await openScene(TWO);
      scene.github.fault({ method: 'PUT', path: /release/, kind: 'apply-then-reset' });
      scene.github.fault({ method: 'PUT', path: /release/, kind: 'reset', times: 3 });
      scene.github.fault({ method: 'PUT', path: /staging/, kind: 'status', status: 404 });
      expect((await scene.finish()).outcome).toBe('unconfirmed');
      expect(scene.destinationStates()).toEqual(['unconfirmed', 'failed']);
    });
  });

  describe('when it is over', () => {
    const ends: readonly [string, (scene: Scene) => void][] = [
      ['recorded', () => undefined],
      ['refused', (scene) => scene.cratesIo.revokeToken(TOKEN)],
      ['failed', (scene) => void scene.github.fault({ method: 'PUT', kind: 'status', status: 403 })],
      ['unconfirmed', (scene) => scene.github.setReadLag({ reads: 1_000 })],
      ['inconclusive', (scene) => void scene.cratesIo.fault({ kind: 'reset' })],
    ];

    it.each(ends)('has wiped the token, with the end %s', async (_, prepare) => {
      const scene = await openScene();
      const { token } = aSubmission();
      prepare(scene);
      const outcome: SubmitOutcome = await scene.submit({ token });
      expect(outcome.kind).toMatch(/finished|refused/);
      expect(token.reveal()).toEqual(new Uint8Array(TOKEN.length));
    });

    it('has wiped the token also when it threw', async () => {
      const scene = await openScene();
      const { token } = aSubmission();
      await scene.begin();
      scene.stores.rotations.move(ID, 'abandoned', scene.clock.now());
      await expect(scene.submit({ token })).rejects.toThrow('does not go from abandoned');
      expect(token.reveal()).toEqual(new Uint8Array(TOKEN.length));
    });
  });
});
