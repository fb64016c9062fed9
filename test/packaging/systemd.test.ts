import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const FOLDER = 'deploy/systemd';
const text = (name: string) => readFileSync(`${FOLDER}/${name}`, 'utf8');

type Setting = readonly [name: string, value: string];
/** Section → its lines, in order: a name may come several times. */
type Unit = ReadonlyMap<string, readonly Setting[]>;

/** Reads what our own units use: sections, comments, one line a setting. */
function unitOf(source: string): Unit {
  const sections = source.split(/^\[(\w+)\]$/m).slice(1);
  const unit = new Map<string, readonly Setting[]>();
  for (let at = 0; at < sections.length; at += 2) {
    const lines = (sections[at + 1] ?? '').split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    unit.set(
      sections[at] ?? '',
      lines.map((line): Setting => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
  }
  return unit;
}

const daemon = unitOf(text('reseal.service'));
const once = unitOf(text('reseal-once.service'));
const timer = unitOf(text('reseal-once.timer'));
const service = (unit: Unit) => unit.get('Service') ?? [];
const values = (unit: Unit, name: string) =>
  service(unit).flatMap(([own, value]) => (own === name ? [value] : []));
/** How a unit is started, kept and stopped; everything else is what confines it. */
const COURSE = /^(Type|Exec\w+|Restart\w*|Timeout\w+|KillMode)$/;
const confinement = (unit: Unit) => service(unit).filter(([name]) => !COURSE.test(name));

describe('reseal.service', () => {
  it.each([
    ['DynamicUser', 'yes'],
    ['StateDirectory', 'reseal'],
    ['StateDirectoryMode', '0700'],
    ['UMask', '0077'],
    ['LimitCORE', '0'],
    ['NoNewPrivileges', 'yes'],
    ['CapabilityBoundingSet', ''],
    ['AmbientCapabilities', ''],
    ['ProtectSystem', 'strict'],
    ['ProtectHome', 'yes'],
    ['PrivateTmp', 'yes'],
    ['PrivateDevices', 'yes'],
    ['ProtectProc', 'invisible'],
    ['ProtectClock', 'yes'],
    ['ProtectHostname', 'yes'],
    ['ProtectKernelLogs', 'yes'],
    ['ProtectKernelModules', 'yes'],
    ['ProtectKernelTunables', 'yes'],
    ['ProtectControlGroups', 'yes'],
    ['RestrictAddressFamilies', 'AF_INET AF_INET6 AF_UNIX'],
    ['RestrictNamespaces', 'yes'],
    ['RestrictRealtime', 'yes'],
    ['RestrictSUIDSGID', 'yes'],
    ['LockPersonality', 'yes'],
    ['SystemCallArchitectures', 'native'],
    ['SystemCallFilter', '@system-service'],
    ['MemorySwapMax', '0'],
  ])('is confined by %s=%s', (name, value) => {
    expect(values(daemon, name)).toEqual([value]);
  });

  it('leaves V8 the memory that it writes its code to', () => {
    expect(values(daemon, 'MemoryDenyWriteExecute')).toEqual([]);
  });

  it('has no debugger to open on a signal, and no environment in its reports', () => {
    expect(values(daemon, 'ExecStart')).toEqual([
      'node --disable-sigusr1 --report-exclude-env /opt/reseal/dist/main.js daemon',
    ]);
  });

  it('gives the mail that is on its way as long as the daemon waits for it, and some', () => {
    const grace = Number(
      /GRACE_MS = ([\d_]+)/.exec(readFileSync('src/daemon.ts', 'utf8'))?.[1]?.replace('_', ''),
    );
    expect(grace).toBeGreaterThan(0);
    expect(Number(values(daemon, 'TimeoutStopSec')[0]) * 1000).toBeGreaterThanOrEqual(grace + 5_000);
  });

  it('starts again after a fault, and not where only a person can help', () => {
    expect(values(daemon, 'Restart')).toEqual(['on-failure']);
    expect(values(daemon, 'RestartPreventExitStatus')).toEqual(['2']);
  });

  it('has the limits of the container', () => {
    const { services } = parse(readFileSync('docker-compose.yml', 'utf8')) as {
      services: { reseal: { mem_limit: string; pids_limit: number } };
    };
    expect(values(daemon, 'MemoryMax')).toEqual([services.reseal.mem_limit.toUpperCase()]);
    expect(values(daemon, 'TasksMax')).toEqual([String(services.reseal.pids_limit)]);
  });
});

describe('when a unit needs a secret', () => {
  it('gets it as a credential, where the example’s configuration looks for it', () => {
    expect(values(daemon, 'BindReadOnlyPaths')).toEqual(['%d:/run/secrets']);
    const offered = [
      ...text('reseal.service').matchAll(/^#?LoadCredential=(\w+):\/etc\/reseal\/secrets\/(\w+)$/gm),
    ];
    for (const [, name, file] of offered) expect(file).toBe(name);
    const named = [
      ...readFileSync('examples/reseal.sqlrite.yaml', 'utf8').matchAll(/\/run\/secrets\/(\w+)/g),
    ];
    expect(new Set(offered.map(([, name]) => name))).toEqual(new Set(named.map(([, name]) => name)));
  });

  it('has none in its environment', () => {
    expect(values(daemon, 'Environment')).toEqual([
      'NODE_ENV=production RESEAL_CONFIG=/etc/reseal/config.yaml RESEAL_DATA_DIR=/var/lib/reseal',
    ]);
    expect(values(daemon, 'EnvironmentFile')).toEqual([]);
  });
});

describe('reseal-once', () => {
  it('is confined as the daemon is', () => {
    expect(confinement(once)).toEqual(confinement(daemon));
  });

  it('does one round and ends', () => {
    expect(values(once, 'Type')).toEqual(['oneshot']);
    expect(values(once, 'ExecStart')).toEqual(values(daemon, 'ExecStart').map((line) => `${line} --once`));
  });

  it('is started by its timer, also for what was missed while the machine was off', () => {
    expect(timer.get('Timer')).toEqual([
      ['OnCalendar', '*:0/5'],
      ['RandomizedDelaySec', '30'],
      ['Persistent', 'yes'],
    ]);
    expect(timer.get('Install')).toEqual([['WantedBy', 'timers.target']]);
    expect(once.get('Install')).toBeUndefined();
  });
});

describe('sudo reseal COMMAND', () => {
  const place = mkdtempSync(join(tmpdir(), 'reseal-units-'));
  afterAll(() => rmSync(place, { recursive: true }));
  const program = (name: string, script: string) => {
    writeFileSync(join(place, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(place, name), 0o755);
  };

  /** What it would start, with systemd's programs answered for. */
  function start(user: number, ...args: readonly string[]) {
    program('id', `echo ${user}`);
    program(
      'systemctl',
      `echo "# /etc/systemd/system/reseal.service"; cat ${resolve(FOLDER, 'reseal.service')}`,
    );
    program('systemd-run', `printf '%s\\n' "$@"`);
    const ended = spawnSync('sh', [`${FOLDER}/reseal`, ...args], {
      encoding: 'utf8',
      env: { PATH: `${place}:${process.env['PATH']}` },
    });
    return { code: ended.status, lines: ended.stdout.trimEnd().split('\n'), stderr: ended.stderr };
  }

  it('runs with all that confines the daemon, and nothing of how that is kept', () => {
    const { code, lines } = start(0, 'rotate', 'crates-io');
    expect(code).toBe(0);
    const unit = lines.find((line) => line.startsWith('--unit='))?.slice('--unit='.length) ?? '';
    expect(unit).toMatch(/^reseal-command-\d+$/);
    const given = lines.flatMap((line) =>
      line.startsWith('--property=') ? [line.slice('--property='.length)] : [],
    );
    const expected = confinement(daemon).map(([name, value]) =>
      `${name}=${value}`.replace('%d', `/run/credentials/${unit}.service`),
    );
    expect(given.toSorted()).toEqual(expected.toSorted());
  });

  it('hands the command on as it was typed, and answers with its exit code', () => {
    const { lines } = start(0, 'record', 'a name with $(signs) "and" *', '--never');
    const words = 'node --disable-sigusr1 --report-exclude-env /opt/reseal/dist/main.js record'.split(' ');
    expect(lines.slice(-7)).toEqual([...words, 'a name with $(signs) "and" *', '--never']);
    expect(lines).toEqual(expect.arrayContaining(['--wait', '--collect', '--quiet', '--pipe']));
  });

  it('says to an ordinary user that it needs root', () => {
    const { code, stderr } = start(1000, 'status');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^reseal: run it as root \(sudo reseal …\)/);
  });
});
