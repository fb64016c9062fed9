// node tools/image/relay.ts FROM TO PORT…: passes connections on from one address to another, at the same ports. Within the container's
// network, so that the stand-ins answer on its 127.0.0.1.
import type { Server } from 'node:net';
import { connect, createServer } from 'node:net';

/** @returns once it listens */
export async function relay(from: string, to: string, port: number): Promise<Server> {
  const server = createServer((near) => {
    const far = connect({ host: to, port });
    for (const end of [near, far]) end.on('error', () => undefined);
    near.pipe(far).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroySoon());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, from, resolve);
  });
  return server;
}

if (process.argv[1] === import.meta.filename) {
  const [from = '', to = '', ...ports] = process.argv.slice(2);
  await Promise.all(ports.map((port) => relay(from, to, Number(port))));
  console.log('ready');
}
