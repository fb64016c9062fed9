import { existsSync, statSync } from 'node:fs';
import type { App, Places, World } from '../app.ts';
import { databasePath, loadConfig, openApp, readSecretFile } from '../app.ts';
import type { Config } from '../config/config.ts';
import { AppError, describeError } from '../domain/error.ts';
import type { Database } from '../sqlite/database.ts';
import { lookAtDatabase } from '../sqlite/inspect.ts';
import type { Remark } from './line.ts';
import { unknown } from './line.ts';

/** Something that the checks need, or why it is not to be had. */
export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      /** What it is, such as `the configuration`. */
      readonly what: string;
      readonly reason: string;
      readonly hints: readonly string[];
      /** There is no such file at all. */
      readonly absent: boolean;
    };

/** Whoever the daemon runs as: the owner of its folder, since it must write there. */
export interface DaemonUser {
  readonly uid: number;
  readonly gid: number;
  /** Who runs this. */
  readonly self: { readonly uid: number; readonly gid: number };
}

/** All that the checks look at; nothing of it is changed by looking. */
export interface Scene {
  readonly world: World;
  readonly places: Places;
  readonly config: Reading<Config>;
  /** The database, which takes no write. */
  readonly db: Reading<Database>;
  /** The stores over it. */
  readonly app: Reading<App>;
  readonly user: DaemonUser;
  /** Whether this runs in a container: then paths are its own, and what is to be done to a mounted file is done outside. */
  readonly inContainer: boolean;
}

/** Looks at what there is. Never throws. */
export async function openScene(places: Places, world: World): Promise<Scene & { close(): void }> {
  const db = openDb(places);
  const config = await attempt('the configuration', async () => {
    return (await loadConfig(places, world, undefined, false)).config;
  });
  return {
    world,
    places,
    config: config.ok ? config : { ...config, absent: codeOf(places.configPath) === 'ENOENT' },
    db,
    app: await openStored(places, world, config, db),
    user: daemonUser(places.dataDir),
    inContainer: isContainer(world),
    close: () => {
      if (db.ok) close(db.value);
    },
  };
}

function openDb(places: Places): Reading<Database> {
  const what = 'the database';
  const path = databasePath(places);
  const code = codeOf(path);
  if (code !== undefined && code !== 'ENOENT') {
    const hints = ['run this as root, or as the user that the folder belongs to'];
    return { ok: false, what, reason: `"${path}" cannot be looked at (${code})`, hints, absent: false };
  }
  if (code === 'ENOENT') {
    const hints = ['run `reseal init` first (in a container: `docker compose run --rm reseal init`)'];
    return { ok: false, what, reason: `there is no database at "${path}"`, hints, absent: true };
  }
  try {
    return { ok: true, value: lookAtDatabase(path) };
  } catch (error) {
    return failed(what, error);
  }
}

/** Docker's and podman's marks; what podman and systemd-nspawn, and what Kubernetes puts into the environment. */
function isContainer({ env }: World): boolean {
  const marks = ['/.dockerenv', '/run/.containerenv'];
  return (
    marks.some((path) => existsSync(path)) || Boolean(env['container'] || env['KUBERNETES_SERVICE_HOST'])
  );
}

/** Why a file cannot be looked at, `ENOENT` for one that is not there; undefined: it can. */
function codeOf(path: string): string | undefined {
  try {
    statSync(path);
    return undefined;
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return code === 'ENOTDIR' ? 'ENOENT' : code;
  }
}

/** A check that was cut off in the middle of a query must not turn what was found into a crash. */
function close(db: Database): void {
  try {
    db.close();
  } catch {
    // The process ends in a moment, and it was opened to look only.
  }
}

async function openStored(
  places: Places,
  world: World,
  config: Reading<Config>,
  db: Reading<Database>,
): Promise<Reading<App>> {
  if (!db.ok) return db;
  if (!config.ok) return config;
  return attempt('the database', async () => openApp(db.value, config.value, places, world));
}

async function attempt<T>(what: string, open: () => Promise<T>): Promise<Reading<T>> {
  try {
    return { ok: true, value: await open() };
  } catch (error) {
    return failed(what, error);
  }
}

function failed(what: string, error: unknown): Reading<never> {
  const hints = error instanceof AppError ? error.hints : [];
  return { ok: false, what, reason: describeError(error), hints, absent: false };
}

function daemonUser(dataDir: string): DaemonUser {
  const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  try {
    const { uid, gid } = statSync(dataDir);
    return { uid, gid, self };
  } catch {
    return { ...self, self };
  }
}

/** What is asked of a reading, or one line that says why nothing can be. */
export async function needing<T>(
  reading: Reading<T>,
  subject: string,
  look: (value: T) => readonly Remark[] | Promise<readonly Remark[]>,
): Promise<readonly Remark[]> {
  if (reading.ok) return look(reading.value);
  return [unknown(subject, `not looked at, because ${reading.what} cannot be used`)];
}

/**
 * The line of a secret file, for whoever is asked with it. Why it cannot be read is said by the check of the secret files, so that
 * here it only keeps from asking.
 */
export async function withSecret(
  file: string,
  what: string,
  subject: string,
  ask: (secret: string) => readonly Remark[] | Promise<readonly Remark[]>,
): Promise<readonly Remark[]> {
  const secret = await attempt(what, async () => readSecretFile(file, what));
  if (secret.ok) return ask(secret.value);
  return [unknown(subject, `not looked at, because ${secret.reason}`, 'see "Secret files"')];
}
