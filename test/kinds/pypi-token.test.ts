import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pypiToken } from '../../src/kinds/pypi-token.ts';
import { aDeclaration, SEED } from '../support/builders.ts';
import {
  chanceOf,
  cratesIoTokenValue,
  leakedRun,
  macaroonOf,
  pypiTokenValue,
  toldBy,
} from '../support/tokens.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const reasons = (text: string) => pypiToken.checkFormat(bytes(text));
const read = (text: string) => {
  const found = pypiToken.read?.(bytes(text));
  if (!found) throw new Error('a PyPI token is read');
  return found;
};
const packed = (macaroon: Uint8Array) => `pypi-${Buffer.from(macaroon).toString('base64url')}`;
/** The same each time, so that no run of it stands in a sentence by chance. */
const fixed = (caveats: readonly unknown[], location = 'pypi.org') =>
  packed(
    macaroonOf(location, caveats, {
      identifier: 'c0ffee00-0000-4000-8000-000000000000',
      key: new Uint8Array(32),
    }),
  );
const seconds = (day: string) => Date.parse(`${day}T00:00:00Z`) / 1000;
const says = (text: string, label: string) => read(text).says.find((one) => one.label === label)?.text;
const PROJECT = [1, ['widgets']];
const GOOD = fixed([PROJECT]);

describe('pypiToken.checkFormat', () => {
  it('has no objection to one', () => {
    for (const caveats of [undefined, [], [PROJECT], [[0, 2, 1], PROJECT], ['what nobody knows']])
      expect(reasons(pypiTokenValue(caveats))).toEqual([]);
  });

  it.each([
    ['nothing', '', 'nothing was pasted'],
    ['one without its prefix', GOOD.slice(5), 'a PyPI token is "pypi-"'],
    ['one that is far too short', GOOD.slice(0, 40), 'at least 85'],
    ['one that is cut off', GOOD.slice(0, -1), 'is cut off: copy it again'],
    [
      'one of an impossible length',
      GOOD.slice(0, GOOD.length - ((GOOD.length - 6) % 4)),
      'is cut off: copy it',
    ],
    ['one that is pasted twice', GOOD + GOOD, 'copy it again'],
    ['one that is no macaroon', `pypi-${'A'.repeat(100)}`, 'is not a macaroon of version 2'],
    ['one with another character', `${GOOD.slice(0, 20)}+${GOOD.slice(21)}`, 'or has others among them'],
    ['a line of .pypirc', `password = ${GOOD}`, 'paste only the token'],
    ['one with a break in it', `${GOOD.slice(0, 76)}\n${GOOD.slice(76)}`, 'position 77'],
    [
      'a crates.io token',
      cratesIoTokenValue(chanceOf(SEED)),
      'a crates.io token, not a PyPI token: treat it',
    ],
  ])('refuses %s, and repeats none of it', (_, text, words) => {
    const said = reasons(text);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(words);
    expect(leakedRun(said.join(), text.replace(/password = |pypi-/g, ''))).toBeUndefined();
  });
});

