import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openPage, submitForm } from '../../src/sandbox/visitor.ts';
import type { Installed } from '../support/installed.ts';
import {
  dateOf,
  daysAgo,
  install,
  installAndRecord,
  openedForm,
  PROGRAM,
  statusOf,
} from '../support/installed.ts';

const open: Installed[] = [];
async function keep(installed: Promise<Installed>): Promise<Installed> {
  const one = await installed;
  open.push(one);
  return one;
}
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

describe('init', () => {
  describe('when nothing is there', () => {
    it('creates a private database, and loads the shipped example as it stands', async () => {
      const { program, installation } = await keep(install());
      const { code, stdout } = await program.run('init');
      expect({ code, fresh: /database .*\(new\)/.test(stdout) }).toEqual({ code: 0, fresh: true });
      expect(statSync(join(installation.dataDir, 'reseal.db')).mode & 0o777).toBe(0o600);
      expect(statSync(installation.dataDir).mode & 0o777).toBe(0o700);
    });
  });

  describe('when it runs a second time', () => {
    it('leaves database and configuration as they are', async () => {
      const one = await keep(installAndRecord());
      const config = readFileSync(one.installation.configPath, 'utf8');
      expect((await one.program.run('init')).code).toBe(0);
      expect(readFileSync(one.installation.configPath, 'utf8')).toBe(config);
      expect((await statusOf(one)).status.credentials[0]?.version).toBe(1);
    });
  });

  describe('when no configuration exists', () => {
    it('writes a commented one that passes `config check`', async () => {
      const { program, installation } = await keep(install());
      rmSync(installation.configPath);
      expect((await program.run('init')).code).toBe(0);
      expect(statSync(installation.configPath).mode & 0o777).toBe(0o600);
      expect((await program.run('config', 'check')).code).toBe(0);
    });
  });
});

describe('a configuration that is wrong', () => {
  it('ends with 2, shows every problem with line and column, and touches nothing', async () => {
    const { program, installation } = await keep(install());
    const wrong = readFileSync(installation.configPath, 'utf8')
      .replace('hour: 9', 'hour: nine')
      .replace('owner: joao\n', 'owner: nobody\n');
    writeFileSync(installation.configPath, wrong);
    const { code, stderr } = await program.run('init');
    expect(code).toBe(2);
    expect(stderr).toMatch(/config\.yaml:\d+:\d+: reminders\.hour: /);
    expect(stderr).toMatch(/config\.yaml:\d+:\d+: credentials\.crates-io\.owner: /);
    expect(existsSync(installation.dataDir)).toBe(false);
  });

  it('is refused when others can write it, with the line that mends it', async () => {
    const { program, installation } = await keep(install());
    chmodSync(installation.configPath, 0o666);
    const { code, stderr } = await program.run('config', 'check');
    expect({ code, mend: stderr.includes('chmod go-w') }).toEqual({ code: 2, mend: true });
  });
});

describe('status', () => {
  describe('when version 1 was recorded as made 358 days ago', () => {
    it('shows it as due, and planned certificates as planned', async () => {
      const { code, status } = await statusOf(await keep(installAndRecord()));
      expect(code).toBe(1);
      expect(status.schemaVersion).toBe(1);
      expect(status.credentials.map(({ name, state }) => [name, state])).toEqual([
        ['crates-io', 'due'],
        ['apple-developer-id', 'planned'],
        ['apple-developer-membership', 'planned'],
        ['windows-code-signing', 'planned'],
        // Nobody has looked at them yet.
        ['reseal-seal-token', 'unknown'],
        ['reseal-verify-token', 'unknown'],
      ]);
      expect(status.credentials[0]).toMatchObject({ version: 1, expirySource: 'computed', daysLeft: 6 });
    });
  });

  describe('when only planned and good credentials are left', () => {
    it('ends with 0', async () => {
      const one = await keep(install());
      await one.program.run('init');
      await one.program.run('record', 'crates-io', '--expires', dateOf(daysAgo(-300)));
      const { code, status } = await statusOf(one);
      expect({
        code,
        state: status.credentials[0]?.state,
        source: status.credentials[0]?.expirySource,
      }).toEqual({
        code: 0,
        state: 'ok',
        source: 'entered',
      });
    });
  });

  describe('when nothing was recorded yet', () => {
    it('shows the credential as unknown, never as fine', async () => {
      const one = await keep(install());
      await one.program.run('init');
      const { code, status } = await statusOf(one);
      expect({ code, state: status.credentials[0]?.state }).toEqual({ code: 1, state: 'unknown' });
    });
  });

  it('counts no finding where nothing was verified: what was not read is not fine', async () => {
    const { program } = await keep(installAndRecord());
    const { findings } = JSON.parse((await program.run('--json', 'status')).stdout) as { findings: unknown };
    expect(findings).toEqual({ fail: null, unknown: null });
  });

  it('prints tab-separated columns into a pipe', async () => {
    const { program } = await keep(installAndRecord());
    const { stdout } = await program.run('status');
    expect(stdout.split('\n')[1]).toMatch(/^crates-io\tdue\t6 d\t\d{4}-\d\d-\d\d\tcomputed\t1\t/);
  });

  it('changes nothing in the data folder', async () => {
    const { program, installation } = await keep(installAndRecord());
    const before = readFileSync(join(installation.dataDir, 'reseal.db'));
    await program.run('status');
    expect(readFileSync(join(installation.dataDir, 'reseal.db')).equals(before)).toBe(true);
  });
});

