import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { AppError } from '../domain/error.ts';
import type { Answer, RawStatus } from './answer.ts';
import { rawRefusal, refuse, send } from './answer.ts';
import type { Listening } from './guard.ts';
import { judge, valuesOf } from './guard.ts';

/** Connections at one time. When more arrive, the oldest that is not being answered gives way. */
export const MAX_SOCKETS = 32;

/** For the head of a request; all of them are below a kilobyte. */
const HEAD_MS = 5_000;
/** For an answer to be taken: a page of five hundred credentials through a slow tunnel. */
const ANSWER_MS = 30_000;

export interface PageServer extends Listening {
  /** Ends what is open at once: whoever looks, looks again. */
  close(): Promise<void>;
}

export interface PageOptions extends Listening {
  /** What a path holds; undefined: there is no such path. Called only for a request that the guard has let in. */
  readonly answer: (path: string) => Promise<Answer | undefined>;
  /** A request that could not be answered, and why. It is answered with a constant 500. */
  readonly onError: (error: unknown) => void;
  /** Called with the first Host that is none of ours, once: mostly a port that somebody has published. */
  readonly onForeign: (host: string) => void;
  /** Instead of `HEAD_MS` and `ANSWER_MS`. */
  readonly patienceMs?: { readonly head: number; readonly answer: number };
}

/**
 * The loopback page. It answers a request at a time as it comes, never waits for anybody, and keeps no process alive.
 *
 * @throws AppError conflict when the port is taken, invalid_config when the address or the port cannot be used
 */
export async function startPage(options: PageOptions): Promise<PageServer> {
  // An `import` of node:http costs 25 ms at start.
  const { createServer } = process.getBuiltinModule('node:http');
  const server = createServer({
    // Each connection has its own deadline: Node's check of all of them would wake an idle daemon.
    headersTimeout: 0,
    requestTimeout: 0,
    connectionsCheckingInterval: 2 ** 31 - 1,
    // Cookies of every other program on this machine come along: they know no port (RFC 6265 §8.5).
    maxHeaderSize: 65_536,
    // Node's own answer to a missing Host would carry none of our headers: the guard counts Host itself.
    requireHostHeader: false,
    noDelay: true,
  });
  server.maxHeadersCount = 0;
  const connections = limit(server, options.patienceMs ?? { head: HEAD_MS, answer: ANSWER_MS });
  const port = await bindTo(server, options);
  const listening = { bind: options.bind, port };
  serve(server, connections, { ...options, ...listening });
  server.unref();
  return {
    ...listening,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        connections.dropAll();
      }),
  };
}

function bindTo(server: Server, { bind, port }: Listening): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(bindError(error, bind, port));
    server.once('error', fail);
    server.listen({ host: bind, port }, () => {
      server.off('error', fail);
      // Out of descriptors, say: what is open goes on.
      server.on('error', () => undefined);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

function bindError(error: NodeJS.ErrnoException, bind: string, port: number): AppError {
  switch (error.code) {
    case 'EADDRINUSE':
      return new AppError('conflict', `port ${port} on ${bind} is in use, so that there is no page`, {
        hints: ['choose another with web.port'],
        cause: error,
      });
    case 'EACCES':
      return new AppError(
        'invalid_config',
        `this user may not listen on port ${port}, so that there is no page`,
        {
          hints: ['choose one above 1023 with web.port'],
          cause: error,
        },
      );
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return new AppError(
        'invalid_config',
        `this machine has no address ${bind} to listen on, so that there is no page`,
        {
          hints: ['set web.bind to 127.0.0.1, or in a container to an address of its own'],
          cause: error,
        },
      );
    default:
      return new AppError(
        'unavailable',
        `the page could not be opened on ${bind}:${port} (${error.code ?? error.name})`,
        { cause: error },
      );
  }
}

function serve(server: Server, connections: Connections, options: PageOptions): void {
  const seen = new WeakSet<Duplex>();
  const once = (request: IncomingMessage, response: ServerResponse) => {
    // Every answer says `Connection: close`: what was pipelined behind the first request is never looked at.
    if (seen.has(request.socket)) return;
    seen.add(request.socket);
    response.on('error', () => undefined);
    void answerOne(request, response, connections, options);
  };
  server.on('request', once);
  // Without these two, Node answers `Expect` itself: it would ask for the body before anybody has judged the head.
  server.on('checkContinue', once);
  server.on('checkExpectation', once);
  server.on('connect', (_request, socket) => socket.end(rawRefusal(400)));
}

/** Never throws, whatever happens to one request: the process that answers is the one that reminds. */
async function answerOne(
  request: IncomingMessage,
  response: ServerResponse,
  connections: Connections,
  options: PageOptions,
): Promise<void> {
  try {
    const { method = '', url = '', rawHeaders, socket } = request;
    const head = { method, url, rawHeaders, localAddress: socket.localAddress ?? '' };
    const verdict = judge(head, options);
    if (verdict.kind === 'refused') {
      if (verdict.status === 421) options.onForeign(valuesOf(head, 'host')[0] ?? '');
      refuse(response, verdict.status);
      return;
    }
    connections.keep(socket);
    const answer = await options.answer(verdict.path);
    if (answer) send(response, answer);
    else refuse(response, 404);
  } catch (error) {
    options.onError(error);
    if (response.headersSent) response.destroy();
    else refuse(response, 500);
  }
}

interface Connections {
  /** Its request was let in: it gets its time to be answered. */
  keep(socket: Duplex): void;
  dropAll(): void;
}

function limit(server: Server, patience: { readonly head: number; readonly answer: number }): Connections {
  const idle = new Map<Duplex, NodeJS.Timeout>();
  const kept = new Map<Duplex, NodeJS.Timeout>();
  const within = (socket: Duplex, ms: number) => setTimeout(() => socket.destroy(), ms).unref();
  const forget = (socket: Duplex) => {
    clearTimeout(idle.get(socket) ?? kept.get(socket));
    idle.delete(socket);
    kept.delete(socket);
  };
  const shrink = () => {
    for (const socket of [...idle.keys(), ...kept.keys()]) {
      if (idle.size + kept.size <= MAX_SOCKETS) return;
      forget(socket);
      socket.destroy();
    }
  };
  server.on('connection', (socket) => {
    idle.set(socket, within(socket, patience.head));
    socket.on('error', () => undefined);
    socket.on('close', () => forget(socket));
    // Not before the next poll has read what came along with the connection: in a burst, the honest one is known by it.
    if (idle.size + kept.size > MAX_SOCKETS) setImmediate(() => setImmediate(shrink));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => refuseRaw(error, socket));
  return {
    keep: (socket) => {
      forget(socket);
      kept.set(socket, within(socket, patience.answer));
    },
    dropAll: () => {
      for (const socket of [...idle.keys(), ...kept.keys()]) socket.destroy();
    },
  };
}

const STATUS_OF_ERROR: Readonly<Record<string, RawStatus>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
};

function refuseRaw(error: NodeJS.ErrnoException, socket: Duplex): void {
  const { bytesRead, bytesWritten } = socket as { bytesRead?: number; bytesWritten?: number };
  // What never said a word is owed no answer; what has begun to be answered must not get a second status line.
  if (!bytesRead || bytesWritten || error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(rawRefusal(STATUS_OF_ERROR[error.code ?? ''] ?? 400), () => socket.destroy());
}
