import type { Destination, DestinationState } from '../domain/credential.ts';
import { formatDestination } from '../domain/credential.ts';
import type { Look, StoredDestination } from './register.ts';
import type { SeenName } from './similar.ts';
import { similarNames } from './similar.ts';

/** What one look at GitHub has brought. */
export type Sight =
  /** `updatedAt` undefined: the environment is there, and the secret is not; then with what stands there by other names. */
  | { readonly kind: 'read'; readonly updatedAt: Date | undefined; readonly names: readonly SeenName[] }
  /** GitHub says that it is not to be seen: no access, no environment, another name. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Nothing could be learned this time. */
  | { readonly kind: 'unread'; readonly reason: string; readonly retryAfterMs: number | undefined };

/** A write of ours there of which nobody has seen that it landed. */
export interface LateAttempt {
  readonly rotation: string;
  /** By GitHub's clock. */
  readonly intendedAt: Date;
  /** It is unconfirmed: shown and reminded of as that, until a person settles it. */
  readonly unconfirmed: boolean;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** So long a state stays what it was while nothing can be read. */
const BLIND_MS = 3 * DAY_MS;
/** A write shows within so long of its intent, if it shows at all. */
const LATE_MS = HOUR_MS;
/** GitHub's times have a resolution of one second. */
const RESOLUTION_MS = 1_000;

/**
 * What a look makes of a destination: who reads `updated_at` can tell that somebody wrote, and never who. Nothing is ever written
 * because of it. Pure.
 */
export function judgeDrift(
  stored: StoredDestination,
  sight: Sight,
  late: readonly LateAttempt[],
  now: Date,
): Look {
  const soon = (ms: number) => new Date(now.getTime() + Math.max(HOUR_MS, ms));
  switch (sight.kind) {
    case 'refused':
      return { state: unseen(stored), read: false, nextLookAt: soon(0), detail: { reason: sight.reason } };
    case 'unread':
      return {
        state: isBlind(stored, now) ? unseen(stored) : undefined,
        read: false,
        nextLookAt: soon(sight.retryAfterMs ?? 0),
        detail: { reason: sight.reason },
      };
    case 'read': {
      const tomorrow = new Date(now.getTime() + DAY_MS + spread(stored.destination));
      return judgeRead(stored, sight, late, { tomorrow, soon: soon(0) });
    }
  }
}

function judgeRead(
  stored: StoredDestination,
  { updatedAt, names }: Extract<Sight, { kind: 'read' }>,
  late: readonly LateAttempt[],
  next: { readonly tomorrow: Date; readonly soon: Date },
): Look {
  const known = stored.remoteUpdatedAt;
  const seen = { read: true, nextLookAt: next.tomorrow, detail: {} };
  if (!updatedAt) {
    const similar = similarNames(stored.destination.secret, names, stored.checkedAt ?? stored.storedAt);
    const detail: Look['detail'] = similar.length > 0 ? { similar: similar.join(', ') } : {};
    return { ...seen, state: 'missing', detail };
  }
  // Reads may lag behind writes: an older time says nothing, nor does ours once a newer one was seen.
  const outdated = known !== undefined && updatedAt < known;
  if (outdated || stored.state === 'changed-elsewhere') {
    const again = known !== undefined && updatedAt <= known;
    return { ...seen, state: undefined, nextLookAt: again ? next.soon : next.tomorrow };
  }
  if (!known || updatedAt.getTime() === known.getTime()) return { ...seen, state: asBefore(stored) };
  const attempt = late.find((one) => mayBe(one, updatedAt));
  if (attempt?.unconfirmed) return { ...seen, state: undefined };
  const mine: Look['detail'] = attempt ? { mayBe: `a late write of rotation ${attempt.rotation}` } : {};
  return { ...seen, state: 'changed-elsewhere', detail: { updatedAt: updatedAt.toISOString(), ...mine } };
}

/** Whether a write of that intent may be what the daily look found at `seenAt`. Pure. */
export function mayShowAt(intendedAt: Date, seenAt: Date): boolean {
  const before = seenAt.getTime() - intendedAt.getTime();
  return before >= 0 && before <= DAY_MS + HOUR_MS + LATE_MS;
}

function mayBe({ intendedAt }: LateAttempt, updatedAt: Date): boolean {
  const after = updatedAt.getTime() - intendedAt.getTime();
  return after > -RESOLUTION_MS && after <= LATE_MS;
}

/** What could not be read is not known to be fine; what is known to be another's does not become less so. */
function unseen({ state }: StoredDestination): DestinationState | undefined {
  return state === 'changed-elsewhere' ? undefined : 'unknown';
}

function isBlind({ checkedAt, storedAt, remoteUpdatedAt }: StoredDestination, now: Date): boolean {
  const since = checkedAt ?? storedAt ?? remoteUpdatedAt;
  return since === undefined || now.getTime() - since.getTime() >= BLIND_MS;
}

/** Back to what it was: a write by us that was seen, or what was there before us. */
function asBefore({ state, version, remoteUpdatedAt }: StoredDestination): DestinationState | undefined {
  if (state !== 'unknown' && state !== 'missing') return undefined;
  if (version === undefined) return 'never-stored';
  return remoteUpdatedAt ? 'verified' : undefined;
}

/** Half an hour to either side, always the same for one place, so that what began together does not stay together. */
function spread(destination: Destination): number {
  let hash = 0x811c9dc5;
  for (const character of formatDestination(destination)) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return (hash % HOUR_MS) - HOUR_MS / 2;
}
