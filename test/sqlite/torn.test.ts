import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findDamage } from '../../src/sqlite/damage.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { checkChain } from '../../src/sqlite/history.ts';
import { NOW } from '../support/builders.ts';
import { INSTALL_ID, makeFolder } from '../support/database.ts';
import { ACCEPTED, aChannel, aRound, openWith } from '../support/round.ts';

const HEADER = 32;
const FRAME = 24 + 4096;

/** A round that sends one mail: the database as it was before, and the write-ahead log of the whole round. */
async function aRoundOnDisk() {
  const stores = openWith(['a']);
  const { connection } = stores.db;
  connection.pragma('wal_checkpoint(TRUNCATE)');
  const before = readFileSync(connection.name);
  const { channel, mails } = aChannel(ACCEPTED);
  await aRound(stores, channel).cycle();
  expect(mails).toHaveLength(1);
  expect(connection.pragma('synchronous', { simple: true })).toBe(2);
  return { before, log: readFileSync(`${connection.name}-wal`) };
}

/** As the next start finds it. */
function opened(folder: string, before: Buffer, log: Buffer) {
  const path = join(folder, 'reseal.db');
  writeFileSync(path, before);
  writeFileSync(`${path}-wal`, log);
  const db = openDatabase(path, 'use', () => NOW);
  try {
    return {
      damage: findDamage(db.connection, 'full'),
      broken: checkChain(db, INSTALL_ID).broken,
      messages: db.connection.prepare('SELECT state, stage FROM message').all(),
    };
  } finally {
    db.close();
  }
}

const ORDER = ['none', 'pending', 'in-flight claimed', 'in-flight data', 'sent'];

function stepOf(messages: readonly unknown[]): number {
  const [message] = messages as { state: string; stage: string | null }[];
  return ORDER.indexOf(message ? [message.state, message.stage].filter(Boolean).join(' ') : 'none');
}

describe('F6: when the power fails while a mail goes out', () => {
  it('opens at one step or the next, wherever the log was cut or a block of it was lost', async () => {
    const { before, log } = await aRoundOnDisk();
    const frames = Math.floor((log.length - HEADER) / FRAME);
    expect(frames).toBeGreaterThan(15);
    const folder = makeFolder();
    const steps: number[] = [];
    for (let frame = 0; frame <= frames; frame++) {
      const whole = HEADER + frame * FRAME;
      const { damage, broken, messages } = opened(folder, before, log.subarray(0, whole));
      expect([damage, broken]).toEqual([undefined, undefined]);
      const step = stepOf(messages);
      steps.push(step);
      if (frame === frames) continue;
      // Half a frame more is no frame; one that never came to the disk takes those behind it along.
      const lost = Buffer.from(log);
      lost.fill(0, whole + 24, whole + FRAME);
      for (const torn of [log.subarray(0, whole + FRAME / 2), lost])
        expect(opened(folder, before, torn)).toMatchObject({
          damage: undefined,
          broken: undefined,
          messages,
        });
    }
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect([...new Set(steps)]).toEqual([0, 1, 2, 3, 4]);
  });

  it('F11: without its log, opens as it was at the last checkpoint', async () => {
    const { before } = await aRoundOnDisk();
    expect(opened(makeFolder(), before, Buffer.alloc(0))).toEqual({
      damage: undefined,
      broken: undefined,
      messages: [],
    });
  });
});
