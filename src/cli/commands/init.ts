import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { databasePath, loadConfig, openApp } from '../../app.ts';
import { AppError } from '../../domain/error.ts';
import { openDatabase } from '../../sqlite/database.ts';
import { openHistory } from '../../sqlite/history.ts';
import { createInstallation } from '../../sqlite/installation.ts';
import type { Context, Run } from '../command.ts';
import { STARTER } from '../starter.ts';

/** Creates what is not there. A broken configuration is said before anything is created. */
export const run: Run = async (context) => {
  const { world, places, out } = context;
  const wroteConfig = !existsSync(places.configPath) && writeStarter(context);
  const { config } = await loadConfig(places, world, undefined, false);
  const path = databasePath(places);
  const db = openDatabase(path, 'create', world.now);
  try {
    const installId = world.randomBytes(16).toString('hex');
    const isNew = createInstallation(db, installId, world.now());
    if (isNew)
      openHistory(db, installId, world.actor).append(
        { type: 'installation.created', subject: 'reseal', result: 'created' },
        world.now(),
      );
    openApp(db, config, places, world).syncRegister();
    if (out.json)
      out.resultJson({ schemaVersion: 1, config: places.configPath, database: path, created: isNew });
    else {
      out.result(`configuration  ${places.configPath}${wroteConfig ? ' (new, with comments: edit it)' : ''}`);
      out.result(`database       ${path}${isNew ? ' (new)' : ' (was there already; left as it is)'}`);
    }
    const [first] = config.credentials.filter((credential) => !credential.planned);
    if (wroteConfig) out.hint(`edit ${places.configPath}, then run \`reseal config check\``);
    else if (first) out.hint(`tell it what you have: reseal record ${first.name} --expires YYYY-MM-DD`);
    return 0;
  } finally {
    db.close();
  }
};

function writeStarter({ places }: Context): boolean {
  try {
    mkdirSync(dirname(places.configPath), { recursive: true, mode: 0o700 });
    writeFileSync(places.configPath, STARTER, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new AppError(
      'invalid_config',
      `there is no configuration at "${places.configPath}", and none can be written there (${code})`,
      {
        hints: [
          'write one (examples/reseal.sqlrite.yaml shows every section), or name another with --config',
        ],
      },
    );
  }
}
