import type { Dirent } from 'node:fs';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Connection from 'better-sqlite3';
import type { Sink, Trace } from './leaks.ts';

/** Where a file can come to lie. */
export interface Places {
  /** The installation: everything in it but the secret files is looked at. */
  readonly folder: string;
  readonly secretFiles: readonly string[];
  /** HOME of the program. */
  readonly home: string;
  /** The project; of it, and of its caches, only what changed since the watch began. */
  readonly project: string;
}

const UNTOUCHED = new Set(['node_modules', '.git', '.tools', 'dist']);
const CACHES = ['node_modules/.cache', 'node_modules/.vite', 'node_modules/.vitest', '.vitest'];
/** Caches that npm and Node keep in a home folder (npm's `cache`, Node's compile cache, corepack, npx). */
const HOME_CACHE = /\/\.(npm|cache|node-gyp|node_repl_history)(\/|$)/;

/** All files that a leak could stand in, read now. */
export function readFiles(places: Places, since: number): readonly Trace[] {
  const { folder, secretFiles, home, project } = places;
  const own = filesUnder(folder).filter(
    (path) => !secretFiles.includes(path) && !path.startsWith(`${home}/`),
  );
  const recent = (path: string) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const changed = (path: string) => recent(path) >= since;
  const caches = [...CACHES.map((name) => join(project, name)), process.env['NODE_COMPILE_CACHE'] ?? ''];
  return [
    ...own.map((path) => [sinkOf(path, 'temporary files'), path] as const),
    ...filesUnder(home).map((path) => [sinkOf(path, homeSink(path)), path] as const),
    ...filesUnder(project, UNTOUCHED)
      .filter(changed)
      .map((path) => [sinkOf(path, 'project files'), path] as const),
    ...caches
      .flatMap((cache) => filesUnder(cache).filter(changed))
      .map((path) => ['npm and Node caches', path] as const),
    ...coreFiles(changed).map((path) => ['crash files', path] as const),
  ].flatMap(([sink, path]) => readTrace(sink, path));
}

/** What stands in files that SQLite has open, and would not be found in them later. */
export function readSideFiles(places: Places): readonly Trace[] {
  return filesUnder(places.folder)
    .filter((path) => /-(wal|shm|journal)$/.test(path) && !path.includes('.lock'))
    .flatMap((path) => readTrace(sinkOf(path, 'temporary files'), path));
}

/** Everything in the database as text, and a copy of it as a backup would be. */
export function exportDatabase(path: string): readonly Trace[] {
  if (!existsSync(path)) return [];
  const copy = join(dirname(path), 'copy-of-the-database');
  try {
    reading(path, (db) => db.exec(`VACUUM INTO '${copy}'`));
    const tables = reading(path, (db) =>
      db
        .prepare<[], { name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .all()
        .map(({ name }) => ({ name, rows: db.prepare(`SELECT * FROM "${name}"`).all() })),
    );
    return [
      ...readTrace('database copy', copy),
      { sink: 'history export', where: path, bytes: Buffer.from(JSON.stringify(tables)) },
    ];
  } catch {
    // A test that breaks its database: the file itself is looked at as it lies there.
    return [];
  } finally {
    rmSync(copy, { force: true });
  }
}

function reading<T>(path: string, use: (db: Connection.Database) => T): T {
  const db = new Connection(path, { readonly: true });
  try {
    return use(db);
  } finally {
    db.close();
  }
}

/** A name says what a file is, wherever it lies. */
function sinkOf(path: string, otherwise: Sink): Sink {
  const name = basename(path);
  if (/^core(\.\d+)?$|^report\..*\.json$|\.(heapsnapshot|heapprofile|cpuprofile)$/.test(name))
    return 'crash files';
  if (/\.log(\.|$)/.test(name)) return 'log file';
  if (/-wal$/.test(name)) return 'database -wal';
  if (/-(shm|journal)$/.test(name)) return 'database -shm, -journal';
  return /\.db$/.test(name) ? 'database' : otherwise;
}

function homeSink(path: string): Sink {
  return HOME_CACHE.test(path) ? 'npm and Node caches' : 'home and shell history';
}

/** Where the system would put a core file, when that is a folder of its own. */
function coreFiles(changed: (path: string) => boolean): readonly string[] {
  const pattern = '/proc/sys/kernel/core_pattern';
  const folder = existsSync(pattern) ? dirname(readFileSync(pattern, 'utf8').trim()) : '.';
  if (!folder.startsWith('/') || !existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^core\b/.test(name))
    .map((name) => join(folder, name))
    .filter(changed);
}

function filesUnder(folder: string, without: ReadonlySet<string> = new Set()): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return without.has(entry.name) ? [] : filesUnder(path, without);
    return entry.isFile() ? [path] : [];
  });
}

/** Nothing, for a file that has just gone. */
function readTrace(sink: Sink, path: string): readonly Trace[] {
  try {
    return [{ sink, where: path, bytes: readFileSync(path) }];
  } catch {
    return [];
  }
}
