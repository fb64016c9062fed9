import { rmSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { App } from '../src/app.ts';
import type { Destination } from '../src/domain/credential.ts';
import { sweep } from '../src/remind/sweep.ts';
import type { GitHubSandbox } from '../src/sandbox/github.ts';
import { planningOf } from '../src/sending.ts';
import type { Watch } from '../src/watch.ts';
import { openWatch } from '../src/watch.ts';
import { openTestApp } from './support/app.ts';
import { DESTINATION, later, NOW } from './support/builders.ts';
import { rowsOf } from './support/database.ts';
import { CHOSEN } from './support/rotation.ts';
import type { TestClock } from './support/stand-ins.ts';
import { ENVIRONMENT, REPO, SEALER, startTestGitHub, testClock } from './support/stand-ins.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NAME = 'crates-io';
/** GitHub's time of what stands there. */
const OURS = later(-30 * DAY);

interface Scene {
  readonly app: App;
  readonly clock: TestClock;
  readonly github: GitHubSandbox;
  readonly watch: Watch;
  readonly told: string[];
  /** A time at which every place is due again, then a look. */
  look(afterMs?: number): Promise<boolean>;
  state(destination?: Destination): unknown;
  requests(): number;
}

function credential(name: string, destinations: readonly Destination[]): readonly string[] {
  return [
    `${name}:`,
    '  kind: crates-io-token',
    '  owner: ada',
    '  destinations:',
    ...destinations.map(
      ({ repo, environment, secret }) =>
        `    - { repo: ${repo}, environment: ${environment}, secret: ${secret} }`,
    ),
  ];
}

function put(github: GitHubSandbox, { secret: name }: Destination, at: Date, value = 'a token'): void {
  github.addSecret({ repository: REPO, environment: ENVIRONMENT, name, at, value });
}

/** Version 1 stands at GitHub, and the register knows since when. */
async function openScene(
  destinations: readonly Destination[] = [DESTINATION],
  options: { readonly token?: string | undefined } = {},
): Promise<Scene> {
  const clock = testClock(NOW);
  const github = await startTestGitHub(clock.now);
  onTestFinished(() => github.close());
  const token = 'token' in options ? options : {};
  const { app } = openTestApp({
    apiUrl: github.apiUrl,
    clock,
    credentials: credential(NAME, destinations),
    ...token,
  });
  app.register.addVersion(NAME, CHOSEN, NOW);
  for (const place of destinations) {
    put(github, place, OURS);
    app.register.noteRemote(NAME, place, { updatedAt: OURS, differs: false }, NOW);
  }
  const told: string[] = [];
  const watch = openWatch(({ event }) => void told.push(event));
  return {
    app,
    clock,
    github,
    watch,
    told,
    look: (afterMs = DAY + HOUR) => {
      clock.set(later(afterMs, clock.now()));
      return watch.look(app);
    },
    state: (place = DESTINATION) =>
      app.register.find(NAME)?.destinations.find((one) => one.destination.secret === place.secret)?.state,
    requests: () => github.requests.length,
  };
}

/** A write of ours of which nobody has seen that it landed. */
function leaveAttempt({ app }: Scene, intendedAt: Date, end: 'failed' | 'unconfirmed' | 'open'): void {
  const { rotations } = app;
  const id = 'rotation-7';
  rotations.open({
    id,
    credential: NAME,
    openedAt: intendedAt,
    pid: 4711,
    host: 'host',
    completes: undefined,
  });
  rotations.move(id, 'submitted', intendedAt);
  rotations.move(id, 'checked', intendedAt);
  const intent = {
    destination: DESTINATION,
    keyId: '1',
    baselineUpdatedAt: OURS,
    intendedAt,
    localAt: intendedAt,
  };
  rotations.intend(id, intent, CHOSEN);
  if (end === 'open') return;
  rotations.settleDestination(id, DESTINATION, { state: end, at: intendedAt });
  rotations.move(id, end, intendedAt, 'no answer');
}

function historyOf({ app }: Scene) {
  return app.history
    .list()
    .filter(({ type }) => type === 'destination.seen')
    .map(({ result, detail }) => ({ result, detail: JSON.parse(detail) as Record<string, string> }));
}

/** What the sweep of this moment owes about a change, and to whom. */
function owedChanges({ app }: Scene): readonly string[] {
  sweep(planningOf(app, () => undefined));
  const rows = app.outbox.remindersOf(NAME, 0).filter(({ topic }) => topic === 'changed');
  return rows.map(({ recipient }) => recipient);
}

const places = (count: number): readonly Destination[] =>
  Array.from({ length: count }, (_, index) => ({ ...DESTINATION, secret: `CARGO_TOKEN_${index}` }));

describe('openWatch', () => {
  it('costs no request and no token where nothing is due', async () => {
    const scene = await openScene();
    await scene.look();
    const asked = scene.requests();
    expect(await scene.look(HOUR)).toBe(false);
    expect(scene.requests()).toBe(asked);
  });

  it('leaves what stands unchanged as it was, and looks again in a day', async () => {
    const scene = await openScene();
    await scene.look();
    expect([scene.state(), scene.told, historyOf(scene)]).toEqual(['never-stored', [], []]);
    const [row] = rowsOf(scene.app.db, 'destination');
    expect(row).toMatchObject({ checked_at: scene.clock.now().toISOString(), changed_at: null });
  });

  it('B25: notes what somebody else wrote, once, and overwrites nothing', async () => {
    const scene = await openScene();
    const changed = later(HOUR);
    put(scene.github, DESTINATION, changed, 'of somebody else');
    await scene.look();
    const firstSeen = scene.clock.now();
    expect(owedChanges(scene)).toEqual(['ada@example.org']);
    await scene.look();
    expect(owedChanges(scene)).toEqual(['ada@example.org']);
    expect(scene.app.register.find(NAME)?.destinations[0]).toMatchObject({
      state: 'changed-elsewhere',
      changedAt: firstSeen,
      remoteUpdatedAt: OURS,
    });
    expect(historyOf(scene)).toMatchObject([
      {
        result: 'changed-elsewhere',
        detail: { secret: DESTINATION.secret, updatedAt: changed.toISOString() },
      },
    ]);
    expect(scene.told).toEqual(['destination.changed-elsewhere']);
    expect(scene.github.putCount()).toBe(0);
  });

  it('B23: tells that a secret is gone, and that it is back', async () => {
    const scene = await openScene();
    scene.github.removeSecret({ repository: REPO, environment: ENVIRONMENT, name: DESTINATION.secret });
    await scene.look();
    expect(scene.state()).toBe('missing');
    put(scene.github, DESTINATION, OURS);
    await scene.look();
    expect(scene.state()).toBe('never-stored');
    expect(scene.app.register.find(NAME)?.destinations[0]?.changedAt).toBeUndefined();
    expect(historyOf(scene).map(({ result }) => result)).toEqual(['missing', 'never-stored']);
  });

  it('B24: names what may be it under another name, from every page of the list', async () => {
    const scene = await openScene();
    scene.github.removeSecret({ repository: REPO, environment: ENVIRONMENT, name: DESTINATION.secret });
    for (const other of Array.from({ length: 101 }, (_, index) => `A_${String(index).padStart(3, '0')}`))
      put(scene.github, { ...DESTINATION, secret: other }, OURS);
    put(scene.github, { ...DESTINATION, secret: 'CARGO_TOKEN' }, later(HOUR));
    await scene.look();
    expect(historyOf(scene)).toMatchObject([{ result: 'missing', detail: { similar: 'CARGO_TOKEN' } }]);
  });

  it('B23: tells that it is gone also where the others cannot be listed', async () => {
    const scene = await openScene();
    scene.github.removeSecret({ repository: REPO, environment: ENVIRONMENT, name: DESTINATION.secret });
    scene.github.fault({ method: 'GET', path: /\/secrets$/, kind: 'status', status: 500, times: 9 });
    await scene.look();
    expect(scene.state()).toBe('missing');
  });

  it('B26: names the failed attempt whose write may have landed late', async () => {
    const scene = await openScene();
    leaveAttempt(scene, NOW, 'failed');
    put(scene.github, DESTINATION, later(90_000), 'ours, late');
    await scene.look();
    expect(historyOf(scene)).toMatchObject([
      { result: 'changed-elsewhere', detail: { mayBe: 'a late write of rotation rotation-7' } },
    ]);
  });

  it('B26: looks again a minute after a success, and names the attempt from before it that has won', async () => {
    const scene = await openScene();
    leaveAttempt(scene, NOW, 'failed');
    const id = 'rotation-8';
    const { rotations } = scene.app;
    const at = later(70_000);
    rotations.open({ id, credential: NAME, openedAt: at, pid: 1, host: 'host', completes: undefined });
    for (const state of ['submitted', 'checked'] as const) rotations.move(id, state, at);
    const intent = {
      destination: DESTINATION,
      keyId: '1',
      baselineUpdatedAt: OURS,
      intendedAt: at,
      localAt: at,
    };
    rotations.intend(id, intent, CHOSEN);
    rotations.settleDestination(id, DESTINATION, { state: 'verified', at, remoteUpdatedAt: at });
    for (const state of ['stored', 'verified'] as const) rotations.move(id, state, at);
    rotations.record(id, CHOSEN, at);
    put(scene.github, DESTINATION, later(20_000, at), 'the older one');
    scene.clock.set(later(60_000, at));
    await scene.look(0);
    expect(scene.state()).toBe('verified');
    await scene.look(1_000);
    expect(scene.state()).toBe('changed-elsewhere');
    expect(historyOf(scene)[0]?.detail).toMatchObject({ mayBe: 'a late write of rotation rotation-7' });
  });

  it('leaves to an unconfirmed rotation what it may have written itself', async () => {
    const scene = await openScene();
    leaveAttempt(scene, NOW, 'unconfirmed');
    put(scene.github, DESTINATION, later(5_000), 'ours, perhaps');
    await scene.look();
    expect([scene.state(), scene.told]).toEqual(['never-stored', []]);
  });

  it('does not ask while a rotation is writing, and does a minute later', async () => {
    const scene = await openScene();
    leaveAttempt(scene, NOW, 'open');
    put(scene.github, DESTINATION, later(1_000), 'ours, in a moment');
    await scene.look();
    expect([scene.state(), scene.requests()]).toEqual(['never-stored', 0]);
    scene.app.rotations.move('rotation-7', 'failed', scene.clock.now(), 'no');
    await scene.look(61_000);
    expect(scene.state()).toBe('changed-elsewhere');
  });

  it('does not judge by what was known before a rotation that was recorded in the meantime', async () => {
    const scene = await openScene();
    put(scene.github, DESTINATION, later(HOUR), 'known by the time of the answer');
    const looking = scene.look();
    scene.app.register.noteRemote(NAME, DESTINATION, { updatedAt: later(HOUR), differs: false }, later(HOUR));
    await looking;
    expect([scene.state(), scene.told]).toEqual(['never-stored', []]);
  });

  describe('when GitHub cannot be read', () => {
    const outage = (github: GitHubSandbox, times = 1_000) =>
      github.fault({ method: 'GET', path: /secrets/, kind: 'status', status: 503, times });

    it('I24: keeps the state for three days, asking every hour, and says unknown then', async () => {
      const scene = await openScene();
      outage(scene.github);
      await scene.look();
      expect(scene.told).toEqual(['destination.unread']);
      for (let hour = 1; hour < 47; hour++) await scene.look(HOUR);
      expect([scene.state(), scene.requests()]).toEqual(['never-stored', 47]);
      await scene.look(HOUR);
      expect(scene.state()).toBe('unknown');
    });

    it('is what it was once it can be read again', async () => {
      const scene = await openScene();
      const fault = outage(scene.github);
      await scene.look(4 * DAY);
      expect(scene.state()).toBe('unknown');
      fault.cancel();
      await scene.look(HOUR);
      expect(scene.state()).toBe('never-stored');
    });

    it('stops after three places in a row, and asks nobody for an hour', async () => {
      const scene = await openScene(places(10));
      outage(scene.github);
      expect(await scene.look()).toBe(false);
      expect(scene.requests()).toBe(3);
      await scene.look(HOUR - 1);
      expect(scene.requests()).toBe(3);
      await scene.look(1);
      expect(scene.requests()).toBe(6);
    });

    it('I8: is not held up by places that never answer: those come after the rest', async () => {
      const all = places(9);
      const scene = await openScene(all);
      scene.github.fault({ method: 'GET', path: /CARGO_TOKEN_[0-4]$/, kind: 'empty', times: 1_000 });
      put(scene.github, all[8] ?? DESTINATION, later(HOUR), 'of somebody else');
      await scene.look();
      await scene.look(HOUR);
      await scene.look(HOUR);
      expect(scene.state(all[8])).toBe('changed-elsewhere');
    });

    it('B4: stops at once where GitHub asks to wait, and waits for as long', async () => {
      const scene = await openScene(places(3));
      scene.github.fault({
        method: 'GET',
        path: /secrets/,
        kind: 'status',
        status: 429,
        headers: { 'retry-after': '7200' },
      });
      await scene.look();
      expect(scene.requests()).toBe(1);
      await scene.look(2 * HOUR - 1);
      expect(scene.requests()).toBe(1);
      await scene.look(1);
      expect(scene.requests()).toBe(4);
    });

    it('B1: says unknown of every place where the token is refused, after one request', async () => {
      const scene = await openScene(places(30));
      scene.github.removeToken(SEALER);
      expect(await scene.look()).toBe(true);
      expect(await scene.look(0)).toBe(false);
      const states = scene.app.register.find(NAME)?.destinations.map(({ state }) => state);
      expect([new Set(states), scene.requests()]).toEqual([new Set(['unknown']), 1]);
      scene.github.addToken(SEALER, { permissions: { environments: 'write' } });
      await scene.look(HOUR);
      await scene.look(0);
      const healed = scene.app.register.find(NAME)?.destinations.map(({ state }) => state);
      expect(new Set(healed)).toEqual(new Set(['never-stored']));
    });

    it('B5: says unknown at once, and not missing, where the environment is not to be seen', async () => {
      const scene = await openScene();
      scene.github.addToken(SEALER, { permissions: {} });
      await scene.look();
      expect(scene.state()).toBe('unknown');
    });

    it('keeps that somebody else changed it', async () => {
      const scene = await openScene();
      put(scene.github, DESTINATION, later(HOUR), 'of somebody else');
      await scene.look();
      scene.github.removeToken(SEALER);
      await scene.look();
      expect(scene.state()).toBe('changed-elsewhere');
    });

    it('counts a token file that is gone as something that cannot be read', async () => {
      const scene = await openScene();
      rmSync(scene.app.config.github.sealTokenFile ?? '');
      await scene.look();
      expect([scene.state(), scene.told]).toEqual(['never-stored', ['destination.unread']]);
      await scene.look(4 * DAY);
      expect(scene.state()).toBe('unknown');
    });
  });

  it('looks at nothing, and says so once, where no token is configured', async () => {
    const scene = await openScene([DESTINATION], { token: undefined });
    expect([await scene.look(), await scene.look()]).toEqual([false, false]);
    expect([scene.state(), scene.requests(), scene.told]).toEqual([
      'never-stored',
      0,
      ['destination.not-configured'],
    ]);
  });

  it('looks at twenty in a round, one after the other, and says that more are waiting', async () => {
    const scene = await openScene(places(45));
    expect([await scene.look(), scene.requests()]).toEqual([true, 20]);
    expect([await scene.look(0), scene.requests()]).toEqual([true, 40]);
    expect([await scene.look(0), scene.requests()]).toEqual([false, 45]);
  });

  it('leaves alone what is retired, and looks at it again once it is wanted after all', async () => {
    const scene = await openScene();
    scene.app.register.retire(NAME, NOW);
    await scene.look();
    expect(scene.requests()).toBe(0);
    expect(rowsOf(scene.app.db, 'destination')[0]).toMatchObject({ look_at: null, state: 'never-stored' });
    scene.app.register.addVersion(NAME, CHOSEN, scene.clock.now());
    await scene.look(0);
    expect(scene.requests()).toBe(1);
  });

  it('leaves alone a place that has left the configuration, and looks at it again when it is back', async () => {
    const scene = await openScene();
    const { register } = scene.app;
    const declaration = register.find(NAME)?.declaration;
    if (!declaration) throw new Error('it is not declared');
    const change = (destinations: readonly Destination[]) =>
      register.apply(
        [{ kind: 'change', declaration: { ...declaration, destinations }, changed: ['destinations'] }],
        scene.clock.now(),
      );
    change([]);
    await scene.look();
    expect(scene.requests()).toBe(0);
    change([DESTINATION]);
    await scene.look(0);
    expect(scene.requests()).toBe(1);
  });
});
