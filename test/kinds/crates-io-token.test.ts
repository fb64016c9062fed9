import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cratesIoToken } from '../../src/kinds/crates-io-token.ts';
import { aDeclaration, SEED } from '../support/builders.ts';
import { chanceOf, cratesIoTokenValue, leakedRun } from '../support/tokens.ts';

const chance = chanceOf(SEED);
const GOOD = `cio${'Ab3'.repeat(10)}Z9`;
const bytes = (text: string) => new TextEncoder().encode(text);
const reasons = (text: string) => cratesIoToken.checkFormat(bytes(text));

describe('cratesIoToken.checkFormat', () => {
  describe('when it is one', () => {
    it.each([GOOD, `cio${'0'.repeat(32)}`, `cio${'z'.repeat(32)}`])('gives no reason (%s)', (text) => {
      expect(reasons(text)).toEqual([]);
    });

    it('gives no reason for any that crates.io could make', () => {
      for (let count = 0; count < 50; count++) expect(reasons(cratesIoTokenValue(chance))).toEqual([]);
    });
  });

  describe('when it is not', () => {
    it.each([
      ['D6: nothing', '', 'nothing was pasted'],
      ['D6: one character', 'c', 'starts with "cio"'],
      ['D6: a homoglyph', `сio${'a'.repeat(32)}`, 'hidden character at position 1'],
      ['D1: a space inside', `cio${'a'.repeat(10)} ${'a'.repeat(22)}`, 'position 14'],
      ['D1: a no-break space at the end', `${GOOD}\u00a0`, 'position 36'],
      ['D1: a zero-width space', `cio\u200b${'a'.repeat(32)}`, 'position 4'],
      ['D1: a byte-order mark', `\ufeff${GOOD}`, 'position 1'],
      ['D2: quotes', `"${GOOD}"`, 'paste only the token'],
      ['D2: a line of a file', `token = "${GOOD}"`, 'paste only the token'],
      ['D2: a line of a shell', `CARGO_REGISTRY_TOKEN=${GOOD}`, 'paste only the token'],
      ['D3: GitHub, classic', `ghp_${'a'.repeat(36)}`, 'a GitHub token'],
      ['D3: GitHub, fine-grained', `github_pat_${'a'.repeat(82)}`, 'a GitHub token'],
      ['D3: npm', `npm_${'a'.repeat(36)}`, 'an npm token'],
      ['D3: PyPI', `pypi-${'A'.repeat(170)}`, 'a PyPI token'],
      [
        'D3: a key',
        '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----',
        'this is a private key (PEM)',
      ],
      ['D3: trusted publishing', `cio_tp_${'a'.repeat(32)}`, 'lives for 30 minutes'],
      ['D3: the old form, without a prefix', 'a'.repeat(32), 'starts with "cio"'],
      ['too short', GOOD.slice(0, -1), '35 characters in all; this has 34'],
      ['too long', `${GOOD}a`, '35 characters in all; this has 36'],
      ['another character', `cio${'a'.repeat(31)}-`, '35 characters in all'],
      ['capitals in front', `CIO${'a'.repeat(32)}`, 'starts with "cio"'],
    ])('%s: says so', (_name, text, words) => {
      expect(reasons(text)).toHaveLength(1);
      expect(reasons(text)[0]).toContain(words);
    });

    it.each([`ghp_${'a'.repeat(36)}`, `npm_${'a'.repeat(36)}`, `pypi-${'A'.repeat(170)}`])(
      'says of a living token of another issuer that it is exposed now (%s)',
      (text) => expect(reasons(text)[0]).toContain('treat it as exposed'),
    );
  });

  describe('whatever was pasted', () => {
    it('accepts exactly "cio" and 32 letters or digits', () => {
      const near = fc.stringMatching(/^[cC]i[o0]?[A-Za-z0-9_-]{30,34}$/);
      fc.assert(
        fc.property(near, (text) => {
          expect(reasons(text).length === 0).toBe(/^cio[A-Za-z0-9]{32}$/.test(text));
        }),
        { seed: SEED, numRuns: 2000 },
      );
    });

    it('never repeats any four characters of it', () => {
      const body = fc.stringMatching(/^[A-Z0-9]{16,40}$/);
      const prefix = fc.constantFrom('cio', 'cio_tp_', 'ghp_', 'npm_', 'pypi-', '', '"', 'KEY=', '\u00a0');
      fc.assert(
        fc.property(prefix, body, (start, text) => {
          const said = reasons(start + text).join('\n');
          expect(leakedRun(said, text)).toBeUndefined();
        }),
        { seed: SEED, numRuns: 1000 },
      );
    });
  });
});

describe('cratesIoToken.steps', () => {
  it('warns that Regenerate falls back to 90 days', () => {
    const steps = cratesIoToken.steps(aDeclaration()).join('\n');
    expect(steps).toContain('Find "widgets release" in the list and press Regenerate');
    expect(steps).toContain(
      'Set Expiration again (declared here: 365 days): it falls back to 90 days each time.',
    );
    expect(steps).toContain('Tick exactly these scopes: publish-new, publish-update.');
  });

  it('leaves out what is not declared', () => {
    const steps = cratesIoToken
      .steps(aDeclaration({ nameAtIssuer: undefined, lifetime: undefined, scopes: [] }))
      .join('\n');
    expect(steps).toContain('Find the token in the list');
    expect(steps).not.toMatch(/undefined|declared here|exactly these scopes/);
  });
});

describe('what is known of a crates.io token', () => {
  it('says that trusted publishing cannot make a crate that is not there yet', () => {
    expect(cratesIoToken.instead?.text).toMatch(
      /cannot make a crate .* a token with publish-new is needed, once/,
    );
  });

  it('says that crates.io revokes what GitHub finds, and that nobody but a person knows its expiry', () => {
    expect(cratesIoToken.leak.automatic).toContain('secret scanning');
    expect(cratesIoToken.expiry.known).toBe('entered');
  });
});
