import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays } from '../../src/domain/calendar.ts';
import { acknowledgeUntil } from '../../src/remind/acknowledge.ts';
import { acknowledgeNote } from '../../src/remind/notes.ts';
import { aMailContext, DESTINATION, daysFromNow, later, NOW, SEED } from '../support/builders.ts';
import { aCredential, both, composeParts as compose } from '../support/mail.ts';

const outage = { beganAt: daysFromNow(-45), endedAt: daysFromNow(-0.01) };

describe('when earlier reminders did not go out', () => {
  it('G7: says that reseal did not run, from when to when', () => {
    const message = compose(
      [{ credential: aCredential(-2.5), reminder: { leadDays: -2, covers: [0, 1, 30, 14, 7, 3, -1] } }],
      aMailContext({ outages: [outage] }),
    );
    for (const part of both(message)) {
      expect(part).toContain(
        'stands for earlier reminders (30, 14, 7, 3 and 1 days before; the day itself; 1 day after): reseal did not run from 2026-10-09 09:30 UTC to 2026-11-23 09:15 UTC.',
      );
    }
  });

  it('says that they could not be delivered where it ran', () => {
    const old = { beganAt: daysFromNow(-300), endedAt: daysFromNow(-200) };
    const message = compose([{ reminder: { covers: [60, 30] } }], aMailContext({ outages: [old] }));
    for (const part of both(message)) {
      expect(part).toContain('(60 and 30 days before): they could not be delivered.');
    }
  });

  it('gives each its reason: an outage, an acknowledgement, a mail server', () => {
    const credential = aCredential(2, {}, {}, { acknowledgedUntil: daysFromNow(-15) });
    const message = compose(
      [{ credential, reminder: { leadDays: 3, covers: [60, 30, 7] } }],
      aMailContext({ outages: [{ beganAt: daysFromNow(-60), endedAt: daysFromNow(-57) }] }),
    );
    for (const part of both(message)) {
      expect(part).toContain(
        'reseal did not run from 2026-09-24 09:30 UTC to 2026-09-27 09:30 UTC; reminders were put off until 2026-11-08 09:30 UTC; the others could not be delivered.',
      );
    }
  });

  it('counts an outage that began between the lead time and the hour of the mail', () => {
    // 7 days before expiry is 09:30 on the 16th in Lisbon; the mail would have gone out at 09:00 on the 17th.
    const night = { beganAt: daysFromNow(-6.5), endedAt: daysFromNow(-5) };
    const message = compose(
      [{ credential: aCredential(0), reminder: { leadDays: 1, covers: [7] } }],
      aMailContext({ outages: [night] }),
    );
    for (const part of both(message)) expect(part).toContain('(7 days before): reseal did not run from');
  });

  it('says that it is late itself, where it stands for no other', () => {
    const message = compose(
      [{ credential: aCredential(5), reminder: { leadDays: 7 } }],
      aMailContext({ outages: [outage] }),
    );
    for (const part of both(message)) {
      expect(part).toContain('This mail is late: reseal did not run from 2026-10-09 09:30 UTC to');
    }
  });

  it('says nothing of it where none was missed', () => {
    for (const part of both(compose())) expect(part).not.toMatch(/also stands|is late/);
  });

  it('counts many instead of listing them', () => {
    const covers = [-1, -2, -3, -4, -5, -6, -7, -14, -21, -28];
    const message = compose([{ credential: aCredential(-36), reminder: { leadDays: -35, covers } }]);
    for (const part of both(message)) expect(part).toContain('(10 from 1 day to 28 days after)');
  });

  it('speaks of what is revoked by the days since then', () => {
    const credential = aCredential(100, {}, { standing: 'revoked', standingAt: daysFromNow(-4) });
    const reminder = { topic: 'revoked', leadDays: -3, covers: [0, -1, -2] } as const;
    const message = compose([{ credential, reminder }], aMailContext({ outages: [outage] }));
    for (const part of both(message)) {
      expect(part).toContain('(the first; 1 and 2 days after): reseal did not run from');
    }
  });
});

