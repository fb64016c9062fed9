import { expect, it } from 'vitest';
import { startRelay } from '../support/relay.ts';

const ENTRIES = 200_000;

it('F16: with a history of hundreds of thousands of entries, status answers within a second', async () => {
  await using relay = await startRelay({ owners: ['ada'] });
  relay.withStores((_stores, _sql, { connection }) => {
    // Only the triggers that compare each entry with the one before take time; what they guard is not asked here.
    const triggers = connection
      .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'event'")
      .all() as { name: string; sql: string }[];
    for (const { name } of triggers) connection.exec(`DROP TRIGGER ${name}`);
    connection.exec(`WITH RECURSIVE n (i) AS (SELECT (SELECT MAX(seq) FROM event) + 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ENTRIES})
      INSERT INTO event SELECT i, '2027-01-01T00:00:00Z', 'a@b', 'mail.sent', 'ada@example.org', 'accepted with 250',
        '{"channel":"mail","reminders":["ada 1 expiry 30"]}', printf('%064x', i - 1), printf('%064x', i) FROM n`);
    for (const { sql } of triggers) connection.exec(sql);
  });
  let best = Number.POSITIVE_INFINITY;
  for (let time = 0; time < 3; time++) {
    const began = performance.now();
    const { stdout } = await relay.program.run('status');
    best = Math.min(best, performance.now() - began);
    expect(stdout).toContain(`${ENTRIES}:`);
  }
  expect(best).toBeLessThan(1000);
});
