#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import type { World } from './app.ts';
import { COURIER } from './courier-name.ts';

// Nothing of ours is imported before the Node version is known: on an older one better-sqlite3 ends the program with a
// segmentation fault.
function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return (major === 22 && minor >= 18) || (major === 24 && minor >= 11) || major >= 26;
}

function packageFile(): { version: string; engines: { node: string } } {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
}

function realWorld(version: string): World {
  return {
    now: () => new Date(),
    // A tenth of what a start takes, and most commands draw nothing.
    randomBytes: (size) => process.getBuiltinModule('node:crypto').randomBytes(size),
    fetch: globalThis.fetch,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    env: process.env,
    actor: `${userName()}@${hostname()}`,
    host: hostname(),
    version,
  };
}

/** A container may run under a user id that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}

/**
 * Once everything is printed. A connection that is left over must not keep the process: behind a proxy that closes its tunnels Node
 * opens one after the other, for ever.
 */
async function end(code: number): Promise<never> {
  const streams = [process.stdout, process.stderr];
  await Promise.all(streams.map((stream) => new Promise((printed) => stream.write('', printed))));
  process.exit(code);
}

async function main(): Promise<void> {
  const { version, engines } = packageFile();
  if (!isSupported(process.versions.node)) {
    process.stderr.write(
      `reseal: this is Node ${process.versions.node}, and reseal needs Node ${engines.node}\n`,
    );
    process.exitCode = 2;
    return;
  }
  // By default this signal opens Node's inspector to every local process.
  process.on('SIGUSR1', () => undefined);
  // Ctrl-\ would leave a core file, with all that is in memory, wherever the system allows one.
  process.on('SIGQUIT', () => process.kill(process.pid, 'SIGTERM'));
  // What we create is ours alone: database, locks, configuration.
  process.umask(0o077);
  const args = process.argv.slice(2);
  if (args.length === 1 && args[0] === '--version') {
    process.stdout.write(`reseal ${version}\n`);
    return;
  }
  if (args[0] === COURIER && args[1] === version && process.connected) {
    const { serveAsCourier } = await import('./courier-process.ts');
    serveAsCourier(realWorld(version));
    return;
  }
  const { run } = await import('./cli/program.ts');
  await end(await run(args, realWorld(version)));
}

void main();
