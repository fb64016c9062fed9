import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amendConfig, renderAddition } from '../../src/config/amend.ts';
import { parseConfig } from '../../src/config/load.ts';
import { SEED } from '../support/builders.ts';

const destinations = [{ repo: 'example/new', environment: 'release', secret: 'TOKEN' }];
const NEW = {
  owners: [{ name: 'grace', email: 'grace@example.org' }],
  credentials: [{ name: 'new', kind: 'generic', owner: 'grace', purpose: 'yes: # "quoted"', destinations }],
};
const ONE = { owners: [], credentials: [{ name: 'new', kind: 'generic', owner: 'ada', destinations: [] }] };

const amend = (lines: readonly string[], addition: typeof NEW | typeof ONE = ONE) =>
  amendConfig('config.yaml', lines.join('\n'), addition).split('\n');

describe('amendConfig', () => {
  it('appends below the last entry and the comments that belong to it', () => {
    const before = [
      'version: 1',
      'credentials:',
      '    a: # first',
      '        kind: generic',
      "        owner: 'ada'",
      '',
      '    # b: another',
      '',
      '# people',
      'owners: { ada: { email: ada@example.org } }',
      '',
    ];
    expect(amend(before)).toEqual(
      before.toSpliced(7, 0, '    new:', '      kind: generic', '      owner: ada'),
    );
  });

  it('puts a block in the place of {}, and leaves the comment behind it', () => {
    const before = [
      'version: 1',
      'owners: { ada: { email: ada@example.org } }',
      'credentials: {} # none yet',
      'timezone: UTC',
    ];
    expect(amend(before)).toEqual([
      ...before.slice(0, 2),
      'credentials:  # none yet',
      '  new:',
      '    kind: generic',
      '    owner: ada',
      'timezone: UTC',
    ]);
  });

  it('appends sections that are missing, in front of the end of the document', () => {
    expect(amend(['version: 1', '# the end', '...', ''], NEW)).toEqual([
      'version: 1',
      '# the end',
      'owners:',
      '  grace: { email: grace@example.org }',
      'credentials:',
      '  new:',
      '    kind: generic',
      '    owner: grace',
      '    purpose: "yes: # \\"quoted\\""',
      '    destinations:',
      '      - { repo: example/new, environment: release, secret: TOKEN }',
      '...',
      '',
    ]);
  });

  it('ends a last line that has no end', () => {
    expect(amend(['version: 1', 'owners: {ada: {email: ada@example.org}}'])).toEqual([
      'version: 1',
      'owners: {ada: {email: ada@example.org}}',
      'credentials:',
      '  new:',
      '    kind: generic',
      '    owner: ada',
      '',
    ]);
  });

  it('writes into braces what stands in braces, JSON included', () => {
    const json = '{ "version": 1, "owners": { "ada": { "email": "ada@example.org" }, }, "credentials": {} }';
    expect(amend([json], NEW)).toEqual([
      '{ "version": 1, "owners": { "ada": { "email": "ada@example.org" }, "grace": {"email":"grace@example.org"}, }, "credentials": {"new": {"kind":"generic","owner":"grace","purpose":"yes: # \\"quoted\\"","destinations":[{"repo":"example/new","environment":"release","secret":"TOKEN"}]}} }',
    ]);
  });

  it('refuses what it cannot do without taking away a comment', () => {
    const before = [
      'version: 1',
      'owners: { ada: { email: ada@example.org } }',
      'credentials: { # none',
      '  }',
    ];
    expect(() => amend(before)).toThrow('cannot be written into "config.yaml" as it is laid out');
  });

  it('refuses a configuration that is wrong already', () => {
    expect(() => amend(['version: 1', 'credential: {}'])).toThrow('did you mean "credentials"?');
  });

  it('refuses new declarations that no configuration may hold', () => {
    const before = [
      'version: 1',
      'credentials:',
      '  new: { kind: generic, owner: ada }',
      'owners: { ada: { email: ada@example.org } }',
    ];
    expect(() => amend(before)).toThrow('as it is laid out');
  });

  it('keeps every byte and adds just the new, whatever comments, indentation, order and line ends there are', () => {
    const comment = fc.constantFrom('', ' # a: {}', ' # ü €', '   # -');
    const own = fc.constantFrom('', '# credentials:', '  # deeper', '      # deepest', '   ');
    const entry = (indent: number, name: string, style: number) =>
      [
        [`${name}: { kind: generic, owner: ada }`],
        [`${name}:`, '  kind: generic', '  owner: "ada"'],
        [`"${name}":`, '  owner: ada', '  kind: generic', '  purpose: >-', '    for', '    this'],
        [
          `${name}:`,
          '    kind: generic',
          '    destinations:',
          '    - repo: e/x',
          '      environment: r',
          `      secret: ${name}`,
          '    owner: ada',
        ],
      ][style]?.map((line) => `${' '.repeat(indent)}${line}`) ?? [];
    const section = fc.record({
      indent: fc.integer({ min: 1, max: 6 }),
      styles: fc.array(fc.nat({ max: 3 }), { maxLength: 4 }),
      behind: comment,
      after: fc.array(own, { maxLength: 3 }),
    });
    const file = fc.record({
      credentials: fc.option(section),
      ownersFirst: fc.boolean(),
      crlf: fc.boolean(),
      ended: fc.boolean(),
      root: fc.constantFrom('', '  '),
    });
    fc.assert(
      fc.property(file, ({ credentials, ownersFirst, crlf, ended, root }) => {
        const owners = ['owners:', '  ada: { email: ada@example.org } # her'];
        const written = credentials
          ? [
              `credentials:${credentials.styles.length === 0 ? ' {}' : ''}${credentials.behind}`,
              ...credentials.styles.flatMap((style, index) => entry(credentials.indent, `c${index}`, style)),
              ...credentials.after,
            ]
          : [];
        const lines = [
          'version: 1',
          ...(ownersFirst ? [...owners, ...written] : [...written, ...owners]),
        ].map((line) => root + line);
        const text = lines.join(crlf ? '\r\n' : '\n') + (ended ? (crlf ? '\r\n' : '\n') : '');
        const before = parseConfig(text);
        // Indented as a text that is folded over lines, a comment is a part of it.
        fc.pre(before.ok);
        const after = amendConfig('config.yaml', text, NEW);
        const result = parseConfig(after);
        expect(result.ok && result.config.credentials.map(({ name }) => name)).toEqual([
          ...before.config.credentials.map(({ name }) => name),
          'new',
        ]);
        const kept = after
          .replace(/^ *grace: .*\r?\n/m, '')
          .replace(/^ *new:\r?\n(?:.*\r?\n){5}/m, '')
          .replace(credentials ? '' : /^ *credentials:\r?\n/m, '');
        // The braces of an empty section make way, and a blank that they leave at the end of a line.
        const expected = text.replace(/^( *credentials:)(?: \{\}(?=\r?$)|( )\{\})/m, '$1$2');
        expect(text.endsWith('\n') ? kept : kept.replace(/\r?\n$/, '')).toBe(expected);
        expect(crlf ? /[^\r]\n/.test(after) : after.includes('\r')).toBe(false);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});

describe('renderAddition', () => {
  it('is what a person can paste', () => {
    const text = `version: 1\n${renderAddition(NEW)}`;
    const result = parseConfig(text);
    expect(result.ok && result.config.credentials[0]?.purpose).toBe('yes: # "quoted"');
  });
});
