import type { Stats } from 'node:fs';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Built, Origin } from './build.ts';
import type { Checks } from './commands.ts';

const MIB = 1024 * 1024;
const LAYER_LIMIT = 6 * MIB;
const PROGRAM = 'opt/reseal';
const PACKAGE_MANAGERS = [
  'usr/local/lib/node_modules',
  ...['npm', 'npx', 'corepack', 'yarn'].map((name) => `usr/local/bin/${name}`),
];

interface File {
  readonly path: string;
  readonly stats: Stats;
}

/** What can be seen of the image without starting it. */
export function inspect(root: string, { config, layers }: Built, origin: Origin, checks: Checks): void {
  inspectConfig(config, origin, checks);
  const files = [...walk(root, '')];
  const found = (is: (file: File) => boolean) => files.filter(is).map(({ path }) => path);
  const none = (title: string, paths: readonly string[]) =>
    checks.check(title, paths.length === 0, paths.slice(0, 5));
  none(
    'no file runs with the rights of another user',
    found(({ stats }) => stats.isFile() && (stats.mode & 0o6000) !== 0),
  );
  none(
    'no package manager is left',
    PACKAGE_MANAGERS.filter((path) => existsSync(join(root, path))),
  );
  const own = files.filter(({ path }) => path.startsWith(`${PROGRAM}/`));
  none(
    'the program belongs to root, is read by all and written by none',
    own.filter(({ stats }) => !isSettled(stats)).map(({ path }) => path),
  );
  none(
    'no TypeScript, map or sources of SQLite are in it',
    own.map(({ path }) => path).filter((path) => /\.(ts|map|c|h)$/.test(path)),
  );
  inspectData(root, checks);
  const bytes = own.reduce((sum, { stats }) => sum + (stats.isFile() ? stats.size : 0), 0);
  checks.check(
    `the application is ${inMib(bytes)} in ${own.length} files and folders, of ${inMib(LAYER_LIMIT)} at most`,
    bytes > MIB && bytes <= LAYER_LIMIT,
  );
  checks.note(
    `layers as tar: base ${inMib(layers[0] ?? 0)}, ours ${layers.slice(1).map(inMib).join(' + ')}, with what was taken of the base`,
  );
}

function inspectConfig(config: Built['config'], origin: Origin, checks: Checks): void {
  const same = (title: string, seen: unknown, expected: unknown) =>
    checks.check(title, JSON.stringify(seen) === JSON.stringify(expected), seen);
  same('it runs as "node"', config.User, 'node');
  same(
    'it starts `reseal daemon`, without a shell',
    [config.Entrypoint, config.Cmd],
    [['reseal'], ['daemon']],
  );
  same('it asks `reseal healthcheck` for its health', config.Healthcheck?.Test, [
    'CMD',
    'reseal',
    'healthcheck',
  ]);
  same('its data is a volume', Object.keys(config.Volumes), ['/var/lib/reseal']);
  const label = (name: string) => config.Labels[`org.opencontainers.image.${name}`];
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
    version: string;
  };
  same(
    'its labels name version, licence, commit and date',
    ['version', 'licenses', 'revision', 'created'].map(label),
    [version, 'MIT', origin.revision, origin.created],
  );
}

function inspectData(root: string, checks: Checks): void {
  const { uid, gid, mode } = lstatSync(join(root, 'var/lib/reseal'));
  checks.check(
    'its data folder is user 1000’s alone',
    uid === 1000 && gid === 1000 && (mode & 0o777) === 0o700,
    { uid, gid, mode },
  );
  const bill = JSON.parse(readFileSync(join(root, PROGRAM, 'dist/bom.cdx.json'), 'utf8')) as {
    readonly components: readonly unknown[];
  };
  checks.check('it carries the list of what is inside', bill.components.length > 0);
}

function isSettled({ uid, mode }: Stats): boolean {
  return uid === 0 && (mode & 0o004) !== 0 && (mode & 0o022) === 0;
}

function* walk(root: string, folder: string): Generator<File> {
  for (const entry of readdirSync(join(root, folder))) {
    const path = folder === '' ? entry : `${folder}/${entry}`;
    const stats = lstatSync(join(root, path));
    if (!stats.isSymbolicLink()) yield { path, stats };
    if (stats.isDirectory()) yield* walk(root, path);
  }
}

function inMib(bytes: number): string {
  return `${(bytes / MIB).toFixed(2)} MiB`;
}
