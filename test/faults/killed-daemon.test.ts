import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { addDays } from '../../src/domain/calendar.ts';
import type { MailStage } from '../../src/sandbox/mail.ts';
import type { Running } from '../../src/sandbox/run.ts';
import { SEED } from '../support/builders.ts';
import type { Relay } from '../support/relay.ts';
import { startRelay } from '../support/relay.ts';

// 120 in the checks of every change, 2,000 each night; a few here, so that the suite stays quick.
const KILLS = Number(process.env['RESEAL_KILLS'] ?? 25);
const DEADLINE_MS = 60_000 + KILLS * 3_000;
const OWNERS = Array.from({ length: 40 }, (_, index) => `owner-${String(index).padStart(2, '0')}`);
const STAGES: readonly (MailStage | 'accepted')[] = ['mail', 'recipient', 'data', 'dot', 'accepted'];

/** mulberry32: small, seeded, good enough to choose where to strike. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A new version for each credential whose last reminder is out: it has less than a day left, so its mail goes at once. */
function supply(relay: Relay): void {
  relay.withStores(({ register }, sql, db) => {
    const open = new Set(
      sql(`SELECT DISTINCT credential FROM reminder AS r LEFT JOIN message AS m ON m.id = r.message
           WHERE r.state = 'owed' OR (r.state = 'carried' AND m.state <> 'sent')`).map(
        (row) => (row as { credential: string }).credential,
      ),
    );
    if (open.size > OWNERS.length / 2) return;
    const now = new Date();
    const expiry = { kind: 'known', at: addDays(now, 0.9), source: 'entered' } as const;
    const version = { expiry, lifetimeDays: 365, createdAt: undefined, checked: 'not-asked' } as const;
    db.transaction(() => {
      for (const name of OWNERS.filter((owner) => !open.has(owner))) register.addVersion(name, version, now);
    });
  });
}

/** The time that passes between two tries, which nobody wants to wait for. */
function letPausesPass(relay: Relay): void {
  relay.withStores((_stores, sql) => {
    sql("UPDATE message SET next_attempt_at = '2020-01-01T00:00:00.000Z' WHERE next_attempt_at IS NOT NULL");
    sql("UPDATE circuit SET next_try_at = '2020-01-01T00:00:00.000Z'");
  });
}

/** Kills it at a moment that it does not choose: while it starts, or some way into a conversation. */
async function killSomewhere(relay: Relay, running: Running, random: () => number): Promise<void> {
  const gone = running.finished;
  if (random() < 0.15) {
    const lines = Math.floor(random() * 3);
    for (let line = 0; line < lines; line++)
      await Promise.race([gone, new Promise((resolve) => running.child.stderr?.once('data', resolve))]);
  } else {
    const events = 1 + Math.floor(random() * 25);
    for (let event = 0; event < events; event++) {
      const stages = event === events - 1 ? [STAGES[Math.floor(random() * STAGES.length)] ?? 'data'] : STAGES;
      await Promise.race([gone, ...stages.map((stage) => relay.mail.when(stage))]);
    }
  }
  running.child.kill('SIGKILL');
  await gone;
}

/** Mails whose answer the killed process can have lost, by message. */
function onTheirWay(relay: Relay): readonly number[] {
  return relay.withStores((_stores, sql) =>
    sql("SELECT id FROM message WHERE state = 'in-flight' AND stage = 'data'").map(
      (row) => (row as { id: number }).id,
    ),
  );
}

describe(`a daemon that is killed ${KILLS} times`, () => {
  it(
    `E9, E10, E11, H6: loses no reminder, and repeats only what was on its way, byte for byte (seed ${SEED})`,
    async () => {
      await using relay = await startRelay({ owners: OWNERS });
      const random = randomFrom(SEED);
      const lostAnswers = new Map<number, number>();
      for (let kill = 0; kill < KILLS; kill++) {
        supply(relay);
        if (random() < 0.3) letPausesPass(relay);
        await killSomewhere(relay, relay.program.start('daemon'), random);
        for (const id of onTheirWay(relay)) lostAnswers.set(id, (lostAnswers.get(id) ?? 0) + 1);
      }
      for (let round = 0; round < 6; round++) {
        letPausesPass(relay);
        await relay.program.run('daemon', '--once');
      }

      const owed = relay.withStores((_stores, sql) =>
        sql(`SELECT r.credential, r.version, r.state, m.id AS message, m.state AS message_state FROM reminder AS r
           LEFT JOIN message AS m ON m.id = r.message WHERE r.topic = 'expiry'`),
      ) as { credential: string; version: number; state: string; message: number; message_state: string }[];
      // Not delivered is only what was given up visibly, after its answer had been lost three times.
      const unsent = owed.filter(
        ({ state, message_state }) => state !== 'covered' && message_state !== 'sent',
      );
      expect(unsent.filter(({ message }) => (lostAnswers.get(message) ?? 0) < 3)).toEqual([]);
      expect(owed.length).toBeGreaterThanOrEqual(OWNERS.length);

      const copies = Map.groupBy(relay.mail.messages, ({ raw }) => messageIdOf(raw));
      const extra = [...copies.values()].reduce((sum, mails) => sum + mails.length - 1, 0);
      const explained = [...lostAnswers.values()].reduce((sum, count) => sum + count, 0);
      expect(extra).toBeLessThanOrEqual(explained);
      for (const mails of copies.values()) {
        expect(mails.length).toBeLessThanOrEqual(3);
        expect(new Set(mails.map(({ raw }) => createHash('sha256').update(raw).digest('hex'))).size).toBe(1);
      }
      // As many different mails as there were versions to speak of: none was made twice under another name.
      const sent = owed.filter(({ message_state }) => message_state === 'sent');
      expect(copies.size).toBeGreaterThanOrEqual(new Set(sent.map(({ message }) => message)).size);
      expect(copies.size).toBeLessThanOrEqual(new Set(owed.map(({ message }) => message)).size);

      const left = relay.withStores((_stores, sql) =>
        sql("SELECT id FROM message WHERE state IN ('dead', 'in-flight')"),
      );
      expect(left).toEqual([]);
    },
    DEADLINE_MS,
  );
});

function messageIdOf(raw: Buffer): string {
  return /^Message-ID: (.+)$/im.exec(raw.toString('latin1'))?.[1]?.trim() ?? '';
}
