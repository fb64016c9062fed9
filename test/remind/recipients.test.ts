import { describe, expect, it } from 'vitest';
import { isToldOfAll, lostRecipients } from '../../src/remind/recipients.ts';
import type { FormerRecipient } from '../../src/remind/section.ts';
import { aDeclaration, aMailContext, aPolicy, aReminded, NOW } from '../support/builders.ts';
import { composeParts, visible } from '../support/mail.ts';

const owned = (name: string, owner: string, overrides = {}) =>
  aReminded({ declaration: aDeclaration({ name, owner }), ...overrides });
const policyOf = (addresses: Record<string, string>, overrides = {}) =>
  aPolicy({ addresses: new Map(Object.entries(addresses)), ...overrides });

const POLICY = policyOf({ ada: 'ada@example.org', grace: 'grace@example.org' });
const CREDENTIALS = [owned('a', 'ada'), owned('b', 'ada'), owned('g', 'grace')];
const BEFORE = { credentials: CREDENTIALS, policy: POLICY };

describe('lostRecipients', () => {
  it('names nobody where nothing has changed', () => {
    expect(lostRecipients(BEFORE, BEFORE)).toEqual([]);
  });

  it("TM8: names the old address where an owner's address changes, once, with all that it was told of", () => {
    const policy = policyOf({ ada: 'eve@example.net', grace: 'grace@example.org' });
    expect(lostRecipients(BEFORE, { credentials: CREDENTIALS, policy })).toEqual([
      { channel: 'mail', recipient: 'ada@example.org', credentials: ['a', 'b'] },
    ]);
  });

  it('TM8: names the old owner where a credential gets another', () => {
    const credentials = [owned('a', 'grace'), owned('b', 'ada'), owned('g', 'grace')];
    expect(lostRecipients(BEFORE, { credentials, policy: POLICY })).toEqual([
      { channel: 'mail', recipient: 'ada@example.org', credentials: ['a'] },
    ]);
  });

  it('TM8: names who left the configuration together with what was theirs', () => {
    const credentials = CREDENTIALS.map((one) => ({ ...one, declared: one.declaration.owner !== 'ada' }));
    expect(lostRecipients(BEFORE, { credentials, policy: policyOf({ grace: 'grace@example.org' }) })).toEqual(
      [{ channel: 'mail', recipient: 'ada@example.org', credentials: ['a', 'b'] }],
    );
  });

  it('names who joined at the escalation and does no more, where they are told of it no other way', () => {
    const policy = policyOf(
      { ada: 'ada@example.org', grace: 'grace@example.org' },
      { escalate: { daysBefore: 7, to: ['grace'] } },
    );
    expect(lostRecipients({ credentials: CREDENTIALS, policy }, BEFORE)).toEqual([
      { channel: 'mail', recipient: 'grace@example.org', credentials: ['a', 'b'] },
    ]);
  });

  it('names a webhook that posts less, and not one that is gone: it cannot be called', () => {
    const hook = (name: string, owners: readonly string[] | undefined) => ({ name, owners });
    const before = {
      credentials: CREDENTIALS,
      policy: { ...POLICY, webhooks: [hook('chat', undefined), hook('old', undefined)] },
    };
    const after = { credentials: CREDENTIALS, policy: { ...POLICY, webhooks: [hook('chat', ['ada'])] } };
    expect(lostRecipients(before, after)).toEqual([
      { channel: 'webhook', recipient: 'chat', credentials: ['g'] },
    ]);
  });

  it.each([
    [
      'an address that is only written otherwise',
      policyOf({ ada: 'Ada@Example.org', grace: 'grace@example.org' }),
      CREDENTIALS,
    ],
    [
      'what was retired',
      policyOf({ ada: 'new@example.org', grace: 'grace@example.org' }),
      CREDENTIALS.map((one) => ({ ...one, retiredAt: NOW })),
    ],
    ['what is new', POLICY, [...CREDENTIALS, owned('new', 'grace')]],
    [
      'an owner who is named otherwise',
      policyOf({ lovelace: 'ada@example.org', grace: 'grace@example.org' }),
      [owned('a', 'lovelace'), owned('b', 'lovelace'), owned('g', 'grace')],
    ],
  ])('says nothing of %s', (_name, policy, credentials) => {
    expect(lostRecipients(BEFORE, { credentials, policy })).toEqual([]);
  });
});

