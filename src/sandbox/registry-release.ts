import type { WorkflowIdentity } from './certificate.ts';

// The release of examples/reseal.sqlrite.yaml as the three registries show it: version 0.2.0, published in one morning by one
// workflow in one environment. The stand-ins start with it, and a test changes one thing.

export const RELEASE_VERSION = '0.2.0';

export const RELEASE_WORKFLOW: WorkflowIdentity & { readonly environment: string } = {
  repository: 'joaoh82/rust_sqlite',
  workflow: 'release.yml',
  environment: 'release',
};

export const RELEASED_CRATE = 'sqlrite';
export const RELEASED_PACKAGES = ['@joaoh82/sqlrite', '@joaoh82/sqlrite-wasm', 'sqlrite-notes'] as const;
export const RELEASED_PROJECT = 'sqlrite';

export const CRATE_PUBLISHED_AT = new Date('2026-07-01T08:00:00Z');
export const NPM_PUBLISHED_AT = new Date('2026-07-01T08:05:00Z');
export const PYPI_PUBLISHED_AT = new Date('2026-07-01T08:10:00Z');
