import { describe, expect, it } from 'vitest';
import { OWN_NAMES } from '../../src/domain/own-token.ts';
import { githubToken } from '../../src/kinds/github-token.ts';
import { aDeclaration } from '../support/builders.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

describe('the GitHub token', () => {
  it.each([
    ['a fine-grained one', `github_pat_11ABCDEFG0${LETTERS}_${LETTERS}`],
    ['a classic one', `ghp_${LETTERS}`],
    ['an App’s installation token', `ghs_${LETTERS}`],
    ['a long one of an installation', `ghs_${'eyJhbGciOiJSUzI1NiJ9.'.repeat(20)}${LETTERS}`],
    ['a user’s of an App', `ghu_${LETTERS}`],
    ['an OAuth token', `gho_${LETTERS}`],
  ])('takes %s', (_, text) => {
    expect(githubToken.checkFormat(bytes(text))).toEqual([]);
  });

  it.each([
    ['too short', 'ghp_abc', 'is longer than this'],
    ['another issuer’s', `cio${'a'.repeat(32)}`, 'this is a crates.io token, not a GitHub token'],
    ['a line of a file', 'GITHUB_TOKEN=abc', 'paste only the token'],
    ['cut by a line break', `ghp_${LETTERS}\n${LETTERS}`, 'at position 41'],
    ['some other text', 'password', 'starts with "github_pat_"'],
  ])('refuses what is %s, and repeats none of it', (_, text, words) => {
    const [problem, ...others] = githubToken.checkFormat(bytes(text));
    expect(problem).toContain(words);
    expect(others).toEqual([]);
    expect(problem).not.toContain(text);
  });

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
