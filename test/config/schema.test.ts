import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { configJsonSchema } from '../../src/config/schema.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const shipped = JSON.parse(read('schema/config.schema.json'));

interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | false;
  readonly items?: Node;
}

/** Every named option below `node`, with its path. */
function options(node: Node, path: string): readonly (readonly [string, Node])[] {
  const named = Object.entries(node.properties ?? {}).flatMap(([name, inner]) => {
    return [[`${path}.${name}`, inner] as const, ...options(inner, `${path}.${name}`)];
  });
  const rest = [node.additionalProperties, node.items].flatMap((inner) =>
    inner ? options(inner, `${path}.*`) : [],
  );
  return [...named, ...rest];
}

describe('configJsonSchema', () => {
  describe('when compared with the file that ships', () => {
    it('returns the same', () => {
      expect(configJsonSchema()).toEqual(shipped);
    });

    it('is found current by the tool', () => {
      const tool = fileURLToPath(new URL('../../tools/schema.ts', import.meta.url));
      expect(() => execFileSync(process.execPath, [tool, '--check'])).not.toThrow();
    });
  });

  describe('when the example is held against it', () => {
    const schema = z.fromJSONSchema(shipped);

    it('returns no issue', () => {
      expect(schema.safeParse(parse(read('examples/reseal.sqlrite.yaml'))).error?.issues).toBeUndefined();
    });

    it('returns an issue for an unknown key and for a wrong type', () => {
      expect(schema.safeParse({ version: 1, colour: 'red' }).success).toBe(false);
      expect(schema.safeParse({ version: 1, form: { port: 'x' } }).success).toBe(false);
    });
  });

  describe('when its options are listed', () => {
    const all = options(configJsonSchema() as Node, '');

    it('returns a description for each', () => {
      expect(all.length).toBeGreaterThan(60);
      expect(all.filter(([, node]) => !node.description).map(([path]) => path)).toEqual([]);
    });

    it('returns no map of options that takes unknown keys', () => {
      const open = all.filter(([, node]) => node.properties && node.additionalProperties !== false);
      expect(open.map(([path]) => path)).toEqual([]);
    });
  });
});
