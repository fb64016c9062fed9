import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Html } from '../domain/html.ts';
import { STYLE } from './style.ts';

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${STYLE_HASH}'`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

/**
 * On every answer, whatever it is. `same-origin` and not `no-referrer`: by the Fetch standard a form sent under
 * `no-referrer` carries `Origin: null`, so that every honest submit would be refused.
 */
const HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'same-origin',
  Connection: 'close',
};

const HTML_TYPE = 'text/html; charset=utf-8';

/** One for all refusals: it names nothing, and repeats nothing of the request. */
const REFUSAL = 'Not available.\n';

const PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

export function refuse(response: ServerResponse, status: number): void {
  // RFC 9110 §15.5.6: a 405 must say what is allowed.
  const allow = status === 405 ? { Allow: 'GET, HEAD, POST' } : {};
  response.writeHead(status, { ...HEADERS, ...allow, ...textFields() });
  response.end(REFUSAL);
}

/** The same refusal for a connection on which no request could be made out. */
export function rawRefusal(status: 400 | 408 | 431): string {
  const fields = Object.entries({ ...HEADERS, ...textFields() }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `HTTP/1.1 ${status} ${PHRASES[status]}\r\n${fields.join('')}\r\n${REFUSAL}`;
}

export function sendPage(
  response: ServerResponse,
  status: number,
  page: Html,
  more: Readonly<Record<string, string>> = {},
): void {
  const length = String(Buffer.byteLength(page.text));
  response.writeHead(status, { ...HEADERS, 'Content-Type': HTML_TYPE, 'Content-Length': length, ...more });
  response.end(page.text);
}

/**
 * A page with the form on it, which the browser leaves when the form closes: whoever takes the port afterwards must not be sent
 * what was typed. A header (HTML standard, "shared declarative refresh steps"); a submission that is on its way is not cut off.
 */
export function sendForm(response: ServerResponse, status: number, page: Html, secondsLeft: number): void {
  sendPage(response, status, page, { Refresh: `${secondsLeft}; url=about:blank` });
}

/** A page that is sent part by part: without a length, Node sends it chunked. */
export function beginPage(response: ServerResponse): void {
  response.writeHead(200, { ...HEADERS, 'Content-Type': HTML_TYPE });
}

function textFields(): Record<string, string> {
  return { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': String(REFUSAL.length) };
}
