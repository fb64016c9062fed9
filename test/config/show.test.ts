import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/load.ts';
import { asYaml, effectiveFile } from '../../src/config/show.ts';

const read = (name: string) => readFileSync(new URL(`../../examples/${name}`, import.meta.url), 'utf8');

function load(text: string): Config {
  const result = parseConfig(text);
  if (!result.ok) throw new Error(`${JSON.stringify(result.problems)}\n${text}`);
  return result.config;
}

/** @returns the file with every default, as YAML */
function shown(text: string): string {
  return asYaml(effectiveFile('config.yaml', text));
}

describe('effectiveFile', () => {
  describe('when the shipped examples are shown', () => {
    it.each(['reseal.sqlrite.yaml', 'reseal.own.yaml'])('%s loads again to the very same', (name) => {
      const text = shown(read(name));
      expect(load(text)).toEqual(load(read(name)));
      expect(shown(text)).toBe(text);
    });

    it('loads again as JSON too', () => {
      const json = JSON.stringify(effectiveFile('config.yaml', read('reseal.sqlrite.yaml')));
      expect(load(json)).toEqual(load(read('reseal.sqlrite.yaml')));
    });
  });

  it('fills in every default, by the name that the file has for it', () => {
    const lines = shown('version: 1').split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'version: 1',
        'timezone: UTC',
        '  api-url: https://api.github.com',
        '  on-lost-answer: resend',
        '  port: 8765',
        'credentials: {}',
      ]),
    );
  });

  it('names the files of secrets, and opens none', () => {
    expect(shown(read('reseal.sqlrite.yaml'))).toContain('token-file: /run/secrets/github_seal_token');
  });

  it('throws with every problem where the file is wrong', () => {
    expect(() => effectiveFile('config.yaml', 'version: 2\ncolour: red')).toThrow(
      /^config\.yaml:1:10: version: .*\nconfig\.yaml:2:1: colour: /,
    );
  });

  describe('when texts are drawn by chance', () => {
    const awkward = fc.constantFrom(
      'no',
      'true',
      '0x10',
      '1e3',
      '~',
      'null',
      '12',
      '# x',
      'a: b',
      "it's",
      '"q"',
      '- x',
      '{',
      '*a',
      '🦀',
      '%',
    );
    const line = fc
      .oneof(awkward, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }))
      .filter((text) => text === text.trim() && text !== '' && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text));
    const name = fc.oneof(
      fc.constantFrom('no', 'true', '0x10', '1e3', 'null', '12', '007', 'constructor', 'a.b'),
      fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/),
    );
    const credential = fc.record(
      {
        purpose: line,
        'name-at-issuer': line,
        scopes: fc.uniqueArray(line, { maxLength: 3 }),
        planned: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    const file = fc.record({
      version: fc.constant(1),
      timezone: fc.constantFrom('UTC', 'Europe/Lisbon'),
      owners: fc.constant({ ada: { email: 'ada@example.org' } }),
      reminders: fc.record({ command: line, hour: fc.nat({ max: 23 }) }, { requiredKeys: [] }),
      credentials: fc.dictionary(
        name,
        credential.map((rest) => ({ kind: 'generic', owner: 'ada', ...rest })),
        { maxKeys: 4 },
      ),
    });

    it('what is shown loads again to the very same', () => {
      let loaded = 0;
      const check = (drawn: object) => {
        const text = JSON.stringify(drawn);
        const result = parseConfig(text);
        // What is no configuration in the first place is not shown.
        if (!result.ok) return;
        loaded += 1;
        expect(load(shown(text))).toEqual(result.config);
      };
      fc.assert(fc.property(file, check), { numRuns: 100, seed: 20_270_101 });
      expect(loaded).toBeGreaterThan(60);
    });
  });
});
