import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import type { Places } from '../app.ts';
import { AppError } from '../domain/error.ts';

type Env = Readonly<Record<string, string | undefined>>;

const SYSTEM_CONFIG = '/etc/reseal/config.yaml';
const SYSTEM_DATA = '/var/lib/reseal';

/**
 * Where configuration and data are. Never in the current folder: a hostile clone must not choose where a token goes.
 *
 * @param exists whether a file is there
 */
export function findPlaces(
  given: { readonly config: string | undefined; readonly dataDir: string | undefined },
  env: Env,
  exists: (path: string) => boolean,
): Places {
  return { configPath: findConfig(given.config, env, exists), dataDir: findDataDir(given.dataDir, env) };
}

function findConfig(given: string | undefined, env: Env, exists: (path: string) => boolean): string {
  const named = nonBlank('--config', given) ?? nonEmpty(env['RESEAL_CONFIG']);
  if (named) return resolve(named);
  const personal = join(xdg(env['XDG_CONFIG_HOME'], '.config'), 'reseal', 'config.yaml');
  return !exists(personal) && exists(SYSTEM_CONFIG) ? SYSTEM_CONFIG : personal;
}

function findDataDir(given: string | undefined, env: Env): string {
  const named = nonBlank('--data-dir', given) ?? nonEmpty(env['RESEAL_DATA_DIR']);
  if (named) return resolve(named);
  return isRoot() ? SYSTEM_DATA : join(xdg(env['XDG_STATE_HOME'], '.local/state'), 'reseal');
}

/** An empty name is a script's unset variable, and must not fall back to another place. */
function nonBlank(option: string, given: string | undefined): string | undefined {
  if (given === '')
    throw new AppError('invalid_input', `${option} is empty`, {
      hints: ['name a path, or leave the option out'],
    });
  return given;
}

/** A relative path in these variables is to be ignored (XDG Base Directory Specification). */
function xdg(value: string | undefined, fallback: string): string {
  return value && isAbsolute(value) ? value : join(homeFolder(), fallback);
}

/** @throws AppError invalid_input where there is none: the current folder is never taken for it */
function homeFolder(): string {
  const home = orNone(homedir);
  if (home !== undefined && isAbsolute(home)) return home;
  throw new AppError('invalid_input', 'this user has no home folder', {
    hints: ['set HOME, or name both places: --config FILE --data-dir DIR'],
  });
}

/** A user id without a name, as in a container, has none. */
function orNone(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