describe('the expiry of a PyPI token', () => {
  it('is never where no caveat sets an end', () => {
    for (const caveats of [[], [PROJECT], [[3, 'an id']]])
      expect(read(pypiTokenValue(caveats)).expiry).toEqual({ kind: 'never', source: 'read' });
  });

  it('is the earliest of all ends', () => {
    const later = [0, seconds('2027-06-01'), 0];
    const earlier = [0, seconds('2027-01-15'), 0];
    for (const caveats of [[earlier], [earlier, later], [later, PROJECT, earlier], [earlier, 'unknown']])
      expect(read(pypiTokenValue(caveats)).expiry).toEqual({
        kind: 'known',
        at: new Date('2027-01-15T00:00:00Z'),
        source: 'read',
      });
  });

  it('is read of the form that older tokens have', () => {
    const old = { exp: seconds('2027-01-15'), nbf: 0 };
    expect(read(pypiTokenValue([old])).expiry).toMatchObject({ at: new Date('2027-01-15T00:00:00Z') });
  });

  it.each([
    ['text', 'what nobody knows'],
    ['a tag of a later time', [9, 'x']],
    ['an end that is no number', [0, '2027', 0]],
    ['an end with a fraction', [0, 1.5, 0]],
    ['an end beyond all calendars', [0, 9e15, 0]],
    ['an end before 1970', [0, -1, 0]],
    ['an end alone', [0, 1]],
    ['projects that are no list', [1, 'widgets']],
    ['a project that can be none', [1, ['\u001b[31m']]],
    ['an object of a later time', { version: 2 }],
    ['permissions of a later time', { version: 1, permissions: { teams: [] } }],
    ['null', null],
    ['an empty list', []],
  ])('is unknown where a caveat is %s, and that is warned of', (_, caveat) => {
    const { expiry, warnings, problems } = read(fixed([PROJECT, caveat]));
    expect(expiry).toEqual({ kind: 'unknown', source: 'unknown' });
    expect(warnings).toEqual([expect.stringContaining('a restriction that could not be read')]);
    expect(problems).toEqual([]);
  });

  it('is not known to be within bounds where a third party is asked', () => {
    const tail = (type: number, content: string) => [type, content.length, ...bytes(content)];
    const own = Buffer.from(macaroonOf('pypi.org', []));
    const caveat = Buffer.from([...tail(1, 'elsewhere'), ...tail(2, '[3,"x"]'), ...tail(4, 'key'), 0]);
    const token = packed(Buffer.concat([own.subarray(0, -35), caveat, own.subarray(-35)]));
    expect(reasons(token)).toEqual([]);
    expect(read(token).expiry).toEqual({ kind: 'unknown', source: 'unknown' });
  });
});

describe('the reach of a PyPI token', () => {
  it.each([
    ['one project', [PROJECT], 'widgets'],
    ['several', [[1, ['widgets', 'gadgets', 'widgets']]], 'widgets, gadgets'],
    [
      'what stands in all lists',
      [
        [1, ['widgets', 'gadgets']],
        [1, ['gadgets', 'gizmos']],
      ],
      'gadgets',
    ],
    ['many', [[1, ['a', 'b', 'c', 'd', 'e', 'f', 'g']]], 'a, b, c, d, e, and 2 more'],
    ['one by its number', [[2, ['an id']]], '1 project, by its number'],
    ['some by their numbers', [[2, ['x', 'y']]], '2 projects, by their numbers'],
    ['one in the form of older tokens', [{ version: 1, permissions: { projects: ['widgets'] } }], 'widgets'],
    ['some by numbers, in the older form', [{ project_ids: ['x', 'y'] }], '2 projects, by their numbers'],
  ])('is told of %s', (_, caveats, text) => {
    expect(says(fixed(caveats), 'May upload to')).toBe(text);
    expect(read(fixed(caveats)).warnings).toEqual([]);
  });

  it.each([
    ['no caveat', []],
    ['a user', [[3, 'an id']]],
    ['a user, in the older form', [{ version: 1, permissions: 'user' }]],
    ['an end', [[0, seconds('2027-01-15'), 0]]],
  ])('is every project where it has only %s, and that is warned of', (_, caveats) => {
    expect(says(fixed(caveats), 'May upload to')).toBe('every project of its account');
    expect(read(fixed(caveats)).warnings).toEqual([
      'it may upload to every project of its account: choose the one project as its scope instead',
    ]);
  });

  it('is unknown, and not every project, where a caveat could not be read', () => {
    expect(says(fixed(['what nobody knows']), 'May upload to')).toBe('unknown');
  });

  it.each([
    ['a list is empty', [[1, []]]],
    [
      'its lists share none',
      [
        [1, ['widgets']],
        [1, ['gadgets']],
      ],
    ],
    ['it has no number', [[2, []]]],
  ])('is refused where %s', (_, caveats) => {
    expect(read(fixed(caveats)).problems).toEqual([expect.stringContaining('no project is left')]);
  });
});

