// What the image holds beyond its base: the files that the Dockerfile puts into /opt/reseal.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { atMost, benchmark } from './benchmark.ts';
import { ROOT } from './program.ts';

const SHIPPED = ['dist', 'migrations', 'examples', 'schema', 'package.json', 'LICENSE'];
const SQLITE = 'node_modules/better-sqlite3';
const MIB = 2 ** 20;

function bytesOf(path: string, isKept: (name: string) => boolean = () => true): number {
  const found = statSync(path);
  if (!found.isDirectory()) return isKept(path) ? found.size : 0;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name), isKept), 0);
}

/** As the Dockerfile cuts it. */
function isShipped(path: string): boolean {
  const name = path.slice(join(ROOT, SQLITE).length + 1);
  if (/^(deps|src)\//.test(name) || /\.(ts|mts|cts|map)$/.test(name)) return false;
  if (name.startsWith('prebuilds/')) return name === `prebuilds/linux-${process.arch}.node`;
  return !/\.md$/i.test(name);
}

export const size = benchmark({
  name: 'size',
  lines: {
    layer: {
      what: 'application layer of the image',
      unit: 'MiB',
      beside: 'the program `node`',
      goals: [atMost(6)],
    },
  },
  measure: async () => {
    const own = SHIPPED.reduce((sum, name) => sum + bytesOf(join(ROOT, name)), 0);
    const native = bytesOf(join(ROOT, SQLITE), isShipped);
    return { layer: { reseal: (own + native) / MIB, beside: statSync(process.execPath).size / MIB } };
  },
});
