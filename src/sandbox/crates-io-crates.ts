import { refuse } from './crates-io-refusal.ts';
import type { Answer, RecordedRequest } from './http.ts';
import { CRATE_PUBLISHED_AT, RELEASE_VERSION, RELEASED_CRATE } from './registry-release.ts';

// The public side of crates.io: rust-lang/crates.io at 57fa000 (2026-08), controllers/krate/{metadata,versions}.rs and
// crates_io_api_types/src/lib.rs, with the fields that say how a crate is published and some around them.

export interface CrateVersionSpec {
  readonly number: string;
  readonly publishedAt: Date;
  /** `null`: a token published it. Undefined: the field is left out, as of an older crates.io. */
  readonly trustedPublisher?: Readonly<Record<string, string>> | null | undefined;
}

export interface CrateSpec {
  readonly trustedPublishingOnly: boolean;
  readonly versions: readonly CrateVersionSpec[];
}

export interface CrateShelf {
  /** What is left out stays as it was; a new crate starts as `sqlrite` does. */
  setCrate(name: string, changes?: Partial<CrateSpec>): void;
  removeCrate(name: string): void;
  /** Taken away a moment ago, so that nobody may take its name yet. */
  deleteCrate(name: string): void;
  find(name: string): CrateSpec | undefined;
  /** What crates.io says of a name that was deleted lately (controllers/krate/publish.rs); undefined: it was not. */
  deletedName(name: string): string | undefined;
  /** Undefined: no address of a crate. */
  answer(request: RecordedRequest): Answer | undefined;
}

/** `sqlrite`, published twice, both times by a token. */
const RELEASED: CrateSpec = {
  trustedPublishingOnly: false,
  versions: [
    { number: RELEASE_VERSION, publishedAt: CRATE_PUBLISHED_AT, trustedPublisher: null },
    { number: '0.1.0', publishedAt: new Date('2026-01-10T08:00:00Z'), trustedPublisher: null },
  ],
};

export function stockCrates(): CrateShelf {
  const crates = new Map<string, { readonly name: string; readonly spec: CrateSpec }>();
  const deleted = new Set<string>();
  const shelf: CrateShelf = {
    setCrate(name, changes = {}) {
      const before = crates.get(canonical(name))?.spec ?? RELEASED;
      crates.set(canonical(name), { name, spec: { ...before, ...changes } });
    },
    removeCrate: (name) => void crates.delete(canonical(name)),
    deleteCrate(name) {
      crates.delete(canonical(name));
      deleted.add(canonical(name));
    },
    find: (name) => crates.get(canonical(name))?.spec,
    deletedName: (name) => (deleted.has(canonical(name)) ? recentlyDeleted(name) : undefined),
    answer(request) {
      const [, written, rest] = /^\/api\/v1\/crates\/([^/]+)(\/versions)?$/.exec(request.path) ?? [];
      if (request.method !== 'GET' || written === undefined) return undefined;
      const asked = decodeURIComponent(written);
      const found = crates.get(canonical(asked));
      if (found === undefined) return notFound(asked);
      return rest === undefined
        ? describe(found.name, found.spec, request)
        : listVersions(found.name, found.spec, request);
    },
  };
  shelf.setCrate(RELEASED_CRATE);
  return shelf;
}

/** models/krate.rs, `canon_crate_name` */
function canonical(name: string): string {
  return name.toLowerCase().replaceAll('-', '_');
}

export function notFound(name: string): Answer {
  return refuse(404, `crate \`${name}\` does not exist`);
}

function recentlyDeleted(name: string): string {
  return `A crate with the name \`${name}\` was recently deleted. Reuse of this name will be available after 2026-12-31T00:00:00Z.`;
}

/** GET /api/v1/crates/{name}: without `include`, and with `full` or `versions` in it, every version comes along. */
function describe(name: string, spec: CrateSpec, { query }: RecordedRequest): Answer {
  const include = (query.get('include') ?? 'full').split(',');
  const whole = include.some((part) => part === 'full' || part === 'versions');
  const crate = {
    id: name,
    name,
    created_at: timeOf(spec.versions.at(-1)?.publishedAt ?? CRATE_PUBLISHED_AT),
    updated_at: timeOf(spec.versions[0]?.publishedAt ?? CRATE_PUBLISHED_AT),
    newest_version: spec.versions[0]?.number ?? '0.0.0',
    num_versions: spec.versions.length,
    trustpub_only: spec.trustedPublishingOnly,
  };
  const versions = whole ? spec.versions.map((one) => describeVersion(name, one)) : null;
  return { status: 200, body: { crate, versions, keywords: null, categories: null } };
}

/** GET /api/v1/crates/{name}/versions: pages only where `per_page` is given; a full page always names a next one. */
function listVersions(name: string, { versions }: CrateSpec, { query }: RecordedRequest): Answer {
  const size = Number(query.get('per_page') ?? versions.length);
  const start = Number(query.get('seek') ?? 0);
  const page = versions.slice(start, start + size);
  const next = new URLSearchParams(query);
  next.set('seek', String(start + page.length));
  const meta = {
    total: versions.length,
    next_page: query.has('per_page') && page.length === size ? `?${next}` : null,
  };
  return { status: 200, body: { versions: page.map((one) => describeVersion(name, one)), meta } };
}

function describeVersion(name: string, version: CrateVersionSpec): object {
  const { number, publishedAt, trustedPublisher } = version;
  return {
    crate: name,
    num: number,
    created_at: timeOf(publishedAt),
    yanked: false,
    published_by: trustedPublisher === null ? { id: 1, login: 'joaoh82', name: null } : null,
    trustpub_data: trustedPublisher,
  };
}

/** chrono writes microseconds. */
function timeOf(instant: Date): string {
  return instant.toISOString().replace('Z', '000Z');
}
