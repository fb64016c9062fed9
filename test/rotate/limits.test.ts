import { describe, expect, it } from 'vitest';
import { DESTINATION, MINUTE_MS } from '../support/builders.ts';
import type { Scene } from '../support/rotation.ts';
import { openScene } from '../support/rotation.ts';
import { KEY_PATH, SEALER, SECRET_PATH, TOKEN, TOKEN_FILE } from '../support/stand-ins.ts';

const STAGING = { ...DESTINATION, environment: 'staging' };
const TWO = { declaration: { destinations: [DESTINATION, STAGING] } };
const SECONDARY = {
  message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
};
const BAD_LOGIN = { message: 'Bad credentials', documentation_url: 'https://docs.github.com/rest' };
const NOT_TRIED =
  'example/widgets › staging › CARGO_REGISTRY_TOKEN: not tried after that; nothing was stored';

function puts({ github }: Scene): readonly Buffer[] {
  return github.requests.filter(({ method }) => method === 'PUT').map(({ body }) => body);
}

/** What was told of waiting, as step and text. */
function told({ steps }: Scene): readonly string[] {
  return steps.filter(({ outcome }) => outcome === 'limited').map(({ step, detail }) => `${step}: ${detail}`);
}

/** How many requests went out with reseal's own token since the new one was pasted. */
async function requestsOf(scene: Scene, act: () => Promise<unknown>): Promise<number> {
  const count = () => scene.github.requests.filter(({ headers }) => headers.authorization).length;
  const before = count();
  await act();
  return count() - before;
}

describe('when GitHub limits a read after the token was pasted', () => {
  it.each([
    ['with retry-after', { status: 429, headers: { 'retry-after': '17' } }, 17],
    ['without', { status: 403, body: SECONDARY }, 60],
  ])('B3, B4: %s: waits as it asks, says so as a step, and goes on', async (_, answer, seconds) => {
    const scene = await openScene();
    await scene.begin();
    scene.github.fault({ method: 'GET', path: SECRET_PATH, kind: 'status', ...answer });
    expect((await scene.finish()).outcome).toBe('recorded');
    expect(scene.clock.slept).toEqual([seconds * 1_000]);
    expect(told(scene)).toEqual([`stored: GitHub asks to slow down: going on in ${seconds} s`]);
  });

  it('B3: waits for a reset that is near', async () => {
    const scene = await openScene();
    await scene.begin();
    const reset = String(scene.clock.now().getTime() / 1_000 + 90);
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset };
    scene.github.fault({ method: 'GET', path: SECRET_PATH, kind: 'status', status: 403, headers });
    expect((await scene.finish()).outcome).toBe('recorded');
    expect(scene.clock.slept).toEqual([90_000]);
  });

  it('B4: waits twice as long the second time, gives up within five minutes, and tries no other place', async () => {
    const scene = await openScene(TWO);
    await scene.begin();
    scene.github.fault({ method: 'GET', kind: 'status', status: 403, body: SECONDARY, times: 99 });
    const result = await scene.finish();
    expect([result.outcome, scene.clock.slept, puts(scene)]).toEqual(['failed', [60_000, 120_000], []]);
    expect(result.reasons?.[0]).toMatch(/GitHub's limit until .*; nothing was stored$/);
    expect(result.reasons?.[1]).toBe(NOT_TRIED);
    expect([scene.stored(), scene.stored(STAGING), scene.state()]).toEqual([
      'the old one',
      'the old one',
      'failed',
    ]);
  });

  it('B3, B4: waits while it looks back, and does not take the limit for "no change"', async () => {
    const scene = await openScene();
    scene.beforeRequest = (method) => {
      if (method !== 'PUT') return;
      const headers = { 'retry-after': '120' };
      scene.github.fault({ method: 'GET', path: SECRET_PATH, kind: 'status', status: 429, headers });
    };
    expect((await scene.finish()).outcome).toBe('recorded');
    expect(scene.clock.slept).toEqual([120_000]);
    expect(told(scene)).toEqual(['verified: GitHub asks to slow down: going on in 120 s']);
  });

  it('B3, B4: answers unconfirmed where it may not look for long, without asking on', async () => {
    const scene = await openScene();
    scene.beforeRequest = (method) => {
      if (method !== 'PUT') return;
      const headers = { 'retry-after': '3600' };
      scene.github.fault({ method: 'GET', kind: 'status', status: 429, headers, times: 99 });
    };
    const result = await scene.finish();
    expect([result.outcome, scene.clock.slept, scene.state()]).toEqual(['unconfirmed', [], 'unconfirmed']);
    expect(result.reasons?.join()).toContain('GitHub accepted it');
  });
});

describe('when GitHub limits what is asked before anybody is', () => {
  it('B3, B4: waits, says so as a step, and then asks for the token', async () => {
    const scene = await openScene();
    const headers = { 'retry-after': '5' };
    scene.github.fault({ method: 'GET', kind: 'status', status: 429, headers });
    expect((await scene.begin()).size).toBe(1);
    expect([scene.clock.slept, told(scene)]).toEqual([
      [5_000],
      ['precheck: GitHub asks to slow down: going on in 5 s'],
    ]);
  });

  it('B3: throws, saying until when, where the wait is longer than anybody waits', async () => {
    const scene = await openScene();
    const headers = { 'retry-after': '1800' };
    scene.github.fault({ method: 'GET', kind: 'status', status: 429, headers, times: 99 });
    await expect(scene.begin()).rejects.toMatchObject({
      code: 'limited',
      message: expect.stringMatching(/until 10:00 UTC/),
    });
    expect([scene.github.requests.length, scene.clock.slept]).toEqual([1, []]);
  });
});

