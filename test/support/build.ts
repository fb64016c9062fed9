import { execFileSync } from 'node:child_process';

/** The command-line tests run the program as it ships, so it is built once before any test. */
export function setup(): void {
  execFileSync(process.execPath, ['tools/build.mjs'], { stdio: 'inherit' });
}
