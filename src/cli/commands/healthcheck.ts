import { openUsedDatabase } from '../../app.ts';
import { formatInstant } from '../../domain/calendar.ts';
import { heldSince } from '../../sqlite/hold.ts';
import { lastBeat } from '../../sqlite/installation.ts';
import type { Run } from '../command.ts';

const STALE_MS = 15 * 60_000;

/** Green while the daemon has had a good round in the last quarter of an hour: nothing failed, nothing asks for a person. */
export const run: Run = async ({ world, places, out }) => {
  const db = openUsedDatabase(places, world);
  try {
    const last = lastBeat(db, 'good-cycle');
    const healthy = last !== undefined && world.now().getTime() - last.getTime() < STALE_MS;
    const lastBeatAt = last ? formatInstant(last) : null;
    const lastCycle = lastBeat(db, 'cycle');
    const lastCycleAt = lastCycle ? formatInstant(lastCycle) : null;
    const held = heldSince(db);
    const heldSinceAt = held ? formatInstant(held) : null;
    if (out.json)
      out.resultJson({ schemaVersion: 1, healthy, lastBeatAt, lastCycleAt, heldSince: heldSinceAt });
    else
      out.result(
        `${healthy ? 'healthy' : 'not healthy'}: the last good round was ${lastBeatAt ? `at ${lastBeatAt}` : 'never'}, the last of any kind ${lastCycleAt ? `at ${lastCycleAt}` : 'never'}${heldSinceAt ? `; nothing is sent since ${heldSinceAt}, until \`reseal resume\`` : ''}`,
      );
    return healthy ? 0 : 1;
  } finally {
    db.close();
  }
};
