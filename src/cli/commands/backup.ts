import { openUsedDatabase } from '../../app.ts';
import { formatHead } from '../../history/head.ts';
import { backUp } from '../../sqlite/backup.ts';
import type { Run } from '../command.ts';

/** A complete copy of the database while others use it. */
export const run: Run = async ({ world, places, out }, given) => {
  const db = openUsedDatabase(places, world);
  try {
    const { file, bytes, head } = backUp(db, given.arguments[0] ?? '');
    if (out.json) {
      out.resultJson({ schemaVersion: 1, file, bytes, head: head ?? null });
    } else {
      out.result(`backup   ${file} (${describeSize(bytes)}, checked)`);
      out.result(`history  ends at ${head ? formatHead(head) : 'nothing'}`);
      out.hint('keep it on another machine; it holds names, dates and addresses, and no token');
    }
    return 0;
  } finally {
    db.close();
  }
};

export function describeSize(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
