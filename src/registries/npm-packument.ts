import type { NpmFact } from '../verify/facts.ts';
import type { PublishedVersion } from './npm-provenance.ts';
import type { Fields } from './shape.ts';
import { field, fieldsOf, instantOf, textIn, textOf, WrongShape } from './shape.ts';

/** The newest version as the packument shows it. */
export interface Newest {
  readonly fact: Omit<NpmFact, 'provenance'>;
  /** Undefined: it was published without attestations. */
  readonly attested: PublishedVersion | undefined;
}

/**
 * @param document answer of `GET /{package}`, the full one
 * @returns undefined where every version was unpublished, and only the name is left
 * @throws WrongShape
 */
export function newestOf(document: unknown, name: string): Newest | undefined {
  const packument = fieldsOf(document, 'versions');
  if (textOf(field(packument, 'name'), 'name') !== name) throw new WrongShape('it is about another package');
  const times = fieldsOf(field(packument, 'time'), 'time');
  // What is left of a package that was unpublished (docs.npmjs.com, "Unpublishing packages").
  if (field(packument, 'dist-tags') === undefined && field(times, 'unpublished') !== undefined)
    return undefined;
  const version = textOf(
    field(fieldsOf(field(packument, 'dist-tags'), 'dist-tags'), 'latest'),
    'dist-tags.latest',
  );
  const manifest = fieldsOf(
    field(fieldsOf(field(packument, 'versions'), 'versions'), version),
    'versions[latest]',
  );
  return {
    fact: {
      name,
      version,
      publishedAt: instantOf(field(times, version), 'time[latest]'),
      trustedPublisher: byTrustedPublisher(manifest),
      repositoryField: repositoryField(field(manifest, 'repository')),
    },
    attested: attestedVersion(fieldsOf(field(manifest, 'dist'), 'dist'), name, version),
  };
}

/** `_npmUser` names who published; without it nothing can be said about how. */
function byTrustedPublisher(manifest: Fields): boolean {
  const publisher = field(fieldsOf(field(manifest, '_npmUser'), '_npmUser'), 'trustedPublisher');
  if (publisher === undefined || publisher === null) return false;
  fieldsOf(publisher, '_npmUser.trustedPublisher');
  return true;
}

/** A text, or an object with `url` (docs.npmjs.com, package.json, "repository"). */
function repositoryField(written: unknown): string | undefined {
  if (typeof written !== 'object' || written === null) return textIn(written, 'repository');
  return textIn(field(fieldsOf(written, 'repository'), 'url'), 'repository.url');
}

function attestedVersion(dist: Fields, name: string, version: string): PublishedVersion | undefined {
  const attestations = field(dist, 'attestations');
  if (attestations === undefined || attestations === null) return undefined;
  fieldsOf(attestations, 'dist.attestations');
  return { name, version, integrity: textOf(field(dist, 'integrity'), 'dist.integrity') };
}
