import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BENCHMARKS } from '../../tools/bench/all.ts';
import type { Line } from '../../tools/bench/benchmark.ts';
import { findPlaces } from '../../tools/bench/pages.ts';
import { COLUMNS, MISSED, row, table } from '../../tools/bench/table.ts';

const OPTIONS = { rounds: 15, quick: false, long: false, nodeRed: undefined };
const LINE: Line = {
  what: 'a start',
  unit: 'ms',
  beside: 'an empty program',
  goals: [{ of: 'ratio', atMost: 1.5 }],
};
const documents = [
  'README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`),
]
  .filter((name) => name.endsWith('.md'))
  .map((file) => ({ file, text: readFileSync(file, 'utf8') }));

/** Its milliseconds are those of a terminal. */
const ABOUT_OTHERS: readonly string[] = ['docs/security.md'];

const cellsOf = (line: string) =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** What a row is known by, without its figures: what is measured, the peer, the goal. */
function known(line: string): string {
  const [what = '', , beside = '', , goal = ''] = cellsOf(line);
  return [what, beside.replace(/: [^:]*$/, ''), goal.replaceAll(MISSED, '')].join(' | ');
}

function expectedRows(names: readonly string[]): readonly string[] {
  return BENCHMARKS.filter(({ name }) => names.length === 0 || names.includes(name))
    .flatMap(({ lines }) => Object.values(lines))
    .map((line) => known(row(line, { reseal: 1, ...(line.beside ? { beside: 1 } : {}) })));
}

describe('a row', () => {
  it('shows both figures, the ratio of the rounds and the goal', () => {
    expect(row(LINE, { reseal: 30, beside: 25, ratio: 1.25 })).toBe(
      '| a start | 30.0 ms | an empty program: 25.0 ms | 1.25 × | ≤ 1.5 × |',
    );
  });

  it('says when the goal is missed', () => {
    expect(row(LINE, { reseal: 50, beside: 25 })).toBe(
      '| a start | 50.0 ms | an empty program: 25.0 ms | 2.00 × | ≤ 1.5 × **missed** |',
    );
  });

  it('stays when the peer is not installed', () => {
    expect(row(LINE, { reseal: 30, beside: 'not installed' })).toBe(
      '| a start | 30.0 ms | an empty program: not installed | – | ≤ 1.5 × |',
    );
  });

  it('says why nothing was measured', () => {
    expect(row(LINE, { missing: 'only with `--long`' })).toBe(
      '| a start | only with `--long` | an empty program | – | ≤ 1.5 × |',
    );
  });
});

describe('the benchmarks', () => {
  it('have names of their own, and lines that can be told apart', () => {
    const names = BENCHMARKS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const rows = expectedRows([]);
    expect(new Set(rows).size).toBe(rows.length);
  });
});

describe('the tables in the documents', () => {
  const places = findPlaces();

  it('stand in the README, for all benchmarks', () => {
    expect(places.filter(({ file, names }) => file === 'README.md' && names.length === 0)).toHaveLength(1);
  });

  it.each(places.map((place) => [`${place.file}: ${place.names.join(' ') || 'all'}`, place] as const))(
    'have the command, the columns and the rows that are printed (%s)',
    (_, { names, text }) => {
      const [said, , head, , ...rows] = text.trimEnd().split('\n');
      expect(said).toMatch(/^`npm run bench\b[^`]*` printed, with Node \d/);
      expect(said).not.toContain('--quick');
      expect(cellsOf(head ?? '')).toEqual(COLUMNS);
      expect(rows.map(known)).toEqual(expectedRows(names));
    },
  );

  it('name only benchmarks that there are, also where a sentence does', () => {
    const names = new Set(BENCHMARKS.map(({ name }) => name));
    const named = documents.flatMap(({ text }) =>
      [...text.matchAll(/npm run bench -- ([a-z]+)|<!-- bench ([a-z ]+) -->/g)].flatMap(([, one, several]) =>
        (one ?? several ?? '').split(' '),
      ),
    );
    expect(named.filter((name) => !names.has(name))).toEqual([]);
  });

  it('are printed by one command: the scripts before it are named nowhere', () => {
    const stale = documents.filter(({ text }) => /bench:[a-z]+|tools\/bench-/.test(text));
    expect(stale.map(({ file }) => file)).toEqual([]);
  });
});

describe('figures outside the tables', () => {
  it('stand in documents that name the command that prints them', () => {
    const figure = /\d (ms|µs)\b|\d ×|mails\/s/;
    const measured = documents.filter(({ file }) => !ABOUT_OTHERS.includes(file));
    const loose = measured.filter(({ text }) => figure.test(text) && !text.includes('npm run bench'));
    expect(loose.map(({ file }) => file)).toEqual([]);
  });
});

describe('a table', () => {
  it('names the command that prints it again', () => {
    expect(table([], ['rotate'], { ...OPTIONS, long: true }).split('\n')[0]).toMatch(
      /^`npm run bench -- rotate --long` printed, with Node .* up to 15 rounds in turns/,
    );
  });
});
