import type { Places, World } from '../app.ts';
import { loadConfig, openApp } from '../app.ts';
import type { Addition } from '../config/amend.ts';
import type { Database } from '../sqlite/database.ts';
import { addNewCredentials, registeredNames } from '../sqlite/import.ts';
import type { Entry } from './import-entry.ts';
import type { ImportPlan } from './import-plan.ts';

/** The configuration that the plan was made for. */
export interface Before {
  readonly text: string;
  readonly sha256: string;
}

/**
 * The text of the configuration with the new in it.
 *
 * @throws AppError where the new cannot be written into the file as it is laid out, or makes it too large
 */
export async function amend(places: Places, plan: ImportPlan, before: Before): Promise<string> {
  const { amendConfig } = await import('../config/amend.ts');
  return amendConfig(places.configPath, before.text, additionOf(plan));
}

export function additionOf({ owners, added }: ImportPlan): Addition {
  return { owners, credentials: added.map(({ declaration }) => declaration) };
}

/**
 * Declares first, then records. Who is killed in between finds everything declared, and the same import again records the rest.
 *
 * @returns the names whose version was recorded
 */
export async function applyImport(
  db: Database,
  { places, world }: { readonly places: Places; readonly world: World },
  plan: ImportPlan,
  before: Before,
): Promise<readonly string[]> {
  if (plan.added.length > 0) {
    const { replaceConfigFile } = await import('../config/replace-file.ts');
    const text = await amend(places, plan, before);
    replaceConfigFile(places.configPath, before.sha256, text);
  }
  const { config } = await loadConfig(places, world, db, true);
  const app = openApp(db, config, places, world);
  const identity = { installId: app.identity.installId, actor: world.actor };
  const byName = new Map(config.credentials.map((declaration) => [declaration.name, declaration]));
  return db.transaction(() => {
    const now = world.now();
    const known = registeredNames(db);
    // As the file declares it: it may have been changed again since.
    const fresh = plan.added.flatMap(({ declaration: { name }, version }) => {
      const declaration = byName.get(name);
      return declaration && !known.has(name) ? [{ declaration, version }] : [];
    });
    addNewCredentials(db, identity, fresh, now);
    app.syncRegister();
    const names = new Set(fresh.map(({ declaration }) => declaration.name));
    const record = ({ declaration: { name }, version }: Entry): readonly string[] => {
      if (!version || !byName.has(name)) return [];
      if (names.has(name)) return [name];
      if (app.register.find(name)?.current) return [];
      app.register.addVersion(name, version, now);
      return [name];
    };
    return plan.recorded.flatMap(record);
  });
}
