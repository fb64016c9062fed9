import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ImageConfig } from './build.ts';
import { run } from './commands.ts';
import type { Service } from './compose.ts';

/** Where a container's files, its network and what is mounted into it are on this machine. */
export interface Surroundings {
  readonly root: string;
  readonly network: string;
  readonly mounts: readonly { readonly from: string; readonly to: string; readonly writable?: boolean }[];
}

export interface Started {
  readonly child: ChildProcess;
  readonly lines: AsyncIterable<string>;
  readonly finished: Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
}

/** crun, an OCI runtime such as Docker starts its containers by, with what docker-compose.yml asks for. */
export interface Engine {
  /** A container of its own, by the image's entry point. */
  start(name: string, ...args: readonly string[]): Started;
  /** Another program in a container that runs. */
  exec(name: string, ...command: readonly string[]): Started;
  /** The container's first process, by its number on this machine. */
  pidOf(name: string): number;
  signal(name: string, signal: string): void;
  /** Ends whatever still runs. */
  close(): void;
}

/** crun refuses to start where control groups of both versions are mounted: it is shown the first alone, with all of its controllers. */
const ALONE = ['--mount', 'sh', '-c', 'umount /sys/fs/cgroup/unified 2>/dev/null; exec crun "$@"', 'crun'];

export function openEngine(work: string, image: ImageConfig, service: Service, around: Surroundings): Engine {
  const state = join(work, 'crun');
  const crun = [...ALONE, '--root', state, '--cgroup-manager', 'cgroupfs'];
  const open = (...args: readonly string[]) =>
    follow(spawn('unshare', [...crun, ...args], { stdio: ['ignore', 'pipe', 'pipe'] }));
  const started = new Set<string>();
  return {
    start: (name, ...args) => {
      const bundle = join(work, 'bundles', name);
      mkdirSync(bundle, { recursive: true });
      writeFileSync(join(bundle, 'config.json'), JSON.stringify(runtimeConfig(image, service, around, args)));
      started.add(name);
      const one = open('run', '--bundle', bundle, name);
      one.child.once('close', () => started.delete(name));
      return one;
    },
    exec: (name, ...command) => {
      const file = join(work, 'bundles', name, 'exec.json');
      writeFileSync(file, JSON.stringify(processOf(image, service, command)));
      return open('exec', '--process', file, name);
    },
    pidOf: (name) => (JSON.parse(run('unshare', [...crun, 'state', name])) as { readonly pid: number }).pid,
    signal: (name, signal) => void run('unshare', [...crun, 'kill', name, signal]),
    close: () => {
      for (const name of started) run('unshare', [...crun, 'delete', '--force', name]);
    },
  };
}

function follow(child: ChildProcess): Started {
  const stdout: string[] = [];
  const stderr: Buffer[] = [];
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  lines.on('line', (line) => stdout.push(line));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  const finished = new Promise<Awaited<Started['finished']>>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      resolve({
        code: code ?? -1,
        stdout: stdout.join('\n'),
        stderr: Buffer.concat(stderr).toString('utf8'),
      }),
    );
  });
  return { child, lines, finished };
}

/** By the OCI runtime specification 1.0: what Docker makes of such an image and such a service. */
function runtimeConfig(
  image: ImageConfig,
  service: Service,
  around: Surroundings,
  args: readonly string[],
): object {
  return {
    ociVersion: '1.0.2',
    hostname: 'reseal',
    root: { path: around.root, readonly: service.read_only },
    process: processOf(image, service, [...image.Entrypoint, ...args]),
    mounts: [...SYSTEM_MOUNTS, ...service.tmpfs.map(inMemory), ...around.mounts.map(bound)],
    linux: {
      namespaces: [
        ...['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type })),
        { type: 'network', path: around.network },
      ],
      resources: limitsOf(service),
      maskedPaths: ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/sys/firmware'],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  };
}

function processOf(image: ImageConfig, service: Service, args: readonly string[]): object {
  const [uid, gid] = service.user.split(':').map(Number);
  const { core } = service.ulimits;
  return {
    user: { uid, gid },
    args,
    env: [...image.Env, ...Object.entries(service.environment).map(([name, value]) => `${name}=${value}`)],
    cwd: image.WorkingDir,
    capabilities: Object.fromEntries(CAPABILITY_SETS.map((set) => [set, []])),
    noNewPrivileges: service.security_opt.includes('no-new-privileges:true'),
    rlimits: [{ type: 'RLIMIT_CORE', soft: core, hard: core }],
  };
}

function limitsOf({ mem_limit, memswap_limit, pids_limit }: Service): object {
  return {
    memory: { limit: bytesOf(mem_limit), swap: bytesOf(memswap_limit) },
    pids: { limit: pids_limit },
  };
}

const CAPABILITY_SETS = ['bounding', 'effective', 'permitted', 'inheritable', 'ambient'];

const SYSTEM_MOUNTS = [
  { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
  { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=65536k'] },
  {
    destination: '/dev/shm',
    type: 'tmpfs',
    source: 'shm',
    options: ['nosuid', 'noexec', 'nodev', 'size=65536k'],
  },
  { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
];

/** @param written as compose has it: /tmp:size=64m,noexec */
function inMemory(written: string): object {
  const [destination = '', options = ''] = written.split(':');
  return { destination, type: 'tmpfs', source: 'tmpfs', options: options.split(',') };
}

function bound({ from, to, writable = false }: Surroundings['mounts'][number]): object {
  return {
    destination: to,
    type: 'bind',
    source: from,
    options: ['bind', 'nosuid', 'nodev', writable ? 'rw' : 'ro'],
  };
}

export function bytesOf(mebibytes: string): number {
  return Number(mebibytes.replace(/m$/, '')) * 1024 * 1024;
}

/** What the system says of a process, by name: of /proc/PID/status, and the limit on core files. */
export function factsOf(pid: number): Readonly<Record<string, string>> {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
  const facts = [...status.matchAll(/^(\w+):[ \t]*(.*)$/gm)].map(([, name = '', value = '']) => [
    name,
    value.replaceAll('\t', ' '),
  ]);
  return {
    ...Object.fromEntries(facts),
    core: /^Max core file size\s+(\S+\s+\S+)/m.exec(limits)?.[1] ?? 'unknown',
  };
}
