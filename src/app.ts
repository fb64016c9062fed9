import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from './config/config.ts';
import { AppError } from './domain/error.ts';
import { planRegister } from './register/register.ts';
import { MAX_REPEATS } from './remind/outcome.ts';
import type { ReminderPolicy } from './remind/plan.ts';
import { nextReminder, planReminders, planRotatedNotice } from './remind/plan.ts';
import type { Reminded } from './remind/reminder.ts';
import type { Database } from './sqlite/database.ts';
import { openDatabase } from './sqlite/database.ts';
import { openHistory } from './sqlite/history.ts';
import { findSnapshot, keepSnapshot, readInstallId } from './sqlite/installation.ts';
import { isLocked } from './sqlite/lock.ts';
import { alarmedRecipients, cancelOutdated, openOutbox } from './sqlite/outbox.ts';
import { openRegister } from './sqlite/register.ts';
import { openRotationLog } from './sqlite/rotations.ts';

/** Time, chance, network and the process around us: handed in once, so that tests can hand in others. */
export interface World {
  readonly now: () => Date;
  readonly randomBytes: (size: number) => Buffer;
  readonly fetch: typeof globalThis.fetch;
  readonly sleep: (ms: number) => Promise<void>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `user@host`, for the history. */
  readonly actor: string;
  readonly host: string;
  readonly version: string;
}

export interface Places {
  readonly configPath: string;
  readonly dataDir: string;
}

export type App = ReturnType<typeof openApp>;

export function databasePath({ dataDir }: Places): string {
  return join(dataDir, 'reseal.db');
}

/** The file whose lock says that a rotation of this credential is open. */
export function rotationLockPath({ dataDir }: Places, credential: string): string {
  return join(dataDir, `rotation-${credential}.lock`);
}

export function daemonLockPath({ dataDir }: Places): string {
  return join(dataDir, 'daemon.lock');
}

/** The stores over one database. Recording a version cancels, and after a rotation tells, in the same transaction. */
export function openStores(
  db: Database,
  {
    installId,
    actor,
    domain,
    policy,
  }: {
    readonly installId: string;
    readonly actor: string;
    /** Of every Message-ID. */
    readonly domain: string;
    readonly policy: ReminderPolicy;
  },
) {
  const history = openHistory(db, installId, actor);
  const outbox = openOutbox(db, { installId, domain, maxRepeats: MAX_REPEATS });
  const register = openRegister(db, history, (credential, version) =>
    cancelOutdated(db, credential, version),
  );
  const rotations = openRotationLog(db, history, (credential, version, at) => {
    const alarmed = alarmedRecipients(db, credential, version - 1);
    cancelOutdated(db, credential, version);
    const stored = register.find(credential);
    if (stored) outbox.apply(planRotatedNotice(stored, version, alarmed, policy, at), at);
  });
  return { history, outbox, register, rotations };
}

/**
 * The stores and settings of one installation.
 *
 * @throws AppError not_initialised when `init` has not been run
 */
export function openApp(db: Database, config: Config, places: Places, world: World) {
  const installId = readInstallId(db);
  if (!installId) {
    throw new AppError('not_initialised', `the database in "${places.dataDir}" is not initialised`, {
      hints: ['run `reseal init` first (in a container: `docker compose run --rm reseal init`)'],
    });
  }
  const policy = reminderPolicy(config);
  const domain = config.mail?.from.address.split('@')[1] ?? 'reseal.invalid';
  const stores = openStores(db, { installId, actor: world.actor, domain, policy });
  const { register, outbox } = stores;
  return {
    config,
    places,
    world,
    db,
    policy,
    ...stores,
    /** Brings the register in line with the configuration. */
    syncRegister: () => {
      const changes = planRegister(config.credentials, register.list());
      if (changes.length > 0) register.apply(changes, world.now());
    },
    isRotationOpen: (credential: string) => isLocked(rotationLockPath(places, credential)),
    /** The earliest mail about a credential: owed already, or by its next lead time. */
    nextMailAt: (credential: Reminded): Date | undefined => {
      const { name } = credential.declaration;
      const now = world.now();
      const existing = credential.current ? outbox.remindersOf(name, credential.current.version) : [];
      const owed = planReminders(credential, existing, policy, now).find((step) => step.kind === 'owe');
      return outbox.nextAttemptAt(name) ?? owed?.dueAt ?? nextReminder(credential, policy, now)?.at;
    },
    close: () => db.close(),
  };
}

export function openUsedDatabase(places: Places, world: World): Database {
  return openDatabase(databasePath(places), 'use', world.now);
}

/**
 * The validated configuration of the file, from the database when this program has validated just these bytes before;
 * then neither parser nor schema is loaded.
 *
 * @throws AppError invalid_config with every problem
 */
export async function loadConfig(
  places: Places,
  world: World,
  db: Database | undefined,
  keep: boolean,
): Promise<{ readonly config: Config; readonly sha256: string }> {
  const { readConfigFile } = await import('./config/read-file.ts');
  const { text, sha256 } = readConfigFile(places.configPath);
  const kept = db && findSnapshot(db, sha256, world.version);
  if (kept) return { config: JSON.parse(kept) as Config, sha256 };
  const { parseConfig, describeProblems } = await import('./config/load.ts');
  const result = parseConfig(text);
  if (!result.ok) throw describeProblems(places.configPath, result.problems);
  if (db && keep) {
    const body = JSON.stringify(result.config);
    keepSnapshot(db, { sha256, program: world.version, body, loadedAt: world.now() });
  }
  return { config: result.config, sha256 };
}

export function reminderPolicy(config: Config): ReminderPolicy {
  const { timezone, reminders, owners } = config;
  return {
    timezone,
    hour: reminders.hour,
    escalate: reminders.escalate,
    addresses: new Map(owners.map(({ name, email }) => [name, email])),
  };
}

/**
 * The one line of a secret file, read when it is needed. A trailing line break is dropped.
 *
 * @throws AppError invalid_config naming the file and the line that mends it; never its content
 */
export function readSecretFile(path: string, what: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable(path, what, (error as NodeJS.ErrnoException).code ?? 'unknown');
  }
  const line = text.replace(/\r?\n$/, '');
  if (line === '' || /[\r\n]/.test(line)) {
    throw new AppError(
      'invalid_config',
      `${what} in "${path}" is ${line === '' ? 'empty' : 'more than one line'}`,
      {
        hints: ['put exactly one line into the file'],
      },
    );
  }
  return line;
}

function unreadable(path: string, what: string, code: string): AppError {
  const uid = process.getuid?.() ?? 1000;
  if (code === 'EACCES' || code === 'EPERM') {
    return new AppError('invalid_config', `${what} in "${path}" cannot be read by user ${uid}`, {
      hints: [`run on the host, on the file that is mounted there: chown ${uid} FILE && chmod 400 FILE`],
    });
  }
  const reason = code === 'ENOENT' ? 'is not there' : `cannot be read (${code})`;
  return new AppError('invalid_config', `${what} in "${path}" ${reason}`, {
    hints: [
      'put the secret into that file (README: "The two GitHub tokens"), or change the path in the configuration',
    ],
  });
}
