// What differs between two configurations, by path. Of values only the addresses of owners are told: where reminders went, and go
// now, is what a change must not hide. Of all others the path says enough, and nothing that may be private is kept for good.

/** More are counted. */
const MOST = 50;
const LONGEST = 300;

/**
 * The differences as a person finds them in the file: `owners.ada.email: a@example.org → b@example.org`,
 * `credentials.npm: added`, `reminders.hour: changed`. In the order of the sections; at most 51, the last of them a count.
 */
export function describeChanges(before: object, after: object): readonly string[] {
  const all = differences(before, after, []).map((line) => cut(line));
  return all.length > MOST ? [...all.slice(0, MOST), `and ${all.length - MOST} more`] : all;
}

function differences(before: unknown, after: unknown, path: readonly string[]): readonly string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const [old, now] = [membersOf(before), membersOf(after)];
  if (!old || !now || isEntry(path)) return [describe(before, after, path)];
  const names = [...new Set([...old.keys(), ...now.keys()])];
  return names.flatMap((name) => differences(old.get(name), now.get(name), [...path, name]));
}

/** What has parts of its own: an object, or a list of entries with names, which the file keeps under these. */
function membersOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  const named = value.filter(
    (one): one is { readonly name: string } => typeof (one as { name?: unknown } | null)?.name === 'string',
  );
  return value.length === named.length ? new Map(named.map(({ name, ...rest }) => [name, rest])) : undefined;
}

/** A sender is told as one. */
function isEntry(path: readonly string[]): boolean {
  return path.join('.') === 'mail.from';
}

function describe(before: unknown, after: unknown, path: readonly string[]): string {
  const where = pathOf(path);
  if (isAddress(path)) return `${where}: ${addressOf(before)} → ${addressOf(after)}`;
  const [was, is] = [isThere(before), isThere(after)];
  const what = was && is ? 'changed' : is ? 'added' : 'removed';
  const address =
    path.length === 2 && path[0] === 'owners' ? ` (${addressOf(emailOf(before ?? after))})` : '';
  return `${where}: ${what}${address}`;
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

function isAddress(path: readonly string[]): boolean {
  return path.length === 3 && path[0] === 'owners' && path[2] === 'email';
}

function emailOf(owner: unknown): unknown {
  return (owner as { email?: unknown } | null | undefined)?.email;
}

function addressOf(value: unknown): string {
  return typeof value === 'string' ? value : 'none';
}

/** Where the program's name for it is not the file's. */
const WRITTEN: Readonly<Record<string, string>> = {
  'github.sealTokenFile': 'github.seal.token-file',
  'github.sealOwner': 'github.seal.owner',
  'github.verifyTokenFile': 'github.verify.token-file',
  'github.verifyOwner': 'github.verify.owner',
  'reminders.heartbeatUrlFile': 'reminders.heartbeat.url-file',
};

/** Names that people chose stand as they are: only those of settings are written with hyphens. */
const CHOSEN: readonly string[] = ['owners', 'credentials', 'webhooks', 'pipelines'];

function pathOf(path: readonly string[]): string {
  const written = WRITTEN[path.join('.')];
  if (written !== undefined) return written;
  return path
    .map((part, depth) => (depth === 1 && CHOSEN.includes(path[0] ?? '') ? part : hyphenated(part)))
    .join('.');
}

function hyphenated(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function cut(line: string): string {
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}
