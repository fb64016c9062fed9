import { describe, expect, it } from 'vitest';
import { takeTurns } from '../../src/registries/turns.ts';
import { later } from '../support/builders.ts';
import { testClock } from '../support/stand-ins.ts';

const A = 'https://a.example.org/one';
const B = 'https://b.example.org/one';

describe('takeTurns', () => {
  it('lets the first go at once', async () => {
    const clock = testClock();
    await takeTurns(clock.now, clock.sleep)(A);
    expect(clock.slept).toEqual([]);
  });

  it('lets those that ask together go a second apart, in their order', async () => {
    const clock = testClock();
    const turn = takeTurns(clock.now, clock.sleep);
    const went: string[] = [];
    const go = async (path: string) => {
      await turn(`https://a.example.org/${path}`);
      went.push(path);
    };
    await Promise.all(['x', 'y', 'z'].map(go));
    expect(went).toEqual(['x', 'y', 'z']);
    expect(clock.slept).toEqual([1_000, 1_000]);
  });

  it('waits only for what is left of the second', async () => {
    const clock = testClock();
    const turn = takeTurns(clock.now, clock.sleep);
    await turn(A);
    clock.set(later(400));
    await turn(A);
    clock.set(later(5_000));
    await turn(A);
    expect(clock.slept).toEqual([600]);
  });

  it('counts each origin by itself', async () => {
    const clock = testClock();
    const turn = takeTurns(clock.now, clock.sleep);
    await Promise.all([turn(A), turn(B)]);
    expect(clock.slept).toEqual([]);
  });

  it('waits for a second when the clock was put back', async () => {
    const clock = testClock();
    const turn = takeTurns(clock.now, clock.sleep);
    await turn(A);
    clock.set(later(-3_600_000));
    await turn(A);
    expect(clock.slept).toEqual([1_000]);
  });
});
