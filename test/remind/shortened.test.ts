import { describe, expect, it } from 'vitest';
import { monthOf, parseInstant } from '../../src/domain/calendar.ts';
import type { Declaration, Version } from '../../src/domain/credential.ts';
import { UNKNOWN_EXPIRY } from '../../src/domain/expiry.ts';
import { OWN_NAMES } from '../../src/domain/own-token.ts';
import { calendarEntry } from '../../src/remind/calendar-entry.ts';
import { nextReminder, planCredential } from '../../src/remind/plan.ts';
import type { PlanStep, Reminded, Reminder } from '../../src/remind/reminder.ts';
import { everySeriesOf } from '../../src/remind/series.ts';
import { rulesAgainst } from '../../src/remind/shortened.ts';
import {
  aDeclaration,
  aPolicy,
  aReminded,
  aVersion,
  DESTINATION,
  daysFromNow,
  knownUntil,
  NOW,
} from '../support/builders.ts';
import { both, composeParts as compose } from '../support/mail.ts';
import { applied, sentBy } from '../support/plan-model.ts';

const MONTH = monthOf(NOW);

/** A key that was made in May for a year, and ended with all the older ones on 1 November. */
function aKey(
  version: Partial<Version> = {},
  overrides: Partial<Reminded> = {},
  declaration: Partial<Declaration> = {},
): Reminded {
  return aReminded({
    declaration: aDeclaration({ name: 'nuget', kind: 'nuget-key', scopes: [], ...declaration }),
    current: aVersion({
      createdAt: parseInstant('2026-05-01'),
      recordedAt: parseInstant('2026-05-02'),
      expiry: knownUntil('2027-05-01'),
      ...version,
    }),
    ...overrides,
  });
}

/** A token that may be one of those that stop on 1 December. */
function aMarketplaceToken(version: Partial<Version> = {}): Reminded {
  return aKey({ createdAt: undefined, ...version }, {}, { name: 'vscode', kind: 'vscode-marketplace-token' });
}

function plan(at: string | Date, credential: Reminded, rows: readonly Reminder[] = []) {
  return planCredential(credential, rows, aPolicy(), new Date(at));
}

function inShort(steps: readonly PlanStep[]): readonly string[] {
  return steps.map(({ kind, key: { topic, leadDays } }) => `${kind} ${topic} ${leadDays}`);
}

const topicsOf = (credential: Reminded) =>
  everySeriesOf(credential, aPolicy(), NOW).map(({ topic }) => topic);

