import { describe, expect, it } from 'vitest';
import { openFindingStore } from '../../src/findings.ts';
import { firstBroken } from '../../src/history/chain.ts';
import type { ClaimedMessage, NextState } from '../../src/remind/reminder.ts';
import { findingCounts, findingsToTell, openFindings } from '../../src/sqlite/findings.ts';
import { compareRuns } from '../../src/verify/changes.ts';
import type { Finding } from '../../src/verify/finding.ts';
import { aDeclaration, aPolicy, DESTINATION, daysFromNow, later, NOW } from '../support/builders.ts';
import { INSTALL_ID, openStores, openTestDatabase, rowsOf } from '../support/database.ts';
import { aFinding } from '../support/findings.ts';

const HOUR = 3_600_000;
const PIPELINE = { name: 'widgets', repo: 'Example/Widgets' };
const HIGH = aFinding({ outcome: 'fail', severity: 'high' });
const MEDIUM = aFinding({ outcome: 'fail', severity: 'medium', subject: 'staging' });
const GOOD = aFinding();
const SENT: NextState = { state: 'sent', nextAttemptAt: undefined, code: 250, error: undefined };
const DEAD: NextState = { state: 'dead', nextAttemptAt: undefined, code: 550, error: 'no such user' };
const AGAIN: NextState = { state: 'pending', nextAttemptAt: NOW, code: undefined, error: 'no connection' };
const LOST: NextState = { state: 'ambiguous', nextAttemptAt: NOW, code: undefined, error: 'no answer' };

/** A store as the program wires it; ada owns what lives in the repository, grace owns nothing there. */
function open(declarations = [aDeclaration()]) {
  const stores = openStores(declarations);
  const world = { actor: 'ada@host' } as Parameters<typeof openFindingStore>[0]['world'];
  const findings = openFindingStore({ ...stores, policy: aPolicy(), world });
  const record = (found: readonly Finding[], at = NOW, pipeline = PIPELINE) =>
    findings.record(pipeline, found, at).map(({ kind }) => kind);
  /** What is claimed after putting all that is due into messages. */
  const claim = (now = NOW): ClaimedMessage | undefined => {
    stores.outbox.gather(now, () => daysFromNow(-1));
    return stores.outbox.claim('run', now, ['mail']);
  };
  const reminders = () =>
    rowsOf(stores.db, 'reminder')
      .filter(({ topic }) => topic === 'findings')
      .map(({ credential, version, state, urgent }) => [credential, version, state, urgent]);
  const told = () =>
    stores.history
      .list()
      .filter(({ type }) => type.startsWith('verify.'))
      .map(({ type, subject, result }) => [type, subject, result]);
  return { ...stores, findings, record, claim, reminders, told };
}

function claimed(message: ClaimedMessage | undefined): ClaimedMessage {
  if (!message) throw new Error('there is nothing to claim');
  return message;
}

