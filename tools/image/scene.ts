import { chownSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeInstallation } from '../../src/sandbox/installation.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { publish } from '../../test/support/published.ts';
import type { Built } from './build.ts';
import { run } from './commands.ts';
import type { Service } from './compose.ts';
import type { Engine, Surroundings } from './container.ts';
import { openEngine } from './container.ts';
import type { Network } from './network.ts';
import { openNetwork } from './network.ts';

/** The image beside the stand-ins: they on this machine's loopback, it in a network of its own. */
export interface Scene extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly engine: Engine;
  readonly service: Service;
  /** The daemon's page as the host sees it. */
  readonly page: string;
  /** The folder that is the container's volume. */
  readonly volume: string;
  /** The secret as the environment at GitHub holds it, opened. */
  stored(): string | undefined;
}

export const LIFETIME_DAYS = 365;
export const AGE_DAYS = 358;
export const DAY_MS = 86_400_000;
const FORM_PORT = 8765;
const PAGE_PORT = 8766;
const USER = 1000;
const PLACE = { repo: 'joaoh82/rust_sqlite', environment: 'release', secret: 'CRATES_IO_TOKEN' };

/** @param root the image's files */
export async function openScene(work: string, root: string, image: Built, service: Service): Promise<Scene> {
  const sandbox = await startSandbox(PLACE, new Date(Date.now() - AGE_DAYS * DAY_MS));
  const closing: (() => unknown)[] = [() => sandbox.close()];
  try {
    const urls = [sandbox.github.apiUrl, sandbox.cratesIo.url, sandbox.npm.url, sandbox.mail.url];
    const network = await openNetwork(
      `reseal-${process.pid}`,
      urls.map((url) => Number(new URL(url).port)),
    );
    closing.push(() => network[Symbol.asyncDispose]());
    const [form, page] = [
      await publish(network.address, FORM_PORT),
      await publish(network.address, PAGE_PORT),
    ];
    closing.push(() => [form, page].map((one) => one.close()));
    const around = surroundings(work, root, network, configure(sandbox, work, form.port));
    const engine = openEngine(work, image.config, service, around);
    closing.push(() => engine.close());
    return {
      sandbox,
      engine,
      service,
      page: `http://127.0.0.1:${page.port}/`,
      volume: join(work, 'volume'),
      stored: () => {
        const opened = sandbox.github.secret(PLACE.repo, PLACE.environment, PLACE.secret)?.opened;
        return opened && Buffer.from(opened).toString();
      },
      [Symbol.asyncDispose]: () => closeAll(closing),
    };
  } catch (error) {
    await closeAll(closing);
    throw error;
  }
}

async function closeAll(closing: readonly (() => unknown)[]): Promise<void> {
  for (const close of closing.toReversed()) await close();
}

/** The example's configuration and secrets as docker-compose.yml has them: each a file, its user's alone. */
function configure(sandbox: Sandbox, work: string, publicPort: number): Surroundings['mounts'] {
  const installation = makeInstallation(sandbox);
  try {
    const folder = join(work, 'configuration');
    mkdirSync(folder, { recursive: true });
    const text = readFileSync(installation.configPath, 'utf8')
      .replaceAll(installation.folder, '/run/secrets')
      // Two secrets are enough, as docker-compose.yml offers them.
      .replace(/\n {2}verify:.*\n.*\n/, '\n')
      .replace(/\n {2}heartbeat:.*\n/, '\n')
      .replace('bind: 127.0.0.1, port: 0', `bind: 0.0.0.0, port: ${FORM_PORT}, public-port: ${publicPort}`)
      .replace('bind: 127.0.0.1, port: 0', `bind: 0.0.0.0, port: ${PAGE_PORT}`);
    const config = join(folder, 'config.yaml');
    writeFileSync(config, text, { mode: 0o644 });
    const secrets = ['github_seal_token', 'smtp_url'].map((name) => {
      const file = join(folder, name);
      cpSync(join(installation.folder, name), file);
      chownSync(file, USER, USER);
      return { from: file, to: `/run/secrets/${name}` };
    });
    // By which a program knows that Docker has started it.
    const mark = join(folder, 'dockerenv');
    writeFileSync(mark, '');
    return [{ from: config, to: '/etc/reseal/config.yaml' }, { from: mark, to: '/.dockerenv' }, ...secrets];
  } finally {
    installation.remove();
  }
}

/** A new volume takes its owner and its mode from the image's folder. */
function surroundings(
  work: string,
  root: string,
  network: Network,
  mounts: Surroundings['mounts'],
): Surroundings {
  const volume = join(work, 'volume');
  run('cp', ['--archive', join(root, 'var/lib/reseal'), volume]);
  return {
    root,
    network: network.path,
    mounts: [...mounts, { from: volume, to: '/var/lib/reseal', writable: true }],
  };
}
