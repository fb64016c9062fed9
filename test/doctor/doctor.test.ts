import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/doctor/checks.ts';
import { examine } from '../../src/doctor/examine.ts';
import { QUESTIONS } from '../../src/doctor/github.ts';
import type { Scene } from '../../src/doctor/scene.ts';
import { requiredPermissions } from '../../src/doctor/token.ts';
import { recordBeat } from '../../src/sqlite/installation.ts';
import { acquireLock } from '../../src/sqlite/lock.ts';
import { later, MINUTE_MS, NOW } from '../support/builders.ts';
import type { Patient } from '../support/doctor.ts';
import { admit, ailing, lineOf } from '../support/doctor.ts';

// `doctor` against the stand-ins, over real sockets and files.

function databaseOf({ installation }: Patient): string {
  return join(installation.dataDir, 'reseal.db');
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

describe('doctor', () => {
  it('has a line of every check', async () => {
    const patient = await admit();
    const seen = new Set((await patient.look()).map(({ check }) => check));
    expect([...seen]).toEqual(CHECKS.map(({ id }) => id));
  });

  it('changes nothing: no write at GitHub, no mail, no byte of the database', async () => {
    const patient = await admit();
    await patient.withApp(() => undefined);
    const before = hashOf(databaseOf(patient));
    await patient.look();
    const { github, mail } = patient.sandbox;
    expect(github.requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD')).toEqual([]);
    expect(mail.messages).toEqual([]);
    expect(hashOf(databaseOf(patient))).toBe(before);
  });

  it('never says anything of a secret', async () => {
    const patient = await admit();
    const { sealToken, pipeline, mail } = patient.sandbox;
    patient.writeSecret('github_verify_token', 'one\ntwo-half\n');
    const said = JSON.stringify(await patient.look());
    for (const secret of [sealToken, pipeline?.verifyToken ?? '', new URL(mail.url).password, 'two-half'])
      expect(said).not.toContain(secret);
  });
});

describe('the configuration', () => {
  it('when it is broken: is a problem, and what hangs on it is unknown', async () => {
    const patient = await admit();
    patient.rewrite('timezone:', 'timezon:');
    const lines = await patient.look();
    expect(lineOf(lines, 'file')).toMatchObject({
      outcome: 'problem',
      text: expect.stringMatching(/:\d+:\d+: /),
    });
    for (const check of ['clock', 'mail', 'github', 'registries', 'credentials', 'reminders', 'form'])
      expect(lines.find((line) => line.check === check)).toMatchObject({
        outcome: 'unknown',
        text: 'not looked at, because the configuration cannot be used',
      });
    expect(lineOf(lines, 'integrity')?.outcome).toBe('ok');
  });

  it('when others can write it: is a problem', async () => {
    const patient = await admit();
    chmodSync(patient.installation.configPath, 0o666);
    expect(ailing(await patient.look('configuration'))).toEqual(['problem file', 'problem mode']);
  });
});

describe('H9: the secret files', () => {
  it('are said with the line that fixes them', async () => {
    const patient = await admit();
    const { folder } = patient.installation;
    chmodSync(join(folder, 'smtp_url'), 0o644);
    patient.writeSecret('github_verify_token', '');
    const lines = await patient.look('secret-files');
    expect(lineOf(lines, 'github.seal.token-file')?.outcome).toBe('ok');
    expect(lineOf(lines, 'mail.url-file')?.next).toContain(`chmod 0400 ${join(folder, 'smtp_url')}`);
    expect(lineOf(lines, 'github.verify.token-file')?.text).toContain('is empty');
    expect(lineOf(lines, 'reminders.heartbeat.url-file')?.text).toContain('is not there');
  });

  it.skipIf(process.getuid?.() !== 0)('are judged for the daemon’s user where root looks', async () => {
    const patient = await admit();
    const { folder, dataDir } = patient.installation;
    chownSync(dataDir, 1000, 1000);
    chmodSync(folder, 0o755);
    const lines = await patient.look('secret-files');
    const path = join(folder, 'smtp_url');
    expect(lineOf(lines, 'mail.url-file')).toMatchObject({
      outcome: 'problem',
      text: expect.stringContaining("the daemon's user 1000 cannot read"),
      next: expect.stringContaining(`chown 1000:1000 ${path} && chmod 0400 ${path}`),
    });
    expect(lineOf(await patient.look('folder'), 'files')?.text).toContain('belongs to user 0');
  });
});

describe('F7: the database', () => {
  it.each([
    ['is not there', (path: string) => rmSync(path), 'file', /there is no database/],
    ['is empty', (path: string) => truncateSync(path), 'file', /lost everything/],
    [
      'is no database',
      (path: string) => writeFileSync(path, 'x'.repeat(8192)),
      'file',
      /not a readable database/,
    ],
    [
      'is another program’s',
      (path: string) => {
        rmSync(path);
        new Sqlite(path).exec('CREATE TABLE other (x)').close();
      },
      'file',
      /not one of reseal's/,
    ],
    ['was cut short', (path: string) => truncateSync(path, 40_960), 'file', /not a readable database/],
    [
      'has a damaged page',
      (path: string) => {
        const bytes = readFileSync(path);
        bytes.fill(0xff, 20 * 4096, 30 * 4096);
        writeFileSync(path, bytes);
      },
      'integrity',
      /damaged|not a readable database/,
    ],
    [
      'is of a newer program',
      (path: string) =>
        new Sqlite(path)
          .exec("INSERT INTO migration (name, checksum, applied_at) VALUES ('9999_x.sql', 'x', '2027-01-01')")
          .close(),
      'schema',
      /newer reseal/,
    ],
  ] as const)('when it %s: is a problem, and the file stays as it is', async (_, harm, subject, text) => {
    const patient = await admit();
    const path = databaseOf(patient);
    harm(path);
    const before = readdirSync(patient.installation.dataDir).includes('reseal.db') ? hashOf(path) : '';
    const lines = await patient.look('database');
    const line = lines.find((one) => one.check === 'database' && one.subject === subject);
    expect(line).toMatchObject({ outcome: 'problem', text: expect.stringMatching(text) });
    expect(readdirSync(patient.installation.dataDir).includes('reseal.db') ? hashOf(path) : '').toBe(before);
  });

  it('when there is none: everything else is looked at all the same', async () => {
    const patient = await admit({ initialised: false });
    const lines = await patient.look();
    expect(lineOf(lines, 'seal token')?.outcome).toBe('ok');
    expect(lineOf(lines, 'log-in')?.outcome).toBe('ok');
    for (const check of ['daemon', 'credentials', 'reminders'])
      expect(lines.find((line) => line.check === check)).toMatchObject({
        outcome: 'unknown',
        text: 'not looked at, because the database cannot be used',
      });
  });

  it('when an entry of the history was changed: names it', async () => {
    const patient = await admit();
    await patient.withApp(({ db }) => {
      for (const { name } of db.connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'event'")
        .all() as { name: string }[])
        db.connection.exec(`DROP TRIGGER ${name}`);
      db.connection.exec("UPDATE event SET actor = 'mallory' WHERE seq = 2");
    });
    expect(lineOf(await patient.look('database'), 'history')?.text).toBe('entry 2 was changed');
  });
});

describe('the daemon', () => {
  it('is seen to run by its lock and its rounds', async () => {
    const patient = await admit();
    const lock = acquireLock(join(patient.installation.dataDir, 'daemon.lock'));
    await patient.withApp(({ db }) => {
      for (const beat of ['started', 'cycle', 'good-cycle'] as const) recordBeat(db, beat, NOW, 'here');
    });
    expect(ailing(await patient.look('daemon'))).toEqual([]);
    lock?.release();
    expect(ailing(await patient.look('daemon'))).toEqual(['unknown process']);
  });

  it('F15: on another machine is a problem where its lock is not seen', async () => {
    const patient = await admit();
    await patient.withApp(({ db }) => {
      for (const beat of ['started', 'cycle'] as const) recordBeat(db, beat, NOW, 'a-container');
    });
    const [line] = await patient.look('daemon');
    expect(line).toMatchObject({
      outcome: 'problem',
      text: expect.stringContaining('on a-container, and its lock is not seen from here'),
    });
  });
});

describe('the clock', () => {
  it('is held against GitHub’s', async () => {
    const patient = await admit({ now: () => later(-10 * MINUTE_MS) });
    expect(lineOf(await patient.look('clock'), 'clock')?.text).toContain('600 s behind GitHub');
    await patient.sandbox.github.close();
    expect(ailing(await patient.look('clock'))).toEqual(['unknown clock']);
  });
});

describe('the GitHub tokens', () => {
  const SEAL = 'at joaoh82/rust_sqlite';

  it('are well save what only a write shows', async () => {
    const patient = await admit();
    expect(ailing(await patient.look('github'))).toEqual([`unknown seal: environments:write ${SEAL}`]);
  });

  it('may write, as the last rotation has shown', async () => {
    const patient = await admit();
    await patient.withApp(({ history }) => {
      const detail = { repo: 'joaoh82/rust_sqlite', environment: 'release', secret: 'CRATES_IO_TOKEN' };
      history.append(
        { type: 'rotation.stored', subject: 'crates-io', result: 'r1', detail },
        // The file of the token was made a moment ago by the machine's own clock.
        new Date(Date.now() + MINUTE_MS),
      );
    });
    expect(ailing(await patient.look('github'))).toEqual([]);
  });

  it('work alone: a dead one says nothing of the other', async () => {
    const patient = await admit();
    patient.sandbox.github.removeToken(patient.sandbox.sealToken);
    const lines = await patient.look('github');
    expect(ailing(lines)).toEqual([
      'problem seal token',
      `unknown seal: metadata:read ${SEAL}`,
      `unknown seal: environments:read ${SEAL}`,
      `unknown seal: environments:write ${SEAL}`,
    ]);
    expect(lineOf(lines, 'verify token')?.outcome).toBe('ok');
    const { requests } = patient.sandbox.github;
    const dead = requests.filter(({ headers }) => headers.authorization?.includes(patient.sandbox.sealToken));
    expect(dead).toHaveLength(1);
  });

  it('name each permission where it is missing, and what cannot be verified without it', async () => {
    const patient = await admit();
    const token = patient.sandbox.pipeline?.verifyToken ?? '';
    const all = ['actions', 'administration', 'contents', 'dependabot_secrets', 'environments', 'secrets'];
    for (const missing of all) {
      const granted = all.filter((one) => one !== missing).map((one) => [one, 'read'] as const);
      patient.sandbox.github.addToken(token, { permissions: Object.fromEntries(granted) });
      const lines = await patient.look('github');
      expect(lineOf(lines, `verify: ${missing}:read ${SEAL}`)).toMatchObject({
        outcome: 'problem',
        text: expect.stringMatching(/without it verify cannot answer \S+/),
        next: expect.stringContaining(`the permission ${missing}:read for joaoh82/rust_sqlite`),
      });
      expect(ailing(lines).filter((one) => one.includes('verify'))).toHaveLength(1);
    }
  });

  it('have a question for each permission that some rule needs', () => {
    expect(Object.keys(QUESTIONS).toSorted()).toEqual(requiredPermissions());
  });

  it('name what the sealer’s token lacks', async () => {
    const patient = await admit();
    patient.sandbox.github.addToken(patient.sandbox.sealToken, { permissions: { metadata: 'read' } });
    expect(lineOf(await patient.look('github'), `seal: environments:read ${SEAL} › release`)).toMatchObject({
      outcome: 'problem',
      next: expect.stringContaining('environments:read'),
    });
  });

  it('say that an environment, or the repository, is not there', async () => {
    const patient = await admit();
    patient.sandbox.github.removeEnvironment('joaoh82/rust_sqlite', 'release');
    expect(ailing(await patient.look('github'))).toContain(
      `problem seal: environments:read ${SEAL} › release`,
    );
    patient.sandbox.github.removeRepository('joaoh82/rust_sqlite');
    const lines = ailing(await patient.look('github'));
    expect(lines).toContain(`problem seal: metadata:read ${SEAL}`);
    expect(lines).toContain(`unknown verify: secrets:read ${SEAL}`);
  });

  it('warn of one that ends soon', async () => {
    const patient = await admit();
    patient.sandbox.github.addToken(patient.sandbox.sealToken, {
      permissions: { environments: 'write' },
      expires: '2026-11-29 09:30:00 UTC',
    });
    expect(lineOf(await patient.look('github'), 'seal token')).toMatchObject({
      outcome: 'problem',
      text: 'GitHub accepts it until 2026-11-29, which is in 6 days',
    });
  });

  it('say what cannot be done where one is absent', async () => {
    const patient = await admit();
    const { folder } = patient.installation;
    patient.rewrite(
      `  verify:                                # read-only\n    token-file: ${folder}/github_verify_token\n`,
      '',
    );
    const lines = await patient.look('github');
    expect(lineOf(lines, 'verify token')).toMatchObject({
      outcome: 'problem',
      text: expect.stringContaining('verify reads with the seal token, and cannot answer'),
    });
    expect(lineOf(lines, 'seal token')?.outcome).toBe('ok');
  });

  it('are unknown where GitHub is silent', async () => {
    const patient = await admit();
    await patient.sandbox.github.close();
    const lines = await patient.look('github');
    expect(lines.every(({ outcome }) => outcome === 'unknown')).toBe(true);
    expect(lineOf(lines, 'seal token')?.text).toContain('cannot reach GitHub');
  });
});

describe('the registries', () => {
  it('are those that are used, and unknown where one does not answer', async () => {
    const patient = await admit();
    expect((await patient.look('registries')).map(({ subject }) => subject)).toEqual([
      'crates.io',
      'npm',
      'PyPI',
    ]);
    await patient.sandbox.npm.close();
    await patient.sandbox.cratesIo.close();
    expect(ailing(await patient.look('registries'))).toEqual(['unknown crates.io', 'unknown npm']);
  });
});

describe('the webhooks and the heartbeat', () => {
  it('are read, and not called', async () => {
    const patient = await admit();
    patient.writeSecret('heartbeat_url', 'https://watch.example.org/ping/5up3rs3cr3t\n');
    const [line] = await patient.look('webhooks');
    expect(line).toMatchObject({ outcome: 'ok', text: expect.stringContaining('one at watch.example.org;') });
    patient.writeSecret('heartbeat_url', 'http://watch.example.org/ping\n');
    expect(ailing(await patient.look('webhooks'))).toEqual(['problem heartbeat']);
  });
});

describe('the credentials', () => {
  it('are judged from the register', async () => {
    const patient = await admit();
    expect(ailing(await patient.look('credentials'))).toEqual(['unknown register']);
    await patient.withApp(() => undefined);
    expect(ailing(await patient.look('credentials'))).toEqual(['unknown crates-io']);
  });
});

describe('a check', () => {
  const broken = {
    id: 'x',
    title: 'Broken',
    run: () => {
      throw new TypeError('with a s3cr3t');
    },
  };

  it('that breaks is unknown, without the text of its error', async () => {
    const lines = await examine([broken], {} as Scene);
    expect(lines).toEqual([
      {
        check: 'x',
        subject: 'broken',
        outcome: 'unknown',
        text: 'could not be looked at: TypeError',
        next: 'please report it',
      },
    ]);
  });

  it('that never ends is unknown after its deadline', async () => {
    const endless = {
      id: 'y',
      title: 'Endless',
      asksOthers: true,
      run: () => new Promise<never>(() => undefined),
    };
    const lines = await examine([endless, broken], {} as Scene, 20);
    expect(lines.map(({ check, text }) => `${check}: ${text}`)).toEqual([
      'y: did not come to an end in 0.02 seconds',
      'x: could not be looked at: TypeError',
    ]);
  });
});
