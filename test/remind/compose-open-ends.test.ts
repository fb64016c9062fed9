import { describe, expect, it } from 'vitest';
import type { FormerVersion } from '../../src/domain/credential.ts';
import { UNKNOWN_EXPIRY } from '../../src/domain/expiry.ts';
import { dayNumber } from '../../src/remind/lead.ts';
import type { Reminded } from '../../src/remind/reminder.ts';
import { aMailContext, DESTINATION, daysFromNow, knownUntil, NOW } from '../support/builders.ts';
import type { Part } from '../support/mail.ts';
import { aCredential, both, composeParts as compose } from '../support/mail.ts';

const DAY = dayNumber(NOW);
const CONFIRM = 'reseal confirm crates-io --stored --expires YYYY-MM-DD';
const OTHER = { ...DESTINATION, repo: 'example/gadgets' };
type Place = Reminded['destinations'][number];

const place = (overrides: Partial<Place> = {}): Place => ({
  destination: DESTINATION,
  state: 'changed-elsewhere',
  remoteUpdatedAt: new Date('2026-05-07T10:00:00Z'),
  changedAt: daysFromNow(-0.1),
  ...overrides,
});
const former = (overrides: Partial<FormerVersion> = {}): FormerVersion => ({
  version: 1,
  expiry: knownUntil('2027-02-01'),
  standing: 'good',
  replacedAt: daysFromNow(-14.5),
  ...overrides,
});

/** Whether these words stand in this order. */
function expectOrder(part: string, words: readonly string[]): void {
  const places = words.map((one) => part.indexOf(one));
  expect(places).not.toContain(-1);
  expect(places).toEqual([...places].sort((a, b) => a - b));
}

describe('a mail about a rotation that is unconfirmed', () => {
  const since = daysFromNow(-3.1);
  const part = (overrides: Parameters<typeof aCredential>[3] = {}, covers: readonly number[] = []): Part => ({
    credential: aCredential(10, {}, {}, { unconfirmedSince: since, ...overrides }),
    reminder: { topic: 'unconfirmed', leadDays: -dayNumber(since) - 3, covers },
  });

  it('names both ways to settle it, and the new rotation', () => {
    const message = compose([part()]);
    expect(message.subject).toContain('crates-io: it is not certain that the new token was stored');
    for (const words of both(message)) {
      expect(words).toContain('begun at 2026-11-20 07:06 UTC');
      expectOrder(words, [
        CONFIRM,
        'reseal confirm crates-io --not-stored',
        'reseal rotate crates-io',
        'the reminders go by version 1',
        'comes on 2026-11-24 09:00 UTC, unless it is settled before',
      ]);
      expect(words).not.toMatch(/\back\b/);
    }
  });

  it('says what the date at GitHub is to be compared with', () => {
    const destinations = [place({ state: 'unconfirmed', remoteUpdatedAt: NOW, changedAt: undefined })];
    for (const words of both(compose([part({ destinations })])))
      expect(words).toContain(
        'CARGO_REGISTRY_TOKEN in example/widgets was last changed at 2026-11-23 09:30 UTC, as far as reseal knows',
      );
  });

  it('needs no version: it may have been the first', () => {
    for (const words of both(compose([part({ current: undefined })])))
      expect(words).toContain('no date is known');
  });

  it('counts the days that it stands for from its own beginning', () => {
    const covers = [-1, -2, 4].map((day) => day - dayNumber(since));
    for (const words of both(compose([part({}, covers)])))
      expect(words).toContain('earlier reminders (1 and 2 days after): they could not be delivered');
  });

  it('throws where it is settled, so that nothing wrong is said', () => {
    expect(() => compose([part({ unconfirmedSince: undefined })])).toThrow('no rotation of "crates-io"');
  });
});

