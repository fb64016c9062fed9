import { describe, expect, it } from 'vitest';
import type { Database } from '../../src/sqlite/database.ts';
import { KEPT_DAYS, thin } from '../../src/sqlite/retention.ts';
import { aDeclaration, aVersion, daysFromNow, NOW } from '../support/builders.ts';
import { openStores, rowsOf } from '../support/database.ts';

const OLD = daysFromNow(-KEPT_DAYS - 1).toISOString();
const RECENT = daysFromNow(-KEPT_DAYS + 1).toISOString();

/** Two versions of a credential, and a recipient. */
function begin(): Database {
  const { db, register } = openStores([aDeclaration()]);
  register.addVersion('crates-io', aVersion(), daysFromNow(-900));
  register.addVersion('crates-io', aVersion(), daysFromNow(-300));
  db.connection.exec("INSERT INTO recipient (id, channel, address) VALUES (1, 'mail', 'ada@example.org')");
  return db;
}

function message(
  db: Database,
  id: number,
  state: string,
  sentAt: string | null,
  nextAttemptAt: string | null = null,
): void {
  db.prepare(
    `INSERT INTO message (id, recipient, state, digest, split, urgency, attempts, repeats, refusals, claim, sent_at, next_attempt_at)
     VALUES (?, 1, ?, 0, 0, 0, 1, 0, 0, 1, ?, ?)`,
  ).run(id, state, sentAt, nextAttemptAt);
}

interface Row {
  credential?: string;
  version: number;
  lead: number;
  state: string;
  dueAt: string;
  message?: number;
}

function reminder(
  db: Database,
  { credential = 'crates-io', version, lead, state, dueAt, message: id }: Row,
): void {
  db.prepare(
    `INSERT INTO reminder (credential, version, topic, lead_days, recipient, due_at, tries, urgent, state, message)
     VALUES (?, ?, 'expiry', ?, 1, ?, 0, 0, ?, ?)`,
  ).run(credential, version, lead, dueAt, state, id ?? null);
}

const leads = (db: Database) => rowsOf(db, 'reminder').map((row) => row['lead_days']);

describe('thin', () => {
  it('removes what was settled long ago and is planned by nobody, and nothing else', () => {
    const db = begin();
    message(db, 1, 'sent', OLD);
    message(db, 2, 'ambiguous', null, RECENT);
    message(db, 3, 'dead', null);
    const gone: Row[] = [
      { version: 1, lead: 1, state: 'carried', dueAt: OLD, message: 1 },
      { version: 1, lead: 2, state: 'covered', dueAt: OLD },
      { version: 1, lead: 3, state: 'cancelled', dueAt: OLD },
      { credential: '*', version: 9, lead: 4, state: 'carried', dueAt: OLD, message: 1 },
      { credential: 'pipeline:widgets', version: 9, lead: 5, state: 'covered', dueAt: OLD },
    ];
    const kept: Row[] = [
      { version: 1, lead: 11, state: 'covered', dueAt: RECENT },
      { version: 2, lead: 12, state: 'carried', dueAt: OLD, message: 1 },
      { version: 0, lead: 13, state: 'covered', dueAt: OLD },
      { version: 1, lead: 14, state: 'owed', dueAt: OLD },
      { version: 1, lead: 15, state: 'dead', dueAt: OLD },
      { version: 1, lead: 16, state: 'carried', dueAt: OLD, message: 2 },
      { version: 1, lead: 17, state: 'carried', dueAt: OLD, message: 3 },
    ];
    for (const row of [...gone, ...kept]) reminder(db, row);
    expect(thin(db, NOW, 100)).toMatchObject({ reminders: gone.length });
    expect(leads(db).sort()).toEqual(kept.map(({ lead }) => lead));
    expect(thin(db, NOW, 100)).toEqual({ reminders: 0, messages: 0, outages: 0 });
  });

  it('removes messages that nothing refers to, once a later one is old too', () => {
    const db = begin();
    message(db, 1, 'sent', OLD);
    message(db, 2, 'cancelled', null);
    message(db, 3, 'sent', OLD);
    message(db, 4, 'cancelled', null);
    message(db, 5, 'sent', RECENT);
    reminder(db, { version: 2, lead: 30, state: 'carried', dueAt: OLD, message: 1 });
    expect(thin(db, NOW, 100).messages).toBe(2);
    expect(rowsOf(db, 'message').map((row) => row['id'])).toEqual([1, 4, 5]);
  });

  it('takes no more than so many rows at once', () => {
    const db = begin();
    for (let lead = 0; lead < 25; lead++) reminder(db, { version: 1, lead, state: 'covered', dueAt: OLD });
    expect(
      [thin(db, NOW, 10), thin(db, NOW, 10), thin(db, NOW, 10)].map(({ reminders }) => reminders),
    ).toEqual([10, 10, 5]);
  });

  it('never touches the history', () => {
    const db = begin();
    const before = rowsOf(db, 'event');
    thin(db, daysFromNow(10_000), 1000);
    expect(rowsOf(db, 'event')).toEqual(before);
  });
});
