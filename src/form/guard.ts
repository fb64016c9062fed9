import { createHash, timingSafeEqual } from 'node:crypto';

/** The part of a request that is judged before any of its body is read, as it came over the wire. */
export interface RequestHead {
  readonly method: string;
  readonly httpVersion: string;
  readonly url: string;
  /** Names and values in turn, duplicates kept: Node's `headers` keeps only the first Host. */
  readonly rawHeaders: readonly string[];
}

/** What the form answers to. */
export interface Gate {
  readonly hosts: readonly string[];
  readonly path: Fingerprint;
  /** How its page sends what was filled in: nothing else is taken. */
  readonly encoding: Encoding;
  readonly maxBodyBytes: number;
  /** Of a longer one, up to so much is read and thrown away before it is answered. */
  readonly drainBytes: number;
}

/** `urlencoded` for lines alone; a page with a file to choose sends `multipart`. */
export type Encoding = 'urlencoded' | 'multipart';

export type RefusalReason =
  | 'method'
  | 'version'
  | 'host'
  | 'path'
  | 'site'
  | 'embedded'
  | 'upgrade'
  | 'prefetch'
  | 'origin'
  | 'expect'
  | 'body'
  | 'length'
  | 'type';

export type Verdict =
  | { readonly kind: 'show' }
  /** `boundary`: between the parts of the body; undefined: it has none. */
  | { readonly kind: 'submit'; readonly length: number; readonly boundary: string | undefined }
  /** All is right but the length of the body. `drained`: it is read to its end first, since who still sends does not see an answer. */
  | { readonly kind: 'too-long'; readonly length: number; readonly drained: boolean }
  /** The right address, opened from another site. */
  | { readonly kind: 'cross-site' }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: RefusalReason };

/** A SHA-256 digest: secrets are compared by digest, so that neither content nor length shows in the time it takes. */
export type Fingerprint = Uint8Array;

export function fingerprint(secret: string | Uint8Array): Fingerprint {
  return createHash('sha256').update(secret).digest();
}

export function matches(expected: Fingerprint, candidate: string | Uint8Array): boolean {
  return timingSafeEqual(expected, fingerprint(candidate));
}

/** The names under which a browser on this machine, or behind `ssh -L` with the same port, reaches the form. */
export function allowedHosts(port: number, host = '127.0.0.1'): readonly string[] {
  const names = [...new Set([host, '127.0.0.1', 'localhost', '[::1]'])];
  // Fetch standard: the default port is left out of Host and Origin.
  return port === 80
    ? [...names, ...names.map((name) => `${name}:80`)]
    : names.map((name) => `${name}:${port}`);
}

type Check = (head: RequestHead, gate: Gate) => Verdict | undefined;

/** In this order: the first that objects decides. What passes all of them is the honest browser. */
const CHECKS: readonly Check[] = [
  method,
  version,
  host,
  path,
  site,
  embedded,
  upgrade,
  prefetch,
  expect,
  bodyless,
  origin,
  type,
];

/** Decides on one request. Pure: limits, the nonce and the state of the form are judged after it. */
export function judge(head: RequestHead, gate: Gate): Verdict {
  for (const check of CHECKS) {
    const verdict = check(head, gate);
    if (verdict) return verdict;
  }
  return head.method === 'POST' ? submitted(head, gate) : { kind: 'show' };
}

function method(head: RequestHead): Verdict | undefined {
  return ['GET', 'HEAD', 'POST'].includes(head.method) ? undefined : refused(405, 'method');
}

function version(head: RequestHead): Verdict | undefined {
  return head.httpVersion === '1.1' ? undefined : refused(505, 'version');
}

// RFC 9112 §3.2: any number of Host lines but one is a 400. An unknown name is how DNS rebinding shows; it is misdirected
// (RFC 9110 §15.5.20).
function host(head: RequestHead, gate: Gate): Verdict | undefined {
  const hosts = valuesOf(head, 'host');
  if (hosts.length !== 1) return refused(400, 'host');
  return gate.hosts.includes(hosts[0] ?? '') ? undefined : refused(421, 'host');
}

// One exact string: no query, no absolute form, no `//host/path`.
function path(head: RequestHead, gate: Gate): Verdict | undefined {
  return matches(gate.path, head.url) ? undefined : refused(404, 'path');
}

