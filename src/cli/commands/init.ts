import { accessSync, constants, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { App } from '../../app.ts';
import { databasePath, loadConfig, openApp } from '../../app.ts';
import { AppError } from '../../domain/error.ts';
import { openDatabase } from '../../sqlite/database.ts';
import { openHistory } from '../../sqlite/history.ts';
import { createInstallation } from '../../sqlite/installation.ts';
import type { Context, Given, Run } from '../command.ts';
import type { Answers } from '../init-dialogue.ts';

/** Creates what is not there. A broken configuration is said before anything is created. */
export const run: Run = async (context, given) => {
  const { places } = context;
  if (existsSync(places.configPath)) return create(context, undefined);
  ensureWritable(places.configPath);
  if (!mayAsk(context, given)) {
    const { starter } = await import('../starter.ts');
    writeConfig(places.configPath, starter());
    return create(context, 'starter');
  }
  const { askForConfig } = await import('../init-ask.ts');
  const asked = await askForConfig(context);
  if (!asked) return 130;
  writeConfig(places.configPath, asked.text);
  return create(context, asked.answers);
};

/** Whether somebody sits at a terminal who can be asked, and has not said that they want no questions. */
function mayAsk({ out, world }: Context, { options }: Given): boolean {
  if (options['questions'] === false || out.json || out.quiet) return false;
  return process.stdin.isTTY === true && process.stderr.isTTY === true && world.env['TERM'] !== 'dumb';
}

/** @param written what stands in the configuration that was just written; undefined: it was there */
async function create(context: Context, written: 'starter' | Answers | undefined): Promise<number> {
  const { world, places, out } = context;
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
    const app = openApp(db, config, places, world);
    app.syncRegister();
    if (typeof written === 'object') recordEstimates(app, written);
    if (out.json)
      out.resultJson({ schemaVersion: 1, config: places.configPath, database: path, created: isNew });
    else {
      const note = written === 'starter' ? ' (new, with comments: edit it)' : written ? ' (new)' : '';
      out.result(`configuration  ${places.configPath}${note}`);
      out.result(`database       ${path}${isNew ? ' (new)' : ' (was there already; left as it is)'}`);
    }
    for (const hint of nextSteps(app, written)) out.hint(hint);
    return 0;
  } finally {
    db.close();
  }
}

const MOST_NAMED = 3;

/** A database that was there may know better. */
function recordEstimates({ register, world }: App, { estimates }: Answers): void {
  for (const { name, version } of estimates)
    if (!register.find(name)?.current) register.addVersion(name, version, world.now());
}

function nextSteps({ config, register, places }: App, written: 'starter' | Answers | undefined): string[] {
  if (written === 'starter') return [`edit ${places.configPath}, then run \`reseal config check\``];
  const declared = config.credentials.filter((credential) => !credential.planned);
  if (!written) {
    const [first] = declared;
    return first ? [`tell it what you have: reseal record ${first.name} --expires YYYY-MM-DD`] : [];
  }
  const undated = declared.filter(({ name }) => !register.find(name)?.current);
  const { parts, estimates } = written;
  const missing = [
    ...(parts.mail ? [] : ['mail']),
    ...(parts.sealTokenFile ? [] : ['github.seal.token-file']),
  ];
  return [
    ...undated
      .slice(0, MOST_NAMED)
      .map(({ name }) => `say when it expires: reseal record ${name} --expires YYYY-MM-DD`),
    ...(undated.length > MOST_NAMED
      ? [`and so on for ${undated.length - MOST_NAMED} more: reseal status lists them as unknown`]
      : []),
    ...(estimates.length > 0 ? ['an estimate is replaced in the same way, by what the issuer shows'] : []),
    ...(missing.length > 0 ? [`still missing in the configuration: ${missing.join(', ')}`] : []),
    'see what is wrong or missing: reseal doctor, and after every edit: reseal config check',
    'let it remind: reseal daemon, as a service or a container (README)',
  ];
}

/** A person who has answered everything must not learn only then that it cannot be kept. */
function ensureWritable(path: string): void {
  let folder = dirname(path);
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw unwritable(path, error);
  }
}

function writeConfig(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw unwritable(path, error);
  }
}

function unwritable(path: string, error: unknown): AppError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
  return new AppError(
    'invalid_config',
    `there is no configuration at "${path}", and none can be written there (${code})`,
    {
      hints: ['write one (examples/reseal.sqlrite.yaml shows every section), or name another with --config'],
    },
  );
}
