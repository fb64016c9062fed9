import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { parsePlainYaml } from '../../src/config/plain-yaml.ts';
import { renderCredential, renderOwner, renderText } from '../../src/config/render.ts';
import { looksLikeSecret } from '../../src/config/secrecy.ts';
import { SEED } from '../support/builders.ts';

const TRICKY = [
  'null',
  '~',
  'true',
  'no',
  '1e3',
  '0x1F',
  '012',
  '2026-01-01',
  '12:30',
  '- a',
  '@a',
  '#a',
  'a #b',
  'a: b',
  '{a}',
  "it's",
  'a"b',
  '<<',
  '.inf',
  '!a',
  '&a',
  '*a',
  'ü',
  '…',
  ' a',
];

/** What means something to YAML, ends a line somewhere, or is invisible. */
const SIGNS = [...' \t\n\r\x00\x07\x85\xa0\u2028\ufeff\u{1f512}:#-?[]{},&*!|>\'"%@`\\/~=<.+_aZ09'];

describe('renderText', () => {
  it.each(TRICKY)('keeps %j, within brackets and as a key too', (text) => {
    const rendered = renderText(text);
    expect(parsePlainYaml(`{ ${rendered}: [${rendered}, ${rendered}] }`)).toEqual({ [text]: [text, text] });
  });

  it('keeps any text on one line', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...SIGNS), minLength: 1, maxLength: 40 }), (text) => {
        const rendered = renderText(text);
        expect(rendered).not.toMatch(/[\n\r]/);
        expect(parsePlainYaml(`a: { b: ${rendered} }`)).toEqual({ a: { b: text } });
      }),
      { seed: SEED, numRuns: 100 },
    );
  });
});

const environment = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  .filter(
    (text) =>
      text === text.trim() && !/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u.test(text) && !looksLikeSecret(text),
  );
const repo = fc
  .stringMatching(/^[A-Za-z0-9][A-Za-z0-9-]{0,10}\/[A-Za-z0-9._-]{1,20}$/)
  .filter((text) => !/\/\.{1,2}$|\.git$/i.test(text));
// Loaded, they are in capitals.
const secret = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,30}$/).filter((text) => !text.startsWith('GITHUB_'));
const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/);

describe('renderCredential and renderOwner', () => {
  it('render whatever a configuration takes so that it loads as what it was', () => {
    fc.assert(
      fc.property(name, name, fc.record({ repo, environment, secret }), (credential, owner, destination) => {
        const entry = {
          name: credential,
          kind: 'generic',
          owner,
          lifetime: '365d',
          destinations: [destination],
        };
        const text = `version: 1\nowners:\n${renderOwner({ name: owner, email: 'ada@example.org' })}credentials:\n${renderCredential(entry)}`;
        const result = parseConfig(text);
        expect(result.ok && result.config.credentials).toMatchObject([entry]);
      }),
      { seed: SEED, numRuns: 100 },
    );
  });

  it('leave out what is not said', () => {
    const text = renderCredential({ name: 'a', kind: 'generic', owner: 'me', destinations: [] }, 4);
    expect(text).toBe('    a:\n      kind: generic\n      owner: me\n');
  });
});
