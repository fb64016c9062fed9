import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nugetKey } from '../../src/kinds/nuget-key.ts';
import { aDeclaration, SEED } from '../support/builders.ts';
import { chanceOf, leakedRun, npmTokenValue, nugetV4Value, nugetV5Value, toldBy } from '../support/tokens.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const reasons = (text: string) => nugetKey.checkFormat(bytes(text));
const read = (text: string) => {
  const found = nugetKey.read?.(bytes(text));
  if (!found) throw new Error('a NuGet key is read');
  return found;
};
const chance = chanceOf(SEED);
const MADE = new Date('2026-11-20T08:15:00Z');
const MONTH = { allocatedAt: MADE, lifetimeMinutes: 30 * 1440 };
const V4 = nugetV4Value(chance);
const V5 = nugetV5Value(MONTH, chance);
/** The example of ApiKeyV5.cs, from its parts: no key that anybody could use. */
const EXAMPLE = ['a'.repeat(52), 'JQQJ99', 'AL', 'N5Z', '0000LZ', 'ENe', 'S003', 'NUGT', '3OrW'].join('');
const without = (text: string, at: number, other: string) =>
  text.slice(0, at) + other + text.slice(at + other.length);

describe('nugetKey.checkFormat', () => {
  it('has no objection to one of either form', () => {
    for (let count = 0; count < 50; count++) {
      expect(reasons(nugetV4Value(chance))).toEqual([]);
      expect(reasons(nugetV5Value(MONTH, chance))).toEqual([]);
    }
    expect(reasons(EXAMPLE)).toEqual([]);
  });

  it.each([
    ['nothing', '', 'nothing was pasted'],
    ['an older one that is cut off', V4.slice(0, -1), 'has neither form'],
    ['an older one in capitals', V4.toUpperCase(), 'has neither form'],
    ['one that is cut off', V5.slice(0, -1), 'has neither form'],
    ['one that is pasted twice', V5 + V5, 'has neither form'],
    ['one without its mark', without(V5, 76, 'XXXX'), 'has neither form'],
    ['one with another character', without(V5, 10, '-'), 'has neither form'],
    ['one of the first form', `${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}`, 'covers all'],
    ['a line of a shell', `NUGET_API_KEY=${V4}`, 'paste only the token'],
    ['one with a break in it', `${V5.slice(0, 40)}\r\n${V5.slice(40)}`, 'position 41'],
    ['an npm token', npmTokenValue(chance), 'an npm token, not a NuGet API key: treat it as exposed'],
  ])('refuses %s, and repeats none of it', (_, text, words) => {
    const said = reasons(text);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(words);
    expect(leakedRun(said.join(), text.replace(/NUGET_API_KEY=|JQQJ99|NUGT|0{4,}/g, '-'))).toBeUndefined();
  });
});

