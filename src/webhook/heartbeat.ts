import { describeError } from '../domain/error.ts';
import { parseAddress } from './address.ts';
import type { Caller } from './call.ts';
import { call } from './call.ts';

export interface HeartbeatOptions extends Caller {
  /** Reads the secret file. @throws AppError */
  readonly url: () => string;
  /** 10 seconds when absent. */
  readonly deadlineMs?: number;
}

/** `serverTime`: what the watcher's clock showed, to the second; undefined where it does not say. */
export type HeartbeatAnswer =
  | { readonly ok: true; readonly serverTime: Date | undefined }
  | { readonly ok: false; readonly reason: string };

const DEADLINE_MS = 10_000;

/**
 * Tells an outside watcher that a round went well, or that it did not: `/fail` is then appended to the address's path
 * (healthchecks.io, "Pinging API"). When the calls stop, the watcher raises the alarm. Never throws.
 */
export async function beat(options: HeartbeatOptions, kind: 'good' | 'fail'): Promise<HeartbeatAnswer> {
  let url: URL;
  try {
    url = parseAddress(options.url(), "the heartbeat's address");
  } catch (error) {
    return { ok: false, reason: describeError(error) };
  }
  if (kind === 'fail') url.pathname = `${url.pathname.replace(/\/+$/, '')}/fail`;
  const deadlineMs = options.deadlineMs ?? DEADLINE_MS;
  const answer = await call(options, { url, method: 'GET', deadlineMs });
  if (answer.kind !== 'answered') return { ok: false, reason: `the heartbeat at ${answer.reason}` };
  const { status, date } = answer;
  return status >= 200 && status < 300
    ? { ok: true, serverTime: readHttpDate(date) }
    : { ok: false, reason: `the heartbeat at ${url.host} answered ${status}` };
}

/** IMF-fixdate (RFC 9110 §5.6.7), and a day that exists. */
function readHttpDate(text: string | null): Date | undefined {
  const date = new Date(text ?? '');
  return date.toUTCString() === text ? date : undefined;
}
