import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_SECRET_BYTES } from '../../src/kinds/format.ts';
import { generic } from '../../src/kinds/generic.ts';
import { aDeclaration, SEED } from '../support/builders.ts';
import { chanceOf, leakedRun, npmTokenValue } from '../support/tokens.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('generic.checkFormat', () => {
  it.each([
    ['one line', bytes('correct horse battery staple')],
    ['several lines', bytes('user: a\npassword: b\n')],
    ['a token of an issuer that has a kind of its own', bytes(npmTokenValue(chanceOf(SEED)))],
    ['bytes that are no text', Uint8Array.of(0, 255, 128, 10)],
    ['the very largest', new Uint8Array(MAX_SECRET_BYTES).fill(0x61)],
  ])('has no objection to %s', (_, value) => {
    expect(generic.checkFormat(value)).toEqual([]);
  });

  it.each([
    ['nothing', new Uint8Array(), 'nothing was pasted'],
    ['blanks alone', bytes('   '), 'nothing but blanks'],
    ['line breaks and blanks alone', bytes('\n \t\r\n\n'), 'nothing but blanks'],
    [
      'what GitHub does not store',
      new Uint8Array(MAX_SECRET_BYTES + 1).fill(0x61),
      'larger than GitHub stores',
    ],
    ['a PEM block without its end', bytes('-----BEGIN PRIVATE KEY-----\nTUlJ\n'), 'no END line'],
  ])('refuses %s', (_, value, words) => {
    const said = generic.checkFormat(value);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(words);
  });

  it('never throws, and repeats nothing, whatever it is given', () => {
    const marked = fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 40 }));
    const secret = 'Zq7Xw9Kv';
    fc.assert(
      fc.property(marked, fc.constantFrom('', '-----BEGIN ', '-----END '), ([before, after], pem) => {
        const value = Buffer.concat([before, bytes(pem + secret), after]);
        expect(leakedRun(generic.checkFormat(value).join(), secret)).toBeUndefined();
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });
});

describe('generic.steps', () => {
  it('names what is declared of it, and leaves out what is not', () => {
    expect(generic.steps(aDeclaration({ scopes: ['write'] })).join('\n')).toMatch(
      /it is called "widgets release" there\.\n.*no more: write\./,
    );
    const none = aDeclaration({ nameAtIssuer: undefined, scopes: [] });
    expect(generic.steps(none).join('\n')).not.toMatch(/undefined|no more/);
  });
});
