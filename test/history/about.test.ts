import { describe, expect, it } from 'vitest';
import { chunks, formatTold, namedIn, parseTold } from '../../src/history/about.ts';

const TOLD = { credential: 'crates-io', version: 2, topic: 'expiry', leadDays: -7 };

describe('an item about a reminder', () => {
  it('is read as it was written', () => {
    expect(formatTold(TOLD)).toBe('crates-io 2 expiry -7');
    expect(parseTold(formatTold(TOLD))).toEqual(TOLD);
    const spaced = { ...TOLD, credential: 'pipeline:a b' };
    expect(parseTold(formatTold(spaced))).toEqual(spaced);
    expect(parseTold('crates-io')).toBeUndefined();
  });
});

describe('namedIn', () => {
  const found = (name: string, items: readonly string[]) =>
    namedIn(name).some((part) => JSON.stringify({ items }).includes(part));

  it('finds a name alone and at the head of an item, and no part of another name', () => {
    expect(found('npm', ['npm 1 expiry 7'])).toBe(true);
    expect(found('npm', ['crates-io', 'npm'])).toBe(true);
    expect(found('npm', ['npm-next 1 expiry 7', 'my-npm 1 expiry 7', 'npm-next'])).toBe(false);
  });
});

describe('chunks', () => {
  it('cuts a list into parts, and makes none of an empty one', () => {
    expect(chunks([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
    expect(chunks([], 2)).toEqual([]);
  });
});
