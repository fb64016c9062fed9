import { closeSync, openSync, readSync } from 'node:fs';
import { loadConfig, openApp, openUsedDatabase } from '../../app.ts';
import type { Config } from '../../config/config.ts';
import { AppError } from '../../domain/error.ts';
import type { Database } from '../../sqlite/database.ts';
import { registeredNames } from '../../sqlite/import.ts';
import type { Context, Given, Run } from '../command.ts';
import { textOption } from '../command.ts';
import { additionOf, amend, applyImport } from '../import-apply.ts';
import type { Source } from '../import-entry.ts';
import { openOwners } from '../import-entry.ts';
import { planImport } from '../import-plan.ts';
import { placeKey, readRows } from '../import-rows.ts';
import { tellImport } from '../import-talk.ts';

export const run: Run = async (context, given) => {
  const wanted = readWanted(given);
  const { world, places, out } = context;
  const db = openUsedDatabase(places, world);
  try {
    const { config, text, sha256 } = await loadForImport(context, db);
    const source = await readSource(context, wanted, config, db);
    const { register } = openApp(db, config, places, world);
    const plan = planImport(source, config, (name) => register.find(name)?.current);
    if (wanted.mode === 'print') {
      const { renderAddition } = await import('../../config/amend.ts');
      return tellImport(out, { plan, recorded: [], mode: 'print', yaml: renderAddition(additionOf(plan)) });
    }
    if (wanted.mode === 'dry-run') {
      if (plan.added.length > 0) await amend(places, plan, { text, sha256 });
      const recorded = plan.recorded.map(({ declaration }) => declaration.name);
      return tellImport(out, { plan, recorded, mode: 'dry-run' });
    }
    const recorded = await applyImport(db, context, plan, { text, sha256 });
    return tellImport(out, { plan, recorded, mode: 'done' });
  } finally {
    db.close();
  }
};

interface Wanted {
  /** `-`: standard input. */
  readonly file: string | undefined;
  readonly organisation: string | undefined;
  readonly repos: readonly string[];
  readonly owner: string | undefined;
  readonly mode: 'done' | 'dry-run' | 'print';
}

function readWanted(given: Given): Wanted {
  const [file] = given.arguments;
  const organisation = textOption(given, 'organisation');
  // Given several times, it comes as a list.
  const repos = [given.options['repo'] as unknown]
    .flat()
    .flatMap((one) => (typeof one === 'string' ? one.split(',') : []))
    .map((one) => one.trim());
  const fromGitHub = organisation !== undefined || repos.length > 0;
  if ((file !== undefined) === fromGitHub) {
    throw new AppError(
      'invalid_input',
      file ? 'a file and GitHub are two imports' : 'nothing says what to import',
      {
        hints: [
          'a CSV file: reseal import credentials.csv',
          'or from GitHub: reseal import --organisation NAME --owner OWNER',
        ],
      },
    );
  }
  const print = given.options['print'] === true;
  if (print && given.options['dryRun'] === true)
    throw new AppError('invalid_input', '--print and --dry-run exclude each other: neither changes anything');
  const mode = print ? 'print' : given.options['dryRun'] === true ? 'dry-run' : 'done';
  return { file, organisation, repos, owner: textOption(given, 'owner'), mode };
}

/** Text, hash and meaning of one and the same file. */
async function loadForImport({ places, world }: Context, db: Database) {
  const { readConfigFile } = await import('../../config/read-file.ts');
  const { config, sha256 } = await loadConfig(places, world, db, false);
  const read = readConfigFile(places.configPath);
  if (read.sha256 === sha256) return { config, ...read };
  throw new AppError('conflict', `the configuration "${places.configPath}" was changed at the same time`, {
    hints: ['nothing was changed by this command: run it again'],
  });
}

async function readSource(
  { world }: Context,
  { file, organisation, repos, owner }: Wanted,
  config: Config,
  db: Database,
): Promise<Source> {
  const owners = openOwners(config.owners);
  if (file === undefined) {
    const { readOrganisation } = await import('../import-organisation.ts');
    const takenNames = registeredNames(db);
    return readOrganisation({ organisation, repos }, config, world, { owner, owners, takenNames });
  }
  const { MOST_BYTES, readTable } = await import('../import-table.ts');
  const where = file === '-' ? 'standard input' : file;
  const table = await readTable(readInput(file, MOST_BYTES), where);
  const declaredAt = new Map(
    config.credentials.flatMap(({ name, destinations }) =>
      destinations.map((place) => [placeKey(place), name] as const),
    ),
  );
  const entries = readRows(table, { where, owners, owner, declaredAt, now: world.now() });
  return { entries, owners: owners.added, leftOut: [], unread: [] };
}

const CHUNK = 1024 * 1024;

function readBounded(descriptor: number, most: number): Buffer {
  const parts: Buffer[] = [];
  for (let length = 0; length <= most; ) {
    const part = Buffer.alloc(CHUNK);
    const read = readSync(descriptor, part, 0, CHUNK, null);
    if (read === 0) break;
    parts.push(part.subarray(0, read));
    length += read;
  }
  return Buffer.concat(parts);
}

/** At most a little more than is taken: the file may be endless. */
function readInput(file: string, most: number): Buffer {
  try {
    const descriptor = file === '-' ? 0 : openSync(file, 'r');
    try {
      return readBounded(descriptor, most);
    } finally {
      if (descriptor !== 0) closeSync(descriptor);
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    const what = code === 'ENOENT' ? 'is not there' : `cannot be read (${code})`;
    throw new AppError('invalid_input', `the file "${file}" ${what}`, {
      hints: ['name a CSV file, or - for standard input'],
      cause: error,
    });
  }
}
