import { describe, expect, it } from 'vitest';
import { UNKNOWN_EXPIRY } from '../../src/domain/expiry.ts';
import type { Topic } from '../../src/remind/reminder.ts';
import { aMailContext, DESTINATION, daysFromNow, knownUntil, NOW } from '../support/builders.ts';
import type { Part } from '../support/mail.ts';
import { aCredential, both, composeParts as compose } from '../support/mail.ts';

const EVERY_ALARM: readonly Topic[] = ['revoked', 'leaked'];

describe('a mail about a token that was renewed', () => {
  const stored = [{ destination: DESTINATION, state: 'verified', remoteUpdatedAt: NOW }] as const;
  const notice = (part: Partial<Parameters<typeof aCredential>[3]> = { destinations: stored }) =>
    compose([
      {
        credential: aCredential(365, {}, { version: 2, expiry: knownUntil('2027-11-23') }, part),
        reminder: { topic: 'rotated', leadDays: 0 },
      },
    ]);

  it('says so, with the new expiry', () => {
    expect(notice().subject).toContain('crates-io was renewed: version 2, expires 2027-11-23');
    for (const part of both(notice())) expect(part).toContain('version 2, expires 2027-11-23');
  });

  it('says what it cannot know, and that the old one still works', () => {
    for (const part of both(notice())) {
      expect(part).toContain('GitHub shows that a write landed, never which value.');
      expect(part).toContain('Reminders for the version before are cancelled.');
      expect(part).toContain('The old token stays alive until it is revoked');
      expect(part).not.toContain('reseal rotate');
      expect(part).not.toContain('reseal ack');
    }
  });

  it('claims nothing of GitHub where no rotation stored it', () => {
    for (const part of both(notice({}))) expect(part).not.toContain('a write landed');
  });

  it('needs no date', () => {
    const credential = aCredential(1, {}, { expiry: UNKNOWN_EXPIRY });
    for (const part of both(compose([{ credential, reminder: { topic: 'rotated' } }]))) {
      expect(part).toContain('Expires not known');
      expect(part).toContain("comes on 2026-12-01 09:00 UTC, in the month's list");
    }
  });
});

describe('a mail about a token that is revoked or has leaked', () => {
  const alarm = (topic: 'revoked' | 'leaked', version = {}) =>
    compose([
      {
        credential: aCredential(100, {}, { standing: topic, standingAt: daysFromNow(-0.1), ...version }),
        reminder: { topic, leadDays: 0 },
      },
    ]);

  it('says what follows from it, and since when', () => {
    expect(alarm('revoked').subject).toBe(
      'crates-io is revoked: releases fail until it is replaced · CARGO_REGISTRY_TOKEN in example/widgets',
    );
    expect(alarm('leaked').subject).toContain('crates-io has leaked: replace it now');
    for (const topic of ['revoked', 'leaked'] as const) {
      for (const part of both(alarm(topic))) expect(part).toContain('since 2026-11-23 07:06 UTC');
    }
  });

  it('tells of a leak what to do in the order of the harm', () => {
    const order = [
      'Revoke it now at crates.io, by hand: ',
      'press Regenerate',
      'reseal rotate crates-io',
      'everything that was published with it since 2026-03-03 09:30 UTC, when it was made',
      'refuse those that you do not know in example/widgets › release',
    ];
    for (const part of both(alarm('leaked', { createdAt: daysFromNow(-265) }))) {
      const places = order.map((words) => part.indexOf(words));
      expect(places).not.toContain(-1);
      expect(places).toEqual([...places].sort((a, b) => a - b));
      expect(part).not.toContain('once the new one has been used');
    }
  });

  it('says that it may be older where only the day of recording is known', () => {
    for (const part of both(alarm('leaked')))
      expect(part).toContain('when it was recorded (it may be older)');
  });

  it('never says how to put it off', () => {
    for (const topic of ['revoked', 'leaked'] as const) {
      for (const part of both(alarm(topic))) {
        expect(part).not.toMatch(/\back\b/);
        expect(part).toContain('they go on until a new version is recorded');
      }
    }
  });

  it('comes before everything else, a leak first', () => {
    const parts: Part[] = EVERY_ALARM.map((topic) => ({
      credential: aCredential(100, { name: topic }, { standing: 'revoked', standingAt: NOW }),
      reminder: { topic, leadDays: 0 },
    }));
    const message = compose([{ credential: aCredential(-900, { name: 'expired' }) }, ...parts]);
    expect(message.items.map(({ credential }) => credential)).toEqual(['leaked', 'revoked', 'expired']);
    expect(message.subject).toBe('leaked has leaked: replace it now, and 2 more');
  });
});

