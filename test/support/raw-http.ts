import type { Socket } from 'node:net';
import { connect } from 'node:net';

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** In the order and the spelling in which they came. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  /** Everything, undecoded. */
  readonly wire: string;
}

/** Opens a connection that says nothing by itself. */
export function openSocket(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      // A server may close on us at any time: what came before that counts.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/** Everything that arrives until the other side closes. */
export function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => socket.destroy());
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  });
}

/** Sends these bytes and reads until the connection is closed. */
export async function exchange(port: number, ...parts: readonly string[]): Promise<RawAnswer> {
  const socket = await openSocket(port);
  const wire = readAll(socket);
  for (const part of parts) socket.write(part, 'latin1');
  return parseAnswer(await wire);
}

export function parseAnswer(wire: string): RawAnswer {
  const split = wire.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = (split < 0 ? wire : wire.slice(0, split)).split('\r\n');
  const headers = lines.map((line): readonly [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return {
    status: Number(statusLine.split(' ')[1] ?? 0),
    headers,
    body: split < 0 ? '' : wire.slice(split + 4),
    wire,
  };
}

/** Writes a request line and headers by hand, so that anything can be wrong with them. */
export function requestText(
  line: string,
  headers: readonly (readonly [string, string])[],
  body = '',
): string {
  return `${line}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}

/** Whether anything listens there. */
export function accepts(port: number): Promise<boolean> {
  return openSocket(port).then(
    (socket) => {
      socket.destroy();
      return true;
    },
    () => false,
  );
}
