import type { ClaimedMessage, DeliveryOutcome, NextState } from './reminder.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Minutes until the next try after a failure that surely delivered nothing; from then on every two hours. */
const RETRY_MINUTES = [1, 5, 15, 30, 60];
const LATER_MS = 2 * HOUR;
/** A server that says no for good is asked three times in all: it may have been a filter's mood. */
const REFUSED_RETRIES_MS = [HOUR, 6 * HOUR];
/** A lost answer is repeated twice, byte for byte. */
const REPEATS_MS = [15 * MINUTE, 2 * HOUR];

/** What came before: tries with this one included, repeats because an answer was lost, refusals for good. */
export type Tried = Pick<ClaimedMessage, 'attempts' | 'repeats' | 'refusals'>;

/** What follows from one transmission. */
export function afterTransmission(outcome: DeliveryOutcome, tried: Tried, now: Date): NextState {
  const inMs = (delay: number) => new Date(now.getTime() + delay);
  switch (outcome.kind) {
    case 'accepted':
      return { state: 'sent', nextAttemptAt: now, code: outcome.code, error: undefined };
    case 'unclear': {
      const delay = REPEATS_MS[tried.repeats];
      return { state: 'ambiguous', nextAttemptAt: inMs(delay ?? 0), code: undefined, error: outcome.reason };
    }
    case 'refused': {
      const { code, reason: error } = outcome;
      if (!outcome.permanent)
        return { state: 'pending', nextAttemptAt: inMs(retryDelay(tried.attempts)), code, error };
      const delay = REFUSED_RETRIES_MS[tried.refusals];
      if (delay === undefined) return { state: 'dead', nextAttemptAt: now, code, error };
      return { state: 'pending', nextAttemptAt: inMs(delay), code, error };
    }
    case 'not-sent':
      return {
        state: 'pending',
        nextAttemptAt: inMs(retryDelay(tried.attempts)),
        code: undefined,
        error: outcome.reason,
      };
  }
}

/** How often a message may be sent again after a lost answer. */
export const MAX_REPEATS = REPEATS_MS.length;

function retryDelay(tries: number): number {
  const minutes = RETRY_MINUTES[tries - 1];
  return minutes === undefined ? LATER_MS : minutes * MINUTE;
}
