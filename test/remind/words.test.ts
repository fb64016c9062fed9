import { describe, expect, it } from 'vitest';
import { daysLeft } from '../../src/domain/expiry.ts';
import { argument, cut, expiresIn, listed, plain, quoted, timeLeft } from '../../src/remind/words.ts';
import { knownUntil, later, NOW } from '../support/builders.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('expiresIn', () => {
  it.each([
    ['10 days', 10 * DAY, 10, 'expires in 10 days', '10 days left'],
    ['a second less than 3 days', 3 * DAY - 1000, 2, 'expires in 2 days', '2 days left'],
    ['2 days', 2 * DAY, 2, 'expires in 2 days', '2 days left'],
    ['36 hours', 36 * HOUR, 1, 'expires in 1 day', '1 day left'],
    ['24 hours', DAY, 1, 'expires in 1 day', '1 day left'],
    ['a second less', DAY - 1000, 0, 'expires within 24 hours', 'less than 24 hours left'],
    ['this instant', 0, 0, 'expires within 24 hours', 'less than 24 hours left'],
    ['a second ago', -1000, -1, 'has expired', 'less than 24 hours ago'],
    ['23 hours ago', -23 * HOUR, -1, 'has expired', 'less than 24 hours ago'],
    ['24 hours and a second ago', -DAY - 1000, -2, 'expired 1 day ago', '1 day ago'],
    ['47 hours ago', -47 * HOUR, -2, 'expired 1 day ago', '1 day ago'],
    ['2 days and a second ago', -2 * DAY - 1000, -3, 'expired 2 days ago', '2 days ago'],
    ['a week and an hour ago', -7 * DAY - HOUR, -8, 'expired 7 days ago', '7 days ago'],
  ])('G12: says what is true of %s', (_when, milliseconds, left, words, shorter) => {
    expect(daysLeft(knownUntil(later(milliseconds)), NOW)).toBe(left);
    expect(expiresIn(left)).toBe(words);
    expect(timeLeft(left)).toBe(shorter);
  });
});

describe('plain', () => {
  it.each([
    ['line breaks', 'a\r\nBcc: x@evil.test', 'a Bcc: x@evil.test'],
    ['separators of lines and paragraphs', 'a\u2028b\u2029c', 'a b c'],
    ['marks of direction', '\u202Egnp.exe\u202C \u2066x\u2069\u200F', 'gnp.exe x'],
    ['what nobody sees', 'cra\u00ADtes\u200B-io\uFEFF', 'crates-io'],
    ['escapes of a terminal', '\u001b[31mred\u0000', '[31mred'],
    ['halves of characters', 'a\uD83Db', 'a\uFFFDb'],
  ])('E19: takes out %s', (_what, text, expected) => expect(plain(text)).toBe(expected));

  it('E19: keeps quotes, emoji and every script', () => {
    for (const text of ['"it\'s"', '🦀 crate', 'שלום', 'naïve', '漢字']) expect(plain(text)).toBe(text);
  });
});

describe('quoted', () => {
  it('makes no link of an address that came from outside', () => {
    expect(quoted('see https://evil.test/act?x=1')).toBe('see https[:]//evil.test/act?x=1');
  });
});

describe('cut', () => {
  it.each([
    ['what fits', 'abcdef', 6, 'abcdef'],
    ['what does not', 'abcdefg', 6, 'abcde…'],
    ['an accent with its letter', 'abcde\u0301\u0302fg', 6, 'abcd…'],
    ['a flag as a whole', 'abc🇵🇹de', 6, 'abc…'],
    ['a space before the end', 'abcd efgh', 6, 'abcd…'],
    ['a single character beyond measure', `a${'\u0301'.repeat(50)}`, 6, '…'],
  ])('E19: keeps %s', (_what, text, most, expected) => expect(cut(text, most)).toBe(expected));
});

describe('argument', () => {
  it.each([
    ['crates-io', 'crates-io'],
    ['a b', `'a b'`],
    ["x'; rm -rf ~; '", `'x'\\''; rm -rf ~; '\\'''`],
    ['$(reboot)', `'$(reboot)'`],
  ])('leaves a shell nothing to run: %s', (name, expected) => expect(argument(name)).toBe(expected));
});

describe('listed', () => {
  it.each([
    [[], ''],
    [['a'], 'a'],
    [['a', 'b'], 'a and b'],
    [['a', 'b', 'c'], 'a, b and c'],
  ])('%j', (words, expected) => expect(listed(words)).toBe(expected));
});
