import type { Fact } from '../verify/fact.ts';
import { known, unavailable } from '../verify/fact.ts';
import type { PypiFact, PypiFile, PypiPublisher } from '../verify/facts.ts';
import type { Sources } from '../verify/sources.ts';
import { isSettling, unreachable } from './public-document.ts';
import type { PublicOptions } from './read-public.ts';
import { readPublic } from './read-public.ts';
import type { Fields } from './shape.ts';
import { field, fieldsOf, instantOf, listOf, readShape, textIn, textOf, WrongShape } from './shape.ts';

export interface PypiOptions extends PublicOptions {
  readonly now: () => Date;
}

const REGISTRY = 'PyPI';
const PROJECT_BYTES = 32 * 1_048_576;
const PROVENANCE_BYTES = 4 * 1_048_576;
/** Requests under way at once for one release. */
const AT_ONCE = 4;
const MOST_FILES = 60;

interface Upload {
  readonly file: string;
  readonly uploadedAt: Date;
}

interface Release {
  readonly name: string;
  readonly version: string;
  readonly uploads: readonly Upload[];
}

/**
 * What PyPI shows everybody of a project's newest release: `GET /pypi/{project}/json`, and for each file
 * `GET /integrity/{project}/{version}/{file}/provenance` (docs.pypi.org, "Integrity API"), which names the publisher as it is
 * registered at PyPI. That provenance is read and not verified. Of a release with more than 60 files the others are
 * unavailable.
 *
 * A project that does not exist, and one whose newest release has no file, are known and undefined.
 */
export function openPypi(options: PypiOptions): Sources['pypi'] {
  return { project: (name) => readProject(options, name) };
}

async function readProject(options: PypiOptions, name: string): Promise<Fact<PypiFact | undefined>> {
  const project = encodeURIComponent(normalized(name));
  const found = await readPublic(options, {
    registry: REGISTRY,
    path: `/pypi/${project}/json`,
    accept: 'application/json',
    maxBytes: PROJECT_BYTES,
  });
  if (!found.known) return found;
  if (found.value === undefined) return known(undefined);
  const release: Fact<Release> = readShape(REGISTRY, () => known(releaseOf(found.value, name)));
  if (!release.known) return release;
  const { version, uploads } = release.value;
  if (uploads.length === 0) return known(undefined);
  const files = await readFiles(options, `/integrity/${project}/${encodeURIComponent(version)}`, uploads);
  const publishedAt = new Date(Math.min(...uploads.map(({ uploadedAt }) => uploadedAt.getTime())));
  return known({ name: release.value.name, version, publishedAt, files });
}

/** Of versions and files: what stands in an address must not lead anywhere else. */
const PATH_PART = /^[A-Za-z0-9][A-Za-z0-9._+!-]*$/;

function pathPartOf(value: unknown, what: string): string {
  const text = textOf(value, what);
  if (!PATH_PART.test(text)) throw new WrongShape(`an odd "${what}"`);
  return text;
}

/** packaging.python.org, "Names and normalization" (PEP 503). */
function normalized(name: string): string {
  return name.replace(/[-_.]+/g, '-').toLowerCase();
}

function releaseOf(document: unknown, asked: string): Release {
  const project = fieldsOf(document, 'info');
  const info = fieldsOf(field(project, 'info'), 'info');
  const name = textOf(field(info, 'name'), 'info.name');
  if (normalized(name) !== normalized(asked)) throw new WrongShape('it is about another project');
  return {
    name,
    version: pathPartOf(field(info, 'version'), 'info.version'),
    uploads: listOf(field(project, 'urls'), 'urls').map((one) => uploadOf(fieldsOf(one, 'urls'))),
  };
}

function uploadOf(upload: Fields): Upload {
  return {
    file: pathPartOf(field(upload, 'filename'), 'filename'),
    uploadedAt: instantOf(field(upload, 'upload_time_iso_8601'), 'upload_time_iso_8601'),
  };
}

/** In their order, a few at a time. */
async function readFiles(
  options: PypiOptions,
  path: string,
  uploads: readonly Upload[],
): Promise<PypiFile[]> {
  const files: PypiFile[] = uploads.map(({ file }) => ({
    file,
    publisher: unreachable(`only the first ${MOST_FILES} files of a release on PyPI are looked at`),
  }));
  const waiting = [...uploads.slice(0, MOST_FILES).entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, upload] = next;
      files[index] = { file: upload.file, publisher: await readPublisher(options, path, upload) };
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return files;
}

async function readPublisher(
  options: PypiOptions,
  path: string,
  { file, uploadedAt }: Upload,
): Promise<PypiFile['publisher']> {
  const found = await readPublic(options, {
    registry: REGISTRY,
    path: `${path}/${encodeURIComponent(file)}/provenance`,
    accept: 'application/vnd.pypi.integrity.v1+json',
    maxBytes: PROVENANCE_BYTES,
    statuses: {
      403: 'it has switched its provenance off for the time being',
      406: 'it does not serve version 1 of its integrity API any more',
    },
  });
  if (!found.known) return found;
  if (found.value !== undefined) return readShape(REGISTRY, () => publisherOf(found.value, file));
  return isSettling(uploadedAt, options.now())
    ? unavailable('settling', `PyPI shows no provenance of ${file} yet, uploaded moments ago`)
    : known(undefined);
}

function publisherOf(document: unknown, file: string): PypiFile['publisher'] {
  const provenance = fieldsOf(document, 'attestation_bundles');
  if (field(provenance, 'version') !== 1) throw new WrongShape('another version of its provenance');
  const publishers = listOf(field(provenance, 'attestation_bundles'), 'attestation_bundles').map((one) =>
    registered(fieldsOf(field(fieldsOf(one, 'attestation_bundles'), 'publisher'), 'publisher')),
  );
  const distinct = new Map(publishers.map((one) => [JSON.stringify(one), one]));
  if (distinct.size > 1) return unreachable(`PyPI names several publishers of ${file}`);
  return known(publishers[0]);
}

/** Publishers of other services have other fields: what they lack is empty (warehouse/oidc/models). */
function registered(publisher: Fields): PypiPublisher {
  const kind = textOf(field(publisher, 'kind'), 'publisher.kind');
  const read = kind === 'GitHub' ? textOf : (value: unknown, what: string) => textIn(value, what) ?? '';
  return {
    kind,
    repository: read(field(publisher, 'repository'), 'publisher.repository'),
    workflow: read(
      field(publisher, 'workflow') ?? field(publisher, 'workflow_filepath'),
      'publisher.workflow',
    ),
    environment: textIn(field(publisher, 'environment'), 'publisher.environment'),
  };
}
