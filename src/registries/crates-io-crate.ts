import type { Fact, Unavailable } from '../verify/fact.ts';
import { known } from '../verify/fact.ts';
import type { CrateFact, CrateVersion } from '../verify/facts.ts';
import type { Sources } from '../verify/sources.ts';
import type { PublicOptions } from './read-public.ts';
import { readPublic } from './read-public.ts';
import type { Fields } from './shape.ts';
import { field, fieldsOf, instantOf, listOf, readShape, textIn, textOf, WrongShape } from './shape.ts';

export interface CratesOptions extends PublicOptions {
  /** Waits until one more request may go out; shared by all who ask crates.io (`takeTurns`). */
  readonly turn: (url: string) => Promise<void>;
}

const REGISTRY = 'crates.io';
/** All versions of a crate with very many features have some 10 MB. */
const MAX_BYTES = 32 * 1_048_576;
/** What crates.io gives at most (src/controllers/helpers/pagination.rs). */
const PAGE_SIZE = 100;
const MOST_PAGES = 5;

/**
 * What crates.io shows everybody of a crate: `GET /api/v1/crates/{c}?include=versions`, with `trustpub_only` of the crate and
 * `trustpub_data` of its versions, which crates.io calls unstable. One request, since crates.io takes one a second. Should it leave
 * the versions out, `…/versions` is read page by page, up to the newest 500.
 *
 * A crate that does not exist, and one without a single version, are known and undefined.
 */
export function openCrates(options: CratesOptions): Sources['cratesIo'] {
  return { crate: (name) => readCrate(options, name) };
}

async function readCrate(options: CratesOptions, name: string): Promise<Fact<CrateFact | undefined>> {
  const path = `/api/v1/crates/${encodeURIComponent(name)}`;
  // Leaves out keywords, categories and download counts.
  const found = await ask(options, `${path}?include=versions`);
  if (!found.known) return found;
  if (found.value === undefined) return known(undefined);
  const crate: Fact<Crate> = readShape(REGISTRY, () => known(crateOf(found.value, name)));
  if (!crate.known) return crate;
  const { versions: included, ...rest } = crate.value;
  const versions = included === undefined ? await readVersions(options, `${path}/versions`) : known(included);
  if (!versions.known) return versions;
  const newestFirst = versions.value.toSorted((a, b) => b.publishedAt.getTime() - a.publishedAt.getTime());
  return known(newestFirst.length === 0 ? undefined : { ...rest, versions: newestFirst });
}

async function readVersions(options: CratesOptions, path: string): Promise<Fact<readonly CrateVersion[]>> {
  const versions: CrateVersion[] = [];
  let query: string | undefined = `?per_page=${PAGE_SIZE}&sort=date`;
  for (let page = 0; page < MOST_PAGES && query !== undefined; page += 1) {
    const found = await ask(options, `${path}${query}`);
    if (!found.known) return found;
    // A crate that is deleted in between has no versions any more.
    if (found.value === undefined) return known([]);
    const read: Fact<VersionPage> = readShape(REGISTRY, () => known(pageOf(found.value)));
    if (!read.known) return read;
    versions.push(...read.value.versions);
    query = read.value.next;
  }
  return known(versions);
}

function ask(options: CratesOptions, path: string): Promise<Fact<unknown> | Unavailable> {
  return readPublic(options, {
    registry: REGISTRY,
    path,
    accept: 'application/json',
    maxBytes: MAX_BYTES,
    turn: options.turn,
    statuses: { 403: 'it refuses this client', 429: 'it asks for fewer requests' },
  });
}

interface Crate extends Omit<CrateFact, 'versions'> {
  /** Undefined: the answer leaves them out. */
  readonly versions: readonly CrateVersion[] | undefined;
}

function crateOf(document: unknown, asked: string): Crate {
  const fields = fieldsOf(document, 'crate');
  const crate = fieldsOf(field(fields, 'crate'), 'crate');
  const name = textOf(field(crate, 'name'), 'crate.name');
  // crates.io finds a crate under either spelling of "-" and in either case.
  if (canonical(name) !== canonical(asked)) throw new WrongShape('it is about another crate');
  const trustedPublishingOnly = field(crate, 'trustpub_only');
  if (typeof trustedPublishingOnly !== 'boolean') throw new WrongShape('no "crate.trustpub_only"');
  const versions = field(fields, 'versions') ?? undefined;
  return { name, trustedPublishingOnly, versions: versions === undefined ? undefined : versionsOf(versions) };
}

function canonical(name: string): string {
  return name.toLowerCase().replaceAll('-', '_');
}

interface VersionPage {
  readonly versions: readonly CrateVersion[];
  /** The query of the next page, such as `?per_page=100&seek=…`. */
  readonly next: string | undefined;
}

function pageOf(document: unknown): VersionPage {
  const fields = fieldsOf(document, 'versions');
  const next = textIn(field(fieldsOf(field(fields, 'meta'), 'meta'), 'next_page'), 'meta.next_page');
  if (next !== undefined && !next.startsWith('?')) throw new WrongShape('an odd "meta.next_page"');
  return { versions: versionsOf(field(fields, 'versions')), next };
}

function versionsOf(written: unknown): readonly CrateVersion[] {
  return listOf(written, 'versions').map((one) => versionOf(fieldsOf(one, 'versions')));
}

function versionOf(version: Fields): CrateVersion {
  return {
    number: textOf(field(version, 'num'), 'version.num'),
    publishedAt: instantOf(field(version, 'created_at'), 'version.created_at'),
    trustedRepository: trustedRepository(field(version, 'trustpub_data')),
  };
}

/**
 * `null` means that a token published it. Absent says nothing: the field is unstable.
 *
 * Of another service than GitHub, its name goes first, so that it equals no repository of GitHub's.
 */
function trustedRepository(written: unknown): string | undefined {
  if (written === null) return undefined;
  const publisher = fieldsOf(written, 'version.trustpub_data');
  const provider = textOf(field(publisher, 'provider'), 'trustpub_data.provider');
  if (provider === 'github') return textOf(field(publisher, 'repository'), 'trustpub_data.repository');
  return `${provider}: ${textIn(field(publisher, 'project_path'), 'trustpub_data.project_path') ?? 'unnamed'}`;
}
