import { createHash } from 'node:crypto';
import type { Answer, Listener, RecordedRequest } from './http.ts';
import { listen } from './http.ts';
import type { AttestationsSpec, AttestedVersion } from './npm-attestations.ts';
import { attestationsOf, SLSA_PROVENANCE } from './npm-attestations.ts';
import {
  NPM_PUBLISHED_AT,
  RELEASE_VERSION,
  RELEASE_WORKFLOW,
  RELEASED_PACKAGES,
} from './registry-release.ts';

export interface NpmPackageSpec {
  /** What `latest` points to. */
  readonly version: string;
  readonly publishedAt: Date;
  /** `repository` of package.json; undefined: there is none. */
  readonly repository: string | { readonly type?: string; readonly url: string } | undefined;
  /** Published by a workflow over OIDC; else by a person with a token. */
  readonly trustedPublisher: boolean;
  /** Undefined: published without provenance. */
  readonly attestations: AttestationsSpec | undefined;
  /** The packument already names the attestations that the other address does not serve yet. */
  readonly attestationsLag: boolean;
  /** Every version was taken back, and only the name is left. */
  readonly unpublished: boolean;
}

/** What the registry knows of one access token. */
export interface NpmTokenSpec {
  /** Of the account that made it. */
  readonly username?: string;
  readonly revoked?: boolean;
  /** It still publishes, and `whoami` answers 401 all the same, as reported of some granular tokens (askalf/dario, PR 388). */
  readonly unknownToWhoami?: boolean;
}

export interface NpmSandbox extends Listener {
  addToken(token: string, spec?: NpmTokenSpec): void;
  /** What is left out stays as it was; a new package starts as those of the release do. */
  setPackage(name: string, changes?: Partial<NpmPackageSpec>): void;
  removePackage(name: string): void;
}

const RELEASED: NpmPackageSpec = {
  version: RELEASE_VERSION,
  publishedAt: NPM_PUBLISHED_AT,
  repository: { type: 'git', url: `git+https://github.com/${RELEASE_WORKFLOW.repository}.git` },
  trustedPublisher: true,
  attestations: { identity: RELEASE_WORKFLOW },
  attestationsLag: false,
  unpublished: false,
};

/**
 * The npm registry's public documents, packuments and attestations, and `GET /-/whoami`. Starts with the packages of the release, and
 * without any token.
 */
export async function startNpm(
  options: { readonly port?: number; readonly now?: () => Date } = {},
): Promise<NpmSandbox> {
  const packages = new Map<string, NpmPackageSpec>(RELEASED_PACKAGES.map((name) => [name, RELEASED]));
  const tokens = new Map<string, NpmTokenSpec>();
  const listener = await listen({
    port: options.port,
    now: options.now ?? (() => new Date()),
    respond: (request) =>
      request.path === '/-/whoami' ? whoami(tokens, request) : respond(packages, request),
    errorBody: (status) => ({ error: status === 404 ? 'Not found' : 'Internal Server Error' }),
  });
  return {
    ...listener,
    addToken: (token, spec = {}) => void tokens.set(token, spec),
    setPackage: (name, changes = {}) =>
      void packages.set(name, { ...(packages.get(name) ?? RELEASED), ...changes }),
    removePackage: (name) => void packages.delete(name),
  };
}

/** GET /-/whoami (npm/cli: lib/utils/get-identity.js). The words of its 401 are of no documented form. */
function whoami(tokens: ReadonlyMap<string, NpmTokenSpec>, request: RecordedRequest): Answer {
  if (request.method !== 'GET') return { status: 405, body: { error: 'Method not allowed' } };
  const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  const spec = token === undefined ? undefined : tokens.get(token);
  if (spec === undefined || spec.revoked === true || spec.unknownToWhoami === true)
    return { status: 401, body: { error: 'Unauthorized' } };
  return { status: 200, body: { username: spec.username ?? PERSON.name } };
}

function respond(packages: ReadonlyMap<string, NpmPackageSpec>, request: RecordedRequest): Answer {
  if (request.method !== 'GET') return { status: 405, body: { error: 'Method not allowed' } };
  const [, attested, version] = /^\/-\/npm\/v1\/attestations\/(.+)@([^@]+)$/.exec(request.path) ?? [];
  const name = decodeURIComponent(attested ?? request.path.slice(1));
  const spec = packages.get(name);
  if (spec === undefined) return notFound();
  if (attested !== undefined) return showAttestations(name, decodeURIComponent(version ?? ''), spec);
  // The short document of an installation, which leaves out who published a version and when.
  if (request.headers.accept?.includes('application/vnd.npm.install-v1+json') === true)
    return { status: 200, body: { name, 'dist-tags': { latest: spec.version }, versions: {} } };
  return { status: 200, body: spec.unpublished ? tombstone(name, spec) : packument(name, spec) };
}

function notFound(): Answer {
  return { status: 404, body: { error: 'Not found' } };
}

function showAttestations(name: string, version: string, spec: NpmPackageSpec): Answer {
  if (spec.attestations === undefined || spec.attestationsLag || version !== spec.version) return notFound();
  const body = attestationsOf(attestedVersion(name, spec), spec.publishedAt, spec.attestations);
  return { status: 200, body };
}

function attestedVersion(name: string, { version }: NpmPackageSpec): AttestedVersion {
  return { name, version, sha512: createHash('sha512').update(`${name}@${version}`).digest('hex') };
}

function tombstone(name: string, { publishedAt, version }: NpmPackageSpec): object {
  const at = publishedAt.toISOString();
  return {
    _id: name,
    name,
    time: { created: at, modified: at, unpublished: { time: at, versions: [version] } },
  };
}

function packument(name: string, spec: NpmPackageSpec): object {
  const { version } = spec;
  const at = spec.publishedAt.toISOString();
  return {
    _id: name,
    name,
    'dist-tags': { latest: version },
    versions: { '0.0.0': firstManifest(name), [version]: manifest(name, spec) },
    time: {
      created: '2026-01-10T08:05:00.000Z',
      modified: at,
      '0.0.0': '2026-01-10T08:05:00.000Z',
      [version]: at,
    },
    maintainers: [{ name: 'joaoh82', email: 'joaoh82@example.org' }],
  };
}

/** The placeholder that a person published so that a trusted publisher could be registered. */
function firstManifest(name: string): object {
  return { name, version: '0.0.0', _npmUser: PERSON, dist: { integrity: 'sha512-AAAA' } };
}

const PERSON = { name: 'joaoh82', email: 'joaoh82@example.org' };
const WORKFLOW = {
  name: 'GitHub Actions',
  email: 'npm-oidc-no-reply@github.com',
  trustedPublisher: { id: 'github', oidcConfigId: 'oidc:00000000-0000-4000-8000-000000000000' },
};

function manifest(name: string, spec: NpmPackageSpec): object {
  const attested = attestedVersion(name, spec);
  const integrity = `sha512-${Buffer.from(attested.sha512, 'hex').toString('base64')}`;
  const attestations = spec.attestations && {
    url: `/-/npm/v1/attestations/${name.replace('/', '%2f')}@${spec.version}`,
    provenance: { predicateType: SLSA_PROVENANCE },
  };
  return {
    name,
    version: spec.version,
    repository: spec.repository,
    _npmUser: spec.trustedPublisher ? WORKFLOW : PERSON,
    dist: { integrity, ...(attestations && { attestations }) },
  };
}
