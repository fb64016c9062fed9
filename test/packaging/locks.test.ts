import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';

interface Locked {
  readonly version: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly os?: string | readonly string[];
  readonly optionalDependencies?: Record<string, string>;
}
interface Declared {
  readonly engines: { readonly node: string };
  readonly optionalDependencies: Record<string, string>;
}

const json = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as unknown;
const packagesOf = (file: string) =>
  Object.entries((json(file) as { packages: Record<string, Locked> }).packages);

describe.each(['package-lock.json', 'tools/node/package-lock.json'])('%s', (file) => {
  const packages = packagesOf(file);
  const paths = new Set(packages.map(([path]) => path));

  describe('when a mirror serves it', () => {
    it('names the bytes of every package and the address of none', () => {
      for (const [path, locked] of packages.filter(([name]) => name !== '')) {
        expect(locked.integrity, path).toMatch(/^sha512-/);
        expect(locked.resolved, path).toBeUndefined();
      }
    });
  });

  describe('when it is installed on any machine', () => {
    it('has every optional package, or npm refuses the whole lock as out of step', () => {
      const missing = packages.flatMap(([path, { optionalDependencies = {} }]) =>
        Object.keys(optionalDependencies).filter(
          (name) => !paths.has(`node_modules/${name}`) && !paths.has(`${path}/node_modules/${name}`),
        ),
      );
      expect(missing).toEqual([]);
    });
  });
});

describe('.npmrc', () => {
  describe('when `npm ci` runs on a machine without a compiler', () => {
    it('lets no package run a script: better-sqlite3 brings its binaries, and npm would build it all the same', () => {
      expect(readFileSync('.npmrc', 'utf8').split('\n')).toEqual(
        expect.arrayContaining(['ignore-scripts=true', 'omit-lockfile-registry-resolved=true']),
      );
    });
  });
});

describe('the private Node of tools/node', () => {
  const { optionalDependencies: pinned } = json('tools/node/package.json') as Declared;
  const { engines } = json('package.json') as Declared;
  const locked = new Map(packagesOf('tools/node/package-lock.json'));

  describe('when its pins are read', () => {
    it.each(Object.entries(pinned))(
      'pins %s to %s: exact, locked, and good enough',
      async (name, version) => {
        const { satisfies } = (await import(pathToFileURL('tools/run.mjs').href)) as {
          satisfies(version: string, range: string): boolean;
        };
        expect(version).toMatch(/^\d+\.\d+\.\d+$/);
        expect(locked.get(`node_modules/${name}`)?.version).toBe(version);
        expect(satisfies(version, engines.node)).toBe(true);
      },
    );

    it('has one for each common platform', () => {
      for (const platform of ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win-x64']) {
        expect(Object.keys(pinned).filter((name) => name.endsWith(`-${platform}`))).toHaveLength(1);
      }
    });
  });
});
