import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { AppError } from '../domain/error.ts';
import { rawRefusal } from './answer.ts';

/** Sockets at one time. When more arrive, the oldest that is not being answered gives way. */
export const MAX_SOCKETS = 16;

const LAST_BYTES_MS = 1000;

/** One listener on one port, whose silent or slow connections cannot keep an honest one out. */
export interface Listener {
  readonly port: number;
  serve(answer: (request: IncomingMessage, response: ServerResponse) => void): void;
  /** Keeps the connection of a request that was let in, until it is closed. */
  keep(request: IncomingMessage): void;
  /** Refuses new connections at once; what is being answered gets a second to finish. */
  close(): Promise<void>;
  /** Called when a request brought more headers than are taken. */
  onOverflow(tell: () => void): void;
}

/** @throws AppError conflict when the port is taken, invalid_input when the address or the port cannot be used */
export async function listen(bind: string, port: number): Promise<Listener> {
  // An `import` of node:http costs 25 ms at start, also for the commands that open no form.
  const { createServer } = process.getBuiltinModule('node:http');
  const server = createServer({
    headersTimeout: 5_000,
    requestTimeout: 10_000,
    connectionsCheckingInterval: 250,
    // Cookies of every other program on this machine come along: they know no port (RFC 6265 §8.5).
    maxHeaderSize: 65_536,
    // Node's own answer to a missing Host would carry none of our headers: the guard counts Host itself.
    requireHostHeader: false,
    noDelay: true,
  });
  server.maxHeadersCount = 0;
  const connections = watch(server);
  const bound = await bindTo(server, bind, port);
  if (LOOPBACK.includes(bind) && !(await isReachable(bind, bound))) {
    await close(server, connections);
    throw new AppError('invalid_input', `nothing on this machine can reach ${bind}`, {
      hints: ['its loopback interface may be down (ip link set lo up); --stdin needs no form'],
    });
  }
  return {
    port: bound,
    serve: (answer) => serve(server, answer),
    keep: (request) => connections.keep(request.socket),
    close: () => close(server, connections),
    onOverflow: (tell) => {
      server.on('clientError', ({ code }: NodeJS.ErrnoException) => {
        if (code === 'HPE_HEADER_OVERFLOW') tell();
      });
    },
  };
}

function bindTo(server: Server, bind: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(bindError(error, bind, port));
    server.once('error', fail);
    server.listen({ host: bind, port }, () => {
      server.off('error', fail);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

/** Linux binds to the loopback also while its interface is down; then nobody could open the address that is printed. */
function isReachable(host: string, port: number): Promise<boolean> {
  const socket = process.getBuiltinModule('node:net').connect({ host, port });
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).then((reachable) => {
    socket.destroy();
    return reachable === true;
  });
}

const LOOPBACK = ['127.0.0.1', '::1'];

function bindError(error: NodeJS.ErrnoException, bind: string, port: number): AppError {
  switch (error.code) {
    case 'EADDRINUSE':
      return new AppError('conflict', `port ${port} on ${bind} is in use`, {
        hints: ['another form may be open: finish or cancel it, or choose another port with --port'],
        cause: error,
      });
    case 'EACCES':
      return new AppError('invalid_input', `this user may not listen on port ${port}`, {
        hints: ['choose a port above 1023 with --port'],
        cause: error,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return new AppError('invalid_input', `this machine has no address ${bind} to listen on`, {
        hints: [
          LOOPBACK.includes(bind)
            ? `set form.bind to ${LOOPBACK.find((other) => other !== bind)}, if this machine has that one; --stdin needs neither`
            : 'set form.bind to 127.0.0.1, or in a container to an address of its own',
        ],
        cause: error,
      });
    default:
      return new AppError(
        'storage',
        `the form could not be opened on ${bind}:${port} (${error.code ?? error.name})`,
        {
          cause: error,
        },
      );
  }
}

function serve(server: Server, answer: (request: IncomingMessage, response: ServerResponse) => void): void {
  const seen = new WeakSet<Duplex>();
  const once = (request: IncomingMessage, response: ServerResponse) => {
    // Every answer says `Connection: close`: what was pipelined behind the first request is never looked at.
    if (seen.has(request.socket)) return;
    seen.add(request.socket);
    response.on('error', () => undefined);
    answer(request, response);
  };
  server.on('request', once);
  // Without these two, Node answers `Expect` itself: it would ask for the body before anybody has judged the head.
  server.on('checkContinue', once);
  server.on('checkExpectation', once);
  server.on('connect', (_request, socket) => socket.end(rawRefusal(400)));
}

interface Connections {
  keep(socket: Duplex): void;
  dropIdle(): void;
}

function watch(server: Server): Connections {
  const idle = new Set<Duplex>();
  const kept = new Set<Duplex>();
  const shrink = () => {
    for (const socket of idle) {
      if (idle.size + kept.size <= MAX_SOCKETS) return;
      idle.delete(socket);
      socket.destroy();
    }
  };
  server.on('connection', (socket) => {
    idle.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      idle.delete(socket);
      kept.delete(socket);
    });
    // Not before the next poll has read what came along with the connection: in a burst, the honest one is known by it.
    setImmediate(() => setImmediate(shrink));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => refuseRaw(error, socket));
  return {
    keep: (socket) => {
      idle.delete(socket);
      kept.add(socket);
    },
    dropIdle: () => {
      for (const socket of idle) socket.destroy();
    },
  };
}

const STATUS_OF_ERROR: Readonly<Record<string, 408 | 431>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
};

function refuseRaw(error: NodeJS.ErrnoException, socket: Duplex): void {
  const { bytesRead, bytesWritten } = socket as { bytesRead?: number; bytesWritten?: number };
  // A connection that never said a word (browsers open them ahead of time) is owed no answer; one that has begun to be
  // answered must not get a second status line into the middle of the first.
  if (bytesWritten) return;
  if (!bytesRead || error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(rawRefusal(STATUS_OF_ERROR[error.code ?? ''] ?? 400), () => socket.destroy());
}

function close(server: Server, connections: Connections): Promise<void> {
  return new Promise((resolve) => {
    const last = setTimeout(() => server.closeAllConnections(), LAST_BYTES_MS);
    server.close(() => {
      clearTimeout(last);
      resolve();
    });
    server.closeIdleConnections();
    connections.dropIdle();
  });
}
