import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from './config/config.ts';
import { CONFIG_SHAPE } from './config/config.ts';
import { keepConfiguration } from './configuration-events.ts';
import { AppError } from './domain/error.ts';
import { syncRegister } from './recipients.ts';
import { ownDeclarations } from './register/own.ts';
import { MAX_REPEATS } from './remind/outcome.ts';
import { nextReminder, planCredential, planRotatedNotice } from './remind/plan.ts';
import type { ReminderPolicy } from './remind/policy.ts';
import { ownersOf } from './remind/policy.ts';
import type { Reminded } from './remind/reminder.ts';
import type { Database } from './sqlite/database.ts';
import { openDatabase } from './sqlite/database.ts';
import { openHistory } from './sqlite/history.ts';
import { findSnapshot, readInstallId } from './sqlite/installation.ts';
import { isLocked } from './sqlite/lock.ts';
import { alarmedRecipients, openOutbox } from './sqlite/outbox.ts';
import { openRegister } from './sqlite/register.ts';
import { letGo } from './sqlite/reminders.ts';
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
    policy,
    maxRepeats,
  }: {
    readonly installId: string;
    readonly actor: string;
    readonly policy: ReminderPolicy;
    /** 0: what a lost answer leaves is held until a person decides. */
    readonly maxRepeats: number;
  },
) {
  const history = openHistory(db, installId, actor);
  const outbox = openOutbox(db, history, { maxRepeats });
  const register = openRegister(db, history, (credential, _version, at) => letGo(db, credential, at));
  const rotations = openRotationLog(db, history, (credential, version, at) => {
    const alarmed = alarmedRecipients(db, credential, version - 1);
    letGo(db, credential, at);
    const stored = register.find(credential);
    if (!stored) return;
    // Planned at the next sweep all the same: this is only the notice.
    const steps = planRotatedNotice(stored, version, alarmed, policy, at);
    outbox.apply([{ credential, steps, nextPlanAt: at }]);
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
  const maxRepeats = config.reminders.onLostAnswer === 'hold' ? 0 : MAX_REPEATS;
  const stores = openStores(db, { installId, actor: world.actor, policy, maxRepeats });
  const { register, outbox } = stores;
  const { sealTokenFile, sealOwner, verifyTokenFile, verifyOwner } = config.github;
  // Its own tokens are credentials like the rest: a dead one makes the next rotation impossible.
  const own = ownDeclarations({
    seal: { file: sealTokenFile, owner: sealOwner },
    verify: { file: verifyTokenFile, owner: verifyOwner },
  });
  const declared = [...config.credentials, ...own];
  return {
    declared,
    identity: { installId, domain },
    maxRepeats,
    config,
    places,
    world,
    db,
    policy,
    ...stores,
    /** Brings the register in line with the configuration, and tells whoever is told no more by it. */
    syncRegister: () => syncRegister({ db, policy, now: world.now, ...stores }, declared),
    isRotationOpen: (credential: string) => isLocked(rotationLockPath(places, credential)),
    /**
     * Nobody to tell of a credential is an error, never a success.
     *
     * @throws AppError invalid_config naming the credential
     */
    ensureSomebodyIsTold: () => {
      for (const { declaration, retiredAt } of register.declarations()) {
        if (retiredAt || ownersOf({ declaration }, policy).length > 0) continue;
        const { name } = declaration;
        throw new AppError('invalid_config', `there is nobody to tell of "${name}"`, {
          hints: [`declare an owner under "owners", or end its reminders with: reseal retire ${name}`],
        });
      }
    },
    /** The earliest mail about a credential: owed already, or by its next lead time. */
    nextMailAt: (credential: Reminded): Date | undefined => {
      const { name } = credential.declaration;
      const now = world.now();
      const existing = outbox.remindersOf(name, credential.current?.version ?? 0);
      const owed = planCredential(credential, existing, policy, now).steps.flatMap((step) =>
        step.kind === 'owe' ? [step.dueAt] : [],
      );
      const next = [outbox.nextAttemptAt(name), ...owed, nextReminder(credential, policy, now)?.at];
      return next
        .filter((one) => one !== undefined)
        .reduce<Date | undefined>((first, one) => (first && first < one ? first : one), undefined);
    },
    close: () => db.close(),
  };
}

export function openUsedDatabase(places: Places, world: World): Database {
  return openDatabase(databasePath(places), 'use', world.now);
}

/** Everything that a command which changes something needs. */
export async function openUsedApp(places: Places, world: World): Promise<App> {
  const db = openUsedDatabase(places, world);
  try {
    const { config } = await loadConfig(places, world, db, true);
    return openApp(db, config, places, world);
  } catch (error) {
    db.close();
    throw error;
  }
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
  const program = `${world.version}, shape ${CONFIG_SHAPE}`;
  const kept = db && findSnapshot(db, sha256, program);
  if (kept) return { config: JSON.parse(kept) as Config, sha256 };
  const { parseConfig, describeProblems } = await import('./config/load.ts');
  const result = parseConfig(text);
  if (!result.ok) throw describeProblems(places.configPath, result.problems);
  const { config } = result;
  if (db && keep) keepConfiguration(db, { sha256, program, config }, world);
  return { config, sha256 };
}

export function reminderPolicy(config: Config): ReminderPolicy {
  const { timezone, reminders, owners, webhooks } = config;
  return {
    timezone,
    hour: reminders.hour,
    escalate: reminders.escalate,
    addresses: new Map(owners.map(({ name, email }) => [name, email])),
    webhooks: webhooks.map(({ name, owners: of }) => ({ name, owners: of })),
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
