import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = join(import.meta.dirname, '../src');

// docs/architecture.md explains this table. A folder may import itself and what stands here; `types:` stands for
// type-only imports.
const FLOWS = ['register', 'remind', 'rotate', 'verify', 'history'];
const ADAPTERS = [
  'sqlite',
  'github',
  'registries',
  'mail',
  'webhook',
  'calendar',
  'form',
  'config',
  'x509',
  'web',
];
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  kinds: ['domain'],
  ...Object.fromEntries(FLOWS.map((flow) => [flow, ['domain', 'kinds']])),
  config: ['domain', 'kinds', 'types:verify'],
  github: ['domain', 'verify/fact', 'types:register', 'types:rotate', 'types:verify'],
  registries: ['domain', 'verify/fact', 'types:rotate', 'types:verify'],
  x509: ['domain', 'kinds/format-pem', 'types:kinds', 'types:rotate'],
  web: ['domain', 'types:register', 'types:verify'],
  mail: ['domain', 'types:remind'],
  webhook: ['domain', 'types:remind'],
  calendar: ['domain', 'types:remind'],
  form: ['domain', 'kinds', 'types:rotate'],
  // The tables of three flows lie in one database, and the chain and the allowed moves are rules, not types.
  sqlite: [
    'domain',
    'history',
    'rotate/rotation',
    'remind/outcome',
    'types:register',
    'types:remind',
    'types:rotate',
    'types:verify',
  ],
  sandbox: ['domain'],
  cli: ['.', 'domain', 'kinds', ...FLOWS, ...ADAPTERS, 'doctor', 'sandbox'],
  doctor: ['.', 'domain', 'kinds', ...FLOWS, ...ADAPTERS, 'cli'],
  '.': ['domain', 'kinds', ...FLOWS, ...ADAPTERS, 'cli'],
};

/** Each outside library has one home, so that replacing it touches one folder. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  'better-sqlite3': ['sqlite'],
  '@octokit/rest': ['github'],
  '@octokit/openapi-types': ['sandbox'],
  // The stand-in for GitHub opens with it what the adapter sealed.
  'libsodium-wrappers': ['github', 'sandbox'],
  nodemailer: ['mail'],
  'ical-generator': ['calendar'],
  'node-cron': ['.'],
  'node-forge': ['x509'],
  pino: ['.'],
  'npm-registry-fetch': ['registries'],
  '@sigstore/core': ['registries'],
  commander: ['cli'],
  '@clack/prompts': ['cli'],
  'csv-parse': ['cli'],
  yaml: ['config'],
  zod: ['config'],
  'postal-mime': ['sandbox'],
};

/** Who may take the bytes out of a `Secret`. */
const REVEALERS = [
  'cli/recognise-input.ts',
  'domain/secret.ts',
  'fingerprints.ts',
  'github/seal.ts',
  'github/token-check.ts',
  'outside.ts',
  'registries/token-text.ts',
  'rotate/check.ts',
  'rotate/rotate.ts',
  'x509/read-certificate.ts',
];

interface Import {
  readonly from: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const imports = files.flatMap(readImports);

function readImports(file: string): Import[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  const found = text.matchAll(/^(?:import|export)( type)?[^'"]*?from '([^']+)'|import\('([^']+)'\)/gm);
  return [...found].map(([, type, plain, dynamic]) => ({
    from: file,
    target: plain ?? dynamic ?? '',
    typeOnly: type !== undefined,
  }));
}

function folderOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] ?? '') : '.';
}

function inside({ from, target }: Import): string | undefined {
  return target.startsWith('.') ? relative(SRC, join(SRC, dirname(from), target)) : undefined;
}

function isAllowed(one: Import): boolean {
  const target = inside(one);
  if (target === undefined || target === '../package.json') return true;
  const [home, folder] = [folderOf(one.from), folderOf(target)];
  const allowed = ALLOWED[home] ?? [];
  return (
    folder === home ||
    allowed.includes(folder) ||
    allowed.includes(target.replace(/\.ts$/, '')) ||
    (one.typeOnly && allowed.includes(`types:${folder}`))
  );
}

function libraryOf(target: string): string {
  return target.startsWith('@') ? target.split('/').slice(0, 2).join('/') : (target.split('/')[0] ?? '');
}

describe('the dependency rule', () => {
  it('holds for every import (docs/architecture.md)', () => {
    const broken = imports.filter((one) => !isAllowed(one)).map(({ from, target }) => `${from} → ${target}`);
    expect(broken).toEqual([]);
  });

  it('gives every outside library one home', () => {
    const broken = imports
      .filter(({ target }) => !target.startsWith('.') && !target.startsWith('node:'))
      .filter(({ from, target }) => !LIBRARIES[libraryOf(target)]?.includes(folderOf(from)))
      .map(({ from, target }) => `${from} → ${target}`);
    expect(broken).toEqual([]);
  });

  it('keeps the domain free of everything, Node included', () => {
    const outside = imports
      .filter(({ from }) => folderOf(from) === 'domain')
      .filter((one) => folderOf(inside(one) ?? '!') !== 'domain');
    expect(outside).toEqual([]);
  });

  it('lets no file import itself through others', () => {
    const graph = new Map(
      files.map((file) => [file, imports.filter(({ from }) => from === file).map(inside)]),
    );
    const rings: string[] = [];
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) {
        rings.push([...path.slice(path.indexOf(file)), file].join(' → '));
        return;
      }
      if (done.has(file)) return;
      for (const next of graph.get(file) ?? []) if (next && graph.has(next)) visit(next, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect([...new Set(rings)]).toEqual([]);
  });
});

describe('the flows and the domain', () => {
  it('read no clock, chance, network or environment of their own', () => {
    const pure = files.filter((file) => ['domain', 'kinds', ...FLOWS].includes(folderOf(file)));
    const reading = pure.filter((file) =>
      /\bDate\.now\(|new Date\(\)|Math\.random|process\.|[^.\w]fetch\(|setTimeout\(/.test(
        readFileSync(join(SRC, file), 'utf8'),
      ),
    );
    expect(reading).toEqual([]);
  });

  it('keep a pasted value in few hands: only these files take the bytes out of a Secret', () => {
    const revealing = files.filter((file) => /\breveal\(/.test(readFileSync(join(SRC, file), 'utf8')));
    expect(revealing.sort()).toEqual(REVEALERS);
  });
});
