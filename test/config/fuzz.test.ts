import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConfigResult } from '../../src/config/load.ts';
import { describeProblems, parseConfig } from '../../src/config/load.ts';

const EXAMPLE = readFileSync(new URL('../../examples/reseal.sqlrite.yaml', import.meta.url), 'utf8');
const LINES = EXAMPLE.split('\n');
const RUNS = { numRuns: 2_000, seed: 20_260_101 };

const SCALARS = [
  '',
  'null',
  '0',
  '-0',
  '-1',
  '1e9',
  '.nan',
  '1.5',
  'true',
  'x',
  '"x"',
  '[]',
  '{}',
  '[x',
  '&a b',
  '*a',
  '!t x',
  '|',
  "'",
  '__proto__',
  '🦀',
  '\u202e',
  '\0',
  '\t',
];

const line = fc.nat({ max: LINES.length - 1 });
const mutation = fc.oneof(
  fc.record({ do: fc.constant('delete' as const), at: line }),
  fc.record({ do: fc.constant('repeat' as const), at: line }),
  fc.record({ do: fc.constant('move' as const), at: line, to: line }),
  fc.record({ do: fc.constant('indent' as const), at: line, by: fc.nat({ max: 5 }) }),
  fc.record({
    do: fc.constant('rename' as const),
    at: line,
    name: fc.oneof(fc.string(), fc.constantFrom(...SCALARS)),
  }),
  fc.record({
    do: fc.constant('set' as const),
    at: line,
    value: fc.oneof(fc.string(), fc.constantFrom(...SCALARS)),
  }),
);
type Mutation = typeof mutation extends fc.Arbitrary<infer M> ? M : never;

function mutate(lines: readonly string[], change: Mutation): readonly string[] {
  const { at } = change;
  const old = lines[at] ?? '';
  if (change.do === 'delete') return lines.toSpliced(at, 1);
  if (change.do === 'repeat') return lines.toSpliced(at, 0, old);
  if (change.do === 'move') return lines.toSpliced(at, 1).toSpliced(change.to, 0, old);
  if (change.do === 'indent')
    return lines.with(Math.min(at, lines.length - 1), ' '.repeat(change.by) + old.trimStart());
  const changed =
    change.do === 'rename'
      ? old.replace(/[\w-]+:/, () => `${change.name}:`)
      : old.replace(/: .*/, () => `: ${change.value}`);
  return lines.with(Math.min(at, lines.length - 1), changed);
}

/** A config that survives JSON, or problems that each have a place and a message. */
function expectSound(text: string, result: ConfigResult): void {
  if (result.ok) {
    expect(JSON.parse(JSON.stringify(result.config))).toEqual(result.config);
    return;
  }
  expect(result.problems.length).toBeGreaterThan(0);
  const lines = text.split(/\r\n|\r|\n/).length;
  const sound = result.problems.every(
    ({ line, column, message }) => line >= 1 && line <= lines && column >= 1 && message !== '',
  );
  expect(sound, JSON.stringify(result.problems)).toBe(true);
}

describe('parseConfig', { timeout: 120_000 }, () => {
  describe('H1: when given any text', () => {
    it('returns a result and never throws', () => {
      const text = fc.oneof(
        fc.string(),
        fc.string({ unit: 'binary' }),
        fc.string({ unit: fc.constantFrom(...': -?{}[],&*!|>\'"%@#\n\t a1') }),
      );
      fc.assert(
        fc.property(text, (written) => expectSound(written, parseConfig(written))),
        RUNS,
      );
    });
  });

  describe('H2: when given any values under the keys it knows', () => {
    it('returns a result and never throws', () => {
      const keys = [
        'version',
        'github',
        'owners',
        'credentials',
        'pipelines',
        'reminders',
        'form',
        'registries',
        'mail',
        'webhooks',
        'toString',
      ];
      const document = fc.dictionary(fc.constantFrom(...keys), fc.jsonValue({ maxDepth: 3 }));
      fc.assert(
        fc.property(document, (value) => {
          const text = JSON.stringify({ ...value, version: 1 });
          expectSound(text, parseConfig(text));
        }),
        { ...RUNS, numRuns: 500 },
      );
    });
  });

  describe('H1, H2: when the example is mutated', () => {
    it('returns a result and never throws', () => {
      fc.assert(
        fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (changes) => {
          const text = changes.reduce(mutate, LINES).join('\n');
          expectSound(text, parseConfig(text));
        }),
        RUNS,
      );
    });
  });

  describe('when a secret is pasted anywhere', () => {
    const SECRETS = [
      `ghp_${'Q'.repeat(36)}`,
      `cio${'Q'.repeat(32)}`,
      `npm_${'Q'.repeat(36)}`,
      `pypi-${'Q'.repeat(60)}`,
      'QQQQ hunter2 QQQQ',
      `QQQQ-${'7aB'.repeat(12)}`,
    ];
    const place = fc.constantFrom('value', 'key', 'line', 'item');
    const paste = (text: string, at: number, where: string, secret: string) => {
      const old = LINES[at] ?? '';
      if (where === 'value') return LINES.with(at, `${old.replace(/:( .*)?$/, '')}: ${secret}`).join('\n');
      if (where === 'key')
        return LINES.with(
          at,
          old.replace(/[\w-]+:/, () => `${secret}:`),
        ).join('\n');
      return (
        LINES.toSpliced(at, 0, `${/^ */.exec(old)?.[0]}${where === 'item' ? '- ' : ''}${secret}`).join('\n') +
        text
      );
    };

    it('returns no message that holds it', () => {
      fc.assert(
        fc.property(line, place, fc.constantFrom(...SECRETS), (at, where, secret) => {
          fc.pre(!(where === 'key' && secret.includes(' ')));
          const result = parseConfig(paste('', at, where, secret));
          if (result.ok) return;
          expect(describeProblems('f', result.problems).message).not.toContain('QQQQ');
        }),
        { ...RUNS, numRuns: 1_000 },
      );
    });

    it('returns a problem even where any text would do', () => {
      for (const secret of SECRETS.slice(0, 4)) {
        const result = parseConfig(
          EXAMPLE.replace('publishes the sqlrite crates from release.yml', `uses ${secret} today`),
        );
        expect(result.ok ? [] : result.problems.map(({ path }) => path)).toEqual([
          'credentials.crates-io.purpose',
        ]);
      }
    });

    it('returns a problem for a mail server whose password is written out', () => {
      const result = parseConfig(
        EXAMPLE.replace('url-file: /run/secrets/smtp_url', 'url-file: smtps://me:QQQQ@mail.example.org'),
      );
      expect(result.ok ? [] : result.problems.map(({ message }) => message)).toEqual([
        'this looks like a secret: keep it in a file of its own and name that file in a "…-file" option',
      ]);
    });
  });
});
