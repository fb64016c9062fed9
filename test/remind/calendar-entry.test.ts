import { describe, expect, it } from 'vitest';
import { UNKNOWN_EXPIRY } from '../../src/domain/expiry.ts';
import type { CalendarEntry } from '../../src/remind/calendar-entry.ts';
import { calendarEntry } from '../../src/remind/calendar-entry.ts';
import type { Reminded } from '../../src/remind/reminder.ts';
import {
  aDeclaration,
  aReminded,
  aVersion,
  DESTINATION,
  daysFromNow,
  knownUntil,
  NOW,
} from '../support/builders.ts';

const CONTEXT = {
  installId: 'install-1',
  domain: 'example.org',
  command: 'docker compose exec reseal reseal',
};

function entryOf(overrides: Partial<Reminded> = {}, context = CONTEXT): CalendarEntry {
  const entry = calendarEntry(aReminded(overrides), context);
  if (!entry) throw new Error('there is no entry');
  return entry;
}

describe('calendarEntry', () => {
  describe('when a credential expires', () => {
    const entry = entryOf();

    it('returns when, of what, and where it lives', () => {
      expect(entry).toMatchObject({
        at: daysFromNow(10),
        summary: 'crates-io expires (CARGO_REGISTRY_TOKEN in example/widgets)',
        url: 'https://crates.io/settings/tokens',
        stampedAt: daysFromNow(-355),
      });
    });

    it('returns what breaks and what to type', () => {
      expect(entry.description.split('\n')).toEqual([
        'crates.io API token "widgets release": publishes the widgets crates',
        'Version 1 expires on 2026-12-03 09:30 UTC, as entered by a person.',
        'Without it: crates can no longer be published with it: the release stops at the publishing step.',
        'Lives in: example/widgets › release › CARGO_REGISTRY_TOKEN',
        'To renew it, type: docker compose exec reseal reseal rotate crates-io',
      ]);
    });

    it('returns no link in its words', () => {
      expect(`${entry.summary} ${entry.description}`).not.toMatch(/https?:/);
    });
  });

  describe('when it is asked for twice', () => {
    it('returns the same', () => {
      expect(entryOf()).toEqual(entryOf());
    });
  });

  describe('when a new version is recorded', () => {
    it('returns the same uid with a higher sequence, so that the entry moves', () => {
      const next = aVersion({ version: 2, expiry: knownUntil(daysFromNow(375)), recordedAt: NOW });
      const [before, after] = [entryOf(), entryOf({ current: next })];
      expect(after).toMatchObject({ uid: before.uid, at: daysFromNow(375), stampedAt: NOW });
      expect([before.sequence, after.sequence]).toEqual([1, 2]);
    });
  });

  describe('when credentials or installations differ', () => {
    it('returns a uid for each, without a name inside', () => {
      const uids = [
        entryOf(),
        entryOf({ declaration: aDeclaration({ name: 'npm' }) }),
        entryOf({}, { ...CONTEXT, installId: 'install-2' }),
        entryOf({}, { ...CONTEXT, domain: 'example.com' }),
      ].map(({ uid }) => uid);
      expect(new Set(uids).size).toBe(4);
      expect(uids.filter((uid) => !/^[0-9a-f]{32}@example\.(org|com)$/.test(uid))).toEqual([]);
    });
  });

  describe('when it lives in several places, or in none', () => {
    it('returns the first and how many more', () => {
      const destinations = [DESTINATION, { ...DESTINATION, environment: 'staging' }];
      expect(entryOf({ declaration: aDeclaration({ destinations }) }).summary).toBe(
        'crates-io expires (CARGO_REGISTRY_TOKEN in example/widgets and 1 more)',
      );
    });

    it('returns the command that records a date', () => {
      const declaration = aDeclaration({ kind: 'certificate', name: 'apple', destinations: [] });
      const entry = entryOf({ declaration });
      expect(entry).toMatchObject({ summary: 'apple expires', url: undefined });
      expect(entry.description).toContain('reseal record apple --expires YYYY-MM-DD');
    });
  });

  describe('when its kind is not known any more', () => {
    it('returns what can be said all the same', () => {
      const { description } = entryOf({ declaration: aDeclaration({ kind: 'gone' }) });
      expect(description).toContain('gone "widgets release"');
      expect(description).toContain('what depends on it stops');
    });
  });

  describe.each([
    [365, [30, 14, 7, 1]],
    [90, [21, 10, 5, 1]],
    [30, [10, 2]],
    [3, [1]],
    [1, []],
  ])('when it lives for %i days', (lifetimeDays, alarms) => {
    it(`returns alarms ${alarms.join(', ')} days before`, () => {
      expect(entryOf({ current: aVersion({ lifetimeDays }) }).alarmsDays).toEqual(alarms);
    });
  });

  describe('when it has left the configuration', () => {
    it('returns it still: its reminders go on too', () => {
      expect(entryOf({ declared: false }).summary).toContain('crates-io');
    });
  });

  describe.each([
    ['none is recorded', { current: undefined }],
    ['its date is not known', { current: aVersion({ expiry: UNKNOWN_EXPIRY }) }],
    ['it never expires', { current: aVersion({ expiry: { kind: 'never', source: 'entered' } }) }],
    ['it is revoked', { current: aVersion({ standing: 'revoked', standingAt: NOW }) }],
    ['it has leaked', { current: aVersion({ standing: 'leaked', standingAt: NOW }) }],
    ['it is retired', { retiredAt: NOW }],
  ] as const)('when %s', (_, overrides) => {
    it('returns undefined', () => {
      expect(calendarEntry(aReminded(overrides), CONTEXT)).toBeUndefined();
    });
  });

  describe('when somebody else has changed the secret', () => {
    const changedAt = daysFromNow(-1);
    const entry = entryOf({
      destinations: [
        { destination: DESTINATION, state: 'changed-elsewhere', remoteUpdatedAt: undefined, changedAt },
      ],
    });

    it('keeps the date, says that it may no longer hold, and since when', () => {
      expect(entry.at).toEqual(daysFromNow(10));
      expect(entry.description).toContain(
        'That date may no longer hold: somebody else has changed example/widgets › release › CARGO_REGISTRY_TOKEN (first seen 2026-11-22 09:30 UTC).',
      );
      expect(entry.stampedAt).toEqual(changedAt);
    });
  });

  describe('when it is a token of reseal’s own', () => {
    it('names no command: it is put into its file', () => {
      const own = { name: 'reseal-seal-token', kind: 'github-token', owner: '*', destinations: [] };
      expect(entryOf({ declaration: aDeclaration(own) }).description).not.toMatch(/To renew it|reseal r/);
    });

    it('names one for another GitHub token, which is a credential like the rest', () => {
      const declaration = aDeclaration({ kind: 'github-token' });
      expect(entryOf({ declaration }).description).toContain('reseal rotate crates-io');
    });
  });
});