describe('record', () => {
  it('keeps what was seen, and counts the runs', () => {
    const { findings, record } = open();
    record([HIGH, GOOD, aFinding({ subject: 'x', outcome: 'unknown' })]);
    record([GOOD], later(24 * HOUR));
    const { why: _, ...kept } = GOOD;
    expect(findings.list('widgets')).toEqual([
      {
        ...kept,
        firstSeenAt: later(24 * HOUR),
        lastSeenAt: later(24 * HOUR),
        known: { outcome: 'pass', at: later(24 * HOUR) },
        failedAt: NOW,
        resolvedAt: later(24 * HOUR),
        change: { kind: 'recovered', run: 2, since: NOW, told: false },
      },
    ]);
    expect(findings.lastRun('widgets')).toMatchObject({
      run: 2,
      checkedAt: later(24 * HOUR),
      lastCompleteAt: later(24 * HOUR),
      summary: { pass: 1, fail: 0, unknown: 0, notApplicable: 0, manual: 0 },
    });
    expect(findings.lastRun('another')).toBeUndefined();
  });

  it('keeps when everything was last known, while something is not', () => {
    const { findings, record } = open();
    record([GOOD]);
    record([aFinding({ outcome: 'unknown' })], later(HOUR));
    expect(findings.lastRun('widgets')).toMatchObject({ checkedAt: later(HOUR), lastCompleteAt: NOW });
  });

  it('writes each change into the history, and what stays the same never', () => {
    const { db, history, record, told } = open();
    record([HIGH, GOOD, aFinding({ subject: 'main' })]);
    record([HIGH, aFinding({ subject: 'main' })], later(24 * HOUR));
    record([aFinding({ subject: 'main', outcome: 'not-applicable' })], later(48 * HOUR));
    expect(told()).toEqual([
      ['verify.failed', 'widgets', 'environment-reviewers: release'],
      ['verify.changed', 'widgets', 'environment-reviewers: main'],
      ['verify.closed', 'widgets', 'environment-reviewers: release'],
    ]);
    expect(firstBroken(history.list(), INSTALL_ID)).toBeUndefined();
    expect(db.connection.pragma('foreign_key_check')).toEqual([]);
  });

  it('leaves nothing behind where it fails half-way', () => {
    const stores = openStores();
    const failing = openFindings(stores.db, stores.history, {
      actor: 'ada@host',
      compare: compareRuns,
      tell: () => {
        throw new Error('the disk is full');
      },
    });
    const before = stores.history.list().length;
    expect(() => failing.record(PIPELINE, [HIGH], NOW)).toThrow('full');
    expect([rowsOf(stores.db, 'finding'), rowsOf(stores.db, 'verification')]).toEqual([[], []]);
    expect(stores.history.list()).toHaveLength(before);
  });
});

