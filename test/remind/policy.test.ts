import { describe, expect, it } from 'vitest';
import { addresseesOf, everybody, ownersOf, sameAddressee, standIns } from '../../src/remind/policy.ts';
import type { Addressee } from '../../src/remind/reminder.ts';
import { aDeclaration, aPolicy, aReminded } from '../support/builders.ts';

const CREDENTIAL = aReminded();
const TEAM = new Map([
  ['ada', 'ada@example.org'],
  ['grace', 'grace@example.org'],
  ['linus', 'linus@example.org'],
]);
const HOOKS = [
  { name: 'all', owners: undefined },
  { name: 'graces', owners: ['grace'] },
  { name: 'nobodys', owners: [] },
];

const inShort = (addressees: readonly Addressee[]) =>
  addressees.map(({ channel, recipient }) => `${channel}:${recipient.split('@')[0]}`);

describe('addresseesOf', () => {
  const policy = aPolicy({ addresses: TEAM, escalate: { daysBefore: 7, to: ['grace', 'linus'] } });

  it.each([
    [60, ['mail:ada']],
    [8, ['mail:ada']],
    [7, ['mail:ada', 'mail:grace', 'mail:linus']],
    [0, ['mail:ada', 'mail:grace', 'mail:linus']],
    [-14, ['mail:ada', 'mail:grace', 'mail:linus']],
    [Number.NEGATIVE_INFINITY, ['mail:ada', 'mail:grace', 'mail:linus']],
  ])('returns who is told by %d days before: the others join from 7 on', (leadDays, expected) => {
    expect(inShort(addresseesOf(CREDENTIAL, leadDays, policy))).toEqual(expected);
  });

  it('lets others join after the expiry only, where it is said so', () => {
    const late = aPolicy({ escalate: { daysBefore: -2, to: ['grace'] } });
    expect(inShort(addresseesOf(CREDENTIAL, -1, late))).toEqual(['mail:ada']);
    expect(inShort(addresseesOf(CREDENTIAL, -2, late))).toEqual(['mail:ada', 'mail:grace']);
  });

  it('returns two owners with one address once, and nobody twice', () => {
    const shared = aPolicy({
      addresses: new Map([
        ['ada', 'team@example.org'],
        ['grace', 'team@example.org'],
      ]),
      escalate: { daysBefore: 7, to: ['grace', 'ada', 'grace'] },
    });
    expect(inShort(addresseesOf(CREDENTIAL, 0, shared))).toEqual(['mail:team']);
  });

  it('leaves out who has no address', () => {
    expect(
      inShort(addresseesOf(CREDENTIAL, 0, aPolicy({ escalate: { daysBefore: 7, to: ['gone'] } }))),
    ).toEqual(['mail:ada']);
  });
});

describe('ownersOf', () => {
  it('returns the owner, and the webhooks that post what is theirs', () => {
    const policy = aPolicy({ addresses: TEAM, webhooks: HOOKS });
    expect(inShort(ownersOf(CREDENTIAL, policy))).toEqual(['mail:ada', 'webhook:all']);
    const hers = aReminded({ declaration: aDeclaration({ owner: 'grace' }) });
    expect(inShort(ownersOf(hers, policy))).toEqual(['mail:grace', 'webhook:all', 'webhook:graces']);
  });

  it('returns everybody for "*", and every webhook, also one that posts what is somebody’s', () => {
    const own = aReminded({ declaration: aDeclaration({ owner: '*' }) });
    const rules = aPolicy({ addresses: TEAM, webhooks: HOOKS });
    expect(ownersOf(own, rules)).toEqual(everybody(rules));
    expect(inShort(ownersOf(own, rules))).toEqual(
      expect.arrayContaining(['webhook:all', 'webhook:graces', 'webhook:nobodys']),
    );
  });

  it('H5: returns everybody where the owner has left the configuration', () => {
    const orphan = aReminded({ declaration: aDeclaration({ owner: 'gone' }), declared: false });
    expect(inShort(ownersOf(orphan, aPolicy({ addresses: TEAM, webhooks: HOOKS })))).toEqual([
      'mail:ada',
      'mail:grace',
      'mail:linus',
      'webhook:all',
    ]);
  });
});

describe('standIns', () => {
  it('returns those of the escalation, whatever its days', () => {
    const policy = aPolicy({ addresses: TEAM, escalate: { daysBefore: -30, to: ['linus'] } });
    expect(inShort(standIns(policy))).toEqual(['mail:linus']);
  });

  it('returns everybody by mail where there is no escalation', () => {
    expect(inShort(standIns(aPolicy({ addresses: TEAM, webhooks: HOOKS })))).toEqual([
      'mail:ada',
      'mail:grace',
      'mail:linus',
    ]);
  });
});

describe('everybody', () => {
  it('returns each address and each webhook once', () => {
    const addresses = new Map([...TEAM, ['ada again', 'ada@example.org']]);
    expect(inShort(everybody(aPolicy({ addresses, webhooks: HOOKS })))).toEqual([
      'mail:ada',
      'mail:grace',
      'mail:linus',
      'webhook:all',
      'webhook:graces',
      'webhook:nobodys',
    ]);
  });
});

describe('sameAddressee', () => {
  it('tells a mail address from a webhook of that name', () => {
    const [mail, hook] = ['mail', 'webhook'].map((channel) => ({ channel, recipient: 'ops' })) as [
      Addressee,
      Addressee,
    ];
    expect(sameAddressee(mail, { ...mail })).toBe(true);
    expect(sameAddressee(mail, hook)).toBe(false);
    expect(sameAddressee(mail, { ...mail, recipient: 'dev' })).toBe(false);
  });
});
