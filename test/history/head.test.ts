import { describe, expect, it } from 'vitest';
import { formatHead, headOfEntry, judgeHead, parseHead } from '../../src/history/head.ts';

const HASH = '3f2a9c0b1d2e4f56'.padEnd(64, '7');

describe('formatHead', () => {
  it('gives the number and the first 16 digits', () => {
    expect(headOfEntry({ seq: 123, hash: HASH })).toEqual({ seq: 123, hash: '3f2a9c0b1d2e4f56' });
    expect(formatHead({ seq: 123, hash: HASH })).toBe('123:3f2a9c0b1d2e4f56');
  });
});

describe('parseHead', () => {
  it.each([
    ['as a mail has it', '123:3f2a9c0b1d2e4f56', { seq: 123, hash: '3f2a9c0b1d2e4f56' }],
    ['whole', `123:${HASH}`, { seq: 123, hash: HASH }],
    ['without a number', '3F2A9C0B', { seq: undefined, hash: '3f2a9c0b' }],
    ['with space around', ' 1:3f2a9c0b1d2e4f56\n', { seq: 1, hash: '3f2a9c0b1d2e4f56' }],
  ])('reads a head %s', (_name, text, head) => {
    expect(parseHead(text)).toEqual(head);
  });

  it.each(['', '123', '123:', '0:3f2a9c0b1d2e4f56', ':3f2a9c0b', '12:3f2a9c', '12:xyz', `${HASH}a`])(
    'takes nothing else (%j)',
    (text) => {
      expect(parseHead(text)).toBeUndefined();
    },
  );
});

describe('judgeHead', () => {
  const head = { seq: 5, hash: '3f2a9c0b1d2e4f56' };
  const other = '0'.repeat(64);

  it('F17: tells a history whose end was cut off from one that never had that entry', () => {
    expect(judgeHead(head, HASH, 9)).toBe('part');
    expect(judgeHead(head, undefined, 4)).toBe('cut-off');
    expect(judgeHead(head, other, 9)).toBe('foreign');
    expect(judgeHead({ ...head, seq: undefined }, HASH, 9)).toBe('part');
    expect(judgeHead({ ...head, seq: undefined }, undefined, 9)).toBe('not-found');
  });
});
