import Sqlite from 'better-sqlite3';
import { beginning, chain } from '../../src/history/chain.ts';
import { configure } from '../../src/sqlite/database.ts';
import { migrate, readMigrations } from '../../src/sqlite/migrate.ts';
import { daysFromNow, NOW } from './builders.ts';

// Databases as programs of the past left them: the migrations up to one of them, and rows by the SQL of that time.

const AT = NOW.toISOString();
export const OLD_INSTALL_ID = 'an-old-installation';

/** What stood in a database of each schema, besides what stood in the one before. */
const ROWS: Readonly<Record<number, (connection: Sqlite.Database) => void>> = {
  1: (connection) => {
    connection.exec(`INSERT INTO installation VALUES (1, '${OLD_INSTALL_ID}', '${AT}');
      INSERT INTO config_snapshot VALUES ('a', '0.1.0', '{}', '${AT}');
      INSERT INTO beat (name, at, pid) VALUES ('cycle', '${AT}', 7)`);
    const declaration = {
      name: 'ada',
      kind: 'generic',
      owner: 'ada',
      purpose: '',
      lifetime: '365d',
      scopes: [],
      planned: false,
      destinations: [{ repo: 'ada/widgets', environment: 'release', secret: 'TOKEN' }],
    };
    connection
      .prepare('INSERT INTO credential (name, declaration, declared, first_seen_at) VALUES (?, ?, 1, ?)')
      .run('ada', JSON.stringify(declaration), AT);
    connection.exec(`INSERT INTO rotation VALUES ('r1', 'ada', 'recorded', NULL, 7, 'host', NULL, '${AT}', '${AT}');
      INSERT INTO rotation_destination VALUES ('r1', 'ada/widgets', 'release', 'TOKEN', 'verified', 1, 'k', NULL, '${AT}', '${AT}', NULL, NULL, '${AT}');
      INSERT INTO destination VALUES ('ada', 'ada/widgets', 'release', 'TOKEN', 1, 'verified', '${AT}', '${AT}')`);
    connection
      .prepare(
        `INSERT INTO version (credential, version, created_at, lifetime_days, expiry, expires_at, expiry_source, standing, checked, rotation, recorded_at)
         VALUES ('ada', 1, ?, 365, 'known', ?, 'entered', 'good', 'live', 'r1', ?)`,
      )
      .run(AT, daysFromNow(20).toISOString(), AT);
  },
  2: (connection) =>
    connection.exec(`INSERT INTO message (id, channel, recipient, state, attempts, repeats, refusals, claim, next_attempt_at, first_due_at, message_id, created_at, sent_at)
        VALUES ('m1', 'mail', 'ada@example.org', 'sent', 1, 0, 0, 1, '${AT}', '${AT}', '<m1@example.org>', '${AT}', '${AT}');
      INSERT INTO reminder (id, credential, version, topic, lead_days, channel, recipient, due_at, state, message, created_at)
        VALUES (1, 'ada', 1, 'expiry', 30, 'mail', 'ada@example.org', '${AT}', 'carried', 'm1', '${AT}')`),
  3: (connection) => {
    const place = { seq: 1, at: AT, actor: 'ada@host', prev: beginning(OLD_INSTALL_ID).hash };
    const event = { type: 'installation.created', subject: 'reseal', result: 'created' };
    connection
      .prepare(
        'INSERT INTO event VALUES (@seq, @at, @actor, @type, @subject, @result, @detail, @prev, @hash)',
      )
      .run(chain(event, place));
  },
  4: (connection) => connection.exec(`INSERT INTO outage VALUES ('${AT}', '${AT}')`),
  5: (connection) => connection.exec("UPDATE version SET fingerprint = 'abcd.ef01'"),
  6: (connection) => connection.exec(`INSERT INTO own_token VALUES ('ada', '${AT}', NULL, 1)`),
  7: (connection) =>
    connection.exec(
      `INSERT INTO verification VALUES ('widgets', 1, '${AT}', '${AT}', NULL, 1, 0, 0, 0, 0);
       INSERT INTO trouble VALUES ('clock', 'ahead', '${AT}')`,
    ),
};

/** Leaves a database of that schema at `path`, closed. @param count how many migrations were known then */
export function makeOldDatabase(path: string, count: number): void {
  const connection = new Sqlite(path);
  connection.pragma('application_id = 0x7273656c');
  configure(connection);
  for (let known = 1; known <= count; known++) {
    migrate(connection, () => NOW, readMigrations().slice(0, known), 'none');
    ROWS[known]?.(connection);
  }
  connection.close();
}

/** Each statement of a migration; triggers stay whole. */
export function statementsOf(sql: string): readonly string[] {
  const parts: string[] = [];
  let open = '';
  for (const line of sql.split('\n')) {
    open += `${line}\n`;
    const isWhole = /^CREATE TRIGGER/m.test(open) ? /^END;/m.test(line) : /;\s*(--.*)?$/.test(line);
    if (!isWhole) continue;
    parts.push(open);
    open = '';
  }
  return open.trim() === '' ? parts : [...parts, open];
}

/** Everything that a database says, by itself and in its tables; its log is read first. */
export function contentsOf(path: string): unknown {
  const connection = new Sqlite(path, { fileMustExist: true });
  try {
    const schema = connection
      .prepare(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name",
      )
      .all() as { type: string; name: string }[];
    return {
      schema,
      version: connection.pragma('user_version', { simple: true }),
      rows: schema
        .filter(({ type }) => type === 'table')
        .map(({ name }) => [name, connection.prepare(`SELECT * FROM ${name}`).all()]),
      sound: connection.pragma('integrity_check', { simple: true }),
    };
  } finally {
    connection.close();
  }
}
