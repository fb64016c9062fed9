import type { Overview, OverviewFinding } from './overview.ts';
import { ago, count } from './page-words.ts';

/** A daemon comes round every minute; `healthcheck` draws the line at the same age. */
const STALE_ROUND_MS = 15 * 60_000;
/** Pipelines are verified once a day. */
const STALE_VERIFY_MS = 2 * 86_400_000;

interface BeatStanding {
  readonly text: string;
  readonly isStale: boolean;
}

export function roundStanding({ beats, now }: Pick<Overview, 'beats' | 'now'>): BeatStanding {
  const { cycle, goodCycle } = beats;
  if (!cycle)
    return { text: 'The daemon has not come round yet: no mail goes out without it.', isStale: true };
  const said = `The daemon last came round ${ago(cycle, now)}`;
  if (isOlder(cycle, STALE_ROUND_MS, now))
    return { text: `${said}: that is too long. No mail goes out while it does not run.`, isStale: true };
  if (goodCycle && !isOlder(goodCycle, STALE_ROUND_MS, now)) return { text: `${said}.`, isStale: false };
  const since = goodCycle
    ? `The last round without a failure was ${ago(goodCycle, now)}.`
    : 'No round was without a failure.';
  return { text: `${said}. ${since}`, isStale: true };
}

/** Undefined where there is nothing to verify. */
export function verifyStanding({ beats, pipelines, now }: Overview): BeatStanding | undefined {
  if (pipelines.length === 0) return undefined;
  const { verify } = beats;
  if (!verify)
    return {
      text: 'The pipelines have not been verified yet: nobody knows whether they are as declared.',
      isStale: true,
    };
  const isStale = isOlder(verify, STALE_VERIFY_MS, now);
  const warning = isStale ? ': that is too long. They may have changed since' : '';
  return { text: `The pipelines were last verified ${ago(verify, now)}${warning}.`, isStale };
}

/** Mail that somebody should have had. */
export function mailStanding({ mail, now }: Pick<Overview, 'mail' | 'now'>): {
  readonly undelivered: number;
  readonly text: string;
} {
  const { dead, ambiguous } = mail.counts;
  const failing = mail.waiting.filter(
    ({ lastError, state }) => state === 'pending' && lastError !== undefined,
  );
  const parts = [
    dead > 0 && `${count(dead, 'was', 'were')} given up`,
    ambiguous > 0 && `of ${ambiguous} the server's answer was lost`,
    failing.length > 0 && `${count(failing.length, 'is', 'are')} tried again`,
  ].filter((part) => part !== false);
  const since =
    mail.oldestDueAt && parts.length > 0 ? ` The oldest fell due ${ago(mail.oldestDueAt, now)}.` : '';
  return {
    undelivered: dead + ambiguous + failing.length,
    text: parts.length > 0 ? `${parts.join('; ')}.${since}` : quietMail(mail.counts),
  };
}

function quietMail({ pending, inFlight, sent }: Overview['mail']['counts']): string {
  if (pending + inFlight > 0) return `${count(pending + inFlight, 'is', 'are')} about to be sent.`;
  return sent > 0 ? 'Everything that was owed is delivered.' : 'Nothing was owed so far.';
}

/** Known to differ; else it could not be seen, or only a person can. */
export function isFailing({ outcome }: OverviewFinding): boolean {
  return outcome === 'fail';
}

function isOlder(at: Date, most: number, now: Date): boolean {
  // What lies far ahead was noted by a clock that has been put back: it says nothing of now.
  return Math.abs(now.getTime() - at.getTime()) > most;
}
