import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { App } from '../../src/app.ts';
import { addDays } from '../../src/domain/calendar.ts';
import { byUrgency, nextCommand } from '../../src/next-command.ts';
import { readOverview } from '../../src/overview.ts';
import { sweep } from '../../src/remind/sweep.ts';
import { planningOf } from '../../src/sending.ts';
import { oldestUndelivered, plannedMails, probeWritable } from '../../src/sqlite/figures.ts';
import { recordBeat, recordTrouble } from '../../src/sqlite/installation.ts';
import { openTestApp } from '../support/app.ts';
import { daysFromNow, knownUntil, later, NOW } from '../support/builders.ts';
import { testClock } from '../support/stand-ins.ts';
import { aStatus } from './page-overviews.ts';

function openApp(names: readonly string[]): App {
  const credentials = names.map((name, index) => {
    const place = `{ repo: example/widgets, environment: release, secret: TOKEN_${index} }`;
    return `${name}: { kind: crates-io-token, owner: ada, lifetime: 365d, destinations: [ ${place} ] }`;
  });
  return openTestApp({ apiUrl: 'http://127.0.0.1:1', clock: testClock(), credentials }).app;
}

/** Recorded as made a year before its end. */
function recordEnding(app: App, name: string, days: number): void {
  const version = { lifetimeDays: 365, createdAt: undefined, checked: 'not-asked' } as const;
  app.register.addVersion(
    name,
    { ...version, expiry: knownUntil(daysFromNow(days)) },
    daysFromNow(Math.min(days - 365, -1)),
  );
}

function plan(app: App): void {
  sweep(planningOf(app, () => undefined));
}

describe('readOverview', () => {
  it('has the most urgent first, each with its reminders and what to type next', () => {
    const app = openApp(['fine', 'due', 'gone', 'undated']);
    recordEnding(app, 'fine', 200);
    recordEnding(app, 'due', 20);
    recordEnding(app, 'gone', -2);
    const { credentials, command } = readOverview(app, NOW);
    expect(credentials.map(({ status, next }) => [status.name, next])).toEqual([
      ['gone', 'reseal rotate gone'],
      ['due', 'reseal rotate due'],
      ['reseal-seal-token', undefined],
      ['undated', 'reseal record undated --expires YYYY-MM-DD'],
      ['fine', undefined],
    ]);
    expect(command).toBe('reseal');
    const [, due] = credentials;
    expect(due?.leads.map(({ days, reached }) => [days, reached])).toEqual([
      [60, true],
      [30, true],
      [14, false],
      [7, false],
      [3, false],
      [1, false],
      [0, false],
    ]);
    expect(due?.leads.at(-1)?.at).toEqual(daysFromNow(20));
    expect(due).toMatchObject({ issuer: 'crates.io', page: 'https://crates.io/settings/tokens' });
    expect(credentials[3]?.leads).toEqual([]);
  });

  it('has the mail that is owed, since when, and what it is about', () => {
    const app = openApp(['one', 'two']);
    recordEnding(app, 'one', 0.5);
    recordEnding(app, 'two', -0.5);
    plan(app);
    const { mail } = readOverview(app, NOW);
    expect(mail).toMatchObject({ isConfigured: false, counts: { pending: 1, dead: 0 } });
    expect(mail.waiting).toMatchObject([
      { state: 'pending', channel: 'mail', recipient: 'ada@example.org', lastError: undefined },
    ]);
    expect(mail.waiting[0]?.about.split('; ').sort()).toEqual([
      'one, 1 day before its expiry',
      'two, the day it expires',
    ]);
    expect(mail.oldestDueAt).toEqual(daysFromNow(-0.5));
  });

  it('has what is wrong with the installation, its beats and the end of its history', () => {
    const app = openApp(['one']);
    recordTrouble(app.db, 'clock', 'it is an hour late', later(-5));
    recordBeat(app.db, 'good-cycle', later(-60_000), 'host');
    const circuit = {
      channel: 'mail',
      fault: 'login',
      reason: 'the password is refused',
      failures: 3,
    } as const;
    app.outbox.openCircuit({ ...circuit, since: later(-9), nextTryAt: later(9) });
    const { troubles, beats, head } = readOverview(app, NOW);
    expect(troubles).toEqual([
      { name: 'clock', detail: 'it is an hour late', since: later(-5) },
      { name: 'mail', detail: 'the password is refused', since: later(-9) },
    ]);
    expect(beats).toEqual({ cycle: undefined, goodCycle: later(-60_000), verify: undefined });
    const last = app.history.list().at(-1);
    expect(head?.seq).toBe(last?.seq);
    expect(last?.hash.startsWith(head?.hash ?? '-')).toBe(true);
  });

  it('changes nothing', () => {
    const app = openApp(['one']);
    recordEnding(app, 'one', 3);
    const before = app.db.connection.prepare('SELECT total_changes()').pluck();
    const changes = before.get();
    readOverview(app, NOW);
    expect(before.get()).toBe(changes);
  });

  it('shows five hundred credentials at once', () => {
    const app = openApp(Array.from({ length: 500 }, (_, index) => `c${index}`));
    app.db.transaction(() => {
      for (let index = 0; index < 500; index++) recordEnding(app, `c${index}`, index - 20);
    });
    plan(app);
    const times = Array.from({ length: 7 }, () => {
      const began = performance.now();
      expect(readOverview(app, NOW).credentials).toHaveLength(501);
      return performance.now() - began;
    });
    // 13 ms on an idle machine; here it shares one.
    expect(Math.min(...times)).toBeLessThan(60);
  });
});

