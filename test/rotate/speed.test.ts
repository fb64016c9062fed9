import { describe, expect, it } from 'vitest';
import { measureRotation, measureSpread } from '../support/rotate-speed.ts';

// The counts alone: how long it takes is measured by `npm run bench -- rotate`.
describe('a rotation', () => {
  it('takes three round trips from the issuer’s answer to the record: baseline, PUT, look back', async () => {
    expect((await measureRotation(0)).trips).toBe(3);
  });

  it('to a hundred destinations takes at most 5 % more than the pace that GitHub asks for, within every published limit', async () => {
    const { seconds, floorSeconds, busiest } = await measureSpread(100);
    expect(seconds).toBeGreaterThanOrEqual(floorSeconds);
    expect(seconds / floorSeconds).toBeLessThan(1.05);
    expect(busiest.writesASecond).toBe(1);
    expect(busiest.writesAMinute).toBeLessThanOrEqual(80);
    expect(busiest.writesAnHour).toBeLessThanOrEqual(500);
    expect(busiest.pointsAMinute).toBeLessThanOrEqual(900);
  }, 60_000);
});
