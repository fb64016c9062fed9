import { openUsedDatabase } from '../../app.ts';
import { formatInstant } from '../../domain/calendar.ts';
import { exportLines } from '../../sqlite/export.ts';
import type { Run } from '../command.ts';

const LINES_AT_ONCE = 500;

/** Everything that reseal knows as JSON on standard output, a part at a time. */
export const run: Run = async ({ world, places, out }) => {
  const db = openUsedDatabase(places, world);
  try {
    const head = { exportedAt: formatInstant(world.now()), program: world.version };
    let lines: string[] = [];
    for (const line of exportLines(db, head)) {
      lines.push(line);
      if (lines.length < LINES_AT_ONCE) continue;
      out.result(lines.join('\n'));
      // However slow its reader is, no more than this lies in memory.
      await out.flush();
      lines = [];
    }
    out.result(lines.join('\n'));
    await out.flush();
    return 0;
  } finally {
    db.close();
  }
};