describe('a PyPI token', () => {
  it.each([
    ['as PyPI wrote it first', [4, 'an id']],
    ['with claims', [4, 'an id', { ref: 'refs/heads/main' }]],
  ])('of a trusted publisher is refused, %s', (_, caveat) => {
    const found = read(fixed([caveat, [0, seconds('2027-01-15'), 0], PROJECT]));
    expect(found.problems).toEqual([
      'this is a token that PyPI made for a run of a trusted publisher: it lives for 15 minutes and cannot be stored',
    ]);
  });

  it('that ends before it begins is refused', () => {
    const never = [0, seconds('2027-01-15'), seconds('2027-01-16')];
    expect(read(fixed([never, PROJECT])).problems).toEqual([
      expect.stringContaining('ends before it begins'),
    ]);
  });

  it('that begins later says so', () => {
    const token = fixed([[0, seconds('2027-06-01'), seconds('2027-01-15')], PROJECT]);
    expect(says(token, 'Valid from')).toBe('2027-01-15');
    expect(read(token).begins).toEqual(new Date('2027-01-15T00:00:00Z'));
    expect(says(fixed([[0, seconds('2027-06-01'), 0], PROJECT]), 'Valid from')).toBeUndefined();
  });

  it('of another place is named', () => {
    const token = fixed([PROJECT], 'test.pypi.org');
    expect(says(token, 'Made by')).toBe('test.pypi.org');
    expect(read(token).warnings).toEqual([
      'it was made by test.pypi.org, not by pypi.org, which does not take it',
    ]);
    expect(read(GOOD)).toMatchObject({ says: [{ text: 'pypi.org' }, {}], warnings: [] });
  });

  it('of a place that is no host shows nothing of it', () => {
    const found = read(fixed([PROJECT], 'a\u001b[31m place'));
    expect(found.says[0]).toEqual({ label: 'Made by', text: 'unknown' });
    expect(found.warnings).toEqual([expect.stringContaining('does not say that pypi.org made it')]);
    expect(toldBy(found)).not.toContain('\u001b');
  });

  it('leaves nothing of itself in what is said, neither as it stands nor decoded', () => {
    const key = chanceOf(SEED)(32);
    const macaroon = macaroonOf('pypi.org', [[3, 'Zq7Xw9Kv'], [4, 'Kv9wX7qZ'], 'Xw9KvZq7'], {
      identifier: 'q7Xw9KvZ',
      key,
    });
    const told = toldBy(read(packed(macaroon)));
    for (const secret of [packed(macaroon).slice(5), 'Zq7Xw9Kv', 'Kv9wX7qZ', 'Xw9KvZq7', 'q7Xw9KvZ'])
      expect(leakedRun(told, secret)).toBeUndefined();
  });

  it('never throws, whatever was damaged', () => {
    const original = macaroonOf('pypi.org', [[0, 2_000_000_000, 0], PROJECT, [3, 'an id']]);
    const damage = fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { maxLength: 3 });
    fc.assert(
      fc.property(damage, (changes) => {
        const macaroon = Uint8Array.from(original);
        for (const [at, byte] of changes) macaroon[at] = byte;
        const token = packed(macaroon);
        const { problems, expiry } = read(token);
        if (reasons(token).length > 0) expect(problems).toHaveLength(1);
        else expect(expiry).toBeDefined();
      }),
      { seed: SEED, numRuns: 3000 },
    );
  });

  it('never throws for any conditions', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.jsonValue(), fc.string()), { maxLength: 4 }), (caveats) => {
        const token = pypiTokenValue(caveats);
        expect(reasons(token)).toEqual([]);
        const { expiry, warnings } = read(token);
        if (expiry?.kind === 'unknown') expect(warnings.join()).toContain('could not be read');
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });
});

describe('what is known of a PyPI token', () => {
  it('is made anew, and lives on beside its successor', () => {
    const steps = pypiToken.steps(aDeclaration({ scopes: ['widgets'] })).join('\n');
    expect(steps).toContain('make another one, and give it a name that tells it from "widgets release".');
    expect(steps).toContain('and no other: widgets.');
    expect(pypiToken.afterwards).toContain('stays alive until it is removed');
    const none = aDeclaration({ nameAtIssuer: undefined, scopes: [] });
    expect(pypiToken.steps(none).join('\n')).not.toMatch(/undefined|tells it from|no other:/);
  });

  it('is asked about nowhere', () => {
    expect(pypiToken.check).toBeUndefined();
    expect(pypiToken.lifetimes).toEqual({ presets: [], custom: false, never: true });
  });
});