describe('what is owed of a run', () => {
  it('goes to the owners of what lives in the repository, each once', () => {
    const { db, record, reminders } = open([aDeclaration(), aDeclaration({ name: 'npm' })]);
    record([HIGH]);
    expect(reminders()).toEqual([['pipeline:widgets', 1, 'owed', 1]]);
    expect(rowsOf(db, 'recipient').map(({ address }) => address)).toEqual(['ada@example.org']);
  });

  it('goes to everybody where nothing lives there, or only what is retired', () => {
    for (const prepare of [
      () => open([aDeclaration({ destinations: [{ ...DESTINATION, repo: 'example/other' }] })]),
      () => {
        const stores = open();
        stores.register.retire('crates-io', NOW);
        return stores;
      },
    ]) {
      const { db, record } = prepare();
      record([HIGH]);
      expect(rowsOf(db, 'recipient').map(({ address }) => address)).toEqual([
        'ada@example.org',
        'grace@example.org',
      ]);
    }
  });

  it('goes out at once where a release is at stake, and else in the morning', () => {
    const urgent = open();
    urgent.record([MEDIUM, HIGH]);
    expect(claimed(urgent.claim()).reminders).toMatchObject([{ credential: 'pipeline:widgets', version: 1 }]);
    const patient = open();
    patient.record([MEDIUM]);
    expect(patient.claim()).toBeUndefined();
    // Nine in Lisbon.
    expect(claimed(patient.claim(new Date('2026-11-24T09:00:00Z'))).reminders).toHaveLength(1);
  });

  it('is nothing where nothing has changed, however often it runs', () => {
    const { record, reminders, claim, outbox } = open();
    for (let day = 0; day < 10; day++) record([HIGH], later(day * 24 * HOUR));
    expect(reminders()).toEqual([['pipeline:widgets', 1, 'owed', 1]]);
    const message = claimed(claim());
    expect(outbox.markData(message, new Uint8Array([1]), NOW)).toBe(true);
    expect(outbox.settle(message, SENT, NOW)).toBe(true);
    for (let day = 10; day < 20; day++) record([HIGH], later(day * 24 * HOUR));
    expect(claim(later(30 * 24 * HOUR))).toBeUndefined();
    expect(reminders()).toEqual([['pipeline:widgets', 1, 'carried', 1]]);
  });

  it('is told of as it stands when it goes out', () => {
    const { db, record, claim, outbox } = open();
    record([HIGH, MEDIUM]);
    const first = claimed(claim());
    outbox.settle(first, AGAIN, NOW);
    record([{ ...HIGH, outcome: 'pass', observed: 'ada approves' }, MEDIUM], later(HOUR));
    expect(findingsToTell(db, 'widgets', 1)).toMatchObject([{ subject: 'staging' }]);
    expect(findingsToTell(db, 'widgets', 2)).toMatchObject([
      { subject: 'release', change: { kind: 'recovered', since: NOW } },
    ]);
    expect(claimed(claim(later(HOUR))).reminders).toMatchObject([{ version: 1 }]);
  });

  it('is dropped in the claim where a later run has overtaken all of it', () => {
    const { record, claim, outbox, reminders } = open();
    record([HIGH]);
    outbox.settle(claimed(claim()), AGAIN, NOW);
    record([GOOD], later(HOUR));
    expect(claim(later(HOUR))).toBeUndefined();
    expect(reminders()).toEqual([
      ['pipeline:widgets', 1, 'cancelled', 1],
      ['pipeline:widgets', 2, 'owed', 0],
    ]);
    // The recovery says all of it in the morning.
    expect(claimed(claim(daysFromNow(1))).reminders).toMatchObject([{ version: 2 }]);
  });

  it('is stopped before its data where that happens after the claim', () => {
    const { record, claim, outbox } = open();
    record([HIGH]);
    const message = claimed(claim());
    record([GOOD], later(HOUR));
    expect(outbox.markData(message, new Uint8Array([1]), NOW)).toBe(false);
  });

  it('goes on as the same bytes where the answer was lost, and is not owed again', () => {
    const { record, claim, outbox } = open();
    record([HIGH]);
    const message = claimed(claim());
    outbox.markData(message, new Uint8Array([1, 2]), NOW);
    outbox.settle(message, LOST, NOW);
    record([HIGH], later(HOUR));
    const repeat = claimed(claim(later(HOUR)));
    expect([...(repeat.payload ?? [])]).toEqual([1, 2]);
    expect(repeat.reminders).toMatchObject([{ version: 1 }]);
    outbox.settle(repeat, SENT, later(HOUR));
    expect(claim(daysFromNow(3))).toBeUndefined();
  });

  it('is followed by an all-clear only where it went out, or may have', () => {
    const blindRun = [aFinding({ outcome: 'unknown' as const, observed: 'no answer' })];
    const until = (settle: NextState | undefined) => {
      const stores = open();
      stores.record([GOOD]);
      stores.record(blindRun, later(HOUR));
      expect(stores.record(blindRun, later(24 * HOUR))).toEqual(['blind']);
      const message = claimed(stores.claim(later(48 * HOUR)));
      if (settle) {
        stores.outbox.markData(message, new Uint8Array([1]), NOW);
        stores.outbox.settle(message, settle, NOW);
      }
      return stores.record([GOOD], later(49 * HOUR));
    };
    expect(until(SENT)).toEqual(['seen-again']);
    expect(until(LOST)).toEqual(['seen-again']);
    expect(until(undefined)).toEqual([]);
  });

  it('has nothing to do with a credential that changes, is rotated or retired', () => {
    const { record, register, claim } = open();
    record([HIGH]);
    register.retire('crates-io', NOW);
    expect(claimed(claim()).reminders).toMatchObject([{ credential: 'pipeline:widgets' }]);
  });

  it('shows in the outbox when it is given up, and can be sent again', () => {
    const { record, claim, outbox } = open();
    record([HIGH]);
    outbox.settle(claimed(claim()), DEAD, NOW);
    const [waiting] = outbox.waiting();
    expect(waiting).toMatchObject({ state: 'dead', reminders: [{ topic: 'findings', version: 1 }] });
    expect(outbox.counts().dead).toBe(1);
    expect(outbox.retry(waiting?.id ?? 0, NOW)).toBe(true);
    expect(claim()?.reminders).toHaveLength(1);
  });

  it('goes before every expiry where it is urgent, and behind all of them where it is not', () => {
    const urgencyOf = (finding: Finding) => {
      const stores = open();
      stores.record([finding]);
      stores.claim(daysFromNow(1));
      return rowsOf(stores.db, 'message').map(({ urgency }) => urgency);
    };
    expect(urgencyOf(HIGH)).toEqual([-9100]);
    expect(urgencyOf(MEDIUM)).toEqual([6000]);
  });
});

