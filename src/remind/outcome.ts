import type { Circuit, ClaimedMessage, DeliveryOutcome, NextState, ServiceFault } from './reminder.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Minutes until the next try after a failure that surely delivered nothing; then every two hours; after five days daily. */
const RETRY_MINUTES = [1, 5, 15, 30, 60];
const LATER_MS = 2 * HOUR;
const FIVE_DAYS_OF_TRIES = RETRY_MINUTES.length + (5 * DAY) / LATER_MS;
/** A server that says no for good is asked three times in all: it may have been a filter's mood. */
const REFUSED_RETRIES_MS = [HOUR, 6 * HOUR];
/** A lost answer is repeated twice, byte for byte. */
const REPEATS_MS = [15 * MINUTE, 2 * HOUR];
/** Where a person is needed, asking more often would lock the account. */
const LOGIN_RETRY_MS = 15 * MINUTE;

/** What came before: tries with this one included, repeats because an answer was lost, refusals for good. */
export type Tried = Pick<ClaimedMessage, 'attempts' | 'repeats' | 'refusals'>;

/** How often a message may be sent again after a lost answer, and the first pause before it, in milliseconds. */
export const MAX_REPEATS = REPEATS_MS.length;
export const FIRST_REPEAT_MS = 15 * MINUTE;

/** What follows from one transmission. @param maxRepeats 0: a lost answer is held until a person decides */
export function afterTransmission(
  outcome: DeliveryOutcome,
  tried: Tried,
  now: Date,
  maxRepeats: number = MAX_REPEATS,
): NextState {
  const inMs = (delay: number) => new Date(now.getTime() + delay);
  switch (outcome.kind) {
    case 'accepted':
      return { state: 'sent', nextAttemptAt: undefined, code: outcome.code, error: undefined };
    case 'unclear': {
      const delay = tried.repeats < maxRepeats ? REPEATS_MS[tried.repeats] : undefined;
      const nextAttemptAt = delay === undefined ? undefined : inMs(delay);
      return { state: 'ambiguous', nextAttemptAt, code: undefined, error: outcome.reason };
    }
    case 'refused': {
      const { code, reason: error } = outcome;
      if (!outcome.permanent)
        return { state: 'pending', nextAttemptAt: inMs(retryDelay(tried.attempts)), code, error };
      const delay = REFUSED_RETRIES_MS[tried.refusals];
      if (delay === undefined) return { state: 'dead', nextAttemptAt: undefined, code, error, refused: true };
      return { state: 'pending', nextAttemptAt: inMs(delay), code, error, refused: true };
    }
    case 'not-sent': {
      // Where the service failed as a whole, its circuit says when it is tried again: the message only waits for that.
      const delay = outcome.fault ? 0 : retryDelay(tried.attempts);
      return { state: 'pending', nextAttemptAt: inMs(delay), code: undefined, error: outcome.reason };
    }
  }
}

/** The circuit of a channel after its service failed as a whole. */
export function afterServiceFailure(
  channel: string,
  before: Circuit | undefined,
  failure: { readonly fault: ServiceFault; readonly reason: string },
  now: Date,
): Circuit {
  const failures = (before?.failures ?? 0) + 1;
  const delay = failure.fault === 'login' ? LOGIN_RETRY_MS : Math.min(retryDelay(failures), LATER_MS);
  return {
    channel,
    ...failure,
    failures,
    since: before?.since ?? now,
    nextTryAt: new Date(now.getTime() + delay),
  };
}

/** No try waits longer than this: a later date is a clock's error, and is not kept. */
export const LONGEST_WAIT_MS = 25 * HOUR;

/** Whether a channel may be tried. It is left alone for two hours at most: a later date is a clock's error. */
export function mayTry(circuit: Circuit | undefined, now: Date): boolean {
  if (!circuit) return true;
  const wait = circuit.nextTryAt.getTime() - now.getTime();
  return wait <= 0 || wait > LATER_MS;
}

/** Whether a failure of the service is worth a line: the first, and one an hour. */
export function isNews({ since, nextTryAt }: Circuit, before: Circuit | undefined): boolean {
  if (!before) return true;
  const hour = (instant: Date) => Math.floor((instant.getTime() - since.getTime()) / HOUR);
  return hour(nextTryAt) !== hour(before.nextTryAt);
}

function retryDelay(tries: number): number {
  const minutes = RETRY_MINUTES[tries - 1];
  if (minutes !== undefined) return minutes * MINUTE;
  return tries > FIVE_DAYS_OF_TRIES ? DAY : LATER_MS;
}
