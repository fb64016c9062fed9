import { describe, expect, it } from 'vitest';
import { addDays } from '../../src/domain/calendar.ts';
import type { Condition } from '../../src/web/health.ts';
import { liveAnswer, readyAnswer } from '../../src/web/health.ts';
import { later, MINUTE_MS, NOW } from '../support/builders.ts';

function aCondition(overrides: Partial<Condition> = {}): Condition {
  return { now: NOW, goodCycleAt: later(-MINUTE_MS), unwritable: undefined, circuits: [], ...overrides };
}

function ready(overrides: Partial<Condition> = {}) {
  const { status, type, body } = readyAnswer(aCondition(overrides));
  expect(type).toBe('application/json');
  return { status, ...(JSON.parse(body) as object) };
}

describe('H12: readiness', () => {
  it('is given while the last good round is fresh', () => {
    expect(ready()).toEqual({
      status: 200,
      schemaVersion: 1,
      ready: true,
      reasons: [],
      lastGoodRoundAt: '2026-11-23T09:29:00Z',
    });
    expect(ready({ goodCycleAt: later(1 - 15 * MINUTE_MS) })).toMatchObject({ status: 200 });
  });

  it.each([
    ['a quarter of an hour ago', later(-15 * MINUTE_MS), 'the last good round was at 2026-11-23T09:15:00Z'],
    ['days ago', addDays(NOW, -3), 'the last good round was at 2026-11-20T09:30:00Z'],
    ['never', undefined, 'the last good round was never'],
  ])('is taken back when that was %s', (_when, goodCycleAt, reason) => {
    expect(ready({ goodCycleAt })).toMatchObject({ status: 503, ready: false, reasons: [reason] });
  });

  it('is taken back while the database cannot be written', () => {
    const unwritable = 'the database "reseal.db" cannot be written: SQLITE_READONLY';
    expect(ready({ unwritable })).toMatchObject({ status: 503, reasons: [unwritable] });
  });

  it('is taken back while a channel fails as a whole, and gives every reason', () => {
    const circuits = [{ channel: 'mail', reason: 'the mail server does not answer' }];
    expect(ready({ circuits, goodCycleAt: undefined })).toMatchObject({
      status: 503,
      reasons: ['the last good round was never', 'mail: the mail server does not answer'],
    });
  });
});

describe('liveness', () => {
  it('is that it answers', () => {
    const { status, body } = liveAnswer('0.1.0');
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({ schemaVersion: 1, status: 'ok', version: '0.1.0' });
  });
});