describe('the way to be left in peace', () => {
  it('is named exactly as long as it is open', () => {
    const far = addDays(NOW, 4000);
    fc.assert(
      fc.property(fc.integer({ min: -20 * 24, max: 40 * 24 }), (hours) => {
        const credential = aCredential(hours / 24);
        const [note] = acknowledgeNote(credential, aMailContext(), NOW);
        const named = /until (\S+) at the latest/.exec(note?.text ?? '')?.[1];
        if (named === undefined) {
          // Not even the next midnight can be had.
          const midnight = new Date('2026-11-24T00:00:00Z');
          const holds = () => acknowledgeUntil(credential, midnight, NOW).getTime() === midnight.getTime();
          expect(() => expect(holds()).toBe(true)).toThrow();
          return;
        }
        const until = new Date(`${named}T00:00:00Z`);
        expect(acknowledgeUntil(credential, until, NOW)).toEqual(until);
        const latest = acknowledgeUntil(credential, far, NOW);
        expect(latest.getTime() - until.getTime()).toBeLessThan(24 * 3_600_000);
      }),
      { seed: SEED },
    );
  });
});

describe('what is wrong around a credential', () => {
  it('says that it has left the configuration, and how to end its reminders', () => {
    const credential = aCredential(10, {}, {}, { declared: false });
    for (const part of both(compose([{ credential }]))) {
      expect(part).toContain(
        'crates-io is no longer in the configuration: put it back, or end its reminders:',
      );
      expect(part).toContain('reseal retire crates-io');
    }
    for (const part of both(compose())) expect(part).not.toContain('retire');
  });

  it.each([
    ['older', -90, 'it is older than that token'],
    ['newer', -2, 'it may hold another token'],
  ])('says that the secret at GitHub is %s than the token', (_what, days, words) => {
    const destinations = [
      { destination: DESTINATION, state: 'never-stored', remoteUpdatedAt: daysFromNow(days) },
    ] as const;
    const credential = aCredential(10, {}, { createdAt: daysFromNow(-30) }, { destinations });
    for (const part of both(compose([{ credential }]))) {
      expect(part).toContain('recorded as made on 2026-10-24 09:30 UTC');
      expect(part).toContain(words);
    }
  });

  it('tells a stand-in why the mail came, and everybody what to do about it', () => {
    const undelivered = [
      {
        recipient: 'grace@example.org',
        error: '550 no such user: see https://mail.test/x',
        credentials: ['crates-io'],
      },
    ];
    const context = aMailContext({ undelivered });
    for (const part of both(compose([{}], context))) {
      expect(part).toContain('Mail about it to grace@example.org could not be delivered.');
      expect(part).toContain(
        'Could not be delivered: mail to grace@example.org about crates-io (550 no such user: see https[:]//mail.test/x).',
      );
      expect(part).toContain('reseal outbox');
    }
    for (const part of both(compose([{ credential: aCredential(3, { name: 'other' }) }], context))) {
      expect(part).not.toContain('Mail about it');
      expect(part).toContain('Could not be delivered: mail to grace@example.org');
    }
  });

  it('stands above the mark of a signature, which mail programs fold away', () => {
    const undelivered = [{ recipient: 'grace@example.org', error: '550', credentials: [] }];
    const { text } = compose([{}], aMailContext({ undelivered }));
    expect(text.indexOf('Could not be delivered')).toBeLessThan(text.indexOf('\n-- \n'));
  });

  it('does not list without end', () => {
    const undelivered = Array.from({ length: 9 }, (_, index) => ({
      recipient: `p${index}@example.org`,
      error: '550',
      credentials: [],
    }));
    for (const part of both(compose([{}], aMailContext({ undelivered })))) {
      expect(part).toContain('mail to p4@example.org (550); and 4 more.');
      expect(part).not.toContain('p5@');
    }
  });
});

describe('the next mail', () => {
  it('comes by the series of what it is about, at the instant that is asked of it', () => {
    const soon = compose([{ credential: aCredential(0.5) }], aMailContext(), later(0));
    for (const part of both(soon)) expect(part).toContain('comes on 2026-11-23 21:30 UTC (when it expires)');
  });
});