describe('when GitHub limits the PUT', () => {
  it.each([
    ['with retry-after', { status: 429, headers: { 'retry-after': '37' } }, [37, 74]],
    ['without', { status: 403, body: SECONDARY }, [60, 120]],
  ])(
    'B3, B4: %s: says each wait as a step, doubles the second, and sends the same sealed bytes',
    async (_, answer, seconds) => {
      const scene = await openScene();
      scene.github.fault({ method: 'PUT', kind: 'status', times: 2, ...answer });
      expect((await scene.finish()).outcome).toBe('recorded');
      expect(told(scene)).toEqual(
        seconds.map((wait) => `stored: GitHub asks to slow down: going on in ${wait} s`),
      );
      expect(scene.clock.slept).toEqual(seconds.map((wait) => wait * 1_000));
      expect(puts(scene)).toHaveLength(3);
      expect(new Set(puts(scene).map(String)).size).toBe(1);
      expect([scene.stored(), scene.intentsAtPut]).toEqual([TOKEN, [1, 2, 3]]);
    },
  );

  it('B3, B4: gives up within five minutes, with nothing stored and no other place tried', async () => {
    const scene = await openScene(TWO);
    const headers = { 'retry-after': '90' };
    scene.github.fault({ method: 'PUT', kind: 'status', status: 429, headers, times: 99 });
    const result = await scene.finish();
    const waited = scene.clock.slept.reduce((sum, ms) => sum + ms, 0);
    expect([result.outcome, waited <= 5 * MINUTE_MS, puts(scene).length]).toEqual(['failed', true, 3]);
    expect([result.reasons?.[1], result.next]).toEqual([NOT_TRIED, ['try again then']]);
    expect([scene.stored(), scene.stored(STAGING), scene.state()]).toEqual([
      'the old one',
      'the old one',
      'failed',
    ]);
    expect(scene.stores.register.find('crates-io')?.current).toBeUndefined();
  });
});

describe("when GitHub does not accept reseal's own token any more", () => {
  it.each([
    ['the read before the write', 'GET', 1],
    ['the write', 'PUT', 2],
  ] as const)(
    'B1: at %s: asks no more after that one answer, and tries no other place',
    async (_, method, requests) => {
      const scene = await openScene(TWO);
      await scene.begin();
      scene.github.fault({ method, kind: 'status', status: 401, body: BAD_LOGIN, times: 99 });
      let result: Awaited<ReturnType<Scene['finish']>> | undefined;
      expect(await requestsOf(scene, async () => (result = await scene.finish()))).toBe(requests);
      expect([result?.outcome, result?.reasons?.[1], scene.clock.slept]).toEqual(['failed', NOT_TRIED, []]);
      expect(result?.reasons?.[0]).toContain(`GitHub does not accept the token in "${TOKEN_FILE}"`);
      expect([scene.stored(), scene.stored(STAGING)]).toEqual(['the old one', 'the old one']);
    },
  );

  it('B1: at the second key: asks no more after that one answer, and tries no other place', async () => {
    const scene = await openScene(TWO);
    await scene.begin();
    scene.github.fault({ method: 'PUT', kind: 'status', status: 422, body: { message: 'Bad key' } });
    scene.github.fault({ path: KEY_PATH, kind: 'status', status: 401, body: BAD_LOGIN, times: 99 });
    const result = await scene.finish();
    expect([result.outcome, result.reasons?.[1], puts(scene).length]).toEqual(['failed', NOT_TRIED, 1]);
    expect(scene.github.requests.filter(({ path }) => KEY_PATH.test(path))).toHaveLength(3);
  });

  it('B1: while it looks back: asks once, answers unconfirmed, and tries no other place', async () => {
    const scene = await openScene(TWO);
    scene.beforeRequest = (method) => {
      if (method === 'PUT')
        scene.github.fault({ method: 'GET', kind: 'status', status: 401, body: BAD_LOGIN, times: 99 });
    };
    await scene.begin();
    let result: Awaited<ReturnType<Scene['finish']>> | undefined;
    expect(await requestsOf(scene, async () => (result = await scene.finish()))).toBe(3);
    expect([result?.outcome, result?.reasons?.[1], scene.state()]).toEqual([
      'unconfirmed',
      NOT_TRIED,
      'unconfirmed',
    ]);
    expect([scene.stored(), scene.stored(STAGING)]).toEqual([TOKEN, 'the old one']);
  });

  it('B1: after an answer that was lost: looks once, answers unconfirmed, and tries no other place', async () => {
    const scene = await openScene(TWO);
    await scene.begin();
    scene.github.fault({ method: 'PUT', kind: 'apply-then-reset' });
    scene.clock.onSleep = () => scene.github.removeToken(SEALER);
    let result: Awaited<ReturnType<Scene['finish']>> | undefined;
    expect(await requestsOf(scene, async () => (result = await scene.finish()))).toBe(4);
    expect([result?.outcome, result?.reasons?.[1]]).toEqual(['unconfirmed', NOT_TRIED]);
    expect([scene.stored(), scene.stored(STAGING)]).toEqual([TOKEN, 'the old one']);
  });
});
