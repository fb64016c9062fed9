import { formatInstant } from '../domain/calendar.ts';
import { readGitHubClock } from '../github/clock.ts';
import type { Check } from './check.ts';
import type { Remark } from './line.ts';
import { ok, problem, unknown } from './line.ts';
import { needing } from './scene.ts';

/** More than this, and the daemon sends nothing (src/clock.ts). */
const TOLERANCE_MS = 5 * 60_000;

/** This machine's clock against GitHub's: what is due hangs on it. */
export const clock: Check = {
  id: 'clock',
  title: 'Clock',
  asksOthers: true,
  run: ({ config, world }) =>
    needing(config, 'clock', async ({ github }) => {
      const shown = await readGitHubClock({ apiUrl: github.apiUrl, version: world.version });
      return [judgeClock(new URL(github.apiUrl).host, world.now(), shown)];
    }),
};

/** @param shown by GitHub, in whole seconds; undefined: it could not be learned */
export function judgeClock(host: string, now: Date, shown: Date | undefined): Remark {
  if (!shown) {
    const text = `${host} does not tell the time: it cannot be reached, or something else answers for it`;
    return unknown('clock', text, 'check the network, the proxy and github.api-url');
  }
  const off = now.getTime() - shown.getTime();
  const seconds = Math.round(Math.abs(off) / 1000);
  const apart = `${seconds} s ${off < 0 ? 'behind' : 'ahead of'} GitHub's`;
  if (Math.abs(off) <= TOLERANCE_MS)
    return ok('clock', seconds <= 1 ? "agrees with GitHub's" : `is ${apart}, which does no harm`);
  const text = `shows ${formatInstant(now)}, ${apart}: nothing is sent until they agree`;
  return problem('clock', text, 'set it by NTP, such as: timedatectl set-ntp true');
}