describe('when there are more credentials than a page shows', () => {
  it('H4: shows the thousand most urgent and counts the rest', () => {
    const names = Array.from({ length: 1005 }, (_, index) => `c${index}`);
    const app = openApp(names);
    for (const [index, name] of names.entries()) recordEnding(app, name, 300 - Math.floor(index / 5));
    const { credentials, omitted } = readOverview(app, NOW);
    // Its own token is among them.
    expect(omitted).toBe(6);
    expect(credentials).toHaveLength(1000);
    const shown = credentials.map(({ status }) => status.daysLeft).filter((days) => days !== null);
    expect(shown).toEqual(shown.toSorted((a, b) => Number(a) - Number(b)));
    expect(credentials.map(({ status }) => status.name)).not.toContain('c0');
  });
});

describe('when the next mail goes out', () => {
  it('is what a plan made anew says, wherever the plan that was made holds', () => {
    const names = Array.from({ length: 90 }, (_, index) => `c${index}`);
    const app = openApp([...names, 'undated']);
    for (const [index, name] of names.entries()) recordEnding(app, name, index - 20);
    app.register.acknowledge('c40', daysFromNow(3), NOW);
    app.register.retire('c50', NOW);
    plan(app);
    for (const now of [NOW, later(3_600_000), daysFromNow(2)]) {
      app.register.declare('c60', 'revoked', now);
      const planned = plannedMails(app.db, [...names, 'undated'], now);
      const stored = app.register.list().filter(({ declaration }) => planned.has(declaration.name));
      expect(stored.length).toBeGreaterThan(now === NOW ? 85 : 10);
      expect(planned.has('c40')).toBe(false);
      expect(planned.has('c60')).toBe(false);
      if (now !== NOW) continue;
      expect(stored.map(({ declaration }) => [declaration.name, planned.get(declaration.name)])).toEqual(
        stored.map((credential) => [credential.declaration.name, app.nextMailAt(credential)]),
      );
    }
  });
});

describe('oldestUndelivered', () => {
  it('does not count what waits for the next mail of the day', () => {
    const app = openApp(['one']);
    recordEnding(app, 'one', 20);
    app.outbox.apply([
      {
        credential: 'one',
        steps: [
          {
            kind: 'owe',
            key: {
              credential: 'one',
              version: 1,
              topic: 'expiry',
              leadDays: 30,
              channel: 'mail',
              recipient: 'ada@example.org',
            },
            dueAt: NOW,
            urgent: false,
          },
        ],
        nextPlanAt: undefined,
      },
    ]);
    expect(oldestUndelivered(app.db, daysFromNow(1))).toBeUndefined();
    expect(oldestUndelivered(app.db, daysFromNow(1.5))).toEqual(NOW);
  });
});

