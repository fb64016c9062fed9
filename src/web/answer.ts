import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';

/** What a path is answered with. */
export interface Answer {
  readonly status: number;
  readonly type: 'text/html' | 'text/plain; version=0.0.4' | 'application/json' | 'text/calendar';
  readonly body: string;
  /** The style sheet that stands in the page; absent: it has none. */
  readonly style?: string;
}

/** On every answer, whatever it is. No answer sets a cookie, holds a script or may be kept, framed or embedded. */
const HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  // Nobody holds a connection, so that nobody can hold all of them.
  Connection: 'close',
};

/** One for all refusals: it names nothing, and repeats nothing of the request. */
const REFUSAL = 'Not available.\n';

const PHRASES = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
} as const;

export type RawStatus = keyof typeof PHRASES;

/** Content Security Policy Level 3: nothing is loaded and nothing runs; the page's own style sheet is named by its digest. */
function policyFor(style: string | undefined): string {
  const styles = style && `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`;
  return [
    "default-src 'none'",
    ...(styles ? [styles] : []),
    "form-action 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}

/** A HEAD gets the same fields; Node leaves the body out. */
export function send(response: ServerResponse, { status, type, body, style }: Answer): void {
  response.writeHead(status, {
    ...HEADERS,
    'Content-Security-Policy': policyFor(style),
    'Content-Type': `${type}; charset=utf-8`,
    'Content-Length': String(Buffer.byteLength(body)),
  });
  response.end(body);
}

export function refuse(response: ServerResponse, status: number): void {
  // RFC 9110 §15.5.6: a 405 must say what is allowed.
  const allow = status === 405 ? { Allow: 'GET, HEAD' } : {};
  response.writeHead(status, { ...refusalFields(), ...allow });
  response.end(REFUSAL);
}

/** The same refusal for a connection on which no request could be made out. */
export function rawRefusal(status: RawStatus): string {
  const fields = Object.entries(refusalFields()).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${PHRASES[status]}\r\n${fields.join('')}\r\n${REFUSAL}`;
}

function refusalFields(): Record<string, string> {
  return {
    ...HEADERS,
    'Content-Security-Policy': policyFor(undefined),
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': String(REFUSAL.length),
  };
}