describe('a mail about a secret that somebody else has changed', () => {
  const part = (places: readonly Place[] = [place()], version = {}, leadDays = -DAY): Part => ({
    credential: aCredential(100, { destinations: [DESTINATION, OTHER] }, version, { destinations: places }),
    reminder: { topic: 'changed', version: 0, leadDays },
  });

  it('says which, since when as far as can be known, and what reseal cannot see', () => {
    const message = compose([part()]);
    expect(message.subject).toContain(
      'crates-io: the secret CARGO_REGISTRY_TOKEN was changed, and not by reseal',
    );
    for (const words of both(message)) {
      expect(words).toContain(
        'Seen first at 2026-11-23 07:06 UTC; the last write before was at 2026-05-07 10:00 UTC',
      );
      expect(words).toContain('example/widgets › release › CARGO_REGISTRY_TOKEN');
      expect(words).toContain('does not tell by whom a secret was changed');
      expect(words).toContain('reseal overwrites nothing');
      expect(words).not.toContain('has written nothing');
      expect(words).toContain('reseal history crates-io');
    }
  });

  it('says that the expiry counts as unknown, that reminders go on, and how to settle it', () => {
    for (const words of both(compose([part()]))) {
      expectOrder(words, ['Find out who changed it', CONFIRM, 'reseal rotate crates-io']);
      expect(words).toContain('Its expiry counts as unknown until you confirm one.');
      expect(words).toContain('The reminders by 2027-03-03 09:30 UTC, the date that was known, go on');
      expect(words).not.toContain('--only-missing');
      expect(words).not.toMatch(/\back\b/);
    }
    for (const words of both(compose([part([place()], { expiry: UNKNOWN_EXPIRY })]))) {
      expect(words).toContain('Its expiry counts as unknown until you confirm one.');
      expect(words).not.toContain('the date that was known');
    }
  });

  it('asks for the same token where the secret is gone, and doubts no date', () => {
    const message = compose([part([place({ state: 'missing' })])]);
    expect(message.subject).toContain('crates-io: the secret CARGO_REGISTRY_TOKEN is gone');
    for (const words of both(message)) {
      expectOrder(words, [
        'Find out who removed it',
        'reseal rotate crates-io --only-missing',
        'a new token',
      ]);
      expect(words).toContain('not there at 2026-11-23 07:06 UTC');
      expect(words).not.toMatch(/confirm|counts as unknown/);
    }
  });

  it('tells of all that is so, and offers the same token only where there is a version of it', () => {
    const places = [place(), place({ destination: OTHER, state: 'missing', changedAt: daysFromNow(-5) })];
    const message = compose([part(places)]);
    expect(message.subject).toContain('2 of its secrets were changed or removed, and not by reseal');
    for (const words of both(message)) {
      for (const { repo } of [DESTINATION, OTHER]) expect(words).toContain(`${repo} › release`);
      expectOrder(words, [CONFIRM, '--only-missing']);
    }
    const unrecorded = aCredential(
      1,
      {},
      {},
      { current: undefined, destinations: [place({ state: 'missing' })] },
    );
    const [text] = both(
      compose([{ credential: unrecorded, reminder: { topic: 'changed', version: 0, leadDays: -DAY } }]),
    );
    expect(text).not.toContain('--only-missing');
  });

  it('throws where nothing of that day is so any more', () => {
    expect(() => compose([part([place()], {}, -DAY + 1)])).toThrow('another');
    expect(() => compose([part([place({ state: 'verified' })])])).toThrow('another');
  });

  it('goes with the reminders of its expiry, which say that the date may not hold', () => {
    const credential = aCredential(7, {}, {}, { destinations: [place()] });
    const message = compose([{ credential, reminder: { leadDays: 7 } }]);
    expect(message.subject).toContain('crates-io expires in 7 days');
    for (const words of both(message)) {
      expect(words).toContain('(as entered by a person; it may no longer hold)');
      expect(words).toContain('Somebody else has changed CARGO_REGISTRY_TOKEN in example/widgets');
      expect(words).toContain(CONFIRM);
    }
  });

  it('has its line in the month’s list, with what settles it', () => {
    const credential = aCredential(7, {}, {}, { destinations: [place()] });
    for (const words of both(compose([{ credential, reminder: { topic: 'standing', leadDays: 24_322 } }]))) {
      expect(words).toContain(
        'crates-io: its expiry is not known since somebody else changed CARGO_REGISTRY_TOKEN in example/widgets (first seen 2026-11-23 07:06 UTC)',
      );
      expect(words).toContain(CONFIRM);
    }
  });
});

describe('a mail about an old token that lives on', () => {
  const part = (...versions: readonly FormerVersion[]): Part => ({
    credential: aCredential(300, {}, { version: 3 }, { former: versions }),
    reminder: { topic: 'old-token', leadDays: -14 },
  });

  it('says which and until when, where to revoke it, and how to say that it is done', () => {
    const message = compose([part(former())]);
    expect(message.subject).toContain('crates-io: the old token still works at crates.io');
    for (const words of both(message)) {
      expect(words).toContain('version 1 until 2027-02-01');
      expectOrder(words, [
        'Once a release has used the new one, revoke the old one at crates.io.',
        'Once it is revoked, say so:',
        'reseal confirm crates-io --old-revoked',
        'comes on 2026-12-23 09:00 UTC, unless the old token is confirmed as revoked before',
        'reseal ack crates-io',
      ]);
      expect(words).not.toContain('reseal rotate');
    }
    expect(message.items).toMatchObject([
      {
        topic: 'old-token',
        command: expect.stringContaining('--old-revoked') as string,
        link: 'https://crates.io/settings/tokens',
      },
    ]);
  });

  it('is urgent where it has leaked, and says nothing of putting it off', () => {
    const message = compose([part(former({ standing: 'leaked' }))]);
    expect(message.subject).toContain('crates-io: the token that has leaked still works at crates.io');
    for (const words of both(message)) {
      expect(words).toContain(
        'Revoke it now at crates.io. A scoped crates.io token cannot revoke itself, so do it in the browser.',
      );
      expect(words).not.toMatch(/\back\b|Once a release/);
    }
  });

  it('names each of several, and asks for all of them before they are confirmed', () => {
    const several = part(
      former({ version: 2, expiry: UNKNOWN_EXPIRY }),
      former({ standing: 'leaked', expiry: { kind: 'never', source: 'entered' } }),
    );
    for (const words of both(compose([several]))) {
      expect(words).toContain('version 2 with no known end and version 1, which has leaked, without an end');
      expectOrder(words, [
        'Revoke version 1 now at crates.io.',
        'revoke the old one at crates.io',
        'Once each of them is revoked, say so:',
      ]);
    }
  });

  it('is mentioned in the other mails about the credential, for as long as it lives', () => {
    const living = { former: [former()] };
    const mentioned = (credential: Reminded, reminder: Part['reminder']) =>
      both(compose([{ credential, ...(reminder ? { reminder } : {}) }])).map((words) =>
        words.includes('What was replaced still works at crates.io: version 1 until 2027-02-01'),
      );
    const alarmed = { version: 2, standing: 'revoked', standingAt: NOW } as const;
    expect(mentioned(aCredential(7, {}, { version: 2 }, living), { leadDays: 7 })).toEqual([true, true]);
    expect(mentioned(aCredential(7, {}, alarmed, living), { topic: 'revoked' })).toEqual([true, true]);
    const doubted = { ...living, destinations: [place()] };
    expect(
      mentioned(aCredential(7, {}, { version: 2 }, doubted), {
        topic: 'changed',
        version: 0,
        leadDays: -DAY,
      }),
    ).toEqual([true, true]);
    expect(mentioned(aCredential(7, {}, { version: 2 }), { leadDays: 7 })).toEqual([false, false]);
  });

  it('throws where none lives on', () => {
    expect(() => compose([part()])).toThrow('lives on');
    expect(() => compose([part(former({ expiry: knownUntil('2026-11-01') }))])).toThrow('lives on');
  });
});

