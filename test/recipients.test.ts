import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { App, World } from '../src/app.ts';
import { loadConfig, openApp } from '../src/app.ts';
import { deliverDue } from '../src/remind/deliver.ts';
import type { Draft } from '../src/remind/reminder.ts';
import { mailContext } from '../src/sending.ts';
import type { Database } from '../src/sqlite/database.ts';
import { headOf } from '../src/sqlite/history.ts';
import { createInstallation } from '../src/sqlite/installation.ts';
import { aVersion, later, NOW } from './support/builders.ts';
import { INSTALL_ID, makeFolder, openTestDatabase, rowsOf } from './support/database.ts';

interface Written {
  readonly ada?: string;
  readonly owner?: string;
  readonly hour?: number;
  readonly withNpm?: boolean;
  readonly withAda?: boolean;
}

function textOf({
  ada = 'ada@example.org',
  owner = 'ada',
  hour = 9,
  withNpm = true,
  withAda = true,
}: Written): string {
  const place = (secret: string) =>
    `destinations: [{ repo: example/widgets, environment: release, secret: ${secret} }]`;
  return [
    'version: 1',
    `owners: {${withAda ? ` ada: { email: ${ada} },` : ''} grace: { email: grace@example.org } }`,
    `reminders: { hour: ${hour} }`,
    'credentials:',
    ...(owner === 'none'
      ? []
      : [`  crates-io: { kind: crates-io-token, owner: ${owner}, ${place('CRATES_IO_TOKEN')} }`]),
    ...(withNpm ? [`  npm: { kind: npm-token, owner: grace, ${place('NPM_TOKEN')} }`] : []),
  ].join('\n');
}

/** An installation whose configuration can be written anew, and is then loaded by another run of the program. */
function install() {
  const folder = makeFolder();
  const places = { configPath: join(folder, 'config.yaml'), dataDir: folder };
  const db = openTestDatabase(join(folder, 'reseal.db'));
  createInstallation(db, INSTALL_ID, NOW);
  let now = NOW;
  const world: World = {
    now: () => now,
    sleep: () => Promise.resolve(),
    randomBytes: (size) => Buffer.alloc(size, 7),
    fetch,
    env: {},
    actor: 'eve@host',
    host: 'host',
    version: '0.1.0',
  };
  const load = async (written: Written = {}): Promise<App> => {
    now = later(60_000, now);
    writeFileSync(places.configPath, textOf(written), { mode: 0o600 });
    const { config } = await loadConfig(places, world, db, true);
    const app = openApp(db, config, places, world);
    app.syncRegister();
    return app;
  };
  return { db, load, world, places };
}

const notices = (db: Database) =>
  rowsOf(db, 'reminder')
    .filter(({ topic }) => topic === 'recipients')
    .map(({ state, recipient }) => ({
      state,
      to: rowsOf(db, 'recipient').find(({ id }) => id === recipient)?.['address'],
    }));
const eventsOf = ({ history }: App, type: RegExp) =>
  history
    .list()
    .filter((event) => type.test(event.type))
    .map(({ type: name, subject, result, actor, detail }) => ({
      type: name,
      subject,
      result,
      actor,
      detail: JSON.parse(detail) as Record<string, unknown>,
    }));

/** Sends what is due, over a channel that takes everything. */
async function deliver(app: App): Promise<readonly Draft[]> {
  const drafts: Draft[] = [];
  app.outbox.gather(app.world.now(), () => app.world.now());
  await deliverDue({
    outbox: app.outbox,
    find: app.register.find,
    context: () => mailContext(app, undefined),
    identity: app.identity,
    channels: new Map([
      [
        'mail',
        {
          name: 'mail',
          render: async (draft: Draft) => {
            drafts.push(draft);
            return new TextEncoder().encode(draft.text);
          },
          send: async (_recipient: string, _payload: Uint8Array, onData: () => void) => {
            onData();
            return { kind: 'accepted' as const, code: 250 };
          },
          close: () => undefined,
        },
      ],
    ]),
    epoch: 'run',
    now: app.world.now,
    report: () => undefined,
    stopping: () => false,
    unwritten: [],
  });
  return drafts;
}