describe('nugetKey.read', () => {
  it('reads when a newer one was made and ends', () => {
    expect(read(V5)).toEqual({
      expiry: { kind: 'known', at: new Date('2026-12-20T08:15:00Z'), source: 'read' },
      says: [
        { label: 'Made', text: '2026-11-20 08:15 UTC' },
        { label: 'Lives for', text: '30 days' },
      ],
      problems: [],
      warnings: [],
      begins: new Date('2026-11-20T08:15:00Z'),
    });
  });

  it('reads the same of every minute from 2024 to 2085, and every lifetime of a year', () => {
    const instant = fc
      .integer({ min: Date.UTC(2024, 0) / 60_000, max: Date.UTC(2085, 11, 31) / 60_000 })
      .map((minutes) => new Date(minutes * 60_000));
    const units = fc.integer({ min: 1, max: (366 * 1440) / 5 });
    fc.assert(
      fc.property(
        instant,
        units,
        fc.uint8Array({ minLength: 52, maxLength: 52 }),
        (allocatedAt, count, random) => {
          const key = nugetV5Value({ allocatedAt, lifetimeMinutes: count * 5 }, (length) =>
            random.subarray(0, length),
          );
          const { expiry, warnings } = read(key);
          const at = new Date(allocatedAt.getTime() + count * 5 * 60_000);
          expect(expiry).toEqual({ kind: 'known', at, source: 'read' });
          expect(warnings).toEqual([]);
        },
      ),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it('agrees with the example of its source, which trusted publishing would make', () => {
    const { expiry, problems, warnings } = read(EXAMPLE);
    expect(expiry).toEqual({ kind: 'known', at: new Date('2024-12-05T13:45:00Z'), source: 'read' });
    expect(problems).toEqual([
      'this is a key that trusted publishing made: it lives for an hour at most and cannot be stored',
    ]);
    expect(warnings).toEqual([expect.stringContaining('another installation than nuget.org')]);
  });

  it.each([
    [5, '5 minutes'],
    [60, '1 hour'],
    [90, '90 minutes'],
    [1440, '1 day'],
  ])('says of %i minutes: %s', (lifetimeMinutes, text) => {
    expect(read(nugetV5Value({ allocatedAt: MADE, lifetimeMinutes }, chance)).says).toContainEqual({
      label: 'Lives for',
      text,
    });
  });

  it('knows nothing of when an older one ends', () => {
    expect(read(V4)).toEqual({ expiry: undefined, says: [], problems: [], warnings: [] });
  });

  it('warns where the checksum does not match', () => {
    const other = V5[3] === 'x' ? 'y' : 'x';
    expect(read(without(V5, 3, other)).warnings).toEqual([expect.stringContaining('checksum')]);
  });

  it('refuses a date that is none', () => {
    // The thirty-first of February, and a thirteenth month.
    const february = nugetV5Value(
      { allocatedAt: new Date('2027-01-31T00:00:00Z'), lifetimeMinutes: 60 },
      chance,
    );
    for (const key of [without(february, 59, 'B'), without(V5, 59, 'M'), without(V5, 71, '8')])
      expect(read(key)).toMatchObject({
        expiry: { kind: 'unknown' },
        problems: [expect.stringContaining('was damaged on its way')],
      });
  });

  it('says that it cannot read a newer version', () => {
    const { expiry, warnings } = read(without(V5, 61, '6'));
    expect(expiry).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('newer version')]);
  });

  it('never throws, and repeats nothing, whatever was damaged', () => {
    const damaged = fc
      .tuple(fc.stringMatching(/^[A-Za-z0-9]{52}$/), fc.stringMatching(/^[A-Za-z0-9]{22}$/), fc.boolean())
      .map(([body, rest, marked]) => {
        const middle = marked ? without(rest, 2, 'N5') : rest;
        return `${body}JQQJ99${middle.slice(0, 18)}NUGT${middle.slice(18)}`;
      });
    fc.assert(
      fc.property(damaged, (text) => {
        const told = toldBy(read(text));
        expect(reasons(text)).toEqual([]);
        expect(leakedRun(told, text.slice(0, 52))).toBeUndefined();
        expect(leakedRun(told, text.slice(80))).toBeUndefined();
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });
});

describe('what is known of a NuGet key', () => {
  it('has a cap since a day, and an end for the older ones', () => {
    expect(nugetKey.lifetimes.rules).toMatchObject([
      { since: '2026-08-17', maxDays: 30, olderEnd: '2026-11-01' },
    ]);
    expect(nugetKey.lifetimes.presets.every((days) => days <= 30)).toBe(true);
  });

  it('is regenerated, which ends the old one', () => {
    const steps = nugetKey.steps(aDeclaration({ scopes: ['Push', 'Widgets.*'], lifetime: '30d' })).join('\n');
    expect(steps).toContain(
      'Find "widgets release" under Manage and press Regenerate, which ends the old one',
    );
    expect(steps).toContain('declared here: 30 days');
    expect(steps).toContain('no others: Push, Widgets.*.');
    expect(nugetKey.afterwards).toBeUndefined();
  });

  it('leaves out what is not declared', () => {
    const none = aDeclaration({ nameAtIssuer: undefined, lifetime: undefined, scopes: [] });
    expect(nugetKey.steps(none).join('\n')).not.toMatch(/undefined|declared here|no others/);
  });
});
