import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { npmToken } from '../../src/kinds/npm-token.ts';
import { aDeclaration, SEED } from '../support/builders.ts';
import {
  chanceOf,
  cratesIoTokenValue,
  githubClassicValue,
  leakedRun,
  npmTokenValue,
  pypiTokenValue,
  toldBy,
} from '../support/tokens.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const reasons = (text: string) => npmToken.checkFormat(bytes(text));
const read = (text: string) => npmToken.read?.(bytes(text));
const chance = chanceOf(SEED);
const GOOD = npmTokenValue(chance);

describe('npmToken.checkFormat', () => {
  it('has no objection to one', () => {
    for (let count = 0; count < 50; count++) expect(reasons(npmTokenValue(chance))).toEqual([]);
  });

  it.each([
    ['nothing', '', 'nothing was pasted'],
    ['one that is cut off', GOOD.slice(0, -1), '40 characters in all'],
    ['one that is pasted twice', GOOD + GOOD, '40 characters in all'],
    ['one with another character', `${GOOD.slice(0, -1)}-`, '40 characters in all'],
    ['one in capitals', GOOD.toUpperCase(), '40 characters in all'],
    ['a UUID, as npm made them before', '0'.repeat(8), '40 characters in all'],
    ['a line of .npmrc', `_authToken=${GOOD}`, 'paste only the token'],
    ['one in quotes', `"${GOOD}"`, 'paste only the token'],
    ['one with a break in it', `${GOOD.slice(0, 20)}\n${GOOD.slice(20)}`, 'position 21'],
    ['one with a no-break space', `${GOOD}\u00a0`, 'position 41'],
    [
      'a crates.io token',
      cratesIoTokenValue(chance),
      'a crates.io token, not an npm token: treat it as exposed',
    ],
    ['a GitHub token', githubClassicValue('ghp_', chance), 'a GitHub token, not an npm token'],
    ['a PyPI token', pypiTokenValue(), 'a PyPI token, not an npm token'],
  ])('refuses %s, and repeats none of it', (_, text, words) => {
    const said = reasons(text);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(words);
    expect(leakedRun(said.join(), text.replace(/_authToken=|npm_/gi, '-'))).toBeUndefined();
  });
});

describe('npmToken.read', () => {
  it('warns of a checksum that does not match, and of nothing else', () => {
    expect(read(GOOD)).toEqual({ expiry: undefined, says: [], problems: [], warnings: [] });
    const last = GOOD.at(-1) === '0' ? '1' : '0';
    const damaged = read(GOOD.slice(0, -1) + last);
    expect(damaged?.problems).toEqual([]);
    expect(damaged?.warnings).toHaveLength(1);
    expect(damaged?.warnings[0]).toContain('checksum');
  });

  it('never throws, and repeats nothing, whatever was damaged', () => {
    const damaged = fc.stringMatching(/^npm_[A-Za-z0-9]{36}$/);
    fc.assert(
      fc.property(damaged, (text) => {
        const found = read(text);
        expect(found?.problems).toEqual([]);
        expect(found && leakedRun(toldBy(found), text.slice(4))).toBeUndefined();
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });
});

describe('what is known of an npm token', () => {
  it('has a cap since a day, for those that may write', () => {
    const [rule, ...others] = npmToken.lifetimes.rules ?? [];
    expect(others).toEqual([]);
    expect(rule).toMatchObject({ since: '2025-11-05', maxDays: 90, olderEnd: '2026-02-03', partial: true });
  });

  it('names the packages that are declared, and the lifetime', () => {
    const steps = npmToken.steps(aDeclaration({ scopes: ['@example/widgets'], lifetime: '90d' })).join('\n');
    expect(steps).toContain('a name that tells it from "widgets release"');
    expect(steps).toContain('no others than these: @example/widgets.');
    expect(steps).toContain('declared here: 90 days');
  });

  it('leaves out what is not declared', () => {
    const none = aDeclaration({ nameAtIssuer: undefined, lifetime: undefined, scopes: [] });
    expect(npmToken.steps(none).join('\n')).not.toMatch(/undefined|declared here|tells it from/);
  });

  it('lives on beside its successor, and proves little by being refused', () => {
    expect(npmToken.afterwards).toContain('stays alive until it is deleted');
    expect(npmToken.check?.proves).toContain('A refusal is no proof');
  });
});
