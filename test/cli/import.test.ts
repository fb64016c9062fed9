import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { rowsOf } from '../support/database.ts';
import {
  cratesIoTokenValue,
  githubFineGrainedValue,
  npmTokenValue,
  pypiTokenValue,
} from '../support/tokens.ts';
import { CONFIG, openScene } from './import-scene.ts';

/** As a spreadsheet of a country of semicolons exports it. */
const SHEET = [
  '\uFEFFname;kind;owner;repo;environment;secret;created;expires;lifetime;purpose;',
  'crates-io;crates-io-token;ada;example/widgets;release;CARGO_REGISTRY_TOKEN;2026-06-01;;365d;"publishes the',
  'widgets; and ""gadgets""";',
  'crates-io;;;example/gadgets;release;cargo_registry_token;;;;;',
  ';;;;;;;;;;',
  'signing;certificate;Grace.Hopper@example.org;;;;;2027-03-01;;;',
  'forever;generic;ada;;;;;never;;;',
  '',
].join('\r\n');

describe('import of a CSV file', () => {
  it('declares and records what a spreadsheet exports, and leaves every other byte of the configuration', async () => {
    const scene = openScene();
    const { code, json } = await scene.run({}, scene.write(SHEET));
    expect({ code, json }).toEqual({
      code: 0,
      json: {
        schemaVersion: 1,
        added: ['crates-io', 'signing', 'forever'],
        recorded: ['crates-io', 'signing', 'forever'],
        skipped: [],
        unread: [],
      },
    });
    expect(scene.config()).toBe(
      CONFIG.replace(
        'credentials:\n',
        '  Grace.Hopper: { email: Grace.Hopper@example.org }\ncredentials:\n',
      ) +
        [
          '  crates-io:',
          '    kind: crates-io-token',
          '    owner: ada',
          '    purpose: "publishes the widgets; and \\"gadgets\\""',
          '    lifetime: "365d"',
          '    destinations:',
          '      - { repo: example/widgets, environment: release, secret: CARGO_REGISTRY_TOKEN }',
          '      - { repo: example/gadgets, environment: release, secret: CARGO_REGISTRY_TOKEN }',
          '  signing:',
          '    kind: certificate',
          '    owner: Grace.Hopper',
          '  forever:',
          '    kind: generic',
          '    owner: ada',
          '',
        ].join('\n'),
    );
    const { register } = scene.open();
    expect(register.find('crates-io')?.current?.expiry).toEqual({
      kind: 'known',
      at: new Date('2027-06-01'),
      source: 'computed',
    });
    expect(register.find('forever')?.current?.expiry.kind).toBe('never');
    expect(scene.chain()).toBeUndefined();
  });

  it('changes nothing the second time', async () => {
    const scene = openScene();
    const file = scene.write(SHEET);
    await scene.run({}, file);
    const before = { config: scene.config(), history: rowsOf(scene.db, 'event') };
    const { code, json } = await scene.run({}, file);
    expect({ config: scene.config(), history: rowsOf(scene.db, 'event') }).toEqual(before);
    expect(code).toBe(0);
    expect(json).toMatchObject({ added: [], recorded: [], skipped: [{ name: 'crates-io' }, {}, {}] });
  });

  it('records what a killed import had declared and not recorded', async () => {
    const scene = openScene();
    const file = scene.write(SHEET);
    const other = openScene();
    await other.run({}, other.write(SHEET));
    // The configuration was put in place, and nothing after it was done.
    writeFileSync(scene.configPath, other.config(), { mode: 0o600 });
    const { code, json } = await scene.run({}, file);
    expect({ code, json }).toMatchObject({
      code: 0,
      json: { added: [], recorded: ['crates-io', 'signing', 'forever'], skipped: [] },
    });
    expect(scene.open().register.find('signing')?.current?.version).toBe(1);
    expect(scene.chain()).toBeUndefined();
  });

  it('records also where the daemon has seen the declarations in between', async () => {
    const scene = openScene();
    const other = openScene();
    await other.run({}, other.write(SHEET));
    writeFileSync(scene.configPath, other.config(), { mode: 0o600 });
    scene.open().syncRegister();
    const { json } = await scene.run({}, scene.write(SHEET));
    expect(json['recorded']).toEqual(['crates-io', 'signing', 'forever']);
    expect(scene.chain()).toBeUndefined();
  });

  it('skips what is declared otherwise, and says in what', async () => {
    const scene = openScene();
    const csv = 'name,kind,owner,expires,lifetime\nold-one,pypi-token,ada,2027-01-01,365d\n';
    const { code, json } = await scene.run({}, scene.write(csv));
    expect(code).toBe(1);
    expect(json['skipped']).toEqual([
      {
        name: 'old-one',
        reason: 'declared already, with another kind and lifetime: the configuration stays as it is',
      },
    ]);
    expect(scene.config()).toBe(CONFIG);
    expect(scene.open().register.find('old-one')?.current).toBeUndefined();
  });

  it('skips a date that is not the recorded one', async () => {
    const scene = openScene();
    const csv = (expires: string) =>
      scene.write(`name,kind,owner,expires\nold-one,npm-token,ada,${expires}\n`);
    await scene.run({}, csv('2027-01-01'));
    const { code, json } = await scene.run({}, csv('2027-02-01'));
    expect(code).toBe(1);
    expect(json['skipped']).toEqual([
      {
        name: 'old-one',
        reason:
          'version 1 is recorded, expiring 2027-01-01, and not expiring 2027-02-01: where that is wrong, say so with: reseal record old-one',
      },
    ]);
  });

  it('declares a row without a date, and asks for a person', async () => {
    const scene = openScene();
    const { code, json } = await scene.run(
      { owner: 'ada' },
      scene.write('name,kind,created\nx,generic,2026-01-01\n'),
    );
    expect(code).toBe(1);
    expect(json).toMatchObject({
      added: ['x'],
      recorded: [],
      skipped: [
        {
          name: 'x',
          reason: 'declared, with no date: created alone gives no expiry, so fill in expires or lifetime',
        },
      ],
    });
  });

  it('shows with --dry-run what it would do, and changes nothing', async () => {
    const scene = openScene();
    const before = rowsOf(scene.db, 'event');
    const { code, json } = await scene.run({ dryRun: true }, scene.write(SHEET));
    expect({ code, json }).toMatchObject({
      code: 0,
      json: { recorded: ['crates-io', 'signing', 'forever'], dryRun: true },
    });
    expect(scene.config()).toBe(CONFIG);
    expect(rowsOf(scene.db, 'event')).toEqual(before);
    expect(rowsOf(scene.db, 'credential')).toHaveLength(1);
  });

  it('prints with --print what is to be added, and changes nothing', async () => {
    const scene = openScene();
    const { json } = await scene.run({ print: true }, scene.write(SHEET));
    expect(json['yaml']).toMatch(/^owners:\n {2}Grace\.Hopper: .*\ncredentials:\n {2}crates-io:\n/);
    expect(json).toMatchObject({ added: [], recorded: [] });
    expect(scene.config()).toBe(CONFIG);
    expect(rowsOf(scene.db, 'credential')).toHaveLength(1);
  });
});

