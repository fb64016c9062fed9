import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { Problem, run } from './commands.ts';
import { relay } from './relay.ts';

/** A network of its own, as an engine makes one for a container: nothing of the host is reached in it but what is passed on. */
export interface Network extends AsyncDisposable {
  /** The namespace's file. */
  readonly path: string;
  /** The container's address; not its loopback. */
  readonly address: string;
}

// Networks for documentation (RFC 5737): hardly anybody's, but some machines have taken one.
const NETWORKS = ['192.0.2', '198.51.100', '203.0.113'];

function freeNetwork(): string {
  const taken = Object.values(networkInterfaces()).flatMap(
    (each) => each?.map(({ address }) => address) ?? [],
  );
  const free = NETWORKS.find((network) => !taken.some((address) => address.startsWith(`${network}.`)));
  if (!free) throw new Problem(`no network is free for the container: ${NETWORKS.join(', ')} are all taken`);
  return free;
}

/** @param ports of the host's 127.0.0.1 that are to answer on the container's, too */
export async function openNetwork(name: string, ports: readonly number[]): Promise<Network> {
  const network = freeNetwork();
  const [host, container] = [`${network}.1`, `${network}.2`];
  const within = ['netns', 'exec', name, 'ip'];
  run('ip', ['netns', 'add', name]);
  const close = closing(name);
  try {
    run('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name]);
    run('ip', ['address', 'add', `${host}/30`, 'dev', name]);
    run('ip', ['link', 'set', name, 'up']);
    run('ip', [...within, 'address', 'add', `${container}/30`, 'dev', 'eth0']);
    for (const device of ['lo', 'eth0']) run('ip', [...within, 'link', 'set', device, 'up']);
    for (const port of ports) close.servers.push(await relay(host, '127.0.0.1', port));
    close.inner = await relayWithin(name, host, ports);
    return { path: `/run/netns/${name}`, address: container, [Symbol.asyncDispose]: close.now };
  } catch (error) {
    await close.now();
    throw error;
  }
}

async function relayWithin(name: string, host: string, ports: readonly number[]): Promise<ChildProcess> {
  const program = [
    process.execPath,
    join(import.meta.dirname, 'relay.ts'),
    '127.0.0.1',
    host,
    ...ports.map(String),
  ];
  const child = spawn('ip', ['netns', 'exec', name, ...program], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('close', (code) =>
      reject(new Error(`the relay within the container's network ended with ${code}`)),
    );
  });
  return child;
}

function closing(name: string) {
  const open: { servers: Server[]; inner?: ChildProcess; now(): Promise<void> } = {
    servers: [],
    now: async () => {
      open.inner?.kill();
      for (const server of open.servers) server.close();
      // The other end goes with it.
      run('ip', ['netns', 'delete', name]);
    },
  };
  return open;
}
