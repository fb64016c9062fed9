import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Script {
  readonly port: number;
  /** Everything that the n-th client said (the first is 1), once it has gone. */
  heard(client: number): Promise<string>;
  /** Sockets of the clients, in order. */
  readonly sockets: readonly Socket[];
}

/** A server that says what it is told to, piece by piece, and nothing by itself but a greeting. */
export async function startScript(
  answers: (piece: string, socket: Socket) => string | undefined = polite,
): Promise<Script> {
  const gone: PromiseWithResolvers<string>[] = [];
  const sockets: Socket[] = [];
  const slot = (index: number) => (gone[index] ??= Promise.withResolvers<string>());
  const server = createServer((socket) => {
    const index = sockets.push(socket) - 1;
    let text = '';
    socket.write('220 script\r\n');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      const answer = answers(chunk.toString(), socket);
      text += chunk.toString();
      if (answer !== undefined) socket.write(answer);
    });
    socket.on('close', () => slot(index).resolve(text));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((done) => server.close(() => done()));
  });
  return {
    port: (server.address() as AddressInfo).port,
    heard: (client) => slot(client - 1).promise,
    sockets,
  };
}

/** Takes every mail, and does not answer QUIT. */
export function polite(piece: string): string | undefined {
  if (piece.startsWith('EHLO')) return '250 script\r\n';
  if (/^(MAIL|RCPT)/.test(piece)) return '250 ok\r\n';
  if (piece.startsWith('DATA')) return '354 go on\r\n';
  return piece.endsWith('\r\n.\r\n') || piece === '.\r\n' ? '250 taken\r\n' : undefined;
}
