import { SEALER } from '../support/stand-ins.ts';

/** Numbers from 0 to below `below`, the same for the same seed on every machine (mulberry32). */
export type Chance = (below: number) => number;

export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** What the stand-in for `fetch` does with one request. */
export interface FuzzedAnswer {
  readonly kind: 'answer' | 'fails' | 'breaks' | 'hangs' | 'drips';
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

export const SEALED = `${'U2VhbGVkVmFsdWVPZk5vVG9rZW4x'.repeat(4)}==`;
const DATE = 'Mon, 23 Nov 2026 09:30:00 GMT';
const TIMES = { created_at: '2025-11-30T16:04:12Z', updated_at: '2026-02-03T04:05:06Z' };
const SECRET = { name: 'CARGO_REGISTRY_TOKEN', ...TIMES };

/** Bodies of GitHub's own answers, by what is asked for. */
export const HONEST = {
  repo: { id: 42, full_name: 'example/widgets', name: 'widgets' },
  key: { key_id: '012345678912345678', key: Buffer.alloc(32, 9).toString('base64') },
  secret: SECRET,
  names: { total_count: 2, secrets: [SECRET, { ...SECRET, name: 'OTHER' }] },
  put: {},
} as const;
export type Asked = keyof typeof HONEST;

const STATUSES = [
  ...[
    200, 200, 200, 200, 201, 202, 203, 206, 226, 300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 404,
  ],
  ...[405, 408, 409, 410, 418, 422, 429, 451, 499, 500, 502, 503, 504, 520, 599],
];
const ECHO = `${SEALER} ${SEALED} ${SEALER.slice(5, 20)}`;
const MESSAGES = [
  ...['Not Found', 'Bad credentials', 'Moved Permanently', '', 'x'.repeat(5_000), '\u001b[2J\u202e\r\n\0'],
  'Resource not accessible by personal access token',
  'Must have admin rights to Repository.',
  'You have exceeded a secondary rate limit. Please wait.',
  'Bad request - validation failed due to an improperly encrypted secret',
  ECHO,
  `"${SEALED}" is not valid`,
];
const VALUES: readonly unknown[] = [
  ...[null, true, 0, -1, 1e308, '', ' ', 'x', ECHO, [], {}, [[]], { name: 'CARGO_REGISTRY_TOKEN' }, 42],
  ...[
    '2026-02-30T00:00:00Z',
    '2026-02-03',
    '2026-02-03T04:05:06',
    '9999-99-99T99:99:99Z',
    '2026-02-03T04:05:06+01:00',
  ],
  ...['OTHER', 'cargo_registry_token', 'example/gears', '../..', 'A'.repeat(300), '0'.repeat(44)],
  Buffer.alloc(31, 9).toString('base64'),
  Buffer.alloc(32).toString('base64'),
  Buffer.alloc(33, 9).toString('base64'),
];
const TYPES = ['text/html', 'text/plain', '', 'application/octet-stream', 'application/jsonp', 'nonsense;;='];
const HEADERS: readonly (readonly [string, readonly string[]])[] = [
  ['retry-after', ['37', '0', '-1', '1e9', '99999999999', 'soon', DATE, ECHO, '1, 2']],
  ['x-ratelimit-remaining', ['0', '1', '', '00', ECHO]],
  ['x-ratelimit-reset', ['1795428300', '0', '-5', '9999999999999', 'x', ECHO]],
  ['x-accepted-github-permissions', ['environments=write', 'a=read,b=write; c=read', ECHO, '\u00e9=x']],
  [
    'x-github-sso',
    ['required', 'required; url=https://github.com/orgs/a/sso', `required; url=https://evil/${SEALER}`],
  ],
  ['x-github-request-id', ['C5E4:1A2B', SEALER, ECHO, '']],
  ['date', ['yesterday', '2', '', `${DATE}, ${DATE}`, ECHO, 'Fri, 31 Dec 9999 23:59:59 GMT']],
  ['link', ['<https://api.github.com/x?page=2>; rel="next"', '<https://evil.example/>; rel="next"', ECHO]],
  [
    'location',
    [
      ...[
        'https://api.github.com/repositories/42',
        'https://api.github.com/repos/example/gears/x',
        '/repositories/1',
      ],
      ...[
        'https://evil.example/',
        '//evil.example',
        'http://api.github.com/repositories/42',
        'http://[',
        ECHO,
        '',
      ],
    ],
  ],
  ['github-authentication-token-expiration', ['2027-01-31 23:00:00 UTC', 'never', ECHO]],
  ['content-encoding', ['gzip', 'br', 'nonsense']],
];

const ENDING = ['fails', 'breaks'] as const;

/**
 * One answer: an honest one for what is asked, with anything from nothing to everything of it changed.
 *
 * @param ends false: it never comes, or its body has no end
 */
export function fuzzedAnswer(chance: Chance, asked: Asked, ends: boolean): FuzzedAnswer {
  const changes = chance(4);
  const status =
    changes > 0 && chance(2) === 0 ? pick(chance, STATUSES) : asked === 'put' ? 201 + 3 * chance(2) : 200;
  return {
    kind: ends ? (ENDING[chance(80)] ?? 'answer') : pick(chance, ['hangs', 'drips'] as const),
    status,
    headers: headersOf(chance, changes),
    body: bodyOf(chance, asked, status, changes),
  };
}

function pick<T>(chance: Chance, from: readonly T[]): T {
  return from[chance(from.length)] as T;
}

function headersOf(chance: Chance, changes: number): readonly (readonly [string, string])[] {
  const type = changes > 0 && chance(8) === 0 ? pick(chance, TYPES) : 'application/json; charset=utf-8';
  const headers: [string, string][] = [['date', DATE]];
  if (type !== '') headers.push(['content-type', type]);
  for (let count = changes === 0 ? 0 : chance(4); count > 0; count--) {
    const [name, values] = pick(chance, HEADERS);
    headers.push([name, pick(chance, values)]);
  }
  return headers;
}

function bodyOf(chance: Chance, asked: Asked, status: number, changes: number): Buffer {
  const error = {
    message: pick(chance, MESSAGES),
    documentation_url: 'https://docs.github.com/rest',
    status: String(status),
  };
  const honest: unknown = status >= 300 ? error : HONEST[asked];
  if (changes < 2) return Buffer.from(JSON.stringify(honest));
  switch (chance(9)) {
    case 0:
      return Buffer.from(JSON.stringify(HONEST[pick(chance, Object.keys(HONEST) as Asked[])]));
    case 1:
      return Buffer.from(
        pick(chance, ['', '<!doctype html><title>Log in</title>', 'null', '"{}"', '{', '[[[[', ECHO]),
      );
    case 2:
      return Buffer.from(JSON.stringify(chance(2) === 0 ? [honest] : { body: honest }));
    case 3:
      return Buffer.from(JSON.stringify(honest)).subarray(0, chance(60));
    case 4:
      return flipped(chance, Buffer.from(JSON.stringify(honest)));
    case 5:
      return Buffer.from(
        JSON.stringify(honest).replace('"', `"__proto__":${JSON.stringify(HONEST[asked])},"`),
      );
    default:
      return Buffer.from(JSON.stringify(changed(chance, honest)));
  }
}

function flipped(chance: Chance, bytes: Buffer): Buffer {
  for (let count = 1 + chance(3); count > 0; count--) bytes[chance(bytes.length)] = chance(256);
  return bytes;
}

/** With one field of it, at any depth, of another value or gone. */
function changed(chance: Chance, value: unknown): unknown {
  if (Array.isArray(value)) {
    const at = chance(value.length + 1);
    return value.length === 0 || chance(6) === 0
      ? [...value, pick(chance, VALUES)]
      : value.map((one, index) => (index === at ? changed(chance, one) : one));
  }
  if (typeof value !== 'object' || value === null) return pick(chance, VALUES);
  const entries = Object.entries(value);
  const [name] = entries[chance(Math.max(1, entries.length))] ?? ['message'];
  if (chance(5) === 0) return Object.fromEntries(entries.filter(([key]) => key !== name));
  return {
    ...value,
    [name]:
      chance(3) === 0 ? pick(chance, VALUES) : changed(chance, (value as Record<string, unknown>)[name]),
  };
}
