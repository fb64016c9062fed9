import { describe, expect, it } from 'vitest';
import { describeChanges } from '../../src/history/changes.ts';

const CONFIG = {
  timezone: 'UTC',
  github: { apiUrl: 'https://api.github.com', sealTokenFile: '/secrets/seal' },
  mail: { urlFile: '/secrets/smtp', from: { name: 'reseal', address: 'reseal@example.org' } },
  owners: [
    { name: 'ada', email: 'ada@example.org' },
    { name: 'grace', email: 'grace@example.org' },
  ],
  webhooks: [],
  reminders: { hour: 9, onLostAnswer: 'resend', escalate: { daysBefore: 7, to: ['grace'] } },
  credentials: [
    { name: 'npm', owner: 'ada', destinations: [{ repo: 'a/b', environment: 'e', secret: 'S' }] },
  ],
  pipelines: [],
};

describe('describeChanges', () => {
  it('says nothing of what is the same', () => {
    expect(describeChanges(CONFIG, structuredClone(CONFIG))).toEqual([]);
  });

  it('gives the old and the new address of an owner', () => {
    const owners = [{ name: 'ada', email: 'eve@example.net' }, CONFIG.owners[1]];
    expect(describeChanges(CONFIG, { ...CONFIG, owners })).toEqual([
      'owners.ada.email: ada@example.org → eve@example.net',
    ]);
  });

  it('gives the address of an owner who came or went', () => {
    const [ada] = CONFIG.owners;
    expect(
      describeChanges(CONFIG, { ...CONFIG, owners: [ada, { name: 'eve', email: 'eve@example.net' }] }),
    ).toEqual(['owners.grace: removed (grace@example.org)', 'owners.eve: added (eve@example.net)']);
  });

  it.each([
    ['a setting', { reminders: { ...CONFIG.reminders, hour: 3 } }, ['reminders.hour: changed']],
    [
      'a setting with a hyphen',
      { reminders: { ...CONFIG.reminders, onLostAnswer: 'hold' } },
      ['reminders.on-lost-answer: changed'],
    ],
    [
      'one that the file has elsewhere',
      { github: { ...CONFIG.github, sealTokenFile: '/elsewhere' } },
      ['github.seal.token-file: changed'],
    ],
    ['what was added', { timezone: 'UTC', form: { port: 1 } }, ['form: added']],
    [
      'a sender, as one',
      { mail: { ...CONFIG.mail, from: { name: 'x', address: 'x@y.z' } } },
      ['mail.from: changed'],
    ],
    ['a credential that went', { credentials: [] }, ['credentials.npm: removed']],
    [
      'one that came',
      { credentials: [...CONFIG.credentials, { name: 'camelCase', owner: 'ada' }] },
      ['credentials.camelCase: added'],
    ],
    [
      'where it is stored',
      {
        credentials: [
          { ...CONFIG.credentials[0], destinations: [{ repo: 'x/y', environment: 'e', secret: 'S' }] },
        ],
      },
      ['credentials.npm.destinations: changed'],
    ],
    [
      'who joins',
      { reminders: { ...CONFIG.reminders, escalate: undefined } },
      ['reminders.escalate: removed'],
    ],
  ])('names %s by its path, and no value', (_name, change, expected) => {
    expect(describeChanges(CONFIG, { ...CONFIG, ...change })).toEqual(expected);
  });

  it('is bounded', () => {
    const credentials = Array.from({ length: 80 }, (_, index) => ({ name: `c${index}` }));
    const changes = describeChanges(CONFIG, { ...CONFIG, credentials });
    expect(changes).toHaveLength(51);
    expect(changes.at(-1)).toBe('and 31 more');
    const owners = [{ name: 'ada', email: 'a'.repeat(1_000) }, CONFIG.owners[1]];
    expect(describeChanges(CONFIG, { ...CONFIG, owners })[0]).toHaveLength(300);
  });
});
