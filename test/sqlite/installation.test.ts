import { describe, expect, it } from 'vitest';
import {
  createInstallation,
  findSnapshot,
  keepSnapshot,
  lastBeat,
  readInstallId,
  recordBeat,
} from '../../src/sqlite/installation.ts';
import { later, NOW } from '../support/builders.ts';
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
    recordBeat(db, 'cycle', NOW);
    recordBeat(db, 'cycle', later(1));
    recordBeat(db, 'good-cycle', NOW);
    expect([lastBeat(db, 'cycle'), lastBeat(db, 'good-cycle')]).toEqual([later(1), NOW]);
  });
});
