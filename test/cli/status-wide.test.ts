import { describe, expect, it } from 'vitest';
import type { TimelineLook } from '../../src/cli/timeline.ts';
import { drawTimeline, showsUnicode, timelineRows, widthOf } from '../../src/cli/timeline.ts';
import { aDeclaration, aStored, aVersion, daysFromNow, knownUntil, NOW } from '../support/builders.ts';
import { aStatus } from '../web/page-overviews.ts';

const PLAIN: TimelineLook = { now: NOW, width: 80, unicode: true, style: (_format, text) => text };

function rowOf(name: string, state: 'ok' | 'due' | 'critical' | 'expired', days: number) {
  const expiresAt = daysFromNow(days).toISOString();
  const version = aVersion({ expiry: knownUntil(expiresAt) });
  const stored = aStored({ declaration: aDeclaration({ name }), current: version });
  const [row] = timelineRows([aStatus({ name, state, expiresAt, daysLeft: days })], [stored]);
  if (!row) throw new Error('no row');
  return row;
}

const ROWS = [
  { status: aStatus({ name: 'deploy-key', state: 'never' }), leads: [] },
  rowOf('crates-io', 'ok', 200),
  rowOf('npm', 'due', 40),
  rowOf('pypi', 'expired', -9),
  rowOf('docker-hub', 'critical', 2),
  rowOf('a-name-that-goes-on-for-more-than-its-column', 'ok', 500),
];

describe('drawTimeline', () => {
  it('draws the months, reminders and expiries, what has ended first', () => {
    expect(drawTimeline(ROWS, PLAIN)).toMatchInlineSnapshot(`
      [
        "                           now  2027  Mar Apr May    Jul Aug    Oct",
        "pypi                      ■│·   ·  ·  ·   ·   ·  ·   ·   ·  ·   ·  ·        -9 d",
        "docker-hub                 ▲·   ·  ·  ·   ·   ·  ·   ·   ·  ·   ·  ·         2 d",
        "npm                        │┴─┴┴◆  ·  ·   ·   ·  ·   ·   ·  ·   ·  ·        40 d",
        "crates-io                  │───────────────┴───┴─┴┴● ·   ·  ·   ·  ·       200 d",
        "a-name-that-goes-on-for…   │──────────────────────────────────────────→    500 d",
        "deploy-key                does not expire",
        "┴ reminder   ● expiry   ◆ due   ▲ critical   ■ ended   → later than a year",
      ]
    `);
  });

  it('draws the same in ASCII where the terminal has nothing else', () => {
    const lines = drawTimeline(ROWS, { ...PLAIN, unicode: false });
    expect(lines.join('')).toMatch(/^[ -~]*$/);
    expect(lines[1]).toMatch(/^pypi {20} {2}x\|\./);
    expect(lines.find((line) => line.startsWith('npm'))).toMatch(/\|\+-\++\*\.? /);
  });

  it.each([32, 40, 80, 132, 200])('is never wider than %i columns', (width) => {
    for (const unicode of [true, false]) {
      const lines = drawTimeline(ROWS, { ...PLAIN, width, unicode });
      expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(width);
    }
  });

  it('shows by the sign what the colour says', () => {
    const lines = drawTimeline(ROWS, PLAIN);
    const signs = ['pypi', 'docker-hub', 'npm', 'crates-io'].map(
      (name) => /[■▲◆●]/.exec(lines.find((line) => line.startsWith(name)) ?? '')?.[0],
    );
    expect(signs).toEqual(['■', '▲', '◆', '●']);
  });

  it('paints nothing by itself', () => {
    const used = new Set<string>();
    const style = (format: string, text: string) => {
      used.add(format);
      return text;
    };
    const look = { ...PLAIN, style };
    expect(drawTimeline(ROWS, look)).toEqual(drawTimeline(ROWS, PLAIN));
    expect([...used].sort()).toEqual(['bold', 'dim', 'green', 'red', 'yellow']);
  });
});

describe('timelineRows', () => {
  it('leaves out what is retired, and gives what is revoked no reminders of an expiry', () => {
    const stored = aStored({ current: aVersion({ standing: 'revoked' }) });
    const statuses = [
      aStatus({ state: 'revoked' }),
      aStatus({ name: 'old', retiredAt: '2026-01-01T00:00:00Z' }),
    ];
    expect(timelineRows(statuses, [stored])).toEqual([{ status: statuses[0], leads: [] }]);
  });

  it('takes the reminders from the lifetime of the recorded version', () => {
    expect(rowOf('npm', 'due', 40).leads.map((at) => (at.getTime() - NOW.getTime()) / 86_400_000)).toEqual([
      -20, 10, 26, 33, 37, 39, 40,
    ]);
  });
});

describe('showsUnicode', () => {
  it.each([
    [{ LANG: 'pt_PT.UTF-8' }, true],
    [{ LANG: 'C.utf8' }, true],
    [{ LC_ALL: 'C', LANG: 'en_GB.UTF-8' }, false],
    [{ LC_ALL: '', LC_CTYPE: 'en_GB.UTF-8' }, true],
    [{ LANG: 'en_GB.UTF-8', TERM: 'dumb' }, false],
    [{}, false],
  ])('%j: %s', (env, expected) => {
    expect(showsUnicode(env)).toBe(expected);
  });
});

describe('widthOf', () => {
  it.each([
    [100, {}, 100],
    [undefined, {}, 80],
    [undefined, { COLUMNS: '132' }, 132],
    [undefined, { COLUMNS: 'wide' }, 80],
    [0, {}, 80],
    [10, {}, 32],
    [1000, {}, 200],
  ])('%j columns with %j: %i', (columns, env, expected) => {
    expect(widthOf(columns, env)).toBe(expected);
  });
});
