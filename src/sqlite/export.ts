import type { Database } from './database.ts';

/** One list of the export, in an order that depends on what is in it alone. */
interface Section {
  readonly name: string;
  readonly sql: string;
  /** Columns that hold JSON, and those that hold 0 or 1. */
  readonly json?: readonly string[];
  readonly flags?: readonly string[];
}

/**
 * What is not exported, and why; the rest of every table is.
 * Fingerprints recognise tokens. The configuration, and who is told by it, stand in its file. The bytes of a mail, who claims it and which process that is, belong to this moment.
 */
export const LEFT_OUT: readonly string[] = [
  'version.fingerprint',
  'message.payload',
  'message.owner_epoch',
  'message.claim',
  'rotation.pid',
  'beat.pid',
  'credential.plan_at',
  'config_snapshot.*',
  'audience.*',
  'recipient.*',
];

const RECIPIENT = 'p.channel, p.address AS recipient';

export const SECTIONS: readonly Section[] = [
  { name: 'installation', sql: 'SELECT id, install_id, created_at FROM installation' },
  { name: 'migrations', sql: 'SELECT name, checksum, applied_at, program FROM migration ORDER BY name' },
  {
    name: 'credentials',
    sql: 'SELECT name, declaration, declared, acknowledged_until, first_seen_at, retired_at FROM credential ORDER BY name',
    json: ['declaration'],
    flags: ['declared'],
  },
  {
    name: 'versions',
    sql: `SELECT credential, version, created_at, lifetime_days, expiry, expires_at, expiry_source, standing, standing_at, checked,
        rotation, recorded_at, revoked_at FROM version ORDER BY credential, version`,
  },
  {
    name: 'destinations',
    sql: `SELECT credential, repo, environment, secret, version, state, stored_at, remote_updated_at, look_at, checked_at, changed_at
      FROM destination ORDER BY credential, repo, environment, secret`,
  },
  {
    name: 'rotations',
    sql: `SELECT id, credential, state, detail, host, chosen, completes, opened_at, updated_at FROM rotation
      ORDER BY credential, opened_at, id`,
    json: ['chosen'],
  },
  {
    name: 'rotationDestinations',
    sql: `SELECT rotation, repo, environment, secret, state, attempts, key_id, baseline_updated_at, intended_at, remote_updated_at,
        request_id, detail, updated_at FROM rotation_destination ORDER BY rotation, repo, environment, secret`,
  },
  {
    name: 'reminders',
    sql: `SELECT r.credential, r.version, r.topic, r.lead_days, ${RECIPIENT}, r.due_at, r.not_before, r.tries, r.urgent, r.state,
        r.covered_by, r.message FROM reminder AS r JOIN recipient AS p ON p.id = r.recipient
      ORDER BY r.credential, r.version, r.topic, r.lead_days, p.channel, p.address`,
    flags: ['urgent'],
  },
  {
    name: 'messages',
    sql: `SELECT m.id, ${RECIPIENT}, m.state, m.stage, m.digest, m.split, m.urgency, m.attempts, m.repeats, m.refusals,
        m.next_attempt_at, m.last_code, m.last_error, m.sent_at FROM message AS m JOIN recipient AS p ON p.id = m.recipient
      ORDER BY m.id`,
    flags: ['digest', 'split'],
  },
  {
    name: 'recipients',
    sql: 'SELECT channel, address AS recipient, digest_at FROM recipient ORDER BY channel, address',
  },
  {
    name: 'verifications',
    sql: `SELECT pipeline, run, checked_at, look_at, last_complete_at, pass, fail, unknown, not_applicable, manual FROM verification
      ORDER BY pipeline`,
  },
  {
    name: 'findings',
    sql: `SELECT pipeline, rule, subject, outcome, severity, section, expected, observed, remedy, first_seen_at, last_seen_at,
        known_outcome, known_at, failed_at, resolved_at, change, change_since, change_run FROM finding
      ORDER BY pipeline, rule, subject`,
  },
  {
    name: 'manualConfirmations',
    sql: 'SELECT pipeline, key, confirmed_at, actor FROM manual_confirmation ORDER BY pipeline, key',
  },
  {
    name: 'ownTokens',
    sql: 'SELECT credential, asked_at, refused_since, file_stamp FROM own_token ORDER BY credential',
  },
  {
    name: 'circuits',
    sql: 'SELECT channel, fault, reason, failures, since, next_try_at FROM circuit ORDER BY channel',
  },
  { name: 'outages', sql: 'SELECT began_at, ended_at FROM outage ORDER BY began_at' },
  { name: 'troubles', sql: 'SELECT name, detail, since FROM trouble ORDER BY name' },
  { name: 'beats', sql: 'SELECT name, at, host FROM beat ORDER BY name' },
  {
    name: 'history',
    sql: 'SELECT seq, at, actor, type, subject, result, detail, prev, hash FROM event ORDER BY seq',
    json: ['detail'],
  },
];

/**
 * Everything as one JSON object, a line for each row, as it stands at this instant: others may write meanwhile. Names are those of
 * the columns in camel case; instants are RFC 3339, a date that is not known is null.
 */
export function* exportLines(
  { connection }: Database,
  head: Readonly<Record<string, unknown>>,
): Generator<string> {
  // One look for all of it. Nothing is written in this transaction, so that it may stay open while a slow reader takes the lines.
  connection.exec('BEGIN');
  try {
    // Only what is read first decides which instant that is.
    connection.prepare('SELECT count(*) FROM sqlite_schema').get();
    yield `${JSON.stringify({ schemaVersion: 1, ...head }).slice(0, -1)},`;
    for (const [index, section] of SECTIONS.entries()) {
      yield `${JSON.stringify(section.name)}: [`;
      yield* rowsOf(connection, section);
      yield index === SECTIONS.length - 1 ? ']}' : '],';
    }
  } finally {
    connection.exec('COMMIT');
  }
}

function* rowsOf(
  connection: Database['connection'],
  { sql, json = [], flags = [] }: Section,
): Generator<string> {
  let line: string | undefined;
  for (const row of connection.prepare(sql).iterate() as IterableIterator<Record<string, unknown>>) {
    if (line !== undefined) yield `${line},`;
    const entries = Object.entries(row).map(([name, value]) => {
      if (flags.includes(name)) return [camel(name), value === 1];
      return [camel(name), json.includes(name) && typeof value === 'string' ? JSON.parse(value) : value];
    });
    line = JSON.stringify(Object.fromEntries(entries));
  }
  if (line !== undefined) yield line;
}

function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}
