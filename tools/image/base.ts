import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Builder } from './builder.ts';
import { find, Problem, run } from './commands.ts';

/** The image that the Dockerfile starts from, read from its name. */
export interface Base {
  readonly name: string;
  readonly nodeMajor: number;
  /** Debian's, such as bookworm. */
  readonly suite: string;
}

const LOCKED = join(import.meta.dirname, 'node');
const DEBIAN = 'http://deb.debian.org/debian';
/** What the official slim image leaves out too, and what says something of the machine that it was made on. */
const NOT_KEPT = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/locale',
  'usr/share/info',
  'var/cache/apt',
  'var/lib/apt/lists',
  'var/log',
  'dev',
];
const OF_THIS_MACHINE = ['etc/hostname', 'etc/resolv.conf', 'etc/hosts'];

/** @throws Problem unless the base is Node on Debian, slim */
export function baseOf(dockerfile: string): Base {
  const [, name, major, suite] = /^ARG NODE_IMAGE=(\S+:(\d+)-([a-z]+)-slim)$/m.exec(dockerfile) ?? [];
  if (!name || !major || !suite)
    throw new Problem('the Dockerfile names no base such as node:26-bookworm-slim');
  return { name, nodeMajor: Number(major), suite };
}

/**
 * Makes an image of that name from Debian's own packages and the Node of the npm registry. It stands in for the published one: the same
 * Debian and Node's same major version, in the same places, with the same user.
 */
export function makeBase(base: Base, builder: Builder, work: string): void {
  const container = builder.buildah('from', 'scratch');
  const root = builder.buildah('mount', container);
  // Node from 25 on needs libatomic1.
  run('debootstrap', ['--variant=minbase', '--include=libatomic1', base.suite, root, mirror(base.suite)]);
  installNode(base, root, work);
  run('chroot', [root, 'groupadd', '--gid', '1000', 'node']);
  run('chroot', [
    root,
    'useradd',
    '--uid',
    '1000',
    '--gid',
    'node',
    '--shell',
    '/bin/bash',
    '--create-home',
    'node',
  ]);
  for (const folder of NOT_KEPT)
    for (const entry of readdirSync(join(root, folder)))
      rmSync(join(root, folder, entry), { recursive: true });
  for (const file of OF_THIS_MACHINE) rmSync(join(root, file), { force: true });
  builder.buildah('config', '--cmd', 'node', container);
  builder.buildah('commit', '--quiet', '--format', 'docker', '--rm', container, base.name);
}

/** Debian's address as apt is configured here. */
function mirror(suite: string): string {
  const targets = run('apt-get', [
    'indextargets',
    '--format',
    '$(REPO_URI) $(CODENAME)',
    'Created-By: Packages',
  ]);
  const [own] = targets.split('\n').filter((line) => line.endsWith(`/debian/ ${suite}`));
  return own?.split(' ')[0] ?? DEBIAN;
}

/** Node by its lock, and npm as this machine has it, where the official image has them. */
function installNode({ nodeMajor }: Base, root: string, work: string): void {
  const folder = join(work, 'node');
  mkdirSync(folder, { recursive: true });
  for (const file of ['package.json', 'package-lock.json'])
    copyFileSync(join(LOCKED, file), join(folder, file));
  run('npm', ['ci', '--prefix', folder, '--ignore-scripts', '--include=optional', '--loglevel=error']);
  const program = join(root, 'usr/local/bin/node');
  copyFileSync(join(folder, 'node_modules', `node-linux-${process.arch}`, 'bin/node'), program);
  chmodSync(program, 0o755);
  const version = run('chroot', [root, 'node', '--version']);
  if (!version.startsWith(`v${nodeMajor}.`))
    throw new Problem(
      `the Dockerfile asks for Node ${nodeMajor}, and tools/image/node locks ${version.trim()}: change them together`,
    );
  cpSync(npmFolder(), join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
}

function npmFolder(): string {
  const program = find('npm');
  const folder = program && dirname(dirname(realpathSync(program)));
  if (!folder || basename(folder) !== 'npm')
    throw new Problem('npm is not where its package has it: npm/bin/npm-cli.js');
  return folder;
}
