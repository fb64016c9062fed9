import { describe, expect, it } from 'vitest';
import { rowsOf } from '../support/database.ts';
import { ACCEPTED, aChannel, aRound, openWith } from '../support/round.ts';

describe('F4: when the volume becomes read-only while the daemon runs', () => {
  it('sends nothing, can still be read, and sends once when it can be written again', async () => {
    const stores = openWith(['a']);
    const { connection } = stores.db;
    const { channel, tries, mails } = aChannel(ACCEPTED);
    const { plan, cycle } = aRound(stores, channel);
    plan();
    // SQLite answers as on a volume that was remounted: SQLITE_READONLY to every write.
    connection.pragma('query_only = ON');
    for (let round = 0; round < 3; round++)
      await expect(cycle()).rejects.toMatchObject({
        code: 'storage',
        message: expect.stringContaining(`"${connection.name}" cannot be written: SQLITE_READONLY`),
        hints: [expect.stringContaining('make its folder belong to the user that runs this')],
      });
    expect(tries).toEqual([]);
    expect(rowsOf(stores.db, 'message')).toMatchObject([{ state: 'pending' }]);
    expect(stores.register.list()).toHaveLength(1);
    connection.pragma('query_only = OFF');
    expect(await cycle()).toEqual({ sent: 1, failed: 0 });
    expect(mails).toHaveLength(1);
  });
});
