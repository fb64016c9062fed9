import { databasePath } from '../app.ts';
import type { AppError } from '../domain/error.ts';
import { isAppError } from '../domain/error.ts';
import type { Break } from '../history/chain.ts';
import type { Database } from '../sqlite/database.ts';
import type { DatabaseState, HistoryState } from '../sqlite/inspect.ts';
import { inspectDatabase, inspectHistory } from '../sqlite/inspect.ts';
import { readInstallId } from '../sqlite/installation.ts';
import type { Check } from './check.ts';
import type { Remark } from './line.ts';
import { count, ok, problem, unknown } from './line.ts';
import type { Scene } from './scene.ts';

/** Undefined `state`: `init` has not given the database its identity. */
export interface HistoryFacts {
  readonly state: HistoryState | undefined;
}

const RESTORE = 'leave the file as it is, and put a backup in its place: reseal restore FILE';

/** Whether the file is ours, whole, of this program's schema, and its history unchanged (F7, F17). */
export const database: Check = {
  id: 'database',
  title: 'Database',
  run: (scene) => {
    const { db, places } = scene;
    if (!db.ok) return [judgeUnopened(db)];
    const state = stateOf(db.value);
    if (isAppError(state)) return [problem('integrity', state.message, state.hints.join('; ') || RESTORE)];
    const usable = state.isOurs && state.damage.length === 0;
    const remarks = judgeState(databasePath(places), state);
    return [...remarks, ...judgeHistory(usable ? historyOf(db.value) : undefined)];
  },
};

function stateOf(db: Database): DatabaseState | AppError {
  try {
    return inspectDatabase(db);
  } catch (error) {
    if (isAppError(error)) return error;
    throw error;
  }
}

/** Why it cannot be looked at. */
function judgeUnopened({ reason, hints }: Extract<Scene['db'], { ok: false }>): Remark {
  return problem('file', reason, hints.join('; ') || RESTORE);
}

export function judgeState(path: string, state: DatabaseState): readonly Remark[] {
  if (state.bytes === 0) {
    const text = `the database "${path}" is empty: it was there once, and has lost everything`;
    const next =
      'put a backup in its place: reseal restore FILE; if there never was anything in it, remove the file and run `reseal init`';
    return [problem('file', text, next)];
  }
  if (!state.isOurs) {
    const text = `"${path}" is a database, but not one of reseal's`;
    return [problem('file', text, 'name another folder with --data-dir')];
  }
  const copy = `keep a copy of it on another machine: reseal backup FILE`;
  return [
    ok('file', `${path} is a database of reseal's`, copy),
    judgeDamage(state),
    judgeMigrations(state.migrations),
  ];
}

function judgeDamage({ damage }: DatabaseState): Remark {
  if (damage.length === 0) return ok('integrity', 'SQLite finds every page, index and reference in order');
  return problem('integrity', `it is damaged: ${damage.join('; ')}`, RESTORE);
}

function judgeMigrations({ applied, shipped }: DatabaseState['migrations']): Remark {
  const subject = 'schema';
  const other = applied.find(({ name, checksum }, index) => {
    const ours = shipped[index];
    return ours !== undefined && (ours.name !== name || ours.checksum !== checksum);
  });
  if (other) {
    const text = `it was migrated by another "${other.name}" than this program ships`;
    return problem(subject, text, 'use the released program that made it, or a later one');
  }
  if (applied.length > shipped.length)
    return problem(subject, 'it was written by a newer reseal', 'use that version, or a later one');
  const pending = shipped.length - applied.length;
  if (pending > 0) {
    const text = `${count(pending, 'migration')} behind this program: whatever writes to it next brings it up to date`;
    return problem(subject, text, 'restart the daemon; it copies the database first');
  }
  return ok(subject, `that of this program: ${count(applied.length, 'migration')}`);
}

function historyOf(db: Database): HistoryFacts {
  const installId = readInstallId(db);
  return { state: installId === undefined ? undefined : inspectHistory(db, installId) };
}

const REASONS: Readonly<Record<Break['reason'], string>> = {
  missing: 'is missing',
  changed: 'was changed',
  'out-of-place': 'does not follow the one before it',
};
const LOOK = 'look at it with: reseal history --check; and compare it with the last backup';

/** @param facts undefined: the database cannot be used */
export function judgeHistory(facts: HistoryFacts | undefined): readonly Remark[] {
  if (!facts) return [unknown('history', 'not looked at, because the database cannot be used')];
  if (!facts.state)
    return [problem('installation', 'the database is not initialised', 'run `reseal init` first')];
  const { broken, rewound, reaches } = facts.state;
  if (broken) return [problem('history', `entry ${broken.seq} ${REASONS[broken.reason]}`, LOOK)];
  if (rewound) {
    const text = `it was seen to reach entry ${rewound.seq}, and does not hold it any more: the end was cut off, or an older database is in its place`;
    return [problem('history', text, `${LOOK}; after a restore: reseal resume`)];
  }
  return [ok('history', `its chain holds, up to entry ${reaches}`)];
}
