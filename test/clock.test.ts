import { describe, expect, it } from 'vitest';
import { watchClock } from '../src/clock.ts';
import { later, MINUTE_MS, NOW } from './support/builders.ts';

const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** This machine's clock, which shows the true time and an error, and a witness that can be silent. */
function aScene(options: { readonly offMs?: number } = {}) {
  const scene = {
    time: NOW,
    offMs: options.offMs ?? 0,
    silent: false,
    asked: 0,
    now: () => later(scene.offMs, scene.time),
    pass: (ms: number) => {
      scene.time = later(ms, scene.time);
    },
  };
  const watch = watchClock(scene.now, async () => {
    scene.asked++;
    return scene.silent ? undefined : scene.time;
  });
  return { scene, watch };
}

describe('watchClock', () => {
  describe('when the clock agrees', () => {
    it.each([0, 1, 5 * MINUTE_MS, -5 * MINUTE_MS])('trusts it, %i ms off', async (offMs) => {
      const { watch } = aScene({ offMs });
      expect(await watch.check()).toBeUndefined();
    });

    it('asks at the start and then hourly, though it is looked at each minute', async () => {
      const { scene, watch } = aScene();
      for (let minute = 0; minute <= 60; minute++, scene.pass(MINUTE_MS)) await watch.check();
      expect(scene.asked).toBe(1);
      await watch.check();
      expect(scene.asked).toBe(2);
    });
  });

  describe('when the clock differs by more than five minutes', () => {
    it.each([
      ['an hour ahead', HOUR_MS],
      ['a day ahead', DAY_MS],
      ['a month ahead', 30 * DAY_MS],
      ['fifty years ahead', 50 * 365 * DAY_MS],
      ['five minutes and a millisecond behind', -5 * MINUTE_MS - 1],
      ['ten years behind', -10 * 365 * DAY_MS],
    ])('G1: says so with both times (%s)', async (_name, offMs) => {
      const { scene, watch } = aScene({ offMs });
      const said = await watch.check();
      expect(said).toContain(scene.now().toISOString().slice(0, 19));
      expect(said).toContain('2026-11-23T09:30:00Z');
      expect(said).toContain('nothing is sent');
    });

    it('G1: asks at each look until they agree, and then trusts it', async () => {
      const { scene, watch } = aScene({ offMs: HOUR_MS });
      expect(await watch.check()).toBeDefined();
      scene.pass(MINUTE_MS);
      expect(await watch.check()).toBeDefined();
      expect(scene.asked).toBe(2);
      scene.offMs = 0;
      scene.pass(MINUTE_MS);
      expect(await watch.check()).toBeUndefined();
      scene.pass(MINUTE_MS);
      await watch.check();
      expect(scene.asked).toBe(3);
    });

    it('G1: is not made right by a witness that falls silent', async () => {
      const { scene, watch } = aScene({ offMs: DAY_MS });
      await watch.check();
      scene.silent = true;
      scene.pass(MINUTE_MS);
      expect(await watch.check()).toBeDefined();
    });
  });

  describe('when the clock jumps between two looks', () => {
    it.each([
      ['ahead by an hour', HOUR_MS],
      ['ahead by just over five minutes', 5 * MINUTE_MS + 1],
      ['back by a day', -DAY_MS],
      ['back by ten years', -10 * 365 * DAY_MS],
    ])('G1, G2: asks at once, and says it (%s)', async (_name, jump) => {
      const { scene, watch } = aScene();
      await watch.check();
      scene.offMs = jump;
      scene.pass(MINUTE_MS);
      expect(await watch.check()).toBeDefined();
      expect(scene.asked).toBe(2);
    });

    it('G2: asks also where it goes back to after the last answer', async () => {
      const { scene, watch } = aScene();
      await watch.check();
      for (let minute = 0; minute < 30; minute++) {
        scene.pass(MINUTE_MS);
        await watch.check();
      }
      scene.offMs = -10 * MINUTE_MS;
      scene.pass(MINUTE_MS);
      expect(await watch.check()).toBeDefined();
    });

    it('trusts it after the machine has slept: the time is right, and only much of it has passed', async () => {
      const { scene, watch } = aScene();
      await watch.check();
      scene.pass(10 * HOUR_MS);
      expect(await watch.check()).toBeUndefined();
      expect(scene.asked).toBe(2);
    });

    it('G3: says it each time that it flaps by a day, and trusts it in between', async () => {
      const { scene, watch } = aScene();
      const said: boolean[] = [];
      for (let tick = 0; tick < 1000; tick++) {
        scene.offMs = tick % 2 === 0 ? 0 : (tick % 4 === 1 ? 1 : -1) * DAY_MS;
        scene.pass(MINUTE_MS);
        said.push((await watch.check()) !== undefined);
      }
      expect(said).toEqual(said.map((_, tick) => tick % 2 === 1));
    });
  });

  describe('when the witness says nothing', () => {
    it('trusts the clock, and asks ten rounds long, then hourly', async () => {
      const { scene, watch } = aScene({ offMs: DAY_MS });
      scene.silent = true;
      for (let minute = 0; minute < 65; minute++, scene.pass(MINUTE_MS))
        expect(await watch.check()).toBeUndefined();
      expect(scene.asked).toBe(10);
      for (let minute = 0; minute < 60; minute++, scene.pass(MINUTE_MS)) await watch.check();
      expect(scene.asked).toBe(11);
    });

    it('says it as soon as the network of a machine that woke is there', async () => {
      const { scene, watch } = aScene();
      await watch.check();
      scene.offMs = DAY_MS;
      scene.silent = true;
      scene.pass(MINUTE_MS);
      expect(await watch.check()).toBeUndefined();
      scene.silent = false;
      scene.pass(MINUTE_MS);
      expect(await watch.check()).toBeDefined();
    });
  });

  describe('when another answer from outside shows the time', () => {
    it('asks the witness where that differs, since one answer alone decides nothing', async () => {
      const { scene, watch } = aScene();
      await watch.check();
      watch.hear(later(HOUR_MS, scene.time));
      scene.pass(MINUTE_MS);
      expect(await watch.check()).toBeUndefined();
      expect(scene.asked).toBe(2);
      scene.pass(MINUTE_MS);
      await watch.check();
      expect(scene.asked).toBe(2);
    });

    it('does not ask where it agrees', async () => {
      const { scene, watch } = aScene();
      await watch.check();
      watch.hear(later(4 * MINUTE_MS, scene.time));
      scene.pass(MINUTE_MS);
      await watch.check();
      expect(scene.asked).toBe(1);
    });
  });
});
