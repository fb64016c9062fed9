import { openUsedDatabase } from '../../app.ts';
import { formatInstant } from '../../domain/calendar.ts';
import { lastBeat } from '../../sqlite/installation.ts';
import type { Run } from '../command.ts';

const STALE_MS = 15 * 60_000;

/** Green while the daemon has gone through a whole cycle in the last quarter of an hour. */
export const run: Run = async ({ world, places, out }) => {
  const db = openUsedDatabase(places, world);
  try {
    const last = lastBeat(db, 'cycle');
    const healthy = last !== undefined && world.now().getTime() - last.getTime() < STALE_MS;
    const lastBeatAt = last ? formatInstant(last) : null;
    if (out.json) out.resultJson({ schemaVersion: 1, healthy, lastBeatAt });
    else
      out.result(
        `${healthy ? 'healthy' : 'not healthy'}: the daemon last came round ${lastBeatAt ? `at ${lastBeatAt}` : 'never'}`,
      );
    return healthy ? 0 : 1;
  } finally {
    db.close();
  }
};
