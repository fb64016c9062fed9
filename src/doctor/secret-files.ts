import type { Stats } from 'node:fs';
import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readSecretFile } from '../app.ts';
import type { Config } from '../config/config.ts';
import { AppError, describeError } from '../domain/error.ts';
import type { Check } from './check.ts';
import { formatMode } from './configuration.ts';
import type { Remark } from './line.ts';
import { ok, problem, shellQuote, unknown } from './line.ts';
import type { DaemonUser, Scene } from './scene.ts';
import { needing } from './scene.ts';

/** A file that holds a secret, and whatever is known of it without telling any of it. */
export interface SecretFile {
  readonly path: string;
  /** Undefined: `error` says why. */
  readonly stats: FileStats | undefined;
  readonly error?: string | undefined;
  /** What the system says of the user who runs this; undefined: that is not the daemon's. */
  readonly isReadable?: boolean | undefined;
  /** The first folder on the way to it that the daemon's user cannot pass. */
  readonly closedFolder?: string | undefined;
  /** What is wrong with what stands in it; undefined: nothing, or it could not be looked at. */
  readonly complaint?: string | undefined;
}

export interface FileStats {
  readonly isFile: boolean;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** The files that the configuration names: there, readable by the daemon's user and by nobody else, one line each (H9). */
export const secretFiles: Check = {
  id: 'secret-files',
  title: 'Secret files',
  run: ({ config, user, inContainer }) =>
    needing(config, 'files', (value) => {
      const named = filesOf(value);
      if (named.length === 0) return [ok('files', 'the configuration names none')];
      return named.map(({ option, path, what }) =>
        judgeSecretFile(option, look(path, what, user), { user, inContainer }),
      );
    }),
};

/** Every secret file of the configuration, by the option that names it. */
export function filesOf({ github, mail, webhooks, reminders }: Config): readonly {
  readonly option: string;
  readonly path: string;
  readonly what: string;
}[] {
  const all = [
    ['github.seal.token-file', github.sealTokenFile, 'the GitHub token for sealing'],
    ['github.verify.token-file', github.verifyTokenFile, 'the GitHub token for verifying'],
    ['mail.url-file', mail?.urlFile, 'the address of the mail server'],
    ...webhooks.map(
      ({ name, urlFile }) => [`webhooks.${name}.url-file`, urlFile, 'the address of the webhook'] as const,
    ),
    ['reminders.heartbeat.url-file', reminders.heartbeatUrlFile, "the heartbeat's address"],
  ] as const;
  return all.flatMap(([option, path, what]) => (path === undefined ? [] : [{ option, path, what }]));
}

function look(path: string, what: string, user: DaemonUser): SecretFile {
  const closedFolder = findClosed(path, user);
  let stats: FileStats | undefined;
  try {
    const found = statSync(path);
    stats = { isFile: found.isFile(), mode: found.mode & 0o7777, uid: found.uid, gid: found.gid };
  } catch (error) {
    return { path, stats, closedFolder, error: (error as NodeJS.ErrnoException).code ?? 'unknown' };
  }
  const isReadable = user.self.uid === user.uid ? canRead(path) : undefined;
  return { path, stats, closedFolder, isReadable, complaint: complaintOf(path, what, stats) };
}

function canRead(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** A pipe would be waited at, and whatever cannot be read is judged by its mode. */
function complaintOf(path: string, what: string, { isFile }: FileStats): string | undefined {
  if (!isFile || !canRead(path)) return undefined;
  try {
    readSecretFile(path, what);
    return undefined;
  } catch (error) {
    return error instanceof AppError ? error.message : describeError(error);
  }
}

function findClosed(path: string, user: DaemonUser): string | undefined {
  const folders: string[] = [];
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    folders.unshift(folder);
    if (folder === dirname(folder)) break;
  }
  return folders.find((folder) => {
    const stats = statsOf(folder);
    return stats !== undefined && !allows(stats, user, 0o1);
  });
}

/** Undefined also for what this user may not look at: then nothing is said of it. */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** Pure. */
export function judgeSecretFile(
  option: string,
  file: SecretFile,
  { user, inContainer }: Pick<Scene, 'user' | 'inContainer'>,
): Remark {
  const { path, stats, closedFolder } = file;
  const quoted = shellQuote(path);
  const outside = inContainer ? 'on the host, on the file that is mounted there: ' : '';
  const own = `${outside}chown ${user.uid}:${user.gid} ${quoted} && chmod 0400 ${quoted}`;
  if (closedFolder !== undefined) {
    const text = `${path} is in a folder that user ${user.uid} cannot enter: ${closedFolder}`;
    return problem(option, text, `${outside}chown ${user.uid}:${user.gid} ${shellQuote(closedFolder)}`);
  }
  if (!stats) return judgeAbsent(option, file);
  if (!stats.isFile) return problem(option, `${path} is no file`, 'name the file that holds the secret');
  const shown = `mode ${formatMode(stats.mode)}, user ${stats.uid}`;
  if (file.isReadable === undefined && isForGroup(stats, user)) {
    const text = `only the group ${stats.gid} can read ${path}: whether the daemon's user ${user.uid} is one of it is not seen from here`;
    return unknown(option, text, `run this as user ${user.uid}`);
  }
  if (!(file.isReadable ?? allows(stats, user, 0o4)))
    return problem(option, `the daemon's user ${user.uid} cannot read ${path} (${shown})`, own);
  if (isOpenToOthers(stats, user)) {
    const next = stats.uid === user.uid ? `${outside}chmod 0400 ${quoted}` : own;
    return problem(option, `others than the daemon's user can read or write ${path} (${shown})`, next);
  }
  if (file.complaint !== undefined)
    return problem(option, file.complaint, 'put exactly one line into it: the value, and nothing else');
  return ok(option, `${path} can be read by user ${user.uid} alone (${shown})`);
}

function judgeAbsent(option: string, { path, error }: SecretFile): Remark {
  if (error === 'ENOENT' || error === 'ENOTDIR')
    return problem(option, `${path} is not there`, 'put the secret into that file, or take the option away');
  return unknown(
    option,
    `${path} cannot be looked at (${error})`,
    'run this as root, or as the daemon’s user',
  );
}

/** By the mode alone: lists of access and further groups are not looked at. @param bit 4 to read, 1 to pass */
function allows({ mode, uid, gid }: Omit<FileStats, 'isFile'>, user: DaemonUser, bit: number): boolean {
  if (user.uid === 0) return true;
  if (uid === user.uid) return (mode & (bit << 6)) !== 0;
  if (gid === user.gid) return (mode & (bit << 3)) !== 0;
  return (mode & bit) !== 0;
}

/** The daemon's user may have further groups. */
function isForGroup({ mode, uid, gid }: FileStats, user: DaemonUser): boolean {
  return uid !== user.uid && gid !== user.gid && gid !== 0 && (mode & 0o040) !== 0 && (mode & 0o007) === 0;
}

/** A file of root's may be given to the daemon through its group, to read. */
function isOpenToOthers({ mode, uid, gid }: FileStats, user: DaemonUser): boolean {
  const given = uid !== user.uid && gid === user.gid ? 0o040 : 0;
  return (mode & 0o077 & ~given) !== 0;
}
