import { readdirSync, readFileSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const DIST = join(import.meta.dirname, '../../dist');
const json = (file: string) => JSON.parse(readFileSync(join(DIST, file), 'utf8')) as Record<string, unknown>;
const files = readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));

describe('the built program', () => {
  const wanted = files.flatMap((file) =>
    [
      ...readFileSync(join(DIST, file), 'utf8').matchAll(/\brequire(?:\.resolve)?\((['"`])([^'"`]+)\1\)/g),
    ].map(([, , target = '']) => target),
  );
  const outside = new Set(wanted.filter((target) => !target.startsWith('.')));

  it('needs no package but the one with a native part, which is the one that is installed with it', () => {
    const packages = [...outside].filter(
      (target) => !target.startsWith('node:') && !builtinModules.includes(target),
    );
    expect(packages).toEqual(['better-sqlite3']);
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: object };
    expect(Object.keys(dependencies)).toEqual(['better-sqlite3']);
  });

  it('fits with its native part into six mebibytes', () => {
    const size = (path: string): number => {
      const found = statSync(path);
      if (!found.isDirectory()) return found.size;
      return readdirSync(path).reduce((sum, name) => sum + size(join(path, name)), 0);
    };
    const native = size(join('node_modules/better-sqlite3/prebuilds', `linux-${process.arch}.node`));
    const shipped = ['migrations', 'schema', 'examples'].reduce((sum, folder) => sum + size(folder), 0);
    expect(size(DIST) + native + shipped).toBeLessThan(6 * 2 ** 20);
  });

  it('hands on the licence of every library inside it, and names each in its bill of materials', () => {
    const notices = readFileSync(join(DIST, 'THIRD-PARTY.txt'), 'utf8');
    const components = json('bom.cdx.json')['components'] as readonly {
      name: string;
      version: string;
      licenses: readonly { expression?: string }[];
    }[];
    expect(components.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['commander', 'libsodium-wrappers', 'nodemailer', 'yaml', 'zod']),
    );
    for (const { name, version, licenses } of components) {
      expect(notices).toContain(`${name} ${version} (${licenses[0]?.expression})`);
      expect(licenses[0]?.expression, name).toMatch(/^\(?[A-Z]/);
    }
  });

  it('holds no library that only tests use', () => {
    const names = (json('bom.cdx.json')['components'] as readonly { name: string }[]).map(({ name }) => name);
    for (const name of ['fast-check', 'mailparser', 'playwright-core', 'smtp-server', 'vitest'])
      expect(names).not.toContain(name);
  });
});
