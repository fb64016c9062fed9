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

// Every small history of one interrupted write, by GitHub's clock in seconds: the intent is written at 0.

/** Seconds after the intent at which the write lands; undefined: never. */
const LATENCIES = [undefined, 0, 0.4, 0.9, 1, 1.5, 2, 3, 5, 8, 10, 15, 20, 25, 30, 35, 40];
/** Whether somebody else writes five seconds after the intent. */
const OUTSIDE = [false, true];
/** Seconds between the secret's last change and the moment at which the rotation wants to write. */
const AGES = [0.2, 0.9, 1.9, 3_600];
/** Seconds after the intent at which recovery looks. */
const READS = [3, 30, 60.5, 3_600];

interface Case {
  readonly latency: number | undefined;
  readonly outside: boolean;
  readonly age: number;
  readonly read: number;
}

const CASES: readonly Case[] = LATENCIES.flatMap((latency) =>
  OUTSIDE.flatMap((outside) => AGES.flatMap((age) => READS.map((read) => ({ latency, outside, age, read })))),
);

interface Rules {
  /** Wait until at least two seconds after the baseline before writing. */
  readonly guard: boolean;
  /** No "nothing was stored" within a minute. */
  readonly settle: boolean;
}

/** `updated_at` has whole seconds. The intent lies 0.3 s into one, so that a fresh baseline may share it. */
const START = NOW.getTime() + 300;
const at = (seconds: number) => new Date(START + seconds * 1_000);
const whole = (instant: Date) => new Date(Math.floor(instant.getTime() / 1_000) * 1_000);

function judgeCase({ latency, outside, age, read }: Case, { guard, settle }: Rules): boolean {
  const waited = guard && age < 2 ? 2 : 0;
  const baseline = whole(at(-age - waited));
  const writes = [
    ...(latency !== undefined && latency <= read ? [latency] : []),
    ...(outside && read >= 5 ? [5] : []),
  ];
  const updatedAt = writes.length === 0 ? baseline : whole(at(Math.max(...writes)));
  // Without the rule, a minute seems to have passed at once.
  const intendedAt = settle ? at(0) : at(-60);
  const fate = judgeFate(place({ baselineUpdatedAt: baseline, intendedAt }), {
    updatedAt,
    serverTime: at(read),
  });
  const landsEver = latency !== undefined;
  return fate === 'not-stored' && landsEver;
}

/** Of how many cases it says that nothing was stored although the write has landed or will. */
function wrongVerdicts(rules: Rules): number {
  return CASES.filter((one) => judgeCase(one, rules)).length;
}

describe('the two rules of recovery, over all 544 small histories', () => {
  it('covers each latency, writer, age and time of reading', () => {
    expect(CASES).toHaveLength(544);
  });

  it('never says "nothing was stored" of a write that lands, with both rules', () => {
    expect(wrongVerdicts({ guard: true, settle: true })).toBe(0);
  });

  it.each([
    ['neither rule', { guard: false, settle: false }],
    ['the wait for the write alone', { guard: false, settle: true }],
    ['the wait before the write alone', { guard: true, settle: false }],
  ])('is wrong with %s, so that the model has teeth', (_, rules) => {
    expect(wrongVerdicts(rules)).toBeGreaterThan(0);
  });

  it('says "nothing was stored" where that is so, once the minute is over', () => {
    const idle = CASES.filter(
      ({ latency, outside, read }) => latency === undefined && !outside && read >= 60,
    );
    const fates = idle.map(({ age, read }) =>
      judgeFate(place({ baselineUpdatedAt: at(-age - 2), intendedAt: at(0) }), {
        updatedAt: at(-age - 2),
        serverTime: at(read),
      }),
    );
    expect(new Set(fates)).toEqual(new Set(['not-stored']));
  });

  it('never says that a change was ours', () => {
    const fates = CASES.map(({ read }) =>
      judgeFate(place(), { updatedAt: whole(at(1)), serverTime: at(read) }),
    );
    expect(new Set(fates)).toEqual(new Set(['unconfirmed']));
  });
});
