import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';
import type { Builder } from './builder.ts';
import { run } from './commands.ts';

export const IMAGE = 'localhost/reseal:built-here';
const AUTHORITIES = '/run/npm-authorities.pem';

/** Whose commit is built, as the labels are to say. */
export interface Origin {
  readonly revision: string;
  readonly created: string;
}

/** What the image says of itself, as Docker writes it. */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly WorkingDir: string;
  readonly Volumes: Readonly<Record<string, object>>;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Healthcheck?: { readonly Test: readonly string[] };
}

export interface Built {
  readonly config: ImageConfig;
  /** Bytes of each layer as a tar, the base's first. */
  readonly layers: readonly number[];
}

/** `-dirty` where what is built is not what was committed; unknown outside a clone. */
export function originOf(project: string): Origin {
  if (!existsSync(join(project, '.git'))) return { revision: 'unknown', created: 'unknown' };
  const git = (...args: readonly string[]) => run('git', ['-C', project, ...args]).trim();
  const dirty = git('status', '--porcelain') === '' ? '' : '-dirty';
  return {
    revision: `${git('rev-parse', 'HEAD')}${dirty}`,
    created: git('show', '--no-patch', '--format=%cI', 'HEAD'),
  };
}

/** The project's own Dockerfile, from a base that is here. As Docker's format: others have no HEALTHCHECK. */
export function buildImage(builder: Builder, project: string, origin: Origin, work: string): Built {
  const mounted = npmSettings(work).flatMap(([file, place]) => ['--volume', `${file}:${place}:ro`]);
  const labels = ['--build-arg', `REVISION=${origin.revision}`, '--build-arg', `CREATED=${origin.created}`];
  const how = ['--pull-never', '--isolation', 'chroot', '--format', 'docker', '--tag', IMAGE];
  builder.buildah('bud', ...how, ...labels, ...mounted, project);
  const inspected = JSON.parse(builder.buildah('inspect', '--type', 'image', IMAGE)) as {
    readonly Docker: { readonly config: ImageConfig };
    readonly Manifest: string;
  };
  const { layers } = JSON.parse(inspected.Manifest) as {
    readonly layers: readonly { readonly size: number }[];
  };
  return { config: inspected.Docker.config, layers: layers.map(({ size }) => size) };
}

/** Where packages come from here, and which authorities vouch for it: for npm within the build alone, in no layer. */
function npmSettings(work: string): readonly (readonly [file: string, place: string])[] {
  const authorities = join(work, 'authorities.pem');
  writeFileSync(authorities, getCACertificates('default').join('\n'));
  const npmrc = join(work, 'npmrc');
  const registry = run('npm', ['config', 'get', 'registry']).trim();
  writeFileSync(npmrc, `registry=${registry}\ncafile=${AUTHORITIES}\nupdate-notifier=false\n`);
  return [
    [npmrc, '/root/.npmrc'],
    [authorities, AUTHORITIES],
  ];
}
