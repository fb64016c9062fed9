import { describe, expect, it } from 'vitest';
import { measureRotation, measureSpread } from '../support/rotate-speed.ts';

describe('a rotation', () => {
  it('takes three round trips from the issuer’s answer to the record: baseline, PUT, look back', async () => {
    expect((await measureRotation(0)).trips).toBe(3);
  });

  it('to a hundred destinations takes no more than 5 % above the pace that GitHub asks for', async () => {
    const { seconds, floorSeconds } = await measureSpread(100);
    expect(seconds).toBeGreaterThanOrEqual(floorSeconds);
    expect(seconds / floorSeconds).toBeLessThan(1.05);
  }, 60_000);
});
