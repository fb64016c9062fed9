import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { daemonLockPath, databasePath } from '../../app.ts';
import { formatInstant } from '../../domain/calendar.ts';
import { AppError, describeError } from '../../domain/error.ts';
import { formatHead } from '../../history/head.ts';
import { makeFolder } from '../../sqlite/database.ts';
import type { Lock } from '../../sqlite/lock.ts';
import { acquireLock, isLocked } from '../../sqlite/lock.ts';
import type { Restored } from '../../sqlite/restore.ts';
import { restoreDatabase } from '../../sqlite/restore.ts';
import type { Context, Run } from '../command.ts';
import type { Output } from '../output.ts';

/** Puts a backup in the place of the database, and holds sending: 1, because a person has to let it go on. */
export const run: Run = async (context, given) => {
  const { places, world, out } = context;
  const lock = lockOut(context);
  try {
    const restored = restoreDatabase({
      source: given.arguments[0] ?? '',
      path: databasePath(places),
      now: world.now,
      actor: world.actor,
    });
    if (out.json) out.resultJson(asJson(restored));
    else print(out, restored);
    return 1;
  } finally {
    lock.release();
  }
};

/** @throws AppError conflict while a daemon or a rotation works with the database */
function lockOut({ places }: Context): Lock {
  const hints = ['stop it first, then try again; nothing was changed'];
  let lock: Lock | undefined;
  try {
    makeFolder(places.dataDir);
    lock = acquireLock(daemonLockPath(places));
  } catch (error) {
    throw new AppError(
      'storage',
      `the folder "${places.dataDir}" cannot be written: ${describeError(error)}`,
      {
        hints: ['make it belong to the user that runs this, or name another with --data-dir'],
        cause: error,
      },
    );
  }
  if (!lock) throw new AppError('conflict', 'a daemon is running on this data', { hints });
  const open = readdirSync(places.dataDir).find(
    (name) => /^rotation-.*\.lock$/.test(name) && isLocked(join(places.dataDir, name)),
  );
  if (!open) return lock;
  lock.release();
  throw new AppError('conflict', `a rotation is open: "${open.slice('rotation-'.length, -'.lock'.length)}"`, {
    hints: ['finish it first, then try again; nothing was changed'],
  });
}

function asJson({ head, kept, replaced, heldSince }: Restored): object {
  return {
    schemaVersion: 1,
    head,
    kept: kept ?? null,
    replaced: replaced
      ? {
          head: replaced.head ?? null,
          lastBeatAt: replaced.lastBeatAt ?? null,
          sameInstallation: replaced.isSameInstallation,
        }
      : null,
    heldSince: formatInstant(heldSince),
  };
}

function print(out: Output, { head, kept, replaced, heldSince }: Restored): void {
  out.result(`restored  a database whose history ends at ${formatHead(head)}`);
  if (kept) {
    const end = replaced?.head ? `; its history ends at ${formatHead(replaced.head)}` : '';
    out.result(`kept      the one that was there: ${kept}${end}`);
  }
  if (replaced?.installId && !replaced.isSameInstallation)
    out.result(out.style('yellow', 'note      what was there belonged to another installation'));
  out.result(
    out.style(
      'yellow',
      `held      since ${formatInstant(heldSince)}: nothing is sent until \`reseal resume\``,
    ),
  );
  out.hint('look at it first: reseal status; what would go out: reseal resume --dry-run');
}
