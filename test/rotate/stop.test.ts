import { describe, expect, it } from 'vitest';
import { Stop, Stopped } from '../../src/rotate/stop.ts';
import { DESTINATION } from '../support/builders.ts';
import type { Scene } from '../support/rotation.ts';
import { openScene } from '../support/rotation.ts';
import { SECRET_PATH } from '../support/stand-ins.ts';

const LIMIT = { kind: 'status', status: 429, headers: { 'retry-after': '60' } } as const;
const forever = () => new Promise<never>(() => undefined);

function puts({ github }: Scene): number {
  return github.requests.filter(({ method }) => method === 'PUT').length;
}

async function expectAbandoned(scene: Scene, submitted: Promise<unknown>): Promise<void> {
  expect(await submitted).toMatchObject({
    outcome: 'abandoned',
    reasons: [expect.stringContaining('before anything was written')],
    next: [expect.stringContaining('reseal rotate crates-io')],
  });
  expect([scene.state(), puts(scene), scene.stored()]).toEqual(['abandoned', 0, 'the old one']);
}

describe('a rotation that a person stops', () => {
  describe('when its issuer is being asked', () => {
    it('is abandoned without waiting for the answer, and nothing is stored', async () => {
      const stop = new Stop();
      const issuer = {
        check: () => {
          stop.ask();
          return forever();
        },
      };
      const scene = await openScene({ rotation: { stop, issuer } });
      await expectAbandoned(scene, scene.finish());
    });
  });

  describe('when it waits for a limit of GitHub’s before anything was written', () => {
    it('is abandoned, and nothing is stored afterwards', async () => {
      const stop = new Stop();
      const sleep = () => {
        stop.ask();
        return forever();
      };
      const scene = await openScene({ rotation: { stop, sleep } });
      await scene.begin();
      scene.github.fault({ method: 'GET', path: SECRET_PATH, ...LIMIT });
      await expectAbandoned(scene, scene.finish());
    });
  });

  describe('when GitHub is read once more', () => {
    it('is abandoned, and tries no other place', async () => {
      const stop = new Stop();
      const staging = { ...DESTINATION, environment: 'staging' };
      const scene = await openScene({
        declaration: { destinations: [DESTINATION, staging] },
        rotation: { stop },
      });
      await scene.begin();
      scene.beforeRequest = (method) => void (method === 'GET' && stop.ask());
      await expectAbandoned(scene, scene.finish());
      expect(scene.stored(staging)).toBe('the old one');
    });
  });

  describe('when the token is about to be sealed', () => {
    it('is abandoned, and the history says nothing of a failure', async () => {
      const stop = new Stop();
      const scene = await openScene({ rotation: { stop } });
      const { pace } = scene.rotation;
      await scene.begin();
      const take = (writes: boolean) => {
        if (writes) stop.ask();
        return pace.take(writes);
      };
      Object.assign(scene.rotation, { pace: { take } });
      await expectAbandoned(scene, scene.finish());
      expect(scene.events()).not.toContain('rotation.failed');
    });
  });

  describe('when the first intent stands', () => {
    it('goes on to the end, and records it', async () => {
      const stop = new Stop();
      const scene = await openScene({ rotation: { stop } });
      await scene.begin();
      scene.beforeRequest = (method) => void (method === 'PUT' && stop.ask());
      expect((await scene.finish()).outcome).toBe('recorded');
      expect([scene.state(), stop.isAsked, stop.isBegun]).toEqual(['recorded', false, true]);
    });

    it('goes on to the other places, too', async () => {
      const stop = new Stop();
      const staging = { ...DESTINATION, environment: 'staging' };
      const scene = await openScene({
        declaration: { destinations: [DESTINATION, staging] },
        rotation: { stop },
      });
      await scene.begin();
      scene.beforeRequest = (method) => void (method === 'PUT' && stop.ask());
      expect((await scene.finish()).outcome).toBe('recorded');
      expect(puts(scene)).toBe(2);
    });
  });
});

describe('Stop', () => {
  it('lets no write begin once it was asked for, even if that is only heard now', async () => {
    const stop: Stop = new Stop(async () => stop.ask());
    await expect(stop.begin()).rejects.toThrow(Stopped);
    expect(stop.isBegun).toBe(false);
  });

  it('ends a wait that has begun, and starts none afterwards', async () => {
    const stop = new Stop();
    const waiting = stop.orStop(forever);
    stop.ask();
    await expect(waiting).rejects.toThrow(Stopped);
    let started = 0;
    await expect(stop.orStop(async () => void started++)).rejects.toThrow(Stopped);
    expect(started).toBe(0);
  });

  it('passes on what is waited for, also when that fails', async () => {
    const stop = new Stop();
    expect(await stop.orStop(async () => 7)).toBe(7);
    await expect(stop.orStop(() => Promise.reject(new TypeError('x')))).rejects.toThrow(TypeError);
  });
});
