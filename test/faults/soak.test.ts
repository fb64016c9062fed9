import { describe, expect, it } from 'vitest';
import { canSoak, soak } from '../support/soak.ts';
import { isSound, summarise } from '../support/soak-figures.ts';

// Nothing of it waits for real time to pass. Thirty days, a round a minute, each night: `npm run soak`.
const DAYS = 1;

describe.skipIf(!canSoak)('H8: a daemon that runs for days (needs libfaketime)', () => {
  it('holds no more memory and no more descriptors than on its first day, and ends well', async () => {
    const result = await soak({ days: DAYS, minutes: 4, every: 2 });
    const figures = summarise(result.samples, 0.5);
    // In so few days the process itself still grows a little; what JavaScript holds does not.
    expect({ figures, sound: isSound(figures, { resident: 30, live: 3 }) }).toMatchObject({ sound: true });
    expect(result).toMatchObject({ code: 0, repeated: 0 });
    // It was at work: mails, and GitHub asked daily.
    expect(result.rounds).toBeGreaterThan(DAYS * 350);
    expect(result.mails).toBeGreaterThan(DAYS);
    expect(result.requests).toBeGreaterThan(100);
  }, 240_000);
});
