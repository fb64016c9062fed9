import { readFileSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Installed } from './installed.ts';

/** An address of this machine that is not its loopback, as a container's own; where there is none, all of them. */
export function outsideAddress(): string {
  const own = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal);
  return own?.address ?? '0.0.0.0';
}

/** Another port of the loopback behind which all bytes go to that address: as `docker run -p 127.0.0.1:…` does. */
export async function publish(
  address: string,
  port: number,
): Promise<{ readonly port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((outer) => {
    const inner = connect({ host: address === '0.0.0.0' ? '127.0.0.1' : address, port });
    for (const socket of [outer, inner]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    outer.pipe(inner).pipe(outer);
    outer.on('close', () => inner.destroy());
    inner.on('close', () => outer.destroySoon());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound ? bound.port : 0,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Says in the configuration where the form listens. */
export function setForm({ installation }: Installed, form: string): void {
  const text = readFileSync(installation.configPath, 'utf8');
  const [line] = /^form:.*$/m.exec(text) ?? [];
  if (!line) throw new Error('the configuration says nothing of the form');
  writeFileSync(installation.configPath, text.replace(line, `form: { ${form} }`), { mode: 0o600 });
}
