import { createRequire } from 'node:module';

/**
 * The registry that npm's own client library asks where nothing else is configured. It is asked, not written down here, and
 * loaded only when this is called: most rotations have nothing to do with npm.
 *
 * @returns its address, such as `https://registry.example.org/`
 */
export function defaultNpmRegistry(): string {
  const library = createRequire(import.meta.url)('npm-registry-fetch') as typeof import('npm-registry-fetch');
  return library.pickRegistry('npm');
}
