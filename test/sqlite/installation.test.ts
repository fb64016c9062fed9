import { describe, expect, it } from 'vitest';
import {
  createInstallation,
  endTrouble,
  findSnapshot,
  keepSnapshot,
  lastBeat,
  lastDaemon,
  listTroubles,
  outagesSince,
  readInstallId,
  recordBeat,
  recordOutage,
  recordTrouble,
} from '../../src/sqlite/installation.ts';
import { daysFromNow, later, NOW } from '../support/builders.ts';
import { openTestDatabase, rowsOf } from '../support/database.ts';

describe('createInstallation', () => {
  it('gives an identity once, and keeps it', () => {
    const db = openTestDatabase();
    expect(readInstallId(db)).toBeUndefined();
    expect(createInstallation(db, 'first', NOW)).toBe(true);
    expect(createInstallation(db, 'second', NOW)).toBe(false);
    expect(readInstallId(db)).toBe('first');
  });
});

describe('keepSnapshot', () => {
  it('keeps the latest alone, for just these bytes and just this program', () => {
    const db = openTestDatabase();
    keepSnapshot(db, { sha256: 'a', program: '1.0.0', body: '{"a":1}', loadedAt: NOW });
    keepSnapshot(db, { sha256: 'b', program: '1.0.0', body: '{"b":1}', loadedAt: NOW });
    expect(findSnapshot(db, 'b', '1.0.0')).toBe('{"b":1}');
    expect(findSnapshot(db, 'b', '1.0.1')).toBeUndefined();
    expect(findSnapshot(db, 'a', '1.0.0')).toBeUndefined();
    expect(rowsOf(db, 'config_snapshot')).toHaveLength(1);
  });
});

describe('recordBeat', () => {
  it('keeps the last of each kind', () => {
    const db = openTestDatabase();
    expect(lastBeat(db, 'cycle')).toBeUndefined();
    recordBeat(db, 'cycle', NOW, 'here');
    recordBeat(db, 'cycle', later(1), 'here');
    recordBeat(db, 'good-cycle', NOW, 'here');
    expect([lastBeat(db, 'cycle'), lastBeat(db, 'good-cycle')]).toEqual([later(1), NOW]);
  });

  it('names the process that last said it was the daemon', () => {
    const db = openTestDatabase();
    recordBeat(db, 'cycle', NOW, 'elsewhere');
    expect(lastDaemon(db)).toBeUndefined();
    recordBeat(db, 'started', NOW, 'here');
    expect(lastDaemon(db)).toEqual({ pid: process.pid, host: 'here' });
  });
});

describe('recordOutage', () => {
  it('G7: keeps each once, and gives those that ended since, latest last', () => {
    const db = openTestDatabase();
    const outages = [2, 1, 30].map((days) => ({
      beganAt: daysFromNow(-days),
      endedAt: daysFromNow(0.5 - days),
    }));
    for (const outage of [...outages, ...outages]) recordOutage(db, outage);
    expect(outagesSince(db, daysFromNow(-10))).toEqual(outages.slice(0, 2));
  });
});

describe('recordTrouble', () => {
  it('keeps since when it is so, with what is wrong now, until it ends', () => {
    const db = openTestDatabase();
    recordTrouble(db, 'configuration', 'line 1', NOW);
    recordTrouble(db, 'configuration', 'line 2', later(1));
    recordTrouble(db, 'clock', 'ahead', later(2));
    expect(listTroubles(db)).toEqual([
      { name: 'clock', detail: 'ahead', since: later(2) },
      { name: 'configuration', detail: 'line 2', since: NOW },
    ]);
    endTrouble(db, 'configuration');
    expect(listTroubles(db)).toHaveLength(1);
  });
});
