import { z } from 'zod';
import { isMailAddress, parseSender } from '../domain/address.ts';
import { isTimeZone, parseLifetime } from '../domain/calendar.ts';
import { isAppError } from '../domain/error.ts';

/** The part of zod's issues that a sentence is made of. */
export interface Mismatch {
  readonly code?: string | undefined;
  readonly expected?: string;
  readonly input?: unknown;
}

/** Says what was expected, and what is the matter where that helps. Never the text that is written there. */
export function sentence(expected: string): (mismatch: Mismatch) => string {
  return ({ code, expected: type, input }) => {
    if (input === undefined) return `missing: expected ${expected}`;
    if (input === null) return `nothing is written here: expected ${expected}`;
    if (code !== 'invalid_type') return `expected ${expected}`;
    return `expected ${expected}${quoteRemark(type, input)}`;
  };
}

function quoteRemark(expected: string | undefined, input: unknown): string {
  if (expected === 'string' && typeof input === 'number')
    return ' (this reads as a number; a text that looks like one needs quotes)';
  if (expected === 'string' && typeof input === 'boolean')
    return ' (this reads as true or false; a text that looks like that needs quotes)';
  if (expected !== 'string' && typeof input === 'string' && /^(\d{1,9}|true|false)$/.test(input)) {
    return ' (this reads as text: take the quotes away)';
  }
  return '';
}

interface TextRule {
  /** Completes "expected …", with an example. */
  readonly expected: string;
  /** Also for the editors that read the JSON schema. */
  readonly pattern?: RegExp;
  readonly max?: number;
  readonly accepts?: (text: string) => boolean;
}

function text({ expected, pattern, max, accepts }: TextRule) {
  const error = sentence(expected);
  let schema = z.string({ error });
  if (pattern) schema = schema.regex(pattern, { error });
  if (max !== undefined) schema = schema.max(max, { error });
  return accepts ? schema.refine(accepts, { error }) : schema;
}

export function oneLine(expected: string, max: number) {
  return text({ expected: `${expected}, on one line of at most ${max} characters`, max, accepts: isOneLine });
}

/** No control characters, nothing invisible or that turns the direction of writing, no blank ends. */
function isOneLine(value: string): boolean {
  return value !== '' && value === value.trim() && !/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u.test(value);
}

export function whole(expected: string, [min, max]: readonly [number, number]) {
  const error = sentence(expected);
  return z.int({ error }).min(min, { error }).max(max, { error });
}

export function flag() {
  return z.boolean({ error: sentence('true or false') });
}

export const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
export const NAME_EXPECTED =
  'a name of letters, digits, ".", "_" and "-" that starts with a letter or a digit, at most 64, such as crates-io';

export const ownerName = text({ expected: 'the name of an entry of "owners", such as joao', pattern: NAME });

export const timezone = text({
  expected: 'a time zone by its IANA name, such as Europe/Lisbon',
  accepts: isTimeZone,
});

export const lifetime = text({
  expected: 'a lifetime in days or calendar years, such as 365d or 1y',
  pattern: /^[1-9][0-9]{0,4}[dy]$/,
  accepts: isLifetime,
});

function isLifetime(value: string): boolean {
  try {
    parseLifetime(value);
    return true;
  } catch (error) {
    if (isAppError(error)) return false;
    throw error;
  }
}

export const mailAddress = text({
  expected: 'a bare mail address, such as joao@example.org',
  accepts: isMailAddress,
});

export const sender = text({
  expected: 'a sender, such as "reseal <reseal@example.org>" or reseal@example.org',
  accepts: (value) => isOneLine(value) && parseSender(value) !== undefined,
});

export function file(example: string) {
  return text({
    expected: `the absolute path of a file that holds the secret, such as ${example}`,
    pattern: /^\/([^\x00-\x1f\x7f]*[^\x00-\x1f\x7f/])$/,
    max: 4096,
  });
}