// Fetch Metadata: `same-site` is refused, since every other port of localhost is the same site. Browsers that do not
// send it fall through to the check of Origin.
function site(head: RequestHead): Verdict | undefined {
  const sites = valuesOf(head, 'sec-fetch-site');
  if (sites.length === 0) return undefined;
  const [value] = sites;
  if (sites.length > 1) return refused(403, 'site');
  if (value === 'same-origin') return undefined;
  if (head.method === 'POST') return refused(403, 'site');
  if (value === 'none') return undefined;
  return value === 'same-site' || value === 'cross-site' ? { kind: 'cross-site' } : refused(403, 'site');
}

// Only a tab of its own may hold the form (Fetch Metadata: a frame, an image or a script of any page says so).
function embedded(head: RequestHead): Verdict | undefined {
  return valuesOf(head, 'sec-fetch-dest').every((value) => value === 'document')
    ? undefined
    : refused(403, 'embedded');
}

// No other protocol is spoken here (WebSocket, RFC 6455; HTTP/2, RFC 7540 §3.2).
function upgrade(head: RequestHead): Verdict | undefined {
  return valuesOf(head, 'upgrade').length > 0 ? refused(400, 'upgrade') : undefined;
}

// A page loaded ahead of its time would start the clock of the form without anybody looking at it.
function prefetch(head: RequestHead): Verdict | undefined {
  const early = [...valuesOf(head, 'sec-purpose'), ...valuesOf(head, 'purpose')];
  return early.some((value) => /(^|[\s,;])prefetch/i.test(value)) ? refused(403, 'prefetch') : undefined;
}

function expect(head: RequestHead): Verdict | undefined {
  return valuesOf(head, 'expect').length > 0 ? refused(417, 'expect') : undefined;
}

function bodyless(head: RequestHead): Verdict | undefined {
  if (head.method === 'POST') return undefined;
  const lengths = valuesOf(head, 'content-length').filter((value) => value !== '0');
  return lengths.length + valuesOf(head, 'transfer-encoding').length > 0 ? refused(400, 'body') : undefined;
}

// A missing, `null` or listed Origin is no browser's honest submit (Fetch standard, "append a request Origin header"). To
// look, none is sent: who sends one all the same is a script, which can only be another page's.
function origin(head: RequestHead): Verdict | undefined {
  const origins = valuesOf(head, 'origin');
  if (head.method !== 'POST') return origins.length === 0 ? undefined : refused(403, 'origin');
  const expected = `http://${valuesOf(head, 'host')[0]}`;
  return origins.length === 1 && origins[0] === expected ? undefined : refused(403, 'origin');
}

// A boundary is 1 to 70 characters (RFC 2046 §5.1.1); of these, those that need no quotes (RFC 2045 §5.1): browsers write none.
const TYPES: Readonly<Record<Encoding, RegExp>> = {
  urlencoded: /^application\/x-www-form-urlencoded(?:\s*;\s*charset="?utf-8"?)?$/i,
  multipart: /^multipart\/form-data; boundary=([\w'+.-]{1,70})$/,
};

function type(head: RequestHead, { encoding }: Gate): Verdict | undefined {
  if (head.method !== 'POST') return undefined;
  const types = valuesOf(head, 'content-type');
  const encoded = valuesOf(head, 'content-encoding').length > 0;
  return types.length === 1 && TYPES[encoding].test(types[0] ?? '') && !encoded
    ? undefined
    : refused(415, 'type');
}

function submitted(head: RequestHead, gate: Gate): Verdict {
  const lengths = valuesOf(head, 'content-length');
  if (valuesOf(head, 'transfer-encoding').length > 0 || lengths.length === 0) return refused(411, 'length');
  const [text = ''] = lengths;
  if (lengths.length > 1 || !/^[1-9]\d*$/.test(text)) return refused(400, 'length');
  const length = Number(text);
  const [, boundary] = TYPES[gate.encoding].exec(valuesOf(head, 'content-type')[0] ?? '') ?? [];
  if (length <= gate.maxBodyBytes) return { kind: 'submit', length, boundary };
  return { kind: 'too-long', length, drained: length <= gate.drainBytes };
}

function refused(status: number, reason: RefusalReason): Verdict {
  return { kind: 'refused', status, reason };
}

export function valuesOf(head: RequestHead, name: string): readonly string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < head.rawHeaders.length; index += 2) {
    if (head.rawHeaders[index]?.toLowerCase() === name) values.push(head.rawHeaders[index + 1] ?? '');
  }
  return values;
}
