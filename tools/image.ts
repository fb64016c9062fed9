// npm run image [-- --work DIR]: makes a base image from Debian's packages and the npm registry's Node, builds the Dockerfile from it, and
// runs what was built, confined as docker-compose.yml has it, against the stand-ins: for a machine without Docker. Debian, as root. With
// --work, the base is kept in that folder for the next time; else everything is removed.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { baseOf, makeBase } from './image/base.ts';
import { buildImage, IMAGE, originOf } from './image/build.ts';
import type { Builder } from './image/builder.ts';
import { openBuilder, openFiles } from './image/builder.ts';
import { find, openChecks, Problem } from './image/commands.ts';
import { readService } from './image/compose.ts';
import { inspect } from './image/inspect.ts';
import { live } from './image/live.ts';
import { openScene } from './image/scene.ts';

const ROOT = join(import.meta.dirname, '..');
/** Program → Debian's package. */
const NEEDED = {
  buildah: 'buildah',
  debootstrap: 'debootstrap',
  crun: 'crun',
  ip: 'iproute2',
  git: 'git',
  npm: 'npm',
};

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { work: { type: 'string' } } });
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    throw new Problem(
      'images are made on Linux, as root: for the folders of other users, mounts and networks',
    );
  const missing = Object.entries(NEEDED).filter(([program]) => !find(program));
  if (missing.length > 0)
    throw new Problem(
      `these are missing: apt-get install --no-install-recommends ${missing.map(([, name]) => name).join(' ')}`,
    );
  const work = values.work ? resolve(values.work) : mkdtempSync(join(tmpdir(), 'reseal-image-'));
  try {
    return await prove(work);
  } finally {
    rmSync(values.work ? join(work, 'run') : work, { recursive: true, force: true });
  }
}

async function prove(work: string): Promise<number> {
  const began = performance.now();
  const checks = openChecks();
  const builder = openBuilder(work);
  const base = baseOf(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'));
  step(`a base, ${base.name}`, () => isThere(builder, base.name) || makeBase(base, builder, work));
  const origin = originOf(ROOT);
  const built = step('the Dockerfile', () => buildImage(builder, ROOT, origin, work));
  const { container, root } = openFiles(builder, IMAGE);
  try {
    step('what was built', () => inspect(root, built, origin, checks));
    console.log('\nwhat was built, running');
    const run = join(work, 'run');
    mkdirSync(run, { mode: 0o700 });
    await using scene = await openScene(run, root, built, readService(join(ROOT, 'docker-compose.yml')));
    await Promise.race([live(scene, checks), stopped()]);
  } finally {
    builder.buildah('rm', container);
    builder.buildah('rmi', IMAGE);
  }
  const seconds = Math.round((performance.now() - began) / 1000);
  for (const title of checks.failed) console.log(`FAILED: ${title}`);
  console.log(
    `\nimage: ${checks.failed.length === 0 ? 'all held' : `${checks.failed.length} did not hold`} (${seconds} s)`,
  );
  return checks.failed.length === 0 ? 0 : 1;
}

/** Rejects on Ctrl-C, so that what was set up is taken down. */
function stopped(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => reject(new Problem(`stopped by ${signal}`)));
  });
}

function isThere({ buildah }: Builder, name: string): boolean {
  return buildah('images', '--noheading', '--format', '{{.Name}}:{{.Tag}}').split('\n').includes(name);
}

function step<Result>(title: string, take: () => Result): Result {
  console.log(`\n${title}`);
  const from = performance.now();
  const result = take();
  console.log(`  ${((performance.now() - from) / 1000).toFixed(1)} s`);
  return result;
}

process.exitCode = await main().catch((error: unknown) => {
  if (!(error instanceof Problem)) throw error;
  console.error(`image: ${error.message}`);
  return 1;
});
