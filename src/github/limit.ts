import type { Answer, GitHubClient } from './answer.ts';
import { said, serverTime } from './answer.ts';
import { parseHttpDate } from './http-date.ts';

/** One of GitHub's limits: nothing was done, and nothing may be asked before `waitMs` have passed. */
export interface Limit {
  readonly kind: 'used up' | 'too fast';
  readonly waitMs: number;
  /** By GitHub's clock; undefined: its answer carried no time. */
  readonly until: Date | undefined;
}

const UNSAID_MS = 60_000;
const LEAST_MS = 1_000;
const MOST_MS = 86_400_000;

/**
 * In GitHub's own order ("Rate limits for the REST API"): retry-after, else x-ratelimit-reset where nothing remains, else a
 * minute. A secondary limit may come as 403 with nothing but words.
 */
export function limitOf(client: GitHubClient, answer: Answer): Limit | undefined {
  if (answer.status !== 403 && answer.status !== 429) return undefined;
  const {
    'retry-after': after,
    'x-ratelimit-remaining': remaining,
    'x-ratelimit-reset': reset,
  } = answer.headers;
  if (after !== undefined) return limit(answer, 'too fast', secondsOrDate(answer, after));
  if (remaining === '0') return limit(answer, 'used up', untilReset(answer, reset ?? ''));
  const worded = /\brate limit|abuse detection/i.test(said(client, answer) ?? '');
  return answer.status === 429 || worded ? limit(answer, 'too fast', undefined) : undefined;
}

function limit(answer: Answer, kind: Limit['kind'], asked: number | undefined): Limit {
  const waitMs = Math.min(MOST_MS, Math.max(LEAST_MS, asked ?? UNSAID_MS));
  const now = serverTime(answer);
  return { kind, waitMs, until: now && new Date(now.getTime() + waitMs) };
}

/** RFC 9110 §10.2.3 allows both. */
function secondsOrDate(answer: Answer, text: string): number | undefined {
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  return from(answer, parseHttpDate(text));
}

function untilReset(answer: Answer, seconds: string): number | undefined {
  return /^\d{1,11}$/.test(seconds) ? from(answer, new Date(Number(seconds) * 1000)) : undefined;
}

function from(answer: Answer, end: Date | undefined): number | undefined {
  const now = serverTime(answer);
  return end && now ? end.getTime() - now.getTime() : undefined;
}