export function url(example: string) {
  return text({
    expected: `an https address without user, query and fragment, such as ${example} (http only for this machine, such as http://127.0.0.1:8080)`,
    max: 2000,
    accepts: (value) => normaliseUrl(value) !== undefined,
  });
}

/** Scheme, host and path, without the slash at the end; undefined: not an address that a token may be sent to. */
export function normaliseUrl(value: string): string | undefined {
  if (!/^https?:\/\/[^\s/\\?#@][^\s\\?#@]*$/i.test(value) || !URL.canParse(value)) return undefined;
  const { protocol, origin, hostname, pathname } = new URL(value);
  const loopback = hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  return protocol === 'https:' || loopback ? `${origin}${pathname.replace(/\/+$/, '')}` : undefined;
}

export const contact = text({
  expected: 'a mail address or an https page, such as maintainer@example.org',
  max: 200,
  accepts: (value) => isMailAddress(value) || isPage(value),
});

/** It stands in a User-Agent header, where brackets and spaces mean something. */
function isPage(value: string): boolean {
  return /^https:\/\/[!#$&'*-;=?A-Z_a-z~]+$/.test(value) && URL.canParse(value);
}

export const ip = z.union([z.ipv4(), z.ipv6()], {
  error: sentence('an IP address of this machine, such as 127.0.0.1 or "::1"'),
});

/** GitHub: letters, digits and hyphens; an underscore where an enterprise manages its users. */
const LOGIN = '[A-Za-z0-9][A-Za-z0-9_-]{0,38}';

export const repo = text({
  expected: 'a repository as owner/name, such as joaoh82/rust_sqlite',
  pattern: new RegExp(`^${LOGIN}/[A-Za-z0-9._-]{1,100}$`),
  accepts: (value) => !/\/\.{1,2}$|\.git$/i.test(value),
});

export const reviewer = text({
  expected: 'a user or a team, such as joaoh82 or acme/release-team',
  pattern: new RegExp(`^${LOGIN}(/[A-Za-z0-9._-]{1,100})?$`),
});

export const environmentName = oneLine('the name of an environment, such as release', 255);

export const secretName = text({
  expected:
    'the name of a secret: letters, digits and "_", no digit first and no GITHUB_, such as CRATES_IO_TOKEN',
  pattern: /^[A-Za-z_][A-Za-z0-9_]{0,254}$/,
  accepts: (value) => !/^github_/i.test(value),
});

export const workflow = text({
  expected: 'the file name of the workflow without its folder, such as release.yml',
  pattern: /^[A-Za-z0-9_.-][A-Za-z0-9_. -]{0,250}\.ya?ml$/,
});

export const BRANCH_EXPECTED = 'the name of a branch, such as main or release/1.x';

/** git-check-ref-format, as far as a typo goes; `*`, `?` and `[` only in patterns. */
export function isBranch(value: string): boolean {
  return isBranchPattern(value) && !/[*?[\]]/.test(value);
}

export const branchPattern = text({
  expected: 'a branch or a pattern, such as main or release/*',
  max: 255,
  accepts: isBranchPattern,
});

function isBranchPattern(value: string): boolean {
  return value.length <= 255 && isOneLine(value) && !/[ ~^:\\]|\.\.|\/\/|@\{|^[/-]|[/.]$/.test(value);
}

export const pypiName = text({
  expected: 'the name of a PyPI project, such as sqlrite',
  pattern: /^[A-Za-z0-9]([A-Za-z0-9._-]{0,212}[A-Za-z0-9])?$/,
});

export const npmName = text({
  expected: 'the name of an npm package, such as "@joaoh82/sqlrite"',
  pattern: /^(@[A-Za-z0-9~-][A-Za-z0-9._~-]*\/)?[A-Za-z0-9~-][A-Za-z0-9._~-]*$/,
  max: 214,
});

export const crateName = text({
  expected: 'the name of a crate, such as sqlrite',
  pattern: /^[A-Za-z][A-Za-z0-9_-]{0,63}$/,
});
