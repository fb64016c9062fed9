import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageIdOf } from '../../src/remind/message-id.ts';
import type { ReminderKey, Topic } from '../../src/remind/reminder.ts';
import { aReminder, SEED } from '../support/builders.ts';

const IDENTITY = { installId: 'an-installation', domain: 'mail.example.org' };
/** RFC 5322 §3.6.4: `msg-id = "<" id-left "@" id-right ">"`, both of them dot-atoms here. */
const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const MSG_ID = new RegExp(`^<${ATOM}(\\.${ATOM})*@${ATOM}(\\.${ATOM})*>$`);

const topics: Topic[] = [
  'expiry',
  'rotated',
  'revoked',
  'leaked',
  'standing',
  'unconfirmed',
  'changed',
  'old-token',
  'configuration',
];
const key: fc.Arbitrary<ReminderKey> = fc.record({
  credential: fc.string({ unit: 'grapheme', maxLength: 8 }),
  version: fc.nat(20),
  topic: fc.constantFrom(...topics),
  leadDays: fc.integer({ min: -800, max: 60 }),
  channel: fc.constantFrom('mail', 'webhook'),
  recipient: fc.string({ maxLength: 8 }),
});
const textOf = (keys: readonly ReminderKey[]) =>
  JSON.stringify(keys.map((one) => JSON.stringify(Object.entries(one).sort())).sort());

describe('messageIdOf', () => {
  it('returns one in the form of RFC 5322, without a name, an address or a date inside', () => {
    const id = messageIdOf([aReminder({ leadDays: 14 }), aReminder({ leadDays: 7 })], IDENTITY);
    expect(id).toMatch(MSG_ID);
    expect(id).toMatch(/^<[0-9a-f]{32}@mail\.example\.org>$/);
    for (const word of ['crates', 'ada', 'installation', '2026', '2027']) expect(id).not.toContain(word);
  });

  it('returns what it always has: a repeat after an upgrade is the same mail', () => {
    expect(messageIdOf([aReminder()], IDENTITY)).toBe('<7c0dbf7daef382879609bc8aa53df8b3@mail.example.org>');
  });

  it('I3: for every set, whatever its order, returns the same', () => {
    const shuffled = fc
      .array(key, { minLength: 1, maxLength: 8 })
      .chain((keys) =>
        fc.tuple(
          fc.constant(keys),
          fc.shuffledSubarray(keys, { minLength: keys.length, maxLength: keys.length }),
        ),
      );
    fc.assert(
      fc.property(shuffled, ([keys, others]) => {
        expect(messageIdOf(others, IDENTITY)).toBe(messageIdOf(keys, IDENTITY));
        expect(messageIdOf(keys, IDENTITY)).toMatch(MSG_ID);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it('for two sets that differ, returns two', () => {
    const keys = fc.array(key, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(keys, keys, (some, others) => {
        fc.pre(textOf(some) !== textOf(others));
        expect(messageIdOf(others, IDENTITY)).not.toBe(messageIdOf(some, IDENTITY));
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });

  it.each<[string, Partial<ReminderKey>]>([
    ['credential', { credential: 'npm' }],
    ['version', { version: 2 }],
    ['topic', { topic: 'leaked' }],
    ['lead time', { leadDays: -14 }],
    ['channel', { channel: 'webhook' }],
    ['recipient', { recipient: 'grace@example.org' }],
  ])('returns another where the %s differs', (_name, change) => {
    expect(messageIdOf([aReminder(change)], IDENTITY)).not.toBe(messageIdOf([aReminder()], IDENTITY));
  });

  it('returns another for another installation, and for a part of the set', () => {
    const both = [aReminder(), aReminder({ leadDays: 7 })];
    const ids = [
      messageIdOf(both, IDENTITY),
      messageIdOf(both.slice(1), IDENTITY),
      messageIdOf(both, { ...IDENTITY, installId: 'another' }),
      messageIdOf(both, { ...IDENTITY, domain: 'example.com' }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is not misled by fields that read alike when they are joined', () => {
    const [one, other] = [
      aReminder({ credential: 'a1', version: 1 }),
      aReminder({ credential: 'a', version: 11 }),
    ];
    expect(messageIdOf([one], IDENTITY)).not.toBe(messageIdOf([other], IDENTITY));
  });
});
