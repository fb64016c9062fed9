import type { Fact } from '../verify/fact.ts';
import { known, unavailable } from '../verify/fact.ts';
import type { NpmFact, Provenance } from '../verify/facts.ts';
import type { Sources } from '../verify/sources.ts';
import type { Newest } from './npm-packument.ts';
import { newestOf } from './npm-packument.ts';
import type { PublishedVersion } from './npm-provenance.ts';
import type { NpmOptions } from './npm-registry.ts';
import { REGISTRY, readNpm } from './npm-registry.ts';
import { isSettling, unreachable } from './public-document.ts';
import { readShape } from './shape.ts';

/** The full document of a package with thousands of versions has some 20 MB. */
const PACKUMENT_BYTES = 32 * 1_048_576;
const ATTESTATIONS_BYTES = 4 * 1_048_576;

/**
 * What npm shows everybody of the version that `latest` points to: the packument (`GET /{package}`) and, where that names
 * attestations, `GET /-/npm/v1/attestations/{package}@{version}`.
 *
 * A package that does not exist, and one whose versions were all unpublished, are known and undefined.
 */
export function openNpm(options: NpmOptions): Sources['npm'] {
  return { package: (name) => readPackage(options, name) };
}

async function readPackage(options: NpmOptions, name: string): Promise<Fact<NpmFact | undefined>> {
  const found = await readNpm(options, `/${escapedName(name)}`, PACKUMENT_BYTES);
  if (!found.known) return found;
  if (found.value === undefined) return known(undefined);
  const newest: Fact<Newest | undefined> = readShape(REGISTRY, () => known(newestOf(found.value, name)));
  if (!newest.known) return newest;
  if (newest.value === undefined) return known(undefined);
  const { fact, attested } = newest.value;
  const provenance =
    attested === undefined ? known(undefined) : await readAttestations(options, attested, fact);
  return known({ ...fact, provenance });
}

/** A scope's slash is escaped, as npm itself does (npm-package-arg, `escapedName`). */
function escapedName(name: string): string {
  return name.split('/').map(encodeURIComponent).join('%2f').replace(/^%40/, '@');
}

async function readAttestations(
  options: NpmOptions,
  attested: PublishedVersion,
  { publishedAt }: Newest['fact'],
): Promise<Fact<Provenance | undefined>> {
  const { name, version } = attested;
  const path = `/-/npm/v1/attestations/${escapedName(name)}@${encodeURIComponent(version)}`;
  const found = await readNpm(options, path, ATTESTATIONS_BYTES);
  if (!found.known) return found;
  if (found.value === undefined) {
    return isSettling(publishedAt, options.now())
      ? unavailable(
          'settling',
          `npm does not serve the attestations of ${name}@${version} yet, published moments ago`,
        )
      : unreachable(`npm says that ${name}@${version} has attestations, and does not serve them`);
  }
  const { provenanceOf } = await import('./npm-provenance.ts');
  return readShape(REGISTRY, () => provenanceOf(found.value, attested));
}
