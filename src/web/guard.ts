/** The head of a request as it came over the wire, and the address at which it arrived. */
export interface RequestHead {
  readonly method: string;
  readonly url: string;
  /** Names and values in turn, duplicates kept: Node's `headers` keeps only the first Host. */
  readonly rawHeaders: readonly string[];
  /** Of this end of the connection, as Node shows it. */
  readonly localAddress: string;
}

/** Where the page listens. */
export interface Listening {
  readonly bind: string;
  readonly port: number;
}

export type Verdict =
  | { readonly kind: 'answer'; readonly path: string }
  | { readonly kind: 'refused'; readonly status: number };

type Check = (head: RequestHead, listening: Listening) => number | undefined;

/** In this order: the first that objects decides, with its status. A foreign Host learns nothing, not even which methods there are. */
const CHECKS: readonly Check[] = [host, method, path, protocol, body, site];

/**
 * Decides on one request, before anything is read for it. Pure. Everything that is served is for reading only and the same for
 * everybody who reaches the port, so that what remains to be kept out are pages of other sites in a browser on this machine.
 */
export function judge(head: RequestHead, listening: Listening): Verdict {
  for (const check of CHECKS) {
    const status = check(head, listening);
    if (status !== undefined) return { kind: 'refused', status };
  }
  return { kind: 'answer', path: head.url };
}

const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]'];

// RFC 9112 §3.2: any number of Host lines but one is a 400. An unknown name is how DNS rebinding shows; it is misdirected
// (RFC 9110 §15.5.20).
function host(head: RequestHead, listening: Listening): number | undefined {
  const hosts = valuesOf(head, 'host');
  if (hosts.length !== 1) return 400;
  return isOurs(hosts[0] ?? '', head.localAddress, listening) ? undefined : 421;
}

/**
 * The names of the loopback, and the address at which the connection arrived, with the port. Behind a published port the browser
 * sees the port that the container's owner chose, which nobody here can know: a page that is bound to more than the loopback
 * takes the names of the loopback with any port. No foreign name can be made to look like one of them: what rebinding changes is
 * the address behind a name, and the name stays.
 */
function isOurs(authority: string, localAddress: string, { bind, port }: Listening): boolean {
  const [, name = '', digits] =
    /^(\[[\da-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(authority.toLowerCase()) ?? [];
  // Fetch standard: the default port is left out of Host.
  const isPort = Number(digits ?? 80) === port;
  if (LOOPBACK_NAMES.includes(name)) return isPort || !isLoopback(bind);
  return isPort && name === inAuthority(localAddress);
}

function isLoopback(bind: string): boolean {
  return bind === 'localhost' || bind === '::1' || /^127\.\d+\.\d+\.\d+$/.test(bind);
}

/** As a URL writes it: RFC 3986 §3.2.2; Node shows IPv4 on a socket for both as `::ffff:…`. */
function inAuthority(address: string): string {
  const plain = address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
  return plain.includes(':') ? `[${plain}]` : plain;
}

/** Where a browser on this machine finds a page that listens there. */
export function originOf({ bind, port }: Listening): string {
  const isWildcard = bind === '0.0.0.0' || bind === '::';
  return `http://${isWildcard ? '127.0.0.1' : inAuthority(bind)}:${port}`;
}

function method(head: RequestHead): number | undefined {
  return head.method === 'GET' || head.method === 'HEAD' ? undefined : 405;
}

// One exact string: no query, no absolute form, no `//host/path`.
function path(head: RequestHead): number | undefined {
  return /^\/[\w./-]*$/.test(head.url) && !head.url.startsWith('//') ? undefined : 404;
}

// No other protocol is spoken here, and nothing is expected before an answer.
function protocol(head: RequestHead): number | undefined {
  if (valuesOf(head, 'upgrade').length > 0) return 400;
  return valuesOf(head, 'expect').length > 0 ? 417 : undefined;
}

function body(head: RequestHead): number | undefined {
  const lengths = valuesOf(head, 'content-length').filter((value) => value !== '0');
  return lengths.length + valuesOf(head, 'transfer-encoding').length > 0 ? 400 : undefined;
}

// Fetch Metadata: another site may hold a link to the page, which a person follows in a tab; it may not fetch, embed or frame
// anything. `same-site` is refused too, since every other port of localhost is the same site. Whoever sends an Origin to look is
// a script, and there is none here.
function site(head: RequestHead): number | undefined {
  if (valuesOf(head, 'origin').length > 0) return 403;
  const sites = valuesOf(head, 'sec-fetch-site');
  if (sites.every((value) => value === 'none' || value === 'same-origin')) return undefined;
  const isFollowed =
    sites.length === 1 &&
    head.url === '/' &&
    isOnly(head, 'sec-fetch-mode', 'navigate') &&
    isOnly(head, 'sec-fetch-dest', 'document');
  return isFollowed ? undefined : 403;
}

function isOnly(head: RequestHead, name: string, wanted: string): boolean {
  const values = valuesOf(head, name);
  return values.length === 1 && values[0] === wanted;
}

export function valuesOf({ rawHeaders }: Pick<RequestHead, 'rawHeaders'>, name: string): readonly string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === name) values.push(rawHeaders[index + 1] ?? '');
  }
  return values;
}
