import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/load.ts';
import { judgeClock } from '../../src/doctor/clock.ts';
import { judgeConfiguration } from '../../src/doctor/configuration.ts';
import type { CredentialFacts } from '../../src/doctor/credentials.ts';
import { judgeCredentials } from '../../src/doctor/credentials.ts';
import type { DaemonFacts } from '../../src/doctor/daemon.ts';
import { judgeDaemon } from '../../src/doctor/daemon.ts';
import { judgeHistory, judgeState } from '../../src/doctor/database.ts';
import type { Entry } from '../../src/doctor/folder.ts';
import { judgeFileSystem, judgeFolder, judgeRoom } from '../../src/doctor/folder.ts';
import { judgeForm } from '../../src/doctor/form.ts';
import type { Outcome, Remark } from '../../src/doctor/line.ts';
import { judgeMail, judgeUnconfigured, judgeUndelivered } from '../../src/doctor/mail.ts';
import type { Permission } from '../../src/doctor/permission.ts';
import { judgeEnvironment, judgePermission, judgeWrite, notAsked } from '../../src/doctor/permission.ts';
import { judgeAuthorities, judgeNode } from '../../src/doctor/process.ts';
import { judgeRegistry } from '../../src/doctor/registries.ts';
import type { Coming } from '../../src/doctor/reminders.ts';
import { judgeReminders } from '../../src/doctor/reminders.ts';
import { judgeNoSeal, judgeNoVerify, judgeToken } from '../../src/doctor/token.ts';
import { judgeAddress } from '../../src/doctor/webhooks.ts';
import { AppError } from '../../src/domain/error.ts';
import { known, unavailable } from '../../src/verify/fact.ts';
import { DESTINATION, daysFromNow, later, MINUTE_MS, NOW } from '../support/builders.ts';

// Every line of `reseal doctor`, made to fail once on purpose, beside the same line when all is well.

const USER = { uid: 1000, gid: 1000, self: { uid: 1000, gid: 1000 } };
const PERMISSION: Permission = {
  token: 'verify',
  name: 'administration:read',
  repo: 'example/widgets',
  file: '/run/secrets/verify',
};
const SEALER: Permission = { ...PERMISSION, token: 'seal', name: 'environments:write' };
const TOKEN = { file: '/run/secrets/seal', isClassic: false };
const MIGRATION = { name: '0001_first.sql', checksum: 'aa' };
const STATE = {
  bytes: 4096,
  isOurs: true,
  migrations: { applied: [MIGRATION], shipped: [MIGRATION] },
  damage: [],
};
const DAEMON: DaemonFacts = {
  now: NOW,
  host: 'here',
  isLocked: true,
  last: { pid: 7, host: 'here' },
  cycleAt: later(-MINUTE_MS),
  goodAt: later(-MINUTE_MS),
  troubles: [],
};
const CREDENTIAL: CredentialFacts = {
  name: 'crates-io',
  owner: 'ada',
  hasOwner: true,
  declared: true,
  recorded: true,
  planned: false,
  own: false,
  unconfirmed: false,
  places: [{ destination: DESTINATION, state: 'verified' }],
};
const COMING: Coming = {
  credential: 'crates-io',
  topic: 'expiry',
  leadDays: 30,
  at: daysFromNow(5),
  recipients: ['ada@example.org'],
};