describe('a mail that tells of several', () => {
  it('begins with what does harm at once, and asks for the rest in the order of the harm', () => {
    const leaked = { standing: 'leaked', standingAt: NOW } as const;
    const named = (name: string) => ({ name, destinations: [DESTINATION] });
    const parts: Part[] = [
      { credential: aCredential(300, named('f-renewed')), reminder: { topic: 'rotated', leadDays: 0 } },
      {
        credential: aCredential(300, named('e-old'), { version: 2 }, { former: [former()] }),
        reminder: { topic: 'old-token', leadDays: -14 },
      },
      { credential: aCredential(-900, named('d-expired')), reminder: { leadDays: -896 } },
      {
        credential: aCredential(300, named('c-changed'), {}, { destinations: [place()] }),
        reminder: { topic: 'changed', version: 0, leadDays: -DAY },
      },
      {
        credential: aCredential(300, named('b-unconfirmed'), {}, { unconfirmedSince: NOW }),
        reminder: { topic: 'unconfirmed', leadDays: -DAY },
      },
      {
        credential: aCredential(300, named('ab-revoked'), { standing: 'revoked', standingAt: NOW }),
        reminder: { topic: 'revoked', leadDays: 0 },
      },
      {
        credential: aCredential(
          300,
          named('aa-old'),
          { version: 2 },
          { former: [former({ standing: 'leaked' })] },
        ),
        reminder: { topic: 'old-token', leadDays: -14 },
      },
      { credential: aCredential(300, named('a-leaked'), leaked), reminder: { topic: 'leaked', leadDays: 0 } },
    ];
    expect(compose(parts).items.map(({ credential }) => credential)).toEqual([
      'a-leaked',
      'aa-old',
      'ab-revoked',
      'b-unconfirmed',
      'c-changed',
      'd-expired',
      'e-old',
      'f-renewed',
    ]);
  });
});

describe('a mail about a token of reseal’s own', () => {
  const own = { name: 'reseal-seal-token', kind: 'github-token', owner: '*', destinations: [] };

  it('belongs to everybody, and asks for no command that does not fit', () => {
    const credential = aCredential(7, own, {
      expiry: { kind: 'known', at: daysFromNow(7), source: 'observed' },
    });
    for (const words of both(compose([{ credential, reminder: { leadDays: 7 } }], aMailContext()))) {
      expect(words).toContain('Owner everybody in the configuration');
      expect(words).toContain('observed at the service');
      expect(words).toContain('unless it is replaced before');
      expect(words).not.toMatch(/reseal (rotate|record)/);
    }
  });

  it('says that GitHub does not accept it any more, and not that a person said so', () => {
    const credential = aCredential(7, own, { standing: 'revoked', standingAt: NOW });
    const message = compose([{ credential, reminder: { topic: 'revoked', leadDays: 0 } }]);
    expect(message.subject).toBe('GitHub does not accept reseal-seal-token any more: replace it now');
    for (const words of both(message)) {
      expect(words).toContain('since 2026-11-23 09:30 UTC: GitHub does not accept it any more');
      expect(words).toContain('they go on until it is replaced');
      expect(words).not.toMatch(/as a person said|reseal (rotate|record)/);
    }
  });

  it('is not asked for a date in the month’s list: reseal reads it by itself', () => {
    const credential = aCredential(7, own, { expiry: UNKNOWN_EXPIRY });
    for (const words of both(compose([{ credential, reminder: { topic: 'standing', leadDays: 24_322 } }])))
      expect(words).not.toContain('record');
  });
});
