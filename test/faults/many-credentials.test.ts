import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Relay } from '../support/relay.ts';
import { startRelay } from '../support/relay.ts';
import { freePort } from '../support/stand-ins.ts';

/** Each night it is 100,000 (.github/workflows/nightly.yml). */
const CREDENTIALS = Number(process.env['RESEAL_CREDENTIALS'] ?? 10_000);
const OWNERS = ['ada', 'grace', 'joan', 'mary', 'radia'];
/** Of the daemon, and at its most: with 100,000 of them it takes 201 MiB. */
const MEMORY_MIB = 225;
/** Each of a hundred ends within the coming year; a sixth of them is due already. */
const DUE_OF_A_HUNDRED = 16;

/** As if they had been declared once: a configuration of so many would be larger than one may be. */
function fill(relay: Relay): void {
  const declaration = `json_object('name', 'crate-' || i, 'kind', 'crates-io-token', 'owner', json_extract('${JSON.stringify(OWNERS)}', '$[' || (i % ${OWNERS.length}) || ']'),
    'scopes', json('[]'), 'planned', json('false'), 'destinations', json_array(json_object('repo', 'example/crate-' || i, 'environment', 'release', 'secret', 'TOKEN')))`;
  const at = (days: string) => `strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ${days})`;
  const each = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${CREDENTIALS})`;
  relay.withStores((_stores, _sql, { connection }) => {
    connection.exec(`BEGIN;
      INSERT INTO credential (name, declaration, declared, first_seen_at) ${each} SELECT 'crate-' || i, ${declaration}, 0, ${at("'-300 days'")} FROM n;
      INSERT INTO version (credential, version, created_at, lifetime_days, expiry, expires_at, expiry_source, standing, checked, recorded_at)
        ${each} SELECT 'crate-' || i, 1, ${at("'-300 days'")}, 365, 'known',
          ${at(`(CASE WHEN i % 100 < ${DUE_OF_A_HUNDRED} THEN 40 ELSE 90 + i % 200 END) || ' days'`)}, 'entered', 'good', 'not-asked', ${at("'-300 days'")} FROM n;
      COMMIT`);
  });
}

/** Until it answers. */
async function healthy(port: number): Promise<void> {
  for (;;) {
    const status = await new Promise<number | undefined>((resolve) => {
      const asked = request({ host: '127.0.0.1', port, path: '/healthz' }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      asked.on('error', () => resolve(undefined));
      asked.end();
    });
    if (status === 200) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const highestMemory = (pid: number | undefined) =>
  Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

describe(`H4: with ${CREDENTIALS} credentials of five owners`, () => {
  it('the daemon is there within five seconds, stays small, and tells everybody in a few mails; status shows them all', async () => {
    const port = await freePort();
    await using relay = await startRelay({ owners: OWNERS, extra: `web: { port: ${port} }` });
    fill(relay);
    const beat = relay.beaten('/beat');
    const began = performance.now();
    const running = relay.program.start('daemon');
    await healthy(port);
    expect(performance.now() - began).toBeLessThan(5000);
    await beat;
    expect(highestMemory(running.child.pid)).toBeLessThan(MEMORY_MIB);
    running.child.kill('SIGTERM');
    expect((await running.finished).code).toBe(0);

    const told = relay.withStores((_stores, sql) =>
      sql(`SELECT COUNT(*) AS n FROM reminder AS r JOIN message AS m ON m.id = r.message
           WHERE r.topic = 'expiry' AND r.credential LIKE 'crate-%' AND m.state = 'sent'`),
    );
    expect(told).toEqual([{ n: (CREDENTIALS * DUE_OF_A_HUNDRED) / 100 }]);
    // A mail holds so many that nobody gets one for each.
    expect(relay.mail.messages.length).toBeLessThan(told.length * OWNERS.length * 40);

    const asked = performance.now();
    const { stdout } = await relay.program.run('status');
    expect(performance.now() - asked).toBeLessThan(5000);
    expect(stdout.split('\n').filter((line) => line.startsWith('crate-'))).toHaveLength(CREDENTIALS);
    const { credentials } = JSON.parse((await relay.program.run('status', '--json')).stdout) as {
      credentials: unknown[];
    };
    expect(credentials).toHaveLength(CREDENTIALS + OWNERS.length);
  });
});