describe('import of a CSV file that is wrong', () => {
  it('says everything at once, by line and column, and changes nothing', async () => {
    const scene = openScene();
    const csv = [
      'name,kind,owner,repo,environment,secret,created,expires,lifetime',
      'one,crates-token,,,,,,,',
      'two,generic,nobody,example/x,,,,,',
      '"tw',
      'o",generic,ada,,,,,01.06.2027,',
      'three,generic,ada,example/old,Release,npm_token,,,12 months',
      'three,npm-token,ada,example/x,release,A,,,',
      'four,generic,ada,example/x,release,a,,2099-01-01,',
      'four,generic,ada',
      'reseal-seal-token,generic,,,,,2027-01-01,,',
      'five,generic,ada,,,,2027-01-01,,30d',
    ].join('\r\n');
    const file = scene.write(csv);
    const error = await scene.run({}, file).catch((thrown: Error) => thrown);
    const lines = String((error as Error).message)
      .replaceAll(file, 'F')
      .split('\n');
    expect(lines.map((line) => line.slice(0, 60))).toEqual(
      [
        'F:2: kind: expected a kind of credential: crates-io-token, n',
        'F:2: owner: missing: fill it in, or name one for all with --owner',
        'F:3: environment and secret: missing: a destination is a repo',
        'F:3: owner: no owner of that name (declared are ada; a mail ',
        'F:4: name: expected a name of letters, digits, ".", "_" and ',
        'F:4: expires: expected a date such as 2027-06-01, or never',
        'F:6: lifetime: expected a lifetime in days or calendar years,',
        'F:6: a destination of old-one already, by the configuration: a secret',
        'F:7: kind: not what line 6 says of three, the same credential',
        'F:8: a destination of three already, by line 7',
        'F:8: expires (2099-01-01) is more than ten years away',
        'F:9: expected 9 cells as in the header, and there are 3',
        "F:10: name: this name is reseal's own: its tokens are rememb",
        'F:11: created 2027-01-01 lies in the future',
      ].map((line) => line.slice(0, 60)),
    );
    expect(scene.config()).toBe(CONFIG);
    expect(rowsOf(scene.db, 'credential')).toHaveLength(1);
  });

  it.each([
    ['crates.io', cratesIoTokenValue],
    ['npm', npmTokenValue],
    ['PyPI', () => pypiTokenValue()],
    ['GitHub', githubFineGrainedValue],
  ] as const)('refuses a cell that is a token of %s, and shows nothing of it', async (_issuer, make) => {
    const scene = openScene();
    const token = make();
    for (const csv of [
      `name,kind,owner,purpose\nx,generic,ada,${token}\n`,
      `name,kind,owner\n${token},generic,ada\n`,
      `name,kind,owner,expires\nx,generic,ada,${token}\n`,
      `${token},generic,ada\n`,
    ]) {
      const error = await scene.run({}, scene.write(csv)).catch((thrown: Error) => thrown);
      expect(error).toMatchObject({ code: 'invalid_input' });
      expect(String((error as Error).message)).not.toContain(token.slice(4, 16));
    }
  });

  it.each(['token', 'Value', 'password', 'secret value', 'api_key'])(
    'refuses the column "%s", which is for values',
    async (column) => {
      const scene = openScene();
      const file = scene.write(`name,kind,owner,${column}\nx,generic,ada,whatever\n`);
      await expect(scene.run({}, file)).rejects.toThrow('reseal never takes secrets this way');
    },
  );

  it.each([
    ['no column of ours', 'a,b\n1,2\n', 'expected a header: name and kind'],
    ['no kind', 'name,owner\nx,ada\n', 'the column kind is missing'],
    ['a column twice', 'name,kind,Name\nx,generic,y\n', 'the column name stands there twice'],
    ['a word that is near', 'name,kind,expire\nx,generic,\n', 'did you mean expires?'],
    ['an open quote', 'name,kind\n"x,generic\n', 'a quote is opened and not closed'],
    ['UTF-16', Buffer.from('\uFEFFname,kind\n', 'utf16le'), 'is not UTF-8 text'],
    ['nothing', '', 'is empty'],
    ['a cell under no name', 'name,kind,owner,\nx,generic,ada,y\n', 'a cell of column 4, which has no name'],
  ])('refuses a file with %s', async (_what, csv, message) => {
    const scene = openScene();
    await expect(scene.run({}, scene.write(csv))).rejects.toThrow(message);
  });

  it('takes names that begin as tokens do', async () => {
    const scene = openScene();
    const csv =
      'name,kind,owner,expires\nnpm_release_of_the_widgets,npm-token,ada,never\npypi-upload-for-production,pypi-token,ada,never\n';
    expect((await scene.run({}, scene.write(csv))).json['added']).toHaveLength(2);
  });
});

describe('the configuration that import writes', () => {
  it('keeps its mode and its byte order mark', async () => {
    const scene = openScene();
    writeFileSync(scene.configPath, `\uFEFF${CONFIG}`);
    chmodSync(scene.configPath, 0o640);
    await scene.run({}, scene.write('name,kind,owner,expires\nx,generic,ada,never\n'));
    expect(statSync(scene.configPath).mode & 0o777).toBe(0o640);
    expect(readFileSync(scene.configPath).subarray(0, 3)).toEqual(Buffer.from('\uFEFF'));
  });

  it('is refused beyond what is read of one, and nothing is changed', async () => {
    const scene = openScene();
    const purpose = 'x '.repeat(95);
    const rows = Array.from({ length: 5_000 }, (_, index) => `n${index},generic,ada,never,${purpose}`);
    const csv = ['name,kind,owner,expires,purpose', ...rows].join('\n');
    await expect(scene.run({}, scene.write(csv))).rejects.toThrow('would be larger than 1 MiB');
    expect(scene.config()).toBe(CONFIG);
    expect(rowsOf(scene.db, 'credential')).toHaveLength(1);
  });
});
