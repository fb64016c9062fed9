import { describe, expect, it } from 'vitest';
import { fromInstant, toInstant } from '../../src/sqlite/columns.ts';

describe('toInstant', () => {
  it.each(['2027-06-01T12:34:56.789Z', '2024-02-29T00:00:00.000Z', '1999-12-31T23:59:59.999Z'])(
    'gives back what was written: %s',
    (text) => {
      expect(toInstant(text).toISOString()).toBe(text);
      expect(fromInstant(toInstant(text))).toBe(text);
    },
  );

  it('reads what other hands have written as strictly as what a person types', () => {
    expect(toInstant('2027-06-01')).toEqual(new Date('2027-06-01T00:00:00Z'));
    expect(toInstant('2027-06-01T12:00:00+02:00')).toEqual(new Date('2027-06-01T10:00:00Z'));
  });

  it.each([
    '2027-02-29T00:00:00.000Z',
    '2027-04-31T00:00:00.000Z',
    '2027-13-01T00:00:00.000Z',
    '2027-06-01T24:00:00.000Z',
    '2027-06-01T23:60:00.000Z',
    '2027-06-0xT00:00:00.000Z',
    '+027-06-01T00:00:00.000Z',
    '',
  ])('refuses what is no instant: %j', (text) => {
    expect(() => toInstant(text)).toThrow('is not a date');
  });

  it('returns undefined for what is not there', () => {
    expect(toInstant(null)).toBeUndefined();
  });
});