describe('record', () => {
  it.each([
    [['crates-io'], 'nothing says when it expires'],
    [['crates-io', '--expires', '2027-02-30'], '"2027-02-30" is not a date'],
    [['crates-io', '--expires', '2027-06-01', '--never'], '--expires and --never contradict each other'],
    [['no-such', '--never'], 'no credential of the configuration is called "no-such"'],
  ])('refuses %j with 2: %s', async (args, message) => {
    const { program } = await keep(installAndRecord());
    const { code, stderr } = await program.run('record', ...args);
    expect({ code, said: stderr.includes(message) }).toEqual({ code: 2, said: true });
  });

  describe('when the date has passed', () => {
    it('records it, and says that it needs a person', async () => {
      const { program } = await keep(installAndRecord());
      const { code, stderr } = await program.run('record', 'crates-io', '--expires', dateOf(daysAgo(30)));
      expect({ code, said: stderr.includes('it counts as expired') }).toEqual({ code: 1, said: true });
    });
  });

  describe('when another expiry is recorded', () => {
    it('makes a new version of it', async () => {
      const one = await keep(installAndRecord());
      await one.program.run('record', 'crates-io', '--expires', dateOf(daysAgo(-200)));
      expect((await statusOf(one)).status.credentials[0]).toMatchObject({ version: 2, state: 'ok' });
    });
  });
});

describe('daemon', () => {
  describe('when the volume is empty', () => {
    it('says which command to run, and ends with 2', async () => {
      const { program, installation } = await keep(install());
      const { code, stderr } = await program.run('daemon');
      expect({ code, hint: stderr.includes('docker compose run --rm reseal init') }).toEqual({
        code: 2,
        hint: true,
      });
      expect(existsSync(installation.dataDir)).toBe(false);
    });
  });

  describe('when another daemon runs on the same data', () => {
    it('refuses to start, with 3', async () => {
      const { program, sandbox } = await keep(installAndRecord());
      const first = program.start('daemon');
      await sandbox.mail.waitForMessages(2);
      const second = await program.run('daemon');
      expect({
        code: second.code,
        said: second.stderr.includes('a daemon is running on this data already'),
      }).toEqual({
        code: 3,
        said: true,
      });
      first.child.kill('SIGTERM');
      expect((await first.finished).code).toBe(0);
    });
  });

  describe('when the mail server’s address cannot be read', () => {
    it('keeps the mail owed, and a later round sends it', async () => {
      const one = await keep(installAndRecord());
      const file = join(one.installation.folder, 'smtp_url');
      const url = readFileSync(file);
      rmSync(file);
      expect((await one.program.run('daemon', '--once')).code).toBe(1);
      expect((await statusOf(one)).status.deliveries).toMatchObject({
        pending: 2,
        sent: 0,
        dead: 0,
        lastError: expect.stringContaining('smtp_url" is not there'),
      });
      writeFileSync(file, url);
    });
  });
});

describe('healthcheck', () => {
  it('is red before the daemon has come round, and green after', async () => {
    const { program } = await keep(installAndRecord());
    expect((await program.run('healthcheck')).code).toBe(1);
    await program.run('daemon', '--once');
    expect((await program.run('healthcheck')).code).toBe(0);
  });
});

describe('history', () => {
  it('tells what happened, in a chain that holds', async () => {
    const { program } = await keep(installAndRecord());
    const { code, stdout } = await program.run('--json', 'history', '--check');
    const { events, broken } = JSON.parse(stdout) as { events: { type: string }[]; broken: number | null };
    expect({ code, broken }).toEqual({ code: 0, broken: null });
    expect(events.map(({ type }) => type)).toContain('credential.recorded');
  });
});

