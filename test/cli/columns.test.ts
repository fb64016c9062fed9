import { describe, expect, it } from 'vitest';
import { columns, fold, visibleLength, widthOfTerminal } from '../../src/cli/columns.ts';
import { paints, table } from '../../src/cli/output.ts';

const TITLES = ['NAME', 'STATE', 'LEFT', 'NEXT MAIL'];
const ROWS = [
  ['crates-io', 'due', '5 d', '2027-05-20'],
  ['apple-developer-membership', 'planned', '-', '2027-06-01'],
];

describe('columns', () => {
  it('returns a line for each row where the terminal is wide enough', () => {
    expect(columns(TITLES, ROWS, 60)).toEqual({
      head: 'NAME                        STATE    LEFT  NEXT MAIL',
      rows: [
        'crates-io                   due      5 d   2027-05-20',
        'apple-developer-membership  planned  -     2027-06-01',
      ],
    });
  });

  it('makes the name a heading where only the other columns fit', () => {
    expect(columns(TITLES, ROWS, 40)).toEqual({
      head: 'NAME\n  STATE    LEFT  NEXT MAIL',
      rows: [
        'crates-io\n  due      5 d   2027-05-20',
        'apple-developer-membership\n  planned  -     2027-06-01',
      ],
    });
  });

  it('sets each value beside its title where they do not, and leaves out what is not known', () => {
    expect(columns(TITLES, ROWS, 26)).toEqual({
      head: undefined,
      rows: [
        'crates-io\n  STATE due  LEFT 5 d\n  NEXT MAIL 2027-05-20',
        'apple-developer-membership\n  STATE planned\n  NEXT MAIL 2027-06-01',
      ],
    });
  });

  it('breaks a long value between its words, and never a word', () => {
    const why = 'the mail server refuses the recipient https://mail.example.org/why/it-does-so';
    const { rows } = columns(['ID', 'WHY'], [['12', why]], 30);
    expect(rows[0]?.split('\n')).toEqual([
      '12',
      '  WHY the mail server refuses',
      '    the recipient',
      '    https://mail.example.org/why/it-does-so',
    ]);
  });

  it('returns values without titles where there are none', () => {
    const { rows } = columns(undefined, [['9', '2027-05-20T00:00:00Z', 'version-recorded']], 30);
    expect(rows).toEqual(['9\n  2027-05-20T00:00:00Z\n  version-recorded']);
  });

  it('counts no colours, and no column twice for a sign outside the basic plane', () => {
    expect(visibleLength('\x1b[33mdue\x1b[39m')).toBe(3);
    expect(visibleLength('🦀')).toBe(1);
  });

  it.each([40, 60, 80, 100])('keeps every line within %i columns where no word is wider', (width) => {
    const { head, rows } = columns(TITLES, ROWS, width);
    for (const line of [head ?? '', ...rows].flatMap((text) => text.split('\n')))
      expect(visibleLength(line)).toBeLessThanOrEqual(width);
  });
});

describe('fold', () => {
  it('breaks between words, keeps what is aligned, and indents what goes on', () => {
    const text = '  \x1b[32mok     \x1b[39m  mode  only its owner can write it';
    expect(fold(text, 30).split('\n')).toEqual([
      '  \x1b[32mok     \x1b[39m  mode  only its',
      '    owner can write it',
    ]);
    expect(fold(text, 80)).toBe(text);
  });

  it('leaves a line whole that begins with an arrow, and a word always', () => {
    const command = '    → reseal rotate crates-io --only-missing';
    expect(fold(`${command}\nhttps://example.org/a/page/of/an/issuer`, 20)).toBe(
      `${command}\nhttps://example.org/a/page/of/an/issuer`,
    );
  });
});

describe('table', () => {
  it('returns tab-separated lines for a pipe, whatever their width', () => {
    expect(table([TITLES, ...ROWS], false).split('\n')[1]).toBe('crates-io\tdue\t5 d\t2027-05-20');
  });

  it('takes a first row in capitals for titles, and any other for a row', () => {
    const long = 'word '.repeat(40).trim();
    expect(
      table(
        [
          ['ID', 'WHY'],
          ['12', long],
        ],
        true,
      ),
    ).toMatch(/^12\n {2}WHY word/);
    expect(
      table(
        [
          ['11', long],
          ['12', long],
        ],
        true,
      ),
    ).toMatch(/^11\n {2}word/);
  });
});

describe('widthOfTerminal', () => {
  it('returns 80 where the terminal does not know, and what it says otherwise', () => {
    expect([undefined, 0, 57, 3].map(widthOfTerminal)).toEqual([80, 80, 57, 20]);
  });
});

describe('paints', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '0' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { NODE_DISABLE_COLORS: '1' }, false],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [false, { FORCE_COLOR: '' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { FORCE_COLOR: 'false' }, false],
    [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
  ])('on a terminal: %s, with %j: %s', (isTTY, env, expected) => {
    expect(paints({ isTTY }, env)).toBe(expected);
  });
});