describe('a rule of the issuer that ends a credential before its recorded date', () => {
  it('gives it the line a month, beside the reminders by that date', () => {
    expect(topicsOf(aKey())).toEqual(['expiry', 'standing']);
    expect(topicsOf(aMarketplaceToken())).toEqual(['expiry', 'standing']);
    expect(topicsOf(aKey({ expiry: knownUntil('2026-10-31') }))).toEqual(['expiry']);
    expect(topicsOf(aReminded())).toEqual(['expiry']);
  });

  it('gives no second line where there is one already', () => {
    expect(topicsOf(aKey({ expiry: { kind: 'never', source: 'entered' } }))).toEqual(['standing']);
    expect(topicsOf(aKey({ expiry: UNKNOWN_EXPIRY }))).toEqual(['standing']);
    const changedAt = daysFromNow(-60);
    const changed = {
      destination: DESTINATION,
      state: 'changed-elsewhere',
      remoteUpdatedAt: undefined,
      changedAt,
    } as const;
    expect(topicsOf(aKey({}, { destinations: [changed] }))).toEqual(['expiry', 'standing', 'changed']);
  });

  it('says nothing of what is revoked, leaked or retired, nor of what reseal reads by itself', () => {
    expect(topicsOf(aKey({ standing: 'leaked', standingAt: NOW }))).toEqual(['leaked']);
    expect(topicsOf(aKey({}, { retiredAt: NOW }))).toEqual([]);
    for (const credential of [aKey({ standing: 'revoked' }), aKey({}, { retiredAt: NOW })])
      expect(rulesAgainst(credential, NOW)).toEqual([]);
    expect(rulesAgainst(aKey({}, {}, { name: OWN_NAMES.seal }), NOW)).toEqual([]);
    expect(rulesAgainst(aKey({}, { current: undefined }), NOW)).toEqual([]);
  });

  it('where it is not certain, gives it the line around its day alone', () => {
    const at = (day: string) =>
      everySeriesOf(aMarketplaceToken(), aPolicy(), parseInstant(day)).map(({ topic }) => topic);
    expect(at('2026-10-31')).toEqual(['expiry']);
    expect(at('2026-11-01')).toEqual(['expiry', 'standing']);
    expect(at('2026-12-31')).toEqual(['expiry', 'standing']);
    expect(at('2027-01-01')).toEqual(['expiry']);
    // The day is no morning of a month: the line of the month that has begun is owed then.
    expect(inShort(plan('2026-11-01T12:00:00Z', aMarketplaceToken()).steps)).toEqual([
      `owe standing ${MONTH}`,
    ]);
  });

  describe('when a release brings the rule', () => {
    const before = aKey({}, {}, { kind: 'generic' });
    const known = applied([], plan('2027-03-10T09:00:00Z', before));

    it('is owed with the next mail, and is told once a month', () => {
      const steps = (at: string, rows: readonly Reminder[]) => inShort(plan(at, aKey(), rows).steps);
      const first = plan(NOW, aKey());
      expect(inShort(first.steps)).toEqual([`owe standing ${MONTH}`]);
      expect(first.nextPlanAt).toEqual(parseInstant('2026-12-01T09:00:00Z'));
      const rows = sentBy(NOW, applied([], first));
      expect(steps('2026-11-23T09:30:00Z', rows)).toEqual([]);
      expect(steps('2026-12-01T08:59:59Z', rows)).toEqual([]);
      expect(steps('2026-12-01T09:00:00Z', rows)).toEqual([`owe standing ${MONTH + 1}`]);
    });

    it('leaves the reminders by the recorded date as they were', () => {
      const at = new Date('2027-03-10T09:00:00Z');
      expect(inShort(plan(at, before).steps)).toEqual(['owe expiry 60']);
      for (const rows of [known, sentBy(at, known)])
        expect(inShort(plan(at, aKey(), rows).steps)).toEqual([`owe standing ${MONTH + 4}`]);
    });

    it('takes the line back with the rule, and no other', () => {
      const at = new Date('2027-03-10T09:00:00Z');
      const rows = applied(known, plan(at, aKey(), known));
      expect(inShort(plan(at, before, rows).steps)).toEqual([`drop standing ${MONTH + 4}`]);
      expect(plan(at, before, sentBy(at, rows)).steps).toEqual([]);
      expect(inShort(plan('2027-04-01T09:00:00Z', before, sentBy(at, rows)).steps)).toEqual([
        'owe expiry 30',
      ]);
    });
  });

  it('I4: is planned alike however often, whatever the clock says of its day', () => {
    for (const at of ['2026-10-31T23:59:59Z', '2026-11-01T09:00:00Z', '2027-01-01T09:00:00Z']) {
      const rows = applied([], plan(at, aKey()));
      expect(rows.length).toBeGreaterThan(0);
      expect(plan(at, aKey(), rows).steps).toEqual([]);
      expect(plan(at, aKey())).toEqual(plan(at, aKey()));
    }
  });

  it('waits for the month after it was recorded: whoever recorded it was told at once', () => {
    const fresh = aMarketplaceToken({ recordedAt: daysFromNow(-2) });
    expect(plan(NOW, fresh).steps).toEqual([]);
    expect(nextReminder(fresh, aPolicy(), NOW)).toEqual({
      topic: 'standing',
      leadDays: MONTH + 1,
      at: parseInstant('2026-12-01T09:00:00Z'),
    });
  });
});

