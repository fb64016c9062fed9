import type { DestinationState } from '../domain/credential.ts';
import type { Look, StoredDestination } from './register.ts';

/** What one look at GitHub has brought. */
export type Sight =
  /** `updatedAt` undefined: the environment is there, and the secret is not; then with what stands there by other names. */
  | {
      readonly kind: 'read';
      readonly updatedAt: Date | undefined;
      readonly names: readonly { readonly name: string; readonly updatedAt: Date }[];
    }
  /** GitHub says that it is not to be seen: no access, no environment, another name. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Nothing could be learned this time. */
  | { readonly kind: 'unread'; readonly reason: string; readonly retryAfterMs: number | undefined };

/** An attempt of ours to write there that ended without success: it may have landed late. */
export interface LateAttempt {
  readonly rotation: string;
  readonly intendedAt: Date;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** So long a state stays what it was while nothing can be read. */
const BLIND_MS = 3 * DAY_MS;

/**
 * What a look makes of a destination: who reads `updated_at` can tell that somebody else wrote, and never who. Nothing is ever
 * written because of it. Pure.
 */
export function judgeDrift(
  stored: StoredDestination,
  sight: Sight,
  late: readonly LateAttempt[],
  now: Date,
): Look {
  const tomorrow = new Date(now.getTime() + DAY_MS);
  const soon = (ms: number = HOUR_MS) => new Date(now.getTime() + ms);
  switch (sight.kind) {
    case 'refused':
      return { state: 'unknown', read: false, nextLookAt: tomorrow, detail: { reason: sight.reason } };
    case 'unread': {
      const since = stored.checkedAt ?? stored.storedAt;
      const blind = since !== undefined && now.getTime() - since.getTime() >= BLIND_MS;
      return {
        state: blind ? 'unknown' : undefined,
        read: false,
        nextLookAt: soon(Math.max(HOUR_MS, sight.retryAfterMs ?? 0)),
        detail: { reason: sight.reason },
      };
    }
    case 'read':
      return judgeRead(stored, sight, late, { tomorrow, soon: soon() });
  }
}

function judgeRead(
  stored: StoredDestination,
  { updatedAt, names }: Extract<Sight, { kind: 'read' }>,
  late: readonly LateAttempt[],
  next: { readonly tomorrow: Date; readonly soon: Date },
): Look {
  const known = stored.remoteUpdatedAt;
  if (!updatedAt) {
    const similar = similarNames(stored.destination.secret, names);
    const detail = similar.length > 0 ? { similar: similar.join(', ') } : {};
    return { state: 'missing', read: true, nextLookAt: next.tomorrow, detail };
  }
  // Reads may lag behind writes: an older time says nothing.
  if (known && updatedAt < known) return { state: undefined, read: true, nextLookAt: next.soon, detail: {} };
  if (!known || updatedAt.getTime() === known.getTime())
    return { state: unchanged(stored), read: true, nextLookAt: next.tomorrow, detail: {} };
  const attempt = late.find(({ intendedAt }) => updatedAt.getTime() >= intendedAt.getTime() - 2_000);
  return {
    state: 'changed-elsewhere',
    read: true,
    nextLookAt: next.tomorrow,
    detail: {
      updatedAt: updatedAt.toISOString(),
      ...(attempt ? { mayBe: `a late write of rotation ${attempt.rotation}` } : {}),
    },
  };
}

/** Back to what it was: a write by us that was seen, or what was there before us. */
function unchanged({ state, version }: StoredDestination): DestinationState | undefined {
  if (state !== 'unknown' && state !== 'missing' && state !== 'changed-elsewhere') return undefined;
  return version === undefined ? 'never-stored' : 'verified';
}

const MOST_SIMILAR = 5;

/** Secrets of the environment that may be the same one under another name: they share a word of it. */
export function similarNames(secret: string, names: readonly { readonly name: string }[]): readonly string[] {
  const words = (name: string) =>
    name
      .toUpperCase()
      .split('_')
      .filter((word) => word.length > 2);
  const wanted = new Set(words(secret));
  const shared = (name: string) => words(name).filter((word) => wanted.has(word)).length;
  return names
    .map(({ name }) => name)
    .filter((name) => name.toUpperCase() !== secret.toUpperCase() && shared(name) > 0)
    .sort((a, b) => shared(b) - shared(a) || (a < b ? -1 : 1))
    .slice(0, MOST_SIMILAR);
}
