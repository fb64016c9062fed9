import type { Answer, Listener, RecordedRequest } from './http.ts';
import { listen } from './http.ts';
import {
  PYPI_PUBLISHED_AT,
  RELEASE_VERSION,
  RELEASE_WORKFLOW,
  RELEASED_PROJECT,
} from './registry-release.ts';

// PyPI's public documents: pypi/warehouse, warehouse/legacy/api/json.py and warehouse/api/integrity.py.

/** As PyPI writes a registered publisher; of GitHub: kind, repository, workflow, environment. */
export type PublisherSpec = Readonly<Record<string, unknown>>;

export interface PypiFileSpec {
  readonly file: string;
  /** Absent: with the release. */
  readonly uploadedAt?: Date;
  /** Undefined: uploaded without attestations; several: a bundle for each. */
  readonly publishers: readonly PublisherSpec[] | undefined;
}

export interface PypiProjectSpec {
  readonly version: string;
  readonly publishedAt: Date;
  readonly files: readonly PypiFileSpec[];
}

export interface PypiSandbox extends Listener {
  /** What is left out stays as it was; a new project starts as that of the release does. */
  setProject(name: string, changes?: Partial<PypiProjectSpec>): void;
  removeProject(name: string): void;
  /** Whether attestations are switched off, as PyPI's administrators can. */
  disableAttestations(disabled: boolean): void;
}

interface Index {
  readonly projects: Map<string, { readonly name: string; readonly spec: PypiProjectSpec }>;
  attestationsDisabled: boolean;
}

/** The publisher of the release, as it is registered at PyPI. */
export const RELEASE_PUBLISHER: PublisherSpec = { kind: 'GitHub', ...RELEASE_WORKFLOW, claims: null };

const RELEASED: PypiProjectSpec = {
  version: RELEASE_VERSION,
  publishedAt: PYPI_PUBLISHED_AT,
  files: ['sqlrite-0.2.0-cp312-abi3-manylinux_2_17_x86_64.whl', 'sqlrite-0.2.0.tar.gz'].map((file) => ({
    file,
    publishers: [RELEASE_PUBLISHER],
  })),
};

/** Starts with the project of the release. */
export async function startPypi(
  options: { readonly port?: number; readonly now?: () => Date } = {},
): Promise<PypiSandbox> {
  const index: Index = { projects: new Map(), attestationsDisabled: false };
  const setProject: PypiSandbox['setProject'] = (name, changes = {}) => {
    const before = index.projects.get(normalized(name))?.spec ?? RELEASED;
    index.projects.set(normalized(name), { name, spec: { ...before, ...changes } });
  };
  setProject(RELEASED_PROJECT);
  const listener = await listen({
    port: options.port,
    now: options.now ?? (() => new Date()),
    respond: (request) => respond(index, request),
    errorBody: (status) => ({ message: status === 404 ? 'Not Found' : 'Service unavailable' }),
  });
  return {
    ...listener,
    setProject,
    removeProject: (name) => void index.projects.delete(normalized(name)),
    disableAttestations: (disabled) => {
      index.attestationsDisabled = disabled;
    },
  };
}

/** PEP 503 */
function normalized(name: string): string {
  return name.replace(/[-_.]+/g, '-').toLowerCase();
}

function respond(index: Index, request: RecordedRequest): Answer {
  const parts = request.path.slice(1).split('/').map(decodeURIComponent);
  const [api, name = '', third, file = ''] = parts;
  const project = index.projects.get(normalized(name));
  if (request.method !== 'GET') return { status: 405, body: { message: 'Method Not Allowed' } };
  if (api === 'pypi' && third === 'json' && parts.length === 3) return showProject(project, name);
  if (api === 'integrity' && parts[4] === 'provenance' && parts.length === 5) {
    const found =
      project?.spec.version === third ? project?.spec.files.find((one) => one.file === file) : undefined;
    return found === undefined ? noPage() : showProvenance(index, found, request.headers.accept ?? '*/*');
  }
  return noPage();
}

function noPage(): Answer {
  const headers = { 'content-type': 'text/html; charset=utf-8' };
  return { status: 404, headers, body: '<!doctype html><title>Page Not Found (404) · PyPI</title>' };
}

/** Under another spelling than the normalized one it points there. */
function showProject(project: { name: string; spec: PypiProjectSpec } | undefined, asked: string): Answer {
  if (project === undefined) return { status: 404, body: { message: 'Not Found' } };
  if (normalized(asked) !== asked)
    return { status: 301, headers: { location: `/pypi/${normalized(asked)}/json` } };
  const { name, spec } = project;
  const urls = spec.files.map(({ file, uploadedAt = spec.publishedAt }) => ({
    filename: file,
    packagetype: file.endsWith('.whl') ? 'bdist_wheel' : 'sdist',
    upload_time: uploadedAt.toISOString().slice(0, 19),
    upload_time_iso_8601: uploadedAt.toISOString().replace('Z', '000Z'),
    yanked: false,
  }));
  return {
    status: 200,
    body: { info: { name, version: spec.version }, last_serial: 1, urls, vulnerabilities: [] },
  };
}

const INTEGRITY_V1 = 'application/vnd.pypi.integrity.v1+json';

function showProvenance(
  { attestationsDisabled }: Index,
  { file, publishers }: PypiFileSpec,
  accept: string,
): Answer {
  if (![INTEGRITY_V1, 'application/json', '*/*'].some((type) => accept.includes(type)))
    return { status: 406, body: { message: 'Request not acceptable' } };
  if (attestationsDisabled) return { status: 403, body: { message: 'Attestations temporarily disabled' } };
  if (publishers === undefined)
    return { status: 404, body: { message: `No provenance available for ${file}` } };
  const body = {
    version: 1,
    attestation_bundles: publishers.map((publisher) => ({ publisher, attestations: [] })),
  };
  return { status: 200, headers: { 'content-type': INTEGRITY_V1 }, body };
}