describe('closeOthers', () => {
  it('closes what left the configuration, and no run number comes again', () => {
    const { findings, record, claim, told, db } = open();
    record([HIGH]);
    record([HIGH], NOW, { name: 'gears', repo: 'example/gears' });
    findings.closeOthers(['gears'], later(1));
    findings.closeOthers(['gears'], later(2));
    expect(findings.list('widgets')).toEqual([]);
    expect(findings.list('gears')).toHaveLength(1);
    expect(told().filter(([type]) => type === 'verify.closed')).toEqual([
      ['verify.closed', 'widgets', 'it is no longer in the configuration'],
    ]);
    expect(claimed(claim()).reminders).toMatchObject([{ credential: 'pipeline:gears' }]);
    record([HIGH], later(HOUR));
    expect(rowsOf(db, 'verification')).toMatchObject([
      { pipeline: 'widgets', run: 2 },
      { pipeline: 'gears', run: 1 },
    ]);
  });
});

describe('confirm', () => {
  it('keeps when a line was last confirmed and by whom, with an entry in the history', () => {
    const { findings, db, told } = open();
    findings.confirm('widgets', 'manual-merge-button/main', NOW);
    findings.confirm('widgets', 'manual-merge-button/main', later(HOUR));
    expect(findings.confirmations('widgets')).toEqual(new Map([['manual-merge-button/main', later(HOUR)]]));
    expect(findings.confirmations('gears')).toEqual(new Map());
    expect(rowsOf(db, 'manual_confirmation')).toMatchObject([{ actor: 'ada@host' }]);
    expect(told()).toHaveLength(2);
  });
});

describe('findingCounts', () => {
  it('returns nulls where nothing was ever verified', () => {
    expect(findingCounts(openTestDatabase())).toEqual({ fail: null, unknown: null });
  });

  it('returns zeros where all is well', () => {
    const { db, record } = open();
    record([GOOD]);
    expect(findingCounts(db)).toEqual({ fail: 0, unknown: 0 });
  });

  it('counts over all pipelines, and a failure also while nobody can see it', () => {
    const { db, record } = open();
    record([HIGH, aFinding({ subject: 'x', outcome: 'unknown' })]);
    record([HIGH], NOW, { name: 'gears', repo: 'example/gears' });
    expect(findingCounts(db)).toEqual({ fail: 2, unknown: 1 });
    record([aFinding({ outcome: 'unknown' })], later(HOUR));
    expect(findingCounts(db)).toEqual({ fail: 2, unknown: 1 });
  });
});

describe('the statements of a claim', () => {
  it('find what is still to be told by an index', () => {
    const { connection } = openTestDatabase();
    const plan = connection
      .prepare(
        `EXPLAIN QUERY PLAN SELECT 1 FROM finding AS f WHERE f.pipeline = 'widgets' AND f.change_run = 3`,
      )
      .all() as { detail: string }[];
    expect(plan.map(({ detail }) => detail).join()).toMatch(/USING (COVERING )?INDEX finding_to_tell/);
  });
});
