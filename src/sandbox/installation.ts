import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Sandbox } from './sandbox.ts';

/**
 * A throw-away installation: the shipped example with only its addresses and secret files replaced. Its pipeline is left out where
 * the sandbox has none, since nobody would answer for it.
 */
export interface Installation {
  readonly folder: string;
  readonly configPath: string;
  readonly dataDir: string;
  remove(): void;
}

export const EXAMPLE = fileURLToPath(new URL('../../examples/reseal.sqlrite.yaml', import.meta.url));

export function makeInstallation(
  sandbox: Sandbox,
  example: string = readFileSync(EXAMPLE, 'utf8'),
): Installation {
  const folder = mkdtempSync(join(tmpdir(), 'reseal-demo-'));
  const write = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const files = {
    '/run/secrets/github_seal_token': write('github_seal_token', `${sandbox.sealToken}\n`),
    '/run/secrets/github_verify_token': sandbox.pipeline
      ? write('github_verify_token', `${sandbox.pipeline.verifyToken}\n`)
      : join(folder, 'github_verify_token'),
    '/run/secrets/smtp_url': write('smtp_url', `${sandbox.mail.url}\n`),
    '/run/secrets/heartbeat_url': join(folder, 'heartbeat_url'),
    'https://api.github.com': sandbox.github.apiUrl,
    'https://crates.io': sandbox.cratesIo.url,
    'port: 8765, public-port: 8765': 'port: 0',
    'port: 8766': 'port: 0',
  };
  const config = Object.entries(files).reduce(
    (text, [from, to]) => replaceOnce(text, from, to),
    withRegistries(example, sandbox),
  );
  return {
    folder,
    configPath: write('config.yaml', config),
    dataDir: join(folder, 'data'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Nothing of a sandbox asks the public registries, whatever is configured beside the example. */
function withRegistries(example: string, { npm, pipeline }: Sandbox): string {
  const pypi = pipeline ? `\n  pypi: { url: ${pipeline.pypi.url} }` : '';
  const text = pipeline ? example : `${example.split('\npipelines:\n')[0]}\n`;
  return replaceOnce(text, '\nregistries:', `\nregistries:\n  npm: { url: ${npm.url} }${pypi}`);
}

function replaceOnce(text: string, from: string, to: string): string {
  if (text.split(from).length !== 2) throw new Error(`the example does not hold "${from}" exactly once`);
  return text.replace(from, () => to);
}
