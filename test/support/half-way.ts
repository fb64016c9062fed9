import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** A relay in front of a service that lets only half of the body of a PUT through, and then nothing more. */
export interface HalfWay {
  readonly url: string;
  /** Resolves when half of a PUT's body has been passed on. */
  readonly half: Promise<void>;
  close(): Promise<void>;
}

export async function startHalfWay(service: { readonly port: number }): Promise<HalfWay> {
  const half = Promise.withResolvers<void>();
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(service.port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    client.once('close', () => upstream.destroy());
    upstream.pipe(client);
    let put: Buffer | undefined;
    client.on('data', (chunk: Buffer) => {
      if (!put && !chunk.toString('latin1').startsWith('PUT ')) {
        upstream.write(chunk);
        return;
      }
      put = Buffer.concat([put ?? Buffer.alloc(0), chunk]);
      const body = put.indexOf('\r\n\r\n') + 4;
      const length = Number(/content-length: (\d+)/i.exec(put.toString('latin1'))?.[1] ?? 0);
      if (body < 4 || put.length < body + length) return;
      client.removeAllListeners('data');
      upstream.write(put.subarray(0, body + (length >> 1)), () => half.resolve());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    half: half.promise,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