function configOf(...lines: readonly string[]): Config {
  const parsed = parseConfig(
    ['version: 1', 'owners: { ada: { email: ada@example.org } }', ...lines].join('\n'),
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

function ownFolder(change: Partial<Entry> = {}): Entry {
  return { path: '/data', mode: 0o700, uid: 1000, size: 4096, ...change };
}

function aFile(change: Partial<Entry> = {}): Entry {
  return { path: '/data/reseal.db', mode: 0o600, uid: 1000, size: 4096, ...change };
}

function folderLines(folder: Entry | undefined, files: readonly Entry[] | undefined, user = USER) {
  return judgeFolder('/data', { folder, files, user });
}

const listeners = (form: Partial<Config['form']>, web: Partial<Config['web']> = {}) => ({
  form: { bind: '127.0.0.1', port: 8765, publicPort: undefined, ...form },
  web: { bind: '127.0.0.1', port: 8766, ...web },
});
const config = (mode: number | undefined) =>
  judgeConfiguration({ path: '/etc/reseal/config.yaml', config: { ok: true, value: configOf() }, mode });
const unusable = (reason: string, absent: boolean) =>
  judgeConfiguration({
    path: '/etc/reseal/config.yaml',
    config: { ok: false, what: 'the configuration', reason, hints: ['reseal config check'], absent },
    mode: undefined,
  });
const refused = (code: 'forbidden' | 'not_found' | 'unavailable') =>
  new AppError(code, 'GitHub shows no environment', { hints: ['create it under Settings'] });

type Row = readonly [
  line: string,
  made: readonly Remark[] | Remark,
  subject: string,
  text: RegExp,
  next?: RegExp,
];

const PROBLEMS: readonly Row[] = [
  ['Node', judgeNode('20.19.0', '0.1.0'), 'Node', /never tried/, /\^24\.11/],
  [
    'authorities',
    judgeAuthorities({ NODE_EXTRA_CA_CERTS: '/ca' }, () => false),
    'NODE_EXTRA_CA_CERTS',
    /not trusted/,
  ],
  ['no file', unusable('there is no configuration', true), 'file', /there is no/, /config check/],
  ['a broken file', unusable('config.yaml:3:1: unknown key', false), 'file', /3:1/, /config check/],
  [
    'mode',
    config(0o664),
    'mode',
    /others can write it \(mode 0664\)/,
    /^chmod go-w \/etc\/reseal\/config\.yaml$/,
  ],
  ['a blocked port', judgeForm(listeners({ port: 6000 }), false), 'form.port', /refuse/, /8765/],
  ['a blocked public port', judgeForm(listeners({ publicPort: 6667 }), true), 'form.port', /sees as 6667/],
  ['a blocked port of the page', judgeForm(listeners({}, { port: 10080 }), false), 'web.port', /refuse/],
  [
    'open to the network',
    judgeForm(listeners({ bind: '0.0.0.0' }), false),
    'form.bind',
    /other machines/,
    /ssh -N/,
  ],
  ['the page open', judgeForm(listeners({}, { bind: '::' }), false), 'web.bind', /other machines/],
  [
    'loopback inside',
    judgeForm(listeners({}), true),
    'form.bind',
    /container's own/,
    /127\.0\.0\.1:8765:8765/,
  ],
  [
    'any port inside',
    judgeForm(listeners({ bind: '0.0.0.0', port: 0 }), true),
    'form.bind',
    /form\.port is 0/,
  ],
  ['no folder', folderLines(undefined, undefined), 'folder', /there is no folder/, /reseal init/],
  ['a folder for all', folderLines(ownFolder({ mode: 0o777 }), []), 'folder', /0777/, /^chmod 0700 \/data$/],
  [
    "somebody else's folder",
    folderLines(ownFolder(), [], { ...USER, self: { uid: 1001, gid: 1001 } }),
    'folder',
    /belongs to user 1000, and this is user 1001/,
    /sudo -u '#1000'/,
  ],
  [
    "root's file",
    folderLines(ownFolder(), [aFile({ uid: 0 })]),
    'files',
    /belongs to user 0/,
    /^chown -R 1000:1000 \/data$/,
  ],
  ['an open file', folderLines(ownFolder(), [aFile({ mode: 0o644 })]), 'files', /0644/, /^chmod go-rwx/],
  [
    'a cut key',
    folderLines(ownFolder(), [aFile({ path: '/data/fingerprint.key', size: 31 })]),
    'fingerprint.key',
    /31 bytes/,
    /restore it/,
  ],
  ['F15: NFS', judgeFileSystem(0x6969), 'file system', /NFS/, /local disk/],
  ['F15: CIFS, as Node gives it', judgeFileSystem(0xff534d42 | 0), 'file system', /CIFS/],
  ['F15: 9p', judgeFileSystem(0x01021997), 'file system', /virtual machine/],
  ['memory', judgeFileSystem(0x01021994), 'file system', /gone at the next restart/],
  ['room', judgeRoom(50e6, 1e6), 'room', /50\.0 MB free/, /make room/],
  ['room for a large one', judgeRoom(3e9, 2e9), 'room', /3\.0 GB free, the database has 2\.0 GB/],
  ['F7: empty', judgeState('/data/reseal.db', { ...STATE, bytes: 0 }), 'file', /lost everything/, /backup/],
  [
    'F7: another',
    judgeState('/data/reseal.db', { ...STATE, isOurs: false }),
    'file',
    /not one of reseal's/,
    /--data-dir/,
  ],
  [
    'damage',
    judgeState('/data/reseal.db', { ...STATE, damage: ['row 3 missing from index x'] }),
    'integrity',
    /row 3/,
    /backup/,
  ],
  [
    'a newer schema',
    judgeState('/d', {
      ...STATE,
      migrations: { applied: [MIGRATION, { name: '0002', checksum: 'b' }], shipped: [MIGRATION] },
    }),
    'schema',
    /newer reseal/,
  ],
  [
    'an older schema',
    judgeState('/d', { ...STATE, migrations: { applied: [], shipped: [MIGRATION] } }),
    'schema',
    /1 migration behind/,
    /copies the database first/,
  ],
  [
    'another schema',
    judgeState('/d', {
      ...STATE,
      migrations: { applied: [{ ...MIGRATION, checksum: 'zz' }], shipped: [MIGRATION] },
    }),
    'schema',
    /another "0001_first\.sql"/,
  ],
  ['no identity', judgeHistory({ state: undefined }), 'installation', /not initialised/],
  [
    'F17: the chain',
    judgeHistory({ state: { broken: { seq: 4, reason: 'changed' }, reaches: 0, rewound: undefined } }),
    'history',
    /entry 4 was changed/,
    /history --check/,
  ],
  [
    'F17: the end',
    judgeHistory({ state: { broken: undefined, reaches: 3, rewound: { seq: 9, hash: 'aa' } } }),
    'history',
    /seen to reach entry 9/,
    /reseal resume/,
  ],
  [
    'never run',
    judgeDaemon({ ...DAEMON, isLocked: false, last: undefined, cycleAt: undefined }),
    'process',
    /never run/,
    /start it/,
  ],
  [
    'H12: dead',
    judgeDaemon({ ...DAEMON, isLocked: false, cycleAt: daysFromNow(-3) }),
    'process',
    /does not run/,
    /start it/,
  ],
  [
    'F15: a lock that is not seen',
    judgeDaemon({ ...DAEMON, isLocked: false, last: { pid: 7, host: 'b1c2' } }),
    'process',
    /on b1c2, and its lock is not seen from here/,
    /docker compose exec/,
  ],
  [
    'stuck',
    judgeDaemon({ ...DAEMON, cycleAt: later(-20 * MINUTE_MS) }),
    'rounds',
    /does not come round/,
    /log/,
  ],
  [
    'no good round',
    judgeDaemon({ ...DAEMON, goodAt: undefined }),
    'rounds',
    /asked for a person/,
    /reseal status/,
  ],
  [
    'a trouble',
    judgeDaemon({ ...DAEMON, troubles: [{ name: 'configuration', detail: 'no such owner', since: NOW }] }),
    'configuration',
    /no such owner/,
  ],
  ['the clock', judgeClock('api.github.com', later(6 * MINUTE_MS), NOW), 'clock', /360 s ahead of/, /NTP/],
  ['no mail at all', judgeUnconfigured(0, 2), 'server', /nobody of 2 owners/, /declare "mail"/],
  [
    'no connection',
    judgeMail('m:587', '/f', { reached: 'connection', reason: 'refused', passing: true, encrypted: true }),
    'connection',
    /refused/,
    /m:587/,
  ],
  [
    'TLS',
    judgeMail('m:587', '/f', { reached: 'tls', reason: 'no trust', passing: false, encrypted: true }),
    'TLS',
    /no trust/,
    /EXTRA_CA/,
  ],
  [
    'the log-in',
    judgeMail('m:587', '/f', { reached: 'login', reason: 'wrong', passing: false, encrypted: true }),
    'log-in',
    /wrong/,
    /password in \/f/,
  ],
  [
    'undelivered',
    judgeUndelivered({ dead: 2, ambiguous: 1 }, { ok: true }),
    'undelivered',
    /2 messages given up/,
    /outbox retry/,
  ],
  [
    'a webhook',
    judgeAddress('chat', () => {
      throw new AppError('invalid_config', 'is not a URL', { hints: ['write one line'] });
    }),
    'chat',
    /not a URL/,
    /write one/,
  ],
  [
    'no seal token',
    judgeNoSeal(3, 1),
    'seal token',
    /3 places.*verifying goes on without it/,
    /environments:write/,
  ],
  [
    'no verify token',
    judgeNoVerify(1, true),
    'verify token',
    /cannot answer .*; storing goes on/,
    /administration:read/,
  ],
  ['no token at all', judgeNoVerify(1, false), 'verify token', /public documents alone/],
  [
    'a dead token',
    judgeToken('seal', TOKEN, { kind: 'refused' }, NOW),
    'seal token',
    /does not accept/,
    /make a new one/,
  ],
  [
    'a dying token',
    judgeToken('seal', TOKEN, { kind: 'accepted', expiry: { kind: 'known', at: daysFromNow(6) } }, NOW),
    'seal token',
    /in 6 days/,
    /make a new one now/,
  ],
  [
    'a classic token',
    judgeToken(
      'verify',
      { ...TOKEN, isClassic: true },
      { kind: 'accepted', expiry: { kind: 'none' } },
      NOW,
    )[1] as Remark,
    'verify token',
    /classic/,
    /fine-grained/i,
  ],
  [
    'a permission',
    judgePermission(PERMISSION, unavailable('permission', 'the token may not read it')),
    'verify: administration:read at example/widgets',
    /may not read it; without it verify cannot answer \S+/,
    /give the token in \/run\/secrets\/verify the permission administration:read for example\/widgets/,
  ],
  [
    'an environment',
    judgeEnvironment(SEALER, DESTINATION, refused('not_found')),
    'seal: environments:write at example/widgets › release',
    /no environment/,
    /create it/,
  ],
  [
    'no owner',
    judgeCredentials([{ ...CREDENTIAL, hasOwner: false }], []),
    'crates-io',
    /owner "ada" is not/,
    /retire crates-io/,
  ],
  [
    'vanished',
    judgeCredentials([{ ...CREDENTIAL, declared: false }], []),
    'crates-io',
    /not in the configuration/,
  ],
  [
    'unconfirmed',
    judgeCredentials([{ ...CREDENTIAL, unconfirmed: true }], []),
    'crates-io',
    /unconfirmed/,
    /reseal confirm/,
  ],
  ...(['missing', 'changed-elsewhere', 'unconfirmed'] as const).map(
    (state): Row => [
      `a place that is ${state}`,
      judgeCredentials([{ ...CREDENTIAL, places: [{ destination: DESTINATION, state }] }], []),
      'crates-io',
      /example\/widgets › release › CARGO_REGISTRY_TOKEN/,
      /reseal /,
    ],
  ),
  [
    'too many',
    judgeCredentials(
      Array.from({ length: 30 }, (_, n) => ({ ...CREDENTIAL, name: `c${n}`, hasOwner: false })),
      [],
    ).slice(-1),
    'register',
    /10 more lines/,
  ],
  [
    'nobody',
    judgeReminders([], [{ ...COMING, recipients: [] }], NOW),
    'crates-io',
    /to nobody/,
    /declare an owner/,
  ],
];

const UNKNOWNS: readonly Row[] = [
  ['which file system', judgeFileSystem(undefined), 'file system', /Linux alone/],
  ['FUSE', judgeFileSystem(0x65735546), 'file system', /FUSE/, /docker compose exec/],
  ['overlay', judgeFileSystem(0x794c7630), 'file system', /top layer/, /volume/],
  ['a new file system', judgeFileSystem(0x1234), 'file system', /0x1234/],
  ['files', folderLines(ownFolder(), undefined), 'files', /cannot list/, /as root/],
  ['history', judgeHistory(undefined), 'history', /not looked at/],
  ['a timer', judgeDaemon({ ...DAEMON, isLocked: false }), 'process', /a timer may run/, /start it/],
  ['the clock', judgeClock('api.github.com', NOW, undefined), 'clock', /does not tell the time/, /proxy/],
  [
    'a log-in that may pass',
    judgeMail('m:587', '/f', { reached: 'login', reason: 'not now', passing: true, encrypted: true }),
    'log-in',
    /not now/,
  ],
  [
    'after TLS',
    judgeMail('m', '/f', { reached: 'tls', reason: '', passing: false, encrypted: true }),
    'log-in',
    /not come to/,
  ],
  [
    'undelivered',
    judgeUndelivered(undefined, { ok: false, what: 'the configuration' }),
    'undelivered',
    /the configuration/,
  ],
  [
    'a token',
    judgeToken('seal', TOKEN, { kind: 'unread', reason: 'cannot reach GitHub', hints: ['the proxy'] }, NOW),
    'seal token',
    /cannot reach/,
    /proxy/,
  ],
  [
    'an end',
    judgeToken('seal', TOKEN, { kind: 'accepted', expiry: { kind: 'unknown' } }, NOW),
    'seal token',
    /cannot be true/,
  ],
  [
    'a permission',
    judgePermission(PERMISSION, unavailable('unreachable', 'no answer')),
    'verify: administration:read at example/widgets',
    /no answer/,
  ],
  [
    'not asked',
    notAsked(SEALER, 'GitHub did not accept the token'),
    'seal: environments:write at example/widgets',
    /not asked, because/,
  ],
  [
    'an environment',
    judgeEnvironment(SEALER, DESTINATION, refused('unavailable')),
    'seal: environments:write at example/widgets › release',
    /./,
  ],
  [
    'a write',
    judgeWrite(SEALER, { wroteAt: undefined, fileAt: NOW }),
    'seal: environments:write at example/widgets',
    /only a write shows it/,
    /Read and write/,
  ],
  [
    'an older write',
    judgeWrite(SEALER, { wroteAt: daysFromNow(-1), fileAt: NOW }),
    'seal: environments:write at example/widgets',
    /changed since the last write/,
  ],
  [
    'a registry',
    judgeRegistry('npm', undefined, unavailable('unreachable', 'npm did not answer in time')),
    'npm',
    /in time/,
    /--unchecked/,
  ],
  [
    'no version',
    judgeCredentials([{ ...CREDENTIAL, recorded: false }], []),
    'crates-io',
    /nobody knows when it expires/,
    /reseal record/,
  ],
  [
    'a place',
    judgeCredentials([{ ...CREDENTIAL, places: [{ destination: DESTINATION, state: 'unknown' }] }], []),
    'crates-io',
    /could not be read/,
  ],
  ['a new one', judgeCredentials([], ['npm']), 'register', /not taken up yet: npm/, /next round/],
];

const GOOD: Readonly<Record<string, readonly Remark[]>> = {
  program: [judgeNode('24.11.0', '0.1.0'), ...judgeAuthorities({ NODE_EXTRA_CA_CERTS: '/ca' }, () => true)],
  configuration: config(0o640),
  'form and page': judgeForm(listeners({ port: 0 }), false),
  'form in a container': judgeForm(listeners({ bind: '0.0.0.0', publicPort: 9000 }), true),
  folder: [
    ...folderLines(ownFolder(), [aFile(), aFile({ path: '/data/fingerprint.key', size: 32 })]),
    ...folderLines(ownFolder({ mode: 0o755 }), [], { ...USER, self: { uid: 0, gid: 0 } }),
    judgeFileSystem(0xef53),
    judgeFileSystem(0x9123683e | 0),
    judgeRoom(5e9, 1e6),
  ],
  database: [
    ...judgeState('/d', STATE),
    ...judgeHistory({ state: { broken: undefined, reaches: 1, rewound: undefined } }),
  ],
  daemon: judgeDaemon(DAEMON),
  clock: [judgeClock('h', NOW, NOW), judgeClock('h', later(-MINUTE_MS), NOW)],
  mail: [
    ...judgeMail('m', '/f', { reached: 'end', encrypted: true, loggedIn: true }),
    ...judgeMail('m', '/f', { reached: 'end', encrypted: false, loggedIn: false }),
    judgeUnconfigured(1, 1),
    ...judgeUndelivered({ dead: 0, ambiguous: 0 }, { ok: true }),
  ],
  webhooks: [judgeAddress('chat', () => 'hooks.example.org')],
  github: [
    judgeNoSeal(0, 0),
    judgeNoVerify(0, false),
    ...judgeToken('seal', TOKEN, { kind: 'accepted', expiry: { kind: 'none' } }, NOW),
    ...judgeToken('seal', TOKEN, { kind: 'accepted', expiry: { kind: 'known', at: daysFromNow(90) } }, NOW),
    judgePermission(PERMISSION, known(1)),
    judgeEnvironment(SEALER, DESTINATION),
    judgeWrite(SEALER, { wroteAt: NOW, fileAt: daysFromNow(-30) }),
  ],
  registries: [judgeRegistry('pypi', 'https://pypi.example.org', known(undefined))],
  credentials: judgeCredentials([CREDENTIAL, { ...CREDENTIAL, recorded: false, planned: true }], []),
  reminders: [...judgeReminders([], [COMING], NOW), ...judgeReminders([], [], NOW)],
};

function worst(made: readonly Remark[] | Remark, subject: string, outcome: Outcome): Remark | undefined {
  return [made].flat().find((one) => one.subject === subject && one.outcome === outcome);
}

const named = (rows: readonly Row[]) =>
  rows.map(([title, made, subject, text, next]) => ({ title, made, subject, text, next }));

describe('a line that fails', () => {
  it.each(named(PROBLEMS))(
    '$title: is a problem with the next step',
    ({ made, subject, text, next = /./ }) => {
      const line = worst(made, subject, 'problem');
      expect(line?.text).toMatch(text);
      expect(line?.next).toMatch(next);
    },
  );

  it.each(named(UNKNOWNS))('$title: is unknown, and says why', ({ made, subject, text, next }) => {
    const line = worst(made, subject, 'unknown');
    expect(line?.text).toMatch(text);
    if (next) expect(line?.next).toMatch(next);
  });

  it.each(Object.entries(GOOD))('%s: is ok where nothing is wrong', (_, made) => {
    expect(made.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
    expect(made.length).toBeGreaterThan(0);
  });
});

describe('what is reminded of next', () => {
  it('is the five that come first, with their addressees', () => {
    const coming = [9, 2, 7, 4, 3, 8].map((days) => ({
      ...COMING,
      credential: `c${days}`,
      at: daysFromNow(days),
    }));
    const lines = judgeReminders([], coming, NOW);
    expect(lines.map(({ subject }) => subject)).toEqual(['c2', 'c3', 'c4', 'c7', 'c8', 'later']);
    expect(lines[0]?.text).toBe('30 days before it expires at 2026-11-25T09:30:00Z, to ada@example.org');
    expect(lines.at(-1)?.text).toBe('1 more comes after these');
  });

  it('begins with what is due and has not gone out', () => {
    const due = { ...COMING, version: 1, leadDays: 0, covers: [] };
    const [first] = judgeReminders([due], [COMING], NOW);
    expect(first).toMatchObject({ outcome: 'ok', text: 'the day it expires, due now, to ada@example.org' });
  });

  it('has one line for all that have no date', () => {
    const monthly = ['a', 'b', 'c'].map((credential) => ({
      ...COMING,
      credential,
      topic: 'standing' as const,
    }));
    expect(judgeReminders([], monthly, NOW).map(({ subject }) => subject)).toEqual(['a and 2 more']);
  });
});
