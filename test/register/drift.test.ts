import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DestinationState } from '../../src/domain/credential.ts';
import type { LateAttempt, Sight } from '../../src/register/drift.ts';
import { judgeDrift } from '../../src/register/drift.ts';
import type { Look, StoredDestination } from '../../src/register/register.ts';
import { DESTINATION, daysFromNow, later, MINUTE_MS, NOW, SEED } from '../support/builders.ts';

const OURS = daysFromNow(-30);
const STORED: StoredDestination = {
  destination: DESTINATION,
  version: 1,
  state: 'verified',
  storedAt: OURS,
  remoteUpdatedAt: OURS,
  checkedAt: daysFromNow(-1),
  changedAt: undefined,
};
const HOUR = 60 * MINUTE_MS;
const STATES: readonly DestinationState[] = [
  'verified',
  'unconfirmed',
  'missing',
  'changed-elsewhere',
  'never-stored',
  'unknown',
];

function read(updatedAt: Date | undefined, names: readonly string[] = []): Sight {
  return { kind: 'read', updatedAt, names: names.map((name) => ({ name, updatedAt: daysFromNow(-90) })) };
}

const REFUSED: Sight = { kind: 'refused', reason: 'no access' };
const UNREAD: Sight = { kind: 'unread', reason: 'no answer', retryAfterMs: undefined };

function judge(
  sight: Sight,
  stored: Partial<StoredDestination> = {},
  late: readonly LateAttempt[] = [],
): Look {
  return judgeDrift({ ...STORED, ...stored }, sight, late, NOW);
}

/** `daily` spreads half an hour to either side. */
function nextOf({ nextLookAt }: Look): 'daily' | 'in an hour' | 'another time' {
  const wait = nextLookAt.getTime() - NOW.getTime();
  if (wait === HOUR) return 'in an hour';
  return Math.abs(wait - 24 * HOUR) <= HOUR / 2 ? 'daily' : 'another time';
}

const OLDER = read(later(-1_000, OURS));
const SAME = read(OURS);
const NEWER = read(later(1_000, OURS));
const GONE = read(undefined);
const stays = undefined;

/** What was, what GitHub shows, what it becomes, and when it is looked at again. Version 1 is stored there. */
type Row = readonly [DestinationState, string, Sight, DestinationState | undefined, string];

const TABLE: readonly Row[] = [
  ['verified', 'our write', SAME, stays, 'daily'],
  ['unconfirmed', 'our write', SAME, stays, 'daily'],
  ['missing', 'our write', SAME, 'verified', 'daily'],
  ['changed-elsewhere', 'our write', SAME, stays, 'in an hour'],
  ['never-stored', 'our write', SAME, stays, 'daily'],
  ['unknown', 'our write', SAME, 'verified', 'daily'],
  ['changed-elsewhere', 'a newer one', NEWER, stays, 'daily'],
  ...STATES.filter((state) => state !== 'changed-elsewhere').map(
    (state): Row => [state, 'a newer one', NEWER, 'changed-elsewhere', 'daily'],
  ),
  ...STATES.map((state): Row => [state, 'an older one', OLDER, stays, 'in an hour']),
  ...STATES.map((state): Row => [state, 'none', GONE, 'missing', 'daily']),
  ['changed-elsewhere', 'that it is not to be seen', REFUSED, stays, 'in an hour'],
  ...STATES.filter((state) => state !== 'changed-elsewhere').map(
    (state): Row => [state, 'that it is not to be seen', REFUSED, 'unknown', 'in an hour'],
  ),
  ...STATES.map((state): Row => [state, 'nothing', UNREAD, stays, 'in an hour']),
];