describe('isToldOfAll', () => {
  it('holds where somebody is told of each of them', () => {
    const ada = { channel: 'mail', recipient: 'ADA@example.org' };
    expect(isToldOfAll(ada, CREDENTIALS.slice(0, 2), POLICY)).toBe(true);
    expect(isToldOfAll(ada, CREDENTIALS, POLICY)).toBe(false);
  });
});

const FORMER: FormerRecipient = {
  at: NOW,
  actor: 'eve@host',
  credentials: ['crates-io', 'npm'],
  count: 2,
  toldNow: ['eve@example.net'],
};
const compose = (former: FormerRecipient | undefined, overrides = {}) =>
  composeParts(
    [{ reminder: { credential: '*', version: 12, topic: 'recipients', leadDays: 0 } }],
    aMailContext({ former: (entry) => (entry === 12 ? former : undefined), ...overrides }),
  );

describe('the mail to one who is told no more', () => {
  it('TM8: says what of, who is told now, and where to look if that was not intended', () => {
    const { subject, text, html, items } = compose(FORMER);
    expect(subject).toBe('you are no longer told about 2 credentials · since 2026-11-23 09:30 UTC');
    for (const said of [text.replaceAll(/\s+/g, ' '), visible(html)]) {
      expect(said).toContain('crates-io and npm');
      expect(said).toContain('eve@example.net');
      expect(said).toContain('ada@example.org');
      expect(said).toContain('docker compose exec reseal reseal history configuration');
    }
    expect(items).toMatchObject([{ topic: 'recipients', version: 12, destinations: [] }]);
  });

  it('names the one credential in its subject', () => {
    expect(compose({ ...FORMER, credentials: ['npm'], count: 1 }).subject).toContain('told about npm');
  });

  it('counts what is too much to name', () => {
    const credentials = Array.from({ length: 500 }, (_, index) => `c${index}`);
    expect(compose({ ...FORMER, credentials, count: 900 }).text.replaceAll(/\s+/g, ' ')).toContain(
      'c19 and 880 more',
    );
  });

  it('is not written where the history says nothing of it', () => {
    expect(() => compose(undefined)).toThrow('change of recipients');
  });
});

describe('the mail about a broken history', () => {
  const broken = { historyTrouble: { detail: 'entry 5 was changed', since: NOW } };
  const about = (overrides: object) =>
    composeParts(
      [{ reminder: { credential: '*', version: 1, topic: 'history', leadDays: 0 } }],
      aMailContext(overrides),
    );

  it('F17: names the entry, and how to look at it', () => {
    const { subject, text } = about(broken);
    expect(subject).toContain('the history of reseal does not hold together');
    expect(text).toContain('entry 5 was changed');
    expect(text).toContain('reseal history --check');
  });

  it('is not written where it holds', () => {
    expect(() => about({})).toThrow('holds together');
  });

  it('F17: is said at the end of every other mail, too', () => {
    expect(composeParts([{}], aMailContext(broken)).text.replaceAll(/\s+/g, ' ')).toContain(
      'The history of reseal does not hold together: entry 5 was changed',
    );
  });
});

describe('the head of the history', () => {
  it('F17: stands at the end of every mail, in text and HTML', () => {
    const { text, html } = composeParts([{}], aMailContext({ head: '123:3f2a9c0b1d2e4f56' }));
    expect(text.endsWith('\n\nHistory: entry 123:3f2a9c0b1d2e4f56\n')).toBe(true);
    expect(visible(html)).toContain('History: entry 123:3f2a9c0b1d2e4f56');
  });

  it('is left out where there is none', () => {
    const { text, html } = composeParts();
    expect(`${text}${html}`).not.toContain('History: entry');
  });
});
