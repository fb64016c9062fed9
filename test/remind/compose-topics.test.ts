import { describe, expect, it } from 'vitest';
import { UNKNOWN_EXPIRY } from '../../src/domain/expiry.ts';
import type { Topic } from '../../src/remind/reminder.ts';
import { aMailContext, DESTINATION, daysFromNow, knownUntil, NOW } from '../support/builders.ts';
import type { Part } from '../support/mail.ts';
import { aCredential, both, composeParts as compose } from '../support/mail.ts';

const EVERY_ALARM: readonly Topic[] = ['revoked', 'leaked'];

describe('a mail about a token that was renewed', () => {
  const stored = [{ destination: DESTINATION, state: 'verified', remoteUpdatedAt: NOW }] as const;
  const former = (standing: 'good' | 'leaked', until = '2027-02-01') => [
    { version: 1, expiry: knownUntil(until), standing, replacedAt: NOW },
  ];
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
    for (const part of both(notice({ destinations: stored, former: former('good') }))) {
      expect(part).toContain('GitHub shows that a write landed, never which value.');
      expect(part).toContain('Reminders for the version before are cancelled.');
      expect(part).toContain('still works at crates.io: version 1 until 2027-02-01');
      expect(part).toContain('The old token stays alive until it is revoked');
      expect(part).toContain('reseal confirm crates-io --old-revoked');
      expect(part).not.toContain('reseal rotate');
      expect(part).not.toContain('reseal ack');
    }
  });

  it('says that what it replaces has leaked and still works, and what remains to be done', () => {
    for (const part of both(notice({ former: former('leaked') }))) {
      expect(part).toContain('version 1, which has leaked, until 2027-02-01');
      expect(part).toContain('Revoke it now at crates.io. A scoped crates.io token cannot revoke itself');
      expect(part).toContain('Look through everything that was published with it');
      expect(part).toContain('reseal confirm crates-io --old-revoked');
      expect(part).not.toContain('once the new one has been used');
    }
  });

  it('asks for nothing of one that was revoked, or has expired', () => {
    for (const part of both(notice())) {
      expect(part).toContain('was revoked at crates.io before it was replaced');
      expect(part).not.toContain('What to do');
    }
    for (const part of both(notice({ former: former('good', '2026-11-01') }))) {
      expect(part).toContain('The old one has expired');
      expect(part).not.toContain('--old-revoked');
    }
  });

  it('says nothing of an old one where it dies by itself, and all that it can of the first', () => {
    const first = aCredential(365, {}, {});
    const certificate = aCredential(365, { kind: 'certificate' }, { version: 2 });
    for (const part of both(compose([{ credential: certificate, reminder: { topic: 'rotated' } }])))
      expect(part).not.toMatch(/old one|--old-revoked/);
    for (const part of both(compose([{ credential: first, reminder: { topic: 'rotated' } }]))) {
      expect(part).toContain('The old token stays alive until it is revoked');
      expect(part).not.toContain('--old-revoked');
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
      'Revoke it now at crates.io. A scoped crates.io token cannot revoke itself, so do it in the browser.',
      'press Regenerate',
      'reseal rotate crates-io',
      'everything that was published with it since 2026-03-03 09:30 UTC, when it was made',
      'jobs that wait for approval in example/widgets › release: a job reads the secret when it starts',
    ];
    for (const part of both(alarm('leaked', { createdAt: daysFromNow(-265) }))) {
      const places = order.map((words) => part.indexOf(words));
      expect(places).not.toContain(-1);
      expect(places).toEqual([...places].sort((a, b) => a - b));
      expect(part).not.toContain('once the new one has been used');
    }
  });

  it('asks for the end of a leak once: then that is said, and only what is left to do', () => {
    for (const part of both(alarm('leaked')))
      expect(part).toContain(
        'say so: ssh -t release@host.example.org docker compose exec reseal reseal confirm crates-io --old-revoked',
      );
    for (const part of both(alarm('leaked', { revokedAt: daysFromNow(-0.05) }))) {
      expect(part).toContain('Revoked since 2026-11-23 08:18 UTC: it does no more harm');
      expect(part).not.toMatch(/Revoke it now|--old-revoked/);
      const places = ['Open crates.io:', 'press Regenerate', 'reseal rotate crates-io', 'was published'].map(
        (words) => part.indexOf(words),
      );
      expect(places).not.toContain(-1);
      expect(places).toEqual([...places].sort((a, b) => a - b));
    }
  });

  it('needs no date: what has none can leak, too', () => {
    for (const topic of EVERY_ALARM) {
      const message = alarm(topic as 'leaked', { expiry: UNKNOWN_EXPIRY });
      expect(message.items).toMatchObject([{ topic, expiresAt: undefined, daysLeft: undefined }]);
      expect(message.text).toContain('reseal rotate crates-io');
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
