import type { ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import type { Answer, RecordedRequest } from './http-exchange.ts';
import { bodyText } from './http-exchange.ts';
import type { RequestMatch } from './http-moments.ts';
import { matches } from './http-moments.ts';

interface MadeUpAnswer {
  readonly status: number;
  /** The service's own error shape when absent. */
  readonly body?: unknown;
  /** `''` takes away a header that the service would send. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Everything below `apply-then-…` happens after the request took effect; the rest, unless said, before. */
export type FaultKind =
  | ({ readonly kind: 'status' } & MadeUpAnswer)
  /** Never answers. */
  | { readonly kind: 'hang' }
  /** Drops the connection with RST. */
  | { readonly kind: 'reset' }
  /** Takes effect, then 200 with half of the body, as if that were all. */
  | { readonly kind: 'truncate' }
  /** Takes effect, then announces the whole body, sends half, drops the connection. */
  | { readonly kind: 'cut' }
  /** A captive portal's page. */
  | { readonly kind: 'html' }
  | { readonly kind: 'empty' }
  /** 200 with a JSON body of `bytes`. */
  | { readonly kind: 'huge'; readonly bytes: number }
  /** Headers at once, then one byte every `everyMs` without end. */
  | { readonly kind: 'drip'; readonly everyMs: number }
  /** 307 unless said: the one that makes clients send method and body again. */
  | { readonly kind: 'redirect'; readonly to: string; readonly status?: 301 | 302 | 303 | 307 | 308 }
  /** The right answer with other headers (an absent Date, a lying token expiry). */
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'apply-then-hang' }
  | { readonly kind: 'apply-then-reset' }
  | ({ readonly kind: 'apply-then-status' } & MadeUpAnswer)
  /** A slow network: the right answer, so much later. */
  | { readonly kind: 'late'; readonly afterMs: number }
  /** Waits for `release()`, then takes effect and answers, also when the client has long gone. */
  | { readonly kind: 'hold' };

/** `times`: how many requests it befalls; once when absent. */
export type Fault = RequestMatch & { readonly times?: number } & FaultKind;

export interface FaultControl {
  /** How many requests it has befallen so far. */
  readonly hits: number;
  /** Befalls no further request. */
  cancel(): void;
  /** Lets held requests go on, those yet to come included. */
  release(): void;
}

interface ArmedFault {
  readonly fault: Fault;
  hits: number;
  left: number;
  readonly released: Promise<void>;
}

export interface FaultQueue {
  add(fault: Fault): FaultControl;
  take(request: RecordedRequest): ArmedFault | undefined;
}

export function faultQueue(): FaultQueue {
  const armed: ArmedFault[] = [];
  return {
    add(fault) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const entry: ArmedFault = { fault, hits: 0, left: fault.times ?? 1, released: promise };
      armed.push(entry);
      return {
        get hits() {
          return entry.hits;
        },
        cancel: () => {
          entry.left = 0;
        },
        release: resolve,
      };
    },
    take(request) {
      const entry = armed.find((candidate) => candidate.left > 0 && matches(candidate.fault, request));
      if (entry === undefined) return undefined;
      entry.left -= 1;
      entry.hits += 1;
      return entry;
    },
  };
}

export interface Stagecraft {
  readonly apply: () => Answer;
  readonly reply: (answer: Answer) => void;
  readonly outgoing: ServerResponse;
  readonly errorBody: (status: number) => unknown;
}

export async function playFault(entry: ArmedFault, stage: Stagecraft): Promise<void> {
  const { fault } = entry;
  switch (fault.kind) {
    case 'status':
      return stage.reply(madeUp(fault, stage));
    case 'hang':
      return;
    case 'reset':
      return drop(stage.outgoing);
    case 'truncate':
      return stage.reply(truncated(stage.apply()));
    case 'cut':
      return cutOff(stage.outgoing, bodyText(stage.apply().body));
    case 'html':
      return raw(stage.outgoing, 'text/html', '<!doctype html><title>Sign in to this network</title>');
    case 'empty':
      return raw(stage.outgoing, 'application/json; charset=utf-8', '');
    case 'huge':
      return raw(stage.outgoing, 'application/json; charset=utf-8', `"${'a'.repeat(fault.bytes - 2)}"`);
    case 'drip':
      return drip(stage.outgoing, fault.everyMs);
    case 'redirect':
      return stage.reply({ status: fault.status ?? 307, headers: { location: fault.to } });
    case 'headers':
      return stage.reply(withHeaders(stage.apply(), fault.headers));
    case 'apply-then-hang':
      stage.apply();
      return;
    case 'apply-then-reset':
      stage.apply();
      return drop(stage.outgoing);
    case 'apply-then-status':
      stage.apply();
      return stage.reply(madeUp(fault, stage));
    case 'late':
      await setTimeout(fault.afterMs);
      return stage.reply(stage.apply());
    case 'hold':
      await entry.released;
      return stage.reply(stage.apply());
  }
}

function madeUp(fault: MadeUpAnswer, stage: Stagecraft): Answer {
  return {
    status: fault.status,
    body: fault.body === undefined ? stage.errorBody(fault.status) : fault.body,
    headers: fault.headers ?? {},
  };
}

function withHeaders(answer: Answer, headers: Readonly<Record<string, string>>): Answer {
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

function truncated(answer: Answer): Answer {
  const text = bodyText(answer.body);
  const headers = { ...answer.headers, 'content-type': 'application/json; charset=utf-8' };
  return { status: 200, headers, body: text.slice(0, Math.max(1, Math.floor(text.length / 2))) };
}

function drop(outgoing: ServerResponse): void {
  outgoing.socket?.resetAndDestroy();
}

function cutOff(outgoing: ServerResponse, text: string): void {
  outgoing.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text) + 1,
  });
  outgoing.write(text.slice(0, text.length / 2), () => outgoing.destroy());
}

/** Not the service's answer, so without its headers. */
function raw(outgoing: ServerResponse, type: string, body: string): void {
  outgoing.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  outgoing.end(body);
}

function drip(outgoing: ServerResponse, everyMs: number): void {
  outgoing.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
  outgoing.flushHeaders();
  const timer = setInterval(() => outgoing.write(' '), everyMs);
  outgoing.once('close', () => clearInterval(timer));
}
