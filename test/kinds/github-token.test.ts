import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OWN_NAMES } from '../../src/domain/own-token.ts';
import { githubToken } from '../../src/kinds/github-token.ts';
import { aDeclaration, SEED } from '../support/builders.ts';
import {
  chanceOf,
  cratesIoTokenValue,
  githubClassicValue,
  githubFineGrainedValue,
  leakedRun,
  npmTokenValue,
  toldBy,
} from '../support/tokens.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const reasons = (text: string) => githubToken.checkFormat(bytes(text));
const read = (text: string) => {
  const found = githubToken.read?.(bytes(text));
  if (!found) throw new Error('a GitHub token is read');
  return found;
};
const chance = chanceOf(SEED);
const CLASSIC = githubClassicValue('ghp_', chance);
const FINE = githubFineGrainedValue(chance);

describe('githubToken.checkFormat', () => {
  it('has no objection to one of either form', () => {
    for (let count = 0; count < 50; count++) {
      expect(reasons(githubClassicValue('ghp_', chance))).toEqual([]);
      expect(reasons(githubFineGrainedValue(chance))).toEqual([]);
    }
  });

  it('has none to a longer one: GitHub has said that they may grow', () => {
    expect(reasons(`${CLASSIC}Ab3`)).toEqual([]);
    expect(reasons(`${FINE}Ab3_`)).toEqual([]);
  });

  it.each([
    ['nothing', '', 'nothing was pasted'],
    ['one that is cut off', CLASSIC.slice(0, -1), 'is shorter or longer'],
    ['one that is pasted twice', CLASSIC + CLASSIC, 'is shorter or longer'],
    ['a fine-grained one that is cut off', FINE.slice(0, 40), 'is shorter or longer'],
    [
      'another issuer’s',
      cratesIoTokenValue(chance),
      'this is a crates.io token, not a GitHub token: treat it',
    ],
    ['an npm token', npmTokenValue(chance), 'this is an npm token, not a GitHub token'],
    ['a line of a file', `GITHUB_TOKEN=${CLASSIC}`, 'paste only the token'],
    ['one cut by a line break', `${CLASSIC.slice(0, 39)}\n${CLASSIC.slice(39)}`, 'at position 40'],
    ['some other text', 'password', '"github_pat_"'],
    ['an installation token', githubClassicValue('ghs_', chance), 'lives for an hour'],
    ['a long installation token', `ghs_${'eyJhbGciOiJSUzI1NiJ9.'.repeat(20)}`, 'lives for an hour'],
    ['a token of an App for a user', githubClassicValue('ghu_', chance), 'eight hours'],
    ['a refresh token', githubClassicValue('ghr_', chance), 'used for the first time'],
    ['a token of gh', githubClassicValue('gho_', chance), '`gh auth login`'],
  ])('refuses %s, and repeats none of it', (_, text, words) => {
    const said = reasons(text);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(words);
    const secret = text.replace(/GITHUB_TOKEN=|gh[pousr]_|github_pat_|password/g, '-');
    expect(leakedRun(said.join(), secret)).toBeUndefined();
  });

  it.each(['ghs_', 'ghu_', 'ghr_', 'gho_'])('says what to make instead of %s', (prefix) => {
    expect(reasons(githubClassicValue(prefix))[0]).toContain(
      'It cannot be stored: make a fine-grained personal access token instead',
    );
  });
});

describe('githubToken.read', () => {
  it('tells a fine-grained one, and leaves its expiry to GitHub', () => {
    const says = [{ label: 'Form', text: 'fine-grained' }];
    expect(read(FINE)).toEqual({ expiry: undefined, says, problems: [], warnings: [] });
  });

  it('warns of a classic one that it reaches everything', () => {
    const { says, warnings } = read(CLASSIC);
    expect(says).toEqual([{ label: 'Form', text: 'classic' }]);
    expect(warnings).toEqual([expect.stringContaining('every repository that its user can reach')]);
  });

  it('warns of a classic one whose checksum does not match', () => {
    const last = CLASSIC.at(-1) === '0' ? '1' : '0';
    expect(read(CLASSIC.slice(0, -1) + last).warnings[1]).toContain('checksum');
  });

  it('warns of a classic one that is longer than they were', () => {
    expect(read(`${CLASSIC}Ab3`).warnings[1]).toContain('pasted twice');
  });

  it('never throws, and repeats nothing, whatever was damaged', () => {
    const damaged = fc.oneof(
      fc.stringMatching(/^ghp_[A-Za-z0-9]{36,60}$/),
      fc.stringMatching(/^github_pat_[A-Za-z0-9_]{40,100}$/),
    );
    fc.assert(
      fc.property(damaged, (text) => {
        expect(reasons(text)).toEqual([]);
        expect(leakedRun(toldBy(read(text)), text.slice(text.lastIndexOf('_') + 1))).toBeUndefined();
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });
});

describe('what is known of a GitHub token', () => {
  it.each([
    ['seal', 'github.seal.token-file'],
    ['verify', 'github.verify.token-file'],
  ] as const)('says of reseal’s own for %s into which file it goes', (which, option) => {
    const steps = githubToken.steps(
      aDeclaration({ name: OWN_NAMES[which], scopes: ['Metadata: Read-only'] }),
    );
    expect(steps.at(-1)).toContain(option);
    expect(steps.join(' ')).toContain('and no others: Metadata: Read-only.');
  });

  it('says of any other nothing of a file, and names it where its name is known', () => {
    const steps = githubToken.steps(aDeclaration({ kind: 'github-token', scopes: [] })).join(' ');
    expect(steps).toContain('Find "widgets release"');
    expect(steps).not.toMatch(/token-file|permissions/);
  });

  it('has nothing to revoke after a regeneration: that ends the old one', () => {
    expect(githubToken.afterwards).toBeUndefined();
  });
});