describe('history of a name that nobody knows', () => {
  it('is refused with 2, and says which there are', async () => {
    const { program } = await keep(installAndRecord());
    const { code, stderr } = await program.run('history', 'nope');
    expect({ code, said: stderr.includes('crates-io') }).toEqual({ code: 2, said: true });
  });
});

describe('config check', () => {
  it('notes what is not there on this machine', async () => {
    const { program, installation } = await keep(install());
    rmSync(join(installation.folder, 'smtp_url'));
    const { code, stderr } = await program.run('config', 'check');
    expect(code).toBe(0);
    expect(stderr).toMatch(/note: \S+smtp_url is not there/);
    expect(stderr).toMatch(/note: \S+heartbeat_url is not there/);
  });
});

describe('a failure with --json', () => {
  it('is JSON on stdout, too', async () => {
    const { program } = await keep(install());
    const { code, stdout } = await program.run('--json', 'status');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      error: { code: 'not_initialised', hints: [expect.stringContaining('reseal init')] },
    });
  });
});

describe('the program', () => {
  const bare = (args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) =>
    spawnSync(process.execPath, [PROGRAM, ...args], { encoding: 'utf8', ...options });

  it('runs from any folder', () => {
    const { status, stdout } = bare(['version'], { cwd: tmpdir() });
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^reseal \d+\.\d+\.\d+\n$/),
    });
  });

  it('never takes its configuration from the current folder', async () => {
    const { installation } = await keep(install());
    const env = {
      PATH: process.env['PATH'],
      HOME: installation.folder,
      XDG_CONFIG_HOME: join(installation.folder, 'none'),
    };
    const { status, stderr } = bare(['config', 'check'], { cwd: installation.folder, env });
    expect({ status, looked: stderr.includes('there is no configuration') }).toEqual({
      status: 2,
      looked: true,
    });
  });

  it.each([
    [['no-such-command'], 2],
    [['status', '--no-such-option'], 2],
    [['--config', '', 'config', 'check'], 2],
    [['--data-dir', '', 'status'], 2],
    [['help', 'rotate'], 0],
    [['--help'], 0],
    [['rotate', '--help'], 0],
    [['version'], 0],
  ])('ends %j with %i', (args, code) => {
    expect(bare(args).status).toBe(code);
  });

  it('lists its exit codes in --help', () => {
    expect(bare(['--help']).stdout).toMatch(/4 {2}unsettled/);
  });

  it.each([
    [{ NODE_TLS_REJECT_UNAUTHORIZED: '0' }, 'switches the check of certificates off'],
    [{ NODE_OPTIONS: '--inspect-port=0' }, 'lets others read this process'],
    [{ NODE_OPTIONS: '--report_on_signal' }, 'lets others read this process'],
    [{ NODE_OPTIONS: '--trace-tls' }, 'lets others read this process'],
  ])('H10: refuses to run with %j in its environment', (extra, said) => {
    const { status, stderr } = bare(['version'], { env: { PATH: process.env['PATH'], ...extra } });
    expect({ status, said: stderr.includes(said) }).toEqual({ status: 2, said: true });
  });

  it('goes on when the terminal behind stderr goes away', async () => {
    const { program, sandbox } = await keep(installAndRecord());
    const running = program.start('--json', 'rotate', 'crates-io');
    const address = await openedForm(running);
    running.child.stderr?.destroy();
    const fields = { token: sandbox.offeredToken, expiration: '365d' };
    expect((await submitForm(address, await openPage(address), fields)).status).toBe(200);
    expect((await running.finished).code).toBe(0);
  });

  it('opens no inspector on SIGUSR1', async () => {
    const { program } = await keep(installAndRecord());
    const running = program.start('--json', 'rotate', 'crates-io');
    await openedForm(running);
    running.child.kill('SIGUSR1');
    running.child.kill('SIGINT');
    const { code, stderr } = await running.finished;
    expect({ code, opened: stderr.includes('Debugger listening') }).toEqual({ code: 130, opened: false });
  });

  it('ships every file that it reads', () => {
    const { files } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
      files: string[];
    };
    expect(files).toEqual(expect.arrayContaining(['dist', 'migrations', 'examples', 'schema']));
    expect(readdirSync(join(import.meta.dirname, '../../migrations')).length).toBeGreaterThan(0);
  });
});