describe('judgeDrift', () => {
  it.each(TABLE)('what was %s, when GitHub shows %s', (state, _shown, sight, becomes, next) => {
    const look = judge(sight, { state });
    expect({ state: look.state, next: nextOf(look), read: look.read }).toEqual({
      state: becomes,
      next,
      read: sight.kind === 'read',
    });
  });

  it.each(['missing', 'unknown'] as const)(
    'what was %s and never ours is never-stored again when GitHub shows what was there before us',
    (state) => {
      expect(judge(SAME, { state, version: undefined, storedAt: undefined }).state).toBe('never-stored');
    },
  );

  it('B25: says when GitHub says that it was changed, for the history', () => {
    expect(judge(NEWER).detail).toEqual({ updatedAt: later(1_000, OURS).toISOString() });
  });

  it('makes nothing of what appears where nothing was known to be', () => {
    expect(judge(SAME, { remoteUpdatedAt: undefined, state: 'never-stored' }).state).toBeUndefined();
  });

  it('B24: names what may be the lost one under another name', () => {
    const look = judge(read(undefined, ['NPM_AUTH', 'CRATES_REGISTRY_TOKEN', 'CARGO_TOKEN']));
    expect(look.detail).toEqual({ similar: 'CARGO_TOKEN, CRATES_REGISTRY_TOKEN' });
  });

  describe('when a write of ours is not known to have landed', () => {
    const INTENDED = later(HOUR, OURS);
    const attempt = (unconfirmed = false) => [{ rotation: 'rotation-7', intendedAt: INTENDED, unconfirmed }];

    it.each([0, 90_000, HOUR])('B26: names it where the change came %s ms after its intent', (after) => {
      expect(judge(read(later(after, INTENDED)), {}, attempt())).toMatchObject({
        state: 'changed-elsewhere',
        detail: { mayBe: 'a late write of rotation rotation-7' },
      });
    });

    it.each([-1_000, HOUR + 1_000])('does not name it where the change came %s ms after it', (after) => {
      const look = judge(read(later(after, INTENDED)), {}, attempt());
      expect(look.state).toBe('changed-elsewhere');
      expect(look.detail).not.toHaveProperty('mayBe');
    });

    it('B26: names one from before our last success, too: the older value may win', () => {
      const stored = { storedAt: later(70_000, INTENDED), remoteUpdatedAt: later(70_000, INTENDED) };
      expect(judge(read(later(90_000, INTENDED)), stored, attempt()).detail).toHaveProperty('mayBe');
    });

    it('leaves it to the unconfirmed rotation where that is what it may be, and not to another time', () => {
      expect(judge(read(later(5_000, INTENDED)), {}, attempt(true)).state).toBeUndefined();
      expect(judge(read(later(2 * HOUR, INTENDED)), {}, attempt(true)).state).toBe('changed-elsewhere');
    });
  });

  describe('when nothing can be read', () => {
    it.each([
      ['last read', { checkedAt: later(-72 * HOUR + 1) }, undefined],
      ['last read', { checkedAt: later(-72 * HOUR) }, 'unknown'],
      ['stored', { checkedAt: undefined, storedAt: later(-72 * HOUR + 1) }, undefined],
      ['stored', { checkedAt: undefined, storedAt: later(-72 * HOUR) }, 'unknown'],
      ['found', { checkedAt: undefined, storedAt: undefined }, 'unknown'],
      ['never seen', { checkedAt: undefined, storedAt: undefined, remoteUpdatedAt: undefined }, 'unknown'],
    ] as const)('is unknown once three days have passed since it was %s (%o)', (_, stored, state) => {
      expect(judge(UNREAD, stored).state).toBe(state);
    });

    it('stays another’s, however long', () => {
      const stored = { state: 'changed-elsewhere', checkedAt: daysFromNow(-30) } as const;
      expect(judge(UNREAD, stored).state).toBeUndefined();
    });

    it.each([
      [2 * HOUR, 2 * HOUR],
      [1_000, HOUR],
    ])('when GitHub asks to wait for %s ms, it is looked at again in %s ms', (retryAfterMs, wait) => {
      expect(judge({ kind: 'unread', reason: 'limit', retryAfterMs }).nextLookAt).toEqual(later(wait));
    });
  });

  it('spreads the daily looks, each place always by the same', () => {
    const next = (secret: string) =>
      judge(SAME, { destination: { ...DESTINATION, secret } }).nextLookAt.getTime();
    const all = Array.from({ length: 100 }, (_, index) => next(`TOKEN_${index}`));
    expect(new Set(all).size).toBeGreaterThan(90);
    expect(next('TOKEN_1')).toBe(all[1]);
  });

  it('I24: never calls verified what was not read in just the state of our write', () => {
    const instant = fc.option(
      fc.integer({ min: -60, max: 0 }).map((days) => daysFromNow(days)),
      { nil: undefined },
    );
    const sight: fc.Arbitrary<Sight> = fc.oneof(
      instant.map((updatedAt) => read(updatedAt)),
      fc.constantFrom(REFUSED, UNREAD),
    );
    const stored = fc.record({
      state: fc.constantFrom(...STATES),
      version: fc.constantFrom(undefined, 1),
      storedAt: instant,
      remoteUpdatedAt: instant,
      checkedAt: instant,
    });
    fc.assert(
      fc.property(stored, sight, (place, shown) => {
        const look = judge(shown, place);
        if (look.state !== 'verified') return;
        expect(place.version).toBe(1);
        expect(place.remoteUpdatedAt).toBeDefined();
        expect(shown).toMatchObject({ kind: 'read', updatedAt: place.remoteUpdatedAt });
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });
});
