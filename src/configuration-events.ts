import type { Config } from './config/config.ts';
import type { NewEvent } from './history/chain.ts';
import { describeChanges } from './history/changes.ts';
import { lastSnapshot } from './sqlite/audience.ts';
import type { Database } from './sqlite/database.ts';
import { openHistory } from './sqlite/history.ts';
import { keepSnapshot, readInstallId } from './sqlite/installation.ts';

/** The validated configuration of one file. */
interface Loaded {
  readonly sha256: string;
  readonly program: string;
  readonly config: Config;
}

/** Keeps what was loaded, and notes in the same transaction what it changes. The same file, validated anew, changes nothing. */
export function keepConfiguration(
  db: Database,
  { sha256, program, config }: Loaded,
  { now, actor }: { readonly now: () => Date; readonly actor: string },
): void {
  db.transaction(() => {
    const before = lastSnapshot(db);
    const installId = readInstallId(db);
    if (installId !== undefined && before?.sha256 !== sha256)
      openHistory(db, installId, actor).append(
        eventOf(before?.body, before !== undefined, sha256, config),
        now(),
      );
    keepSnapshot(db, { sha256, program, body: JSON.stringify(config), loadedAt: now() });
  });
}

function eventOf(before: string | undefined, wasLoaded: boolean, sha256: string, config: Config): NewEvent {
  const subject = 'configuration';
  if (!wasLoaded)
    return { type: 'configuration.loaded', subject, result: 'for the first time', detail: { sha256 } };
  if (before === undefined) {
    const result = 'what was kept of the one before cannot be read';
    return { type: 'configuration.changed', subject, result, detail: { sha256 } };
  }
  const after = JSON.parse(JSON.stringify(config)) as Config;
  const changed = describeChanges(JSON.parse(before) as Config, after);
  const result =
    changed.length === 0 ? 'no setting' : changed.length === 1 ? '1 setting' : `${changed.length} settings`;
  return { type: 'configuration.changed', subject, result, detail: { sha256, changed } };
}
