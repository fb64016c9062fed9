import { describe, expect, it } from 'vitest';
import type { Sight } from '../../src/register/drift.ts';
import { judgeDrift, similarNames } from '../../src/register/drift.ts';
import type { StoredDestination } from '../../src/register/register.ts';
import { DESTINATION, daysFromNow, later, MINUTE_MS, NOW } from '../support/builders.ts';

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

function read(updatedAt: Date | undefined, names: readonly string[] = []): Sight {
  return { kind: 'read', updatedAt, names: names.map((name) => ({ name, updatedAt: NOW })) };
}

function judge(sight: Sight, stored: Partial<StoredDestination> = {}) {
  return judgeDrift({ ...STORED, ...stored }, sight, [], NOW);
}

describe('judgeDrift', () => {
  describe('when GitHub shows our own write', () => {
    it.each([
      ['verified', 1, undefined],
      ['unconfirmed', 1, undefined],
      ['never-stored', undefined, undefined],
      ['unknown', 1, 'verified'],
      ['missing', 1, 'verified'],
      ['unknown', undefined, 'never-stored'],
      ['missing', undefined, 'never-stored'],
    ] as const)('returns, for what was %s of version %s, the state %s', (state, version, expected) => {
      const look = judge(read(OURS), { state, version });
      expect(look).toMatchObject({ state: expected, read: true, nextLookAt: daysFromNow(1) });
    });
  });

  it.each(['verified', 'unknown', 'missing', 'never-stored'] as const)(
    'B25: when GitHub shows a later write, what was %s is changed-elsewhere, with GitHub’s time',
    (state) => {
      const at = later(1_000, OURS);
      expect(judge(read(at), { state })).toEqual({
        state: 'changed-elsewhere',
        read: true,
        nextLookAt: daysFromNow(1),
        detail: { updatedAt: at.toISOString() },
      });
    },
  );

  it('when GitHub shows an earlier write, it is an outdated read, and looked at again in an hour', () => {
    expect(judge(read(later(-1_000, OURS)))).toMatchObject({ state: undefined, nextLookAt: later(HOUR) });
  });

  it('B23: when the secret is gone and the environment is there, it is missing', () => {
    expect(judge(read(undefined))).toMatchObject({ state: 'missing', read: true, detail: {} });
  });

  it('B24: when it is gone and one of a like name is there, that is named', () => {
    const look = judge(read(undefined, ['NPM_AUTH', 'CRATES_REGISTRY_TOKEN', 'CARGO_TOKEN']));
    expect(look.detail).toEqual({ similar: 'CARGO_TOKEN, CRATES_REGISTRY_TOKEN' });
  });

  it('B26: when an attempt of ours without success came before the change, it is named as what may have landed late', () => {
    const landed = later(90_000, daysFromNow(-2));
    const late = [{ rotation: 'rotation-7', intendedAt: daysFromNow(-2) }];
    expect(judgeDrift(STORED, read(landed), late, NOW)).toMatchObject({
      state: 'changed-elsewhere',
      detail: { mayBe: 'a late write of rotation rotation-7' },
    });
    const before = judgeDrift(STORED, read(daysFromNow(-3)), late, NOW);
    expect(before.detail).not.toHaveProperty('mayBe');
  });

  it('when GitHub refuses to show it, it is unknown at once', () => {
    expect(judge({ kind: 'refused', reason: 'no access' })).toEqual({
      state: 'unknown',
      read: false,
      nextLookAt: daysFromNow(1),
      detail: { reason: 'no access' },
    });
  });

  it.each([
    [2.9, undefined],
    [3, 'unknown'],
  ] as const)('when nothing could be read for %s days, the state becomes %s', (days, state) => {
    const sight = { kind: 'unread', reason: 'no answer', retryAfterMs: undefined } as const;
    const look = judge(sight, { checkedAt: later(-days * 24 * HOUR) });
    expect(look).toMatchObject({ state, read: false, nextLookAt: later(HOUR) });
  });

  it('when GitHub asks to wait for longer than an hour, it is waited for', () => {
    const sight = { kind: 'unread', reason: 'limit', retryAfterMs: 2 * HOUR } as const;
    expect(judge(sight).nextLookAt).toEqual(later(2 * HOUR));
  });
});

describe('similarNames', () => {
  it('returns those that share a word, the nearest first, and never itself', () => {
    const names = ['A_TOKEN', 'CRATES_IO_TOKEN', 'crates_io_token_2', 'PASSWORD'].map((name) => ({ name }));
    expect(similarNames('CRATES_IO_TOKEN', names)).toEqual(['crates_io_token_2', 'A_TOKEN']);
  });
});