describe('a mail about a rotation that is unconfirmed', () => {
  const part = (overrides: Parameters<typeof aCredential>[3] = {}): Part => ({
    credential: aCredential(10, {}, {}, overrides),
    reminder: { topic: 'unconfirmed', leadDays: 0 },
  });

  it('names both ways to settle it, and the new rotation', () => {
    const message = compose([part()]);
    expect(message.subject).toContain('crates-io: it is not certain that the new token was stored');
    for (const words of both(message)) {
      expect(words).toContain('reseal confirm crates-io --stored --expires YYYY-MM-DD');
      expect(words).toContain('reseal confirm crates-io --not-stored');
      expect(words).toContain('reseal rotate crates-io');
      expect(words).toContain('the reminders go by version 1');
    }
  });

  it('says when GitHub last changed the secret', () => {
    const destinations = [{ destination: DESTINATION, state: 'unconfirmed', remoteUpdatedAt: NOW }] as const;
    for (const words of both(compose([part({ destinations })]))) {
      expect(words).toContain('CARGO_REGISTRY_TOKEN in example/widgets at 2026-11-23 09:30 UTC');
    }
  });

  it('needs no version: it may have been the first', () => {
    for (const words of both(compose([part({ current: undefined })]))) {
      expect(words).toContain('no date is known');
    }
  });
});

describe('a mail about a configuration that cannot be used', () => {
  const context = aMailContext({
    configurationTrouble: {
      since: NOW,
      detail: 'not valid:\n  12:7  hour: <b>wrong</b>\u202E\r\n\r\n  13:1  x',
    },
  });
  const part: Part = { reminder: { topic: 'configuration', credential: '*', version: 0, leadDays: 0 } };

  it('says since when and why, line by line, and what is in force', () => {
    const message = compose([part], context);
    expect(message.subject).toBe('reseal cannot use its configuration · since 2026-11-23 09:30 UTC');
    expect(message.text).toContain('  | not valid:\n  | 12:7 hour: <b>wrong</b>\n  | 13:1 x\n');
    expect(message.html).not.toContain('<b>');
    for (const words of both(message)) {
      expect(words).toContain('the last configuration that was good: reminders go on by it');
      expect(words).toContain('reseal config check');
    }
    expect(message.items).toMatchObject([{ credential: '*', topic: 'configuration', destinations: [] }]);
  });

  it('is said at the end of every other mail, once', () => {
    for (const words of both(compose([{}], context))) {
      expect(words).toContain('reseal cannot use its configuration since 2026-11-23 09:30 UTC');
    }
    for (const words of both(compose([part, {}], context))) {
      expect(words.match(/config check/g)).toHaveLength(1);
    }
  });
});

describe('the month’s list', () => {
  const line = (
    name: string,
    ...rest: Parameters<typeof aCredential> extends [number, unknown?, ...infer R] ? R : never
  ): Part => ({
    credential: aCredential(0, { name, planned: name === 'planned' }, ...rest),
    reminder: { topic: 'standing', leadDays: 24_322 },
  });
  const unknown = line('unknown', { expiry: UNKNOWN_EXPIRY });
  const parts = [
    unknown,
    line('never', { expiry: { kind: 'never', source: 'entered' } }),
    line('planned', {}, { current: undefined }),
    line('unseen', {}, { current: undefined }),
  ];

  it('has a line for each, with the command only where a date is missing', () => {
    const message = compose(parts);
    expect(message.subject).toBe("4 credentials without an expiry date: the month's list");
    for (const words of both(message)) {
      expect(words).toMatch(/^Without a date/);
      for (const why of [
        'unknown: its expiry date is not known',
        'never: never expires',
        'planned: planned, not made yet',
        'unseen: never recorded',
      ])
        expect(words).toContain(why);
      for (const name of ['unknown', 'unseen'])
        expect(words).toContain(`record ${name} --expires YYYY-MM-DD`);
      for (const name of ['never', 'planned']) expect(words).not.toContain(`record ${name}`);
    }
  });

  it('says in its subject which one it is where it is one', () => {
    expect(compose([unknown]).subject).toBe("unknown has no expiry date: the month's list");
    expect(compose([line('never', { expiry: { kind: 'never', source: 'entered' } })]).subject).toContain(
      'never never expires',
    );
  });

  it('leaves the subject to what has a date', () => {
    expect(compose([...parts, {}]).subject).toContain('crates-io expires in 10 days · CARGO');
  });

  it('says how to end what has left the configuration', () => {
    for (const words of both(compose([line('unseen', {}, { current: undefined, declared: false })]))) {
      expect(words).toContain('no longer in the configuration');
      expect(words).toContain('reseal retire unseen');
    }
  });
});
