import type { Stats } from 'node:fs';
import { readdirSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { databasePath } from '../app.ts';
import { fingerprintKeyPath } from '../fingerprints.ts';
import type { Check } from './check.ts';
import { formatMode } from './configuration.ts';
import type { Remark } from './line.ts';
import { count, ok, problem, shellQuote, unknown } from './line.ts';
import type { DaemonUser } from './scene.ts';

/** A file as the system shows it. */
export interface Entry {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly size: number;
}

export interface FolderFacts {
  readonly folder: Entry | undefined;
  /** The database and whatever lies beside it; undefined: they cannot be listed. */
  readonly files: readonly Entry[] | undefined;
  readonly user: DaemonUser;
}

const KEY_BYTES = 32;
const LEAST_FREE = 100 * 1024 * 1024;

/** Where the database is: whose it is, who else can see it, on what it lies, and how much room there is. */
export const folder: Check = {
  id: 'folder',
  title: 'Data folder',
  run: ({ places, user }) => {
    const own = entryOf(places.dataDir);
    const files = own && entriesIn(places.dataDir);
    const remarks = judgeFolder(places.dataDir, { folder: own, files, user });
    if (!own) return remarks;
    const { bsize, bavail, type } = statfsSync(places.dataDir);
    const database = files?.find(({ path }) => path === databasePath(places))?.size ?? 0;
    return [
      ...remarks,
      judgeFileSystem(process.platform === 'linux' ? type : undefined),
      judgeRoom(bsize * bavail, database),
    ];
  },
};

function entriesIn(path: string): readonly Entry[] | undefined {
  try {
    return readdirSync(path)
      .map((name) => entryOf(join(path, name)))
      .filter((one) => one !== undefined);
  } catch {
    return undefined;
  }
}

function entryOf(path: string): Entry | undefined {
  const stats: Stats | undefined = statSync(path, { throwIfNoEntry: false });
  return stats && { path, mode: stats.mode & 0o7777, uid: stats.uid, size: stats.size };
}

export function judgeFolder(path: string, { folder: own, files, user }: FolderFacts): readonly Remark[] {
  if (!own) return [problem('folder', `there is no folder "${path}"`, 'run `reseal init` first')];
  if (!files) return [judgeOwn(own, user), unknown('files', 'this user cannot list the folder', asRoot())];
  const key = files.find((one) => one.path === fingerprintKeyPath({ dataDir: path }));
  return [judgeOwn(own, user), judgeFiles(path, files, user), judgeKey(key)];
}

function asRoot(): string {
  return 'run this as root, or as the user that the folder belongs to';
}

function judgeOwn({ path, mode, uid }: Entry, { self }: DaemonUser): Remark {
  const shown = `mode ${formatMode(mode)}, user ${uid}`;
  if ((mode & 0o022) !== 0)
    return problem('folder', `others can write into ${path} (${shown})`, `chmod 0700 ${shellQuote(path)}`);
  if (self.uid !== 0 && self.uid !== uid) {
    const text = `${path} belongs to user ${uid}, and this is user ${self.uid}`;
    return problem('folder', text, `run reseal as user ${uid}, such as: sudo -u '#${uid}' reseal doctor`);
  }
  return ok('folder', `${path} belongs to user ${uid} (${shown})`);
}

function judgeFiles(path: string, files: readonly Entry[], user: DaemonUser): Remark {
  const foreign = files.find(({ uid }) => uid !== user.uid);
  if (foreign) {
    const text = `${foreign.path} belongs to user ${foreign.uid}, so that the daemon's user ${user.uid} may not be able to use it`;
    return problem('files', text, `chown -R ${user.uid}:${user.gid} ${shellQuote(path)}`);
  }
  const open = files.find(({ mode }) => (mode & 0o077) !== 0);
  if (open) {
    const text = `others can see ${open.path} (mode ${formatMode(open.mode)})`;
    return problem('files', text, `chmod go-rwx ${shellQuote(open.path)}`);
  }
  return ok('files', `${count(files.length, 'file')}, open to user ${user.uid} alone`);
}

function judgeKey(key: Entry | undefined): Remark {
  const subject = 'fingerprint.key';
  if (!key) return ok(subject, 'is made at the first rotation');
  if (key.size !== KEY_BYTES) {
    const text = `has ${key.size} bytes, not ${KEY_BYTES}: no rotation can be opened`;
    return problem(subject, text, 'restore it, or move it away: a new one is made');
  }
  // Who else can see it is said of every file.
  return ok(
    subject,
    `has its ${KEY_BYTES} bytes; a lost one costs the recognition of tokens, and nothing else`,
  );
}

/** `f_type` of statfs(2): its manual page, linux/magic.h, and the sources of those that are in neither. */
const LOCAL: Readonly<Record<number, string>> = {
  61267: 'ext4',
  1481003842: 'XFS',
  2435016766: 'Btrfs',
  801189825: 'ZFS',
  4076150800: 'F2FS',
  3393526350: 'bcachefs',
};
const REMOTE: Readonly<Record<number, string>> = {
  26985: 'NFS',
  4283649346: 'CIFS',
  4266872130: 'SMB2',
  20859: 'SMB',
  12805120: 'Ceph',
  1397113167: 'AFS',
  16914839: '9p, by which a virtual machine shares what its host has',
};
const FUSE = 0x65735546;
const OVERLAY = 0x794c7630;
const TMPFS = 0x01021994;
const RAMFS = 0x858458f6;

/** SQLite's locks and shared memory hold on one machine alone (F15). @param type of statfs(2); undefined: not Linux */
export function judgeFileSystem(type: number | undefined): Remark {
  const subject = 'file system';
  if (type === undefined) return unknown(subject, 'which one it lies on can be told on Linux alone');
  const unsigned = type >>> 0;
  const remote = REMOTE[unsigned];
  if (remote !== undefined) {
    const text = `it lies on ${remote}, where locks cannot be relied on: two programs may write at once`;
    return problem(subject, text, 'move it to a local disk, or into a volume of the container’s engine');
  }
  if (unsigned === TMPFS || unsigned === RAMFS)
    return problem(subject, 'it lies in memory, and is gone at the next restart', 'move it to a disk');
  const local = LOCAL[unsigned];
  if (local !== undefined) return ok(subject, `${local}, on this machine`);
  if (unsigned === FUSE) {
    const text =
      'it lies on FUSE, of which cannot be told whether a virtual machine shares it with its host, where locks do not hold';
    const next =
      'where the daemon runs in Docker Desktop or the like, run every command in its container: docker compose exec reseal reseal …';
    return unknown(subject, text, next);
  }
  if (unsigned === OVERLAY) {
    const text = 'it lies on an overlay, which may be the top layer of a container and go with it';
    return unknown(subject, text, 'in a container, mount a volume there (docker-compose.yml)');
  }
  return unknown(subject, `it lies on one that reseal does not know (0x${unsigned.toString(16)})`);
}

/** What is written before anything is done needs room. @param free bytes @param database its bytes */
export function judgeRoom(free: number, database: number): Remark {
  const least = Math.max(LEAST_FREE, 2 * database);
  const text = `${megabytes(free)} free, the database has ${megabytes(database)}`;
  if (free >= least) return ok('room', text);
  return problem(
    'room',
    `${text}: nothing is sent or stored once it cannot be recorded`,
    'make room on that disk',
  );
}

function megabytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
