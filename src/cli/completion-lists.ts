import { existsSync } from 'node:fs';
import { databasePath, loadConfig } from '../app.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../sqlite/database.ts';
import type { Context } from './command.ts';
import type { List } from './completion-words.ts';

/**
 * What may stand at a place, for a shell that asks while somebody types: looks only, says nothing of what is wrong, and reaches for
 * nothing outside. Empty where nothing is initialised or readable.
 */
export async function listFor(list: List, { places, world }: Context): Promise<readonly string[]> {
  if (list === 'kinds') return (await import('../kinds/catalogue.ts')).KINDS.map(({ id }) => id);
  if (list === 'rules') return (await import('../verify/rules/all.ts')).RULES.map(({ id }) => id);
  if (!existsSync(databasePath(places))) return [];
  const { lookAtDatabase } = await import('../sqlite/inspect.ts');
  const db = await orNothing(() => lookAtDatabase(databasePath(places)));
  try {
    const load = (from: Database | undefined) => async () =>
      (await loadConfig(places, world, from, false)).config;
    // One that an older version of reseal has left may not hold it yet.
    const config = (db && (await orNothing(load(db)))) ?? (await orNothing(load(undefined)));
    const stored = list === 'names' && db ? ((await orNothing(() => storedNames(db))) ?? []) : [];
    const all = [...declaredNames(list, config), ...stored];
    // Nothing that a shell could take for anything but a word.
    return [...new Set(all)].filter((name) => /^[\w.-]+$/.test(name));
  } finally {
    db?.close();
  }
}

function declaredNames(list: List, config: Config | undefined): readonly string[] {
  const entries = list === 'names' ? config?.credentials : config?.pipelines;
  return (entries ?? []).map(({ name }) => name);
}

/** Those, too, that are not declared any more, and reseal's own tokens. */
function storedNames(db: Database): readonly string[] {
  return db.prepare('SELECT name FROM credential ORDER BY name').pluck().all() as string[];
}

async function orNothing<T>(read: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch {
    return undefined;
  }
}
