import { formatInstant } from '../domain/calendar.ts';
import type { Answer } from './answer.ts';

/** As `reseal healthcheck` judges. */
const STALE_MS = 15 * 60_000;

/** What readiness depends on. */
export interface Condition {
  readonly now: Date;
  /** When the daemon last had a round in which nothing failed and nothing asks for a person. */
  readonly goodCycleAt: Date | undefined;
  /** Why the database cannot be written; undefined: it can. */
  readonly unwritable: string | undefined;
  /** Channels that fail as a whole, and why. */
  readonly circuits: readonly { readonly channel: string; readonly reason: string }[];
}

/** Why it is not ready, in words for a person; empty: it is. */
function unreadiness({ now, goodCycleAt, unwritable, circuits }: Condition): readonly string[] {
  const isFresh = goodCycleAt !== undefined && now.getTime() - goodCycleAt.getTime() < STALE_MS;
  const last = goodCycleAt ? `at ${formatInstant(goodCycleAt)}` : 'never';
  return [
    ...(unwritable === undefined ? [] : [unwritable]),
    ...(isFresh ? [] : [`the last good round was ${last}`]),
    ...circuits.map(({ channel, reason }) => `${channel}: ${reason}`),
  ];
}

/** Alive: it answers. */
export function liveAnswer(version: string): Answer {
  return json(200, { schemaVersion: 1, status: 'ok', version });
}

export function readyAnswer(condition: Condition): Answer {
  const reasons = unreadiness(condition);
  const ready = reasons.length === 0;
  const lastGoodRoundAt = condition.goodCycleAt ? formatInstant(condition.goodCycleAt) : null;
  return json(ready ? 200 : 503, { schemaVersion: 1, ready, reasons, lastGoodRoundAt });
}

function json(status: number, value: object): Answer {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}
