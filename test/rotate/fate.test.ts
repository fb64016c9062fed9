import { describe, expect, it } from 'vitest';
import { judgeFate } from '../../src/rotate/recover.ts';
import type { JournalDestination } from '../../src/rotate/rotation.ts';
import { hasMoved } from '../../src/rotate/store.ts';
import { DESTINATION, later, NOW } from '../support/builders.ts';

const BEFORE = later(-3_600_000);

function place(overrides: Partial<JournalDestination> = {}): JournalDestination {
  return {
    destination: DESTINATION,
    state: 'intended',
    baselineUpdatedAt: BEFORE,
    intendedAt: NOW,
    remoteUpdatedAt: undefined,
    ...overrides,
  };
}

describe('judgeFate', () => {
  const early = later(59_999);
  const settled = later(60_000);

  it.each([
    ['intended, unchanged, too early', {}, BEFORE, early, 'settling'],
    ['intended, unchanged, a minute later', {}, BEFORE, settled, 'not-stored'],
    ['intended, changed, too early', {}, later(1_000), early, 'unconfirmed'],
    ['intended, changed, a minute later', {}, later(1_000), settled, 'unconfirmed'],
    ['intended, never there, too early', { baselineUpdatedAt: undefined }, undefined, early, 'settling'],
    ['intended, never there, later', { baselineUpdatedAt: undefined }, undefined, settled, 'not-stored'],
    ['intended, created', { baselineUpdatedAt: undefined }, later(1_000), settled, 'unconfirmed'],
    ['intended, removed', {}, undefined, settled, 'not-stored'],
    ['intended, an outdated read (B25)', {}, later(-7_200_000), settled, 'settling'],
    ["intended, unchanged, no time of GitHub's (B29)", {}, BEFORE, undefined, 'unconfirmed'],
    ['acknowledged and shown (A10)', { state: 'stored' }, later(1_000), early, 'verified'],
    ['acknowledged, not shown yet (B22)', { state: 'stored' }, BEFORE, early, 'settling'],
    ['acknowledged, never shown', { state: 'stored' }, BEFORE, settled, 'unconfirmed'],
    ['acknowledged, removed', { state: 'stored' }, undefined, settled, 'unconfirmed'],
    ["acknowledged and shown, no time of GitHub's", { state: 'stored' }, later(1_000), undefined, 'verified'],
  ] as const)('answers %s', (_, left, updatedAt, serverTime, fate) => {
    expect(judgeFate(place(left), { updatedAt, serverTime })).toBe(fate);
  });
});

describe('hasMoved', () => {
  it.each([
    [undefined, undefined, false],
    [undefined, NOW, true],
    [NOW, undefined, false],
    [NOW, NOW, false],
    [NOW, later(1_000), true],
    [NOW, later(-1_000), false],
  ])('answers from %s to %s: %s', (before, after, moved) => {
    expect(hasMoved(before, after)).toBe(moved);
  });
});