describe('a configuration that tells somebody else', () => {
  it('TM8: is mailed to the old address, once, with all that it was told of', async () => {
    const { db, load } = install();
    await load();
    expect(notices(db)).toEqual([]);
    const app = await load({ ada: 'eve@example.net' });
    expect(notices(db)).toEqual([{ state: 'owed', to: 'ada@example.org' }]);
    const [draft, ...others] = await deliver(app);
    expect(others).toEqual([]);
    expect(draft).toMatchObject({
      recipient: 'ada@example.org',
      subject: expect.stringContaining('crates-io'),
    });
    const text = draft?.text.replaceAll(/\s+/g, ' ');
    expect(text).toContain('From now eve@example.net');
    expect(text).toContain('by eve@host');
    await load({ ada: 'eve@example.net', hour: 10 });
    app.syncRegister();
    expect(notices(db)).toHaveLength(1);
    expect(eventsOf(app, /^(recipients|mail)\./)).toMatchObject([
      {
        type: 'recipients.changed',
        subject: 'ada@example.org',
        detail: { credentials: ['crates-io'], count: 1 },
      },
      {
        type: 'mail.sent',
        subject: 'ada@example.org',
        detail: { reminders: [expect.stringMatching(/^\* \d+ recipients 0$/)] },
      },
    ]);
  });

  it.each<[string, Written]>([
    ['gets another owner', { owner: 'grace' }],
    ['leaves it together with its owner', { owner: 'none', withAda: false }],
  ])('TM8: is mailed to the old owner where a credential %s', async (_name, written) => {
    const { db, load } = install();
    await load();
    await load(written);
    expect(notices(db)).toEqual([{ state: 'owed', to: 'ada@example.org' }]);
  });

  it('is told again where it happens again', async () => {
    const { db, load } = install();
    await load();
    await deliver(await load({ ada: 'eve@example.net' }));
    await deliver(await load());
    await load({ ada: 'eve@example.net' });
    expect(notices(db)).toEqual([
      { state: 'carried', to: 'ada@example.org' },
      { state: 'carried', to: 'eve@example.net' },
      { state: 'owed', to: 'ada@example.org' },
    ]);
  });

  it('need not be told to whoever is told again before the mail went out', async () => {
    const { db, load } = install();
    await load();
    await load({ ada: 'typo@example.net' });
    await load();
    expect(notices(db)).toEqual([
      { state: 'cancelled', to: 'ada@example.org' },
      { state: 'owed', to: 'typo@example.net' },
    ]);
  });

  it('TM8: is not lost where another command has loaded it, and the daemon comes later', async () => {
    const { db, load, world, places } = install();
    await load();
    writeFileSync(places.configPath, textOf({ ada: 'eve@example.net' }), { mode: 0o600 });
    // Keeps the new configuration, and does nothing about the register.
    await loadConfig(places, world, db, true);
    expect(notices(db)).toEqual([]);
    await load({ ada: 'eve@example.net' });
    expect(notices(db)).toEqual([{ state: 'owed', to: 'ada@example.org' }]);
  });

  it('mails nobody by an address that was damaged in the database', async () => {
    const { db, load } = install();
    await load();
    db.connection.exec("UPDATE audience SET policy = replace(policy, 'ada@', 'adb@')");
    await load({ ada: 'eve@example.net' });
    expect(notices(db)).toEqual([]);
  });

  it('owes nothing where the transaction that notes it fails', async () => {
    const { db, load } = install();
    await load();
    db.connection.exec(
      "CREATE TRIGGER full BEFORE UPDATE ON audience BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    );
    await expect(load({ ada: 'eve@example.net' })).rejects.toThrow('disk full');
    expect(notices(db)).toEqual([]);
    db.connection.exec('DROP TRIGGER full');
    await load({ ada: 'eve@example.net' });
    expect(notices(db)).toEqual([{ state: 'owed', to: 'ada@example.org' }]);
  });
});

describe('the history of the configuration', () => {
  it('TM8: says what was changed, by whom it was loaded, and nothing of what is the same', async () => {
    const { load } = install();
    await load();
    await load({ hour: 9 });
    const app = await load({ ada: 'eve@example.net', hour: 3, withNpm: false });
    expect(eventsOf(app, /^configuration\./)).toMatchObject([
      { type: 'configuration.loaded', subject: 'configuration', actor: 'eve@host' },
      {
        type: 'configuration.changed',
        result: '3 settings',
        actor: 'eve@host',
        detail: {
          changed: [
            'owners.ada.email: ada@example.org → eve@example.net',
            'reminders.hour: changed',
            'credentials.npm: removed',
          ],
        },
      },
    ]);
  });

  it('says that a file was changed in no setting', async () => {
    const { load, world, places, db } = install();
    const app = await load();
    writeFileSync(places.configPath, `${textOf({})}\n# a remark\n`, { mode: 0o600 });
    await loadConfig(places, world, db, true);
    await loadConfig(places, { ...world, version: '0.2.0' }, db, true);
    expect(eventsOf(app, /^configuration\./).map(({ result }) => result)).toEqual([
      'for the first time',
      'no setting',
    ]);
  });
});

describe('the head of the history', () => {
  it('F17: is in what mails are written from', async () => {
    const { db, load } = install();
    const app = await load();
    app.register.addVersion('crates-io', aVersion(), NOW);
    const { seq, hash } = headOf(db) ?? { seq: 0, hash: '' };
    expect(mailContext(app, undefined).head).toBe(`${seq}:${hash}`);
  });
});
