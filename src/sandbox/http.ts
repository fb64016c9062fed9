import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer as createPlainServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Answer, RecordedRequest } from './http-exchange.ts';
import { bodyText } from './http-exchange.ts';
import type { Fault, FaultControl } from './http-faults.ts';
import { faultQueue, playFault } from './http-faults.ts';
import type { MomentMatch } from './http-moments.ts';
import { momentLog } from './http-moments.ts';

export type { Answer, RecordedRequest } from './http-exchange.ts';

export interface ListenOptions {
  /** 0 or absent: any free port. */
  readonly port?: number | undefined;
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
  readonly now: () => Date;
  /** Synchronous, so that a write is applied whole or not at all. */
  readonly respond: (request: RecordedRequest) => Answer;
  /** Headers that every answer of the service carries, answers made up by a fault included. */
  readonly commonHeaders?: (request: RecordedRequest) => Record<string, string>;
  /** The service's own error shape, for status faults that bring no body. */
  readonly errorBody: (status: number) => unknown;
}

/** What the HTTP stand-ins have in common: a real socket, a record of what came, faults on demand. */
export interface Listener {
  readonly url: string;
  readonly port: number;
  readonly requests: readonly RecordedRequest[];
  /** The first matching fault wins; each lasts for one request unless `times` says otherwise. */
  fault(fault: Fault): FaultControl;
  /** Resolves at the next matching request from now on; past ones are in `requests`. */
  when(match: MomentMatch): Promise<RecordedRequest>;
  close(): Promise<void>;
}

export async function listen(options: ListenOptions): Promise<Listener> {
  const requests: RecordedRequest[] = [];
  const faults = faultQueue();
  const moments = momentLog();
  const scheme = options.tls === undefined ? 'http' : 'https';

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await receive(incoming, scheme, options.now);
    requests.push(request);
    moments.reach('arrived', request);
    outgoing.once('finish', () => moments.reach('answered', request));
    const apply = (): Answer => {
      const answer = answerOrBug(options.respond, request);
      moments.reach('applied', request);
      return answer;
    };
    const reply = (answer: Answer): void => send(outgoing, answer, serviceHeaders(options, request));
    const fault = faults.take(request);
    if (fault === undefined) reply(apply());
    else await playFault(fault, { apply, reply, outgoing, errorBody: options.errorBody });
  }

  const onRequest: RequestListener = (incoming, outgoing) => {
    // A client that goes away while it sends is part of the job: nothing is left to answer.
    serve(incoming, outgoing).catch(() => outgoing.destroy());
  };
  const server = options.tls ? createTlsServer(options.tls, onRequest) : createPlainServer(onRequest);
  const port = await bind(server, options.port ?? 0);
  return {
    url: `${scheme}://127.0.0.1:${port}`,
    port,
    requests,
    fault: faults.add,
    when: moments.when,
    close: () => shut(server),
  };
}

async function bind(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

function shut(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function receive(incoming: IncomingMessage, scheme: string, now: () => Date): Promise<RecordedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return {
    method: incoming.method ?? 'GET',
    ...splitTarget(incoming.url ?? '/', `${scheme}://${incoming.headers.host ?? 'localhost'}`),
    headers: incoming.headers,
    rawHeaders: incoming.rawHeaders,
    body: Buffer.concat(chunks),
    at: now(),
  };
}

/** A client that goes through a proxy sends the whole address as its target (RFC 9112 §3.2.2). */
function splitTarget(target: string, host: string): Pick<RecordedRequest, 'origin' | 'path' | 'query'> {
  const absolute = /^(https?:\/\/[^/?]*)(.*)$/.exec(target);
  const rest = absolute?.[2] ?? target;
  const mark = rest.indexOf('?');
  return {
    origin: absolute?.[1] ?? host,
    path: mark < 0 ? rest : rest.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : rest.slice(mark)),
  };
}

function answerOrBug(respond: ListenOptions['respond'], request: RecordedRequest): Answer {
  try {
    return respond(request);
  } catch (error) {
    // Not a fault anyone asked for: the stand-in itself is wrong, and its test should say where.
    return { status: 500, body: `The stand-in failed: ${error instanceof Error ? error.stack : error}` };
  }
}

function serviceHeaders(options: ListenOptions, request: RecordedRequest): Record<string, string> {
  return { date: options.now().toUTCString(), ...options.commonHeaders?.(request) };
}

/** `''` as a header's value takes the header away: that is how a fault hides one. */
function send(outgoing: ServerResponse, answer: Answer, common: Record<string, string>): void {
  if (outgoing.destroyed) return;
  const text = bodyText(answer.body);
  const headers = { ...common, ...typeOf(answer.body), ...answer.headers };
  // Node would send its own clock; the service's clock is the one that was handed in.
  outgoing.sendDate = false;
  outgoing.statusCode = answer.status;
  for (const [name, value] of Object.entries(headers)) {
    if (value === '') outgoing.removeHeader(name);
    else outgoing.setHeader(name, value);
  }
  if (answer.status !== 204) outgoing.setHeader('content-length', Buffer.byteLength(text));
  outgoing.end(text);
}

function typeOf(body: unknown): Record<string, string> {
  if (body === undefined) return {};
  return {
    'content-type':
      typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8',
  };
}
