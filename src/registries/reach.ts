import type { Fact } from '../verify/fact.ts';
import { readNpm } from './npm-registry.ts';
import type { PublicOptions } from './read-public.ts';
import { readPublic } from './read-public.ts';

/** A registry that credentials or pipelines depend on. */
export type RegistryName = 'crates-io' | 'npm' | 'pypi';

export type ReachOptions = Pick<PublicOptions, 'contact' | 'version' | 'fetch'> & {
  /** Of npm, undefined: the default of npm's own client library. */
  readonly url: string | undefined;
  readonly now: () => Date;
  readonly deadlineMs: number;
};

const BODY_BYTES = 1_048_576;
/** PyPA's example project, whose document is small; an index that has none of it answers 404, which is an answer too. */
const PROJECT = 'sampleproject';

/**
 * Whether a registry answers as itself, by a small public document and without credentials: crates.io's first category, npm's
 * `/-/ping` (npm/cli: lib/commands/ping.js), a small project of PyPI's. A page of HTML in its place is not its answer.
 */
export function reachRegistry(name: RegistryName, options: ReachOptions): Promise<Fact<unknown>> {
  const { url } = options;
  switch (name) {
    case 'npm':
      return readNpm(options, '/-/ping', BODY_BYTES);
    case 'crates-io':
      return readPublic(
        { ...options, url: url ?? 'https://crates.io' },
        question('crates.io', '/api/v1/categories?per_page=1'),
      );
    case 'pypi':
      return readPublic(
        { ...options, url: url ?? 'https://pypi.org' },
        question('PyPI', `/pypi/${PROJECT}/json`),
      );
  }
}

function question(registry: string, path: string): Parameters<typeof readPublic>[1] {
  return { registry, path, accept: 'application/json', maxBytes: BODY_BYTES };
}
