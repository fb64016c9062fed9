// `status` with 100,000 credentials of five owners, beside the sqlite3 shell that reads the same rows.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../../src/sqlite/database.ts';
import { atMost, benchmark } from './benchmark.ts';
import { isInstalled, node, openFolder, PROGRAM, peakMib, timed } from './program.ts';
import { compare, inTurns, median } from './rounds.ts';

const CREDENTIALS = 100_000;
const DAY_MS = 86_400_000;
const OWNERS = ['ada', 'ben', 'cy', 'dot', 'eve'];
const COUNT = CREDENTIALS.toLocaleString('en-US');
const ROWS =
  'SELECT c.name, c.declaration, v.version, v.expires_at, v.standing FROM credential c JOIN version v ON v.credential = c.name';

/** Straight into the database: a file that declares so many is larger than a configuration may be. @returns the arguments that choose it */
function install(folder: string): readonly string[] {
  const config = join(folder, 'config.yaml');
  const owners = OWNERS.map((name) => `${name}: { email: ${name}@example.org }`).join(', ');
  writeFileSync(config, `version: 1\nowners: { ${owners} }\n`, { mode: 0o600 });
  const common = [PROGRAM, '--config', config, '--data-dir', join(folder, 'data')];
  execFileSync(process.execPath, [...common, 'init'], { stdio: 'ignore' });
  const now = new Date();
  const db = openDatabase(join(folder, 'data/reseal.db'), 'use', () => now);
  try {
    const credential = db.prepare(
      'INSERT INTO credential (name, declaration, declared, first_seen_at, plan_at) VALUES (?, ?, 1, ?, ?)',
    );
    const version = db.prepare(
      `INSERT INTO version (credential, version, lifetime_days, expiry, expires_at, expiry_source, standing, checked, recorded_at)
       VALUES (?, 1, 365, 'known', ?, 'entered', 'good', 'not-asked', ?)`,
    );
    db.transaction(() => {
      for (let index = 0; index < CREDENTIALS; index++) {
        const name = `credential-${index}`;
        const owner = OWNERS[index % OWNERS.length];
        const destinations = [{ repo: `example/${name}`, environment: 'release', secret: 'TOKEN' }];
        const declaration = { name, kind: 'generic', owner, scopes: [], planned: false, destinations };
        const expiresAt = new Date(now.getTime() + (90 + (index % 275)) * DAY_MS);
        // As a daemon leaves it that has come round.
        const planAt = new Date(expiresAt.getTime() - 60 * DAY_MS);
        credential.run(name, JSON.stringify(declaration), now.toISOString(), planAt.toISOString());
        version.run(name, expiresAt.toISOString(), now.toISOString());
      }
    });
  } finally {
    db.close();
  }
  return common;
}

export const large = benchmark({
  name: 'large',
  lines: {
    status: {
      what: `\`reseal status\`, ${COUNT} credentials`,
      unit: 'ms',
      beside: 'the sqlite3 shell, the same rows',
      goals: [atMost(1000)],
    },
    memory: {
      what: `\`reseal status\`, ${COUNT} credentials: most memory`,
      unit: 'MiB',
      beside: 'an empty program',
      goals: [atMost(200)],
    },
  },
  measure: async ({ rounds }) => {
    using folder = openFolder();
    const common = install(folder.path);
    const empty = join(folder.path, 'empty.mjs');
    writeFileSync(empty, '');
    const shell = isInstalled('sqlite3');
    const query = { file: 'sqlite3', args: [join(folder.path, 'data/reseal.db'), ROWS] };
    const taken = await inTurns(
      {
        status: () => timed(node(...common, 'status')),
        shell: () => (shell ? timed(query) : Number.NaN),
      },
      Math.min(rounds, 5),
    );
    const peaks = await inTurns(
      {
        status: () => peakMib(folder.path, [...common, 'status']) ?? Number.NaN,
        empty: () => peakMib(folder.path, [empty]) ?? Number.NaN,
      },
      Math.min(rounds, 3),
    );
    return {
      status: shell
        ? compare(taken.status, taken.shell)
        : { reseal: median(taken.status), beside: 'not installed' },
      memory:
        process.platform === 'linux' ? compare(peaks.status, peaks.empty) : { missing: 'read on Linux only' },
    };
  },
});