describe('the line a month about a date that a rule contradicts', () => {
  const line = (credential: Reminded) => ({
    credential,
    reminder: { topic: 'standing', leadDays: MONTH } as const,
  });

  it('says which rule, since when, until when, and what to do', () => {
    const message = compose([line(aKey())]);
    expect(message.subject).toBe("nuget has ended before its recorded date: the month's list");
    for (const words of both(message)) {
      expect(words).toMatch(/^Without a certain date/);
      expect(words).toContain(
        'rule of 2026-08-17, those made before it ended on 2026-11-01: so did this one, made on 2026-05-01, and not on 2027-05-01 as recorded. Renew it',
      );
      expect(words).toContain('record nuget --expires YYYY-MM-DD');
    }
  });

  it('says that it may be so where that is not certain, and asks for the day on which it was made', () => {
    const message = compose([line(aMarketplaceToken())]);
    expect(message.subject).toBe("vscode may end before its recorded date: the month's list");
    for (const words of both(message)) {
      expect(words).toContain('end on 2026-12-01: if it is one of them, so does this one');
      expect(words).toContain('record vscode --created YYYY-MM-DD --expires YYYY-MM-DD');
    }
  });

  it('says it of what is recorded as never expiring', () => {
    const never = aKey({ expiry: { kind: 'never', source: 'entered' } });
    const message = compose([line(never)]);
    expect(message.subject).toBe("nuget has ended before its recorded date: the month's list");
    for (const words of both(message)) expect(words).toContain('recorded as never expiring. By nuget.org');
  });

  it('is called uncertain in a list where not all lack a date', () => {
    const message = compose([line(aKey()), line(aMarketplaceToken())]);
    expect(message.subject).toBe("2 credentials without a certain expiry date: the month's list");
  });

  it('says after the rule what has left the configuration', () => {
    const { text } = compose([line({ ...aKey(), declared: false })]);
    expect(text.replace(/\s+/g, ' ')).toContain('needs no key; no longer in the configuration: put it back');
  });

  it('says that it is to come where its day has not come', () => {
    const { subject } = compose([line(aKey())], undefined, new Date('2026-10-31T09:00:00Z'));
    expect(subject).toBe("nuget ends before its recorded date: the month's list");
  });

  it('is left out where no rule speaks against the date any more', () => {
    expect(() => compose([line(aKey({ expiry: knownUntil('2026-10-31') }))])).toThrow('is known');
  });
});

describe('every other mail about it', () => {
  const TOPICS = ['expiry', 'rotated'] as const;

  it.each(TOPICS)('carries the rule: %s', (topic) => {
    const message = compose([{ credential: aKey(), reminder: { topic, leadDays: 0 } }]);
    for (const words of both(message)) {
      expect(words).toContain('those made before it ended on 2026-11-01');
      expect(words).toContain('If its issuer shows another date, record that:');
      expect(words).toContain('it may no longer hold');
    }
  });

  it('carries none where it is revoked, or where nothing speaks against the date', () => {
    const revoked = aKey({ standing: 'revoked', standingAt: NOW });
    const alarm = compose([{ credential: revoked, reminder: { topic: 'revoked', leadDays: 0 } }]);
    for (const words of [...both(alarm), ...both(compose())]) expect(words).not.toContain("'s rule of");
  });

  it('tells one that is not certain ahead of its day, and no more once it proved to be about others', () => {
    const at = (day: string) =>
      both(compose([{ credential: aMarketplaceToken() }], undefined, parseInstant(day)));
    for (const words of at('2026-07-01')) {
      expect(words).toContain("'s rule of 2026-12-01");
      expect(words).not.toContain('it may no longer hold');
    }
    for (const words of at('2027-01-01')) expect(words).not.toContain("'s rule of");
  });

  it('names no page in a sentence', () => {
    const { text } = compose([{ credential: aMarketplaceToken() }]);
    expect(text).toContain("'s rule of 2026-12-01");
    expect(text.match(/^.*\S.*https?:.*$/gm)?.filter((one) => !/^\s*https?:\S+$/.test(one)) ?? []).toEqual(
      [],
    );
  });
});

describe('its entry in a calendar', () => {
  const context = { installId: 'install-1', domain: 'example.org', command: 'reseal' };

  it('says that the date may not hold, alike on every day', () => {
    expect(calendarEntry(aKey(), context)?.description).toContain('That date may not hold. By nuget.org');
    expect(calendarEntry(aReminded(), context)?.description).not.toContain('may not hold');
  });
});
