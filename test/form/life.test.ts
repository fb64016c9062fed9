import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FormEnd } from '../../src/form/life.ts';
import { Life } from '../../src/form/life.ts';

const MINUTE = 60_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A life of 10 minutes after the first load and 30 in all, and what it did so far. */
function begin() {
  const log: (FormEnd | 'closed')[] = [];
  const life = new Life(
    { close: () => Promise.resolve(log.push('closed')).then(() => undefined) },
    { firstLoadMs: 10 * MINUTE, totalMs: 30 * MINUTE },
  );
  void life.ended.then((end) => log.push(end));
  return { life, log };
}

describe('Life', () => {
  describe('when nobody comes', () => {
    it('closes after 30 minutes and not before', async () => {
      const { log } = begin();
      await vi.advanceTimersByTimeAsync(30 * MINUTE - 1);
      expect(log).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      expect(log).toEqual(['closed', { kind: 'expired', opened: false }]);
    });
  });

  describe('when it was loaded', () => {
    it('closes 10 minutes after the first load, whatever is loaded later', async () => {
      const { life, log } = begin();
      await vi.advanceTimersByTimeAsync(5 * MINUTE);
      expect(life.secondsLeft()).toBe(25 * 60);
      life.loaded();
      expect(life.secondsLeft()).toBe(10 * 60);
      await vi.advanceTimersByTimeAsync(9 * MINUTE);
      life.loaded();
      expect(life.secondsLeft()).toBe(60);
      await vi.advanceTimersByTimeAsync(MINUTE);
      expect(log).toEqual(['closed', { kind: 'expired', opened: true }]);
    });

    it('never outlives the 30 minutes', async () => {
      const { life, log } = begin();
      await vi.advanceTimersByTimeAsync(25 * MINUTE);
      life.loaded();
      await vi.advanceTimersByTimeAsync(5 * MINUTE);
      expect(log).toHaveLength(2);
    });
  });

  describe('when a token comes after its end', () => {
    it('holds nothing', () => {
      const { life } = begin();
      life.cancel();
      expect(life.hold()).toBe(false);
    });
  });

  describe('when the time is up while a token is on its way', () => {
    it('waits, and ends with the result', async () => {
      const { life, log } = begin();
      life.hold();
      await vi.advanceTimersByTimeAsync(60 * MINUTE);
      expect(log).toEqual([]);
      life.end({ kind: 'finished', result: { outcome: 'recorded' } });
      await vi.advanceTimersByTimeAsync(0);
      expect(log).toEqual(['closed', { kind: 'finished', result: { outcome: 'recorded' } }]);
    });

    it('ends as cancelled as soon as that was refused, where it was cancelled meanwhile', async () => {
      const { life, log } = begin();
      life.hold();
      life.cancel();
      await vi.advanceTimersByTimeAsync(0);
      expect(log).toEqual([]);
      life.release();
      await vi.advanceTimersByTimeAsync(0);
      expect(log).toEqual(['closed', { kind: 'cancelled' }]);
    });

    it('expires as soon as that was refused', async () => {
      const { life, log } = begin();
      life.hold();
      await vi.advanceTimersByTimeAsync(60 * MINUTE);
      life.release();
      await vi.advanceTimersByTimeAsync(0);
      expect(log).toEqual(['closed', { kind: 'expired', opened: false }]);
    });
  });

  describe('when a refused token leaves time', () => {
    it('stays open until its deadline', async () => {
      const { life, log } = begin();
      life.hold();
      life.release();
      await vi.advanceTimersByTimeAsync(29 * MINUTE);
      expect(log).toEqual([]);
    });
  });

  describe('when it has ended', () => {
    it('keeps to the first end', async () => {
      const { life, log } = begin();
      life.end({ kind: 'cancelled' });
      life.end({ kind: 'expired', opened: true });
      life.fail(new Error('late'));
      await vi.advanceTimersByTimeAsync(60 * MINUTE);
      expect(log).toEqual(['closed', { kind: 'cancelled' }]);
    });
  });
});