describe('probeWritable', () => {
  it('leaves no trace, and says so where another holds the database, soon', () => {
    const { db } = openApp(['one']);
    expect(() => probeWritable(db)).not.toThrow();
    const before = db.connection.pragma('busy_timeout', { simple: true });
    const other = new Sqlite(db.connection.name);
    other.exec('BEGIN IMMEDIATE');
    expect(() => probeWritable(db)).toThrow('in use by another command');
    other.close();
    expect(db.connection.pragma('busy_timeout', { simple: true })).toBe(before);
  });
});

describe('nextCommand', () => {
  const place = aStatus().destinations[0];
  if (!place) throw new Error('the status has a destination');
  const missing = { ...place, state: 'missing' } as const;
  const old = { version: 1, expiresAt: null, standing: 'good' } as const;
  const beyond = { since: null, endsAt: null, partial: false, text: '', advice: null, needsPerson: true };
  it.each([
    ['is fine', {}, undefined],
    ['is due', { state: 'due' }, 'rotate crates-io'],
    ['is due and lives nowhere', { state: 'due', destinations: [] }, 'record crates-io --expires YYYY-MM-DD'],
    ['has expired', { state: 'expired' }, 'rotate crates-io'],
    ['is revoked', { state: 'revoked' }, 'rotate crates-io'],
    ['has no date', { state: 'unknown' }, 'record crates-io --expires YYYY-MM-DD'],
    ['is unconfirmed', { unsettled: 'it is' }, 'confirm crates-io --stored --expires YYYY-MM-DD'],
    ['was changed', { changed: 'so', state: 'unknown' }, 'confirm crates-io --stored --expires YYYY-MM-DD'],
    ['is missing somewhere', { destinations: [missing] }, 'rotate crates-io --only-missing'],
    ['is missing and has expired', { destinations: [missing], state: 'expired' }, 'rotate crates-io'],
    ['does not fit its date', { baseline: 'so' }, 'record crates-io --expires YYYY-MM-DD'],
    [
      'is beyond a rule',
      { beyondRules: [beyond] },
      'record crates-io --created YYYY-MM-DD --expires YYYY-MM-DD',
    ],
    ['has an old token', { oldTokens: [old] }, 'confirm crates-io --old-revoked'],
    ['is retired', { state: 'expired', retiredAt: '2026-01-01T00:00:00Z' }, undefined],
  ] as const)('when it %s', (_what, overrides, rest) => {
    const command = 'docker compose exec reseal reseal';
    expect(nextCommand(aStatus(overrides), command)).toBe(rest && `${command} ${rest}`);
  });

  it('never makes a name part of another command', () => {
    const next = nextCommand(aStatus({ state: 'due', name: 'a; rm -rf ~' }), 'reseal');
    expect(next).toBe("reseal rotate 'a; rm -rf ~'");
  });
});

describe('byUrgency', () => {
  it('has what has ended before what may be broken, and that before what ends', () => {
    const end = (daysLeft: number) => ({ daysLeft, expiresAt: addDays(NOW, daysLeft).toISOString() });
    const all = [
      aStatus({ name: 'planned', state: 'planned' }),
      aStatus({ name: 'never', state: 'never' }),
      aStatus({ name: 'later', ...end(300) }),
      aStatus({ name: 'sooner', ...end(200) }),
      aStatus({ name: 'undated', state: 'unknown' }),
      aStatus({ name: 'due', state: 'due', ...end(20) }),
      aStatus({ name: 'critical', state: 'critical', ...end(2) }),
      aStatus({ name: 'changed', state: 'unknown', changed: 'so' }),
      aStatus({ name: 'expired', state: 'expired', ...end(-1) }),
      aStatus({ name: 'long-expired', state: 'expired', ...end(-9) }),
      aStatus({ name: 'leaked', state: 'revoked' }),
      aStatus({ name: 'retired', state: 'expired', retiredAt: '2026-01-01T00:00:00Z' }),
    ];
    expect(all.toSorted(byUrgency).map(({ name }) => name)).toEqual([
      'leaked',
      'long-expired',
      'expired',
      'changed',
      'critical',
      'due',
      'undated',
      'sooner',
      'later',
      'never',
      'planned',
      'retired',
    ]);
  });
});
