import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** GitHub's own client, from Debian's package of that name. For `describe.skipIf(!hasGh)('… (needs gh)')`. */
export const hasGh =
  spawnSync('gh', ['--version']).status === 0 && spawnSync('openssl', ['version']).status === 0;

export interface Authority extends Disposable {
  /** The file of its certificate, for those who are to trust it. */
  readonly caFile: string;
  /** A certificate that it signed, for localhost and 127.0.0.1. */
  readonly leaf: { readonly key: string; readonly cert: string };
}

/** A certificate authority of the test's own; whoever is not told of it trusts nothing that it signed. */
export function makeAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'reseal-ca-'));
  const at = (name: string) => join(folder, name);
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  const newKey = ['-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const ca = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-days',
    '2',
    '-subj',
    '/CN=a test',
    ...ca,
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.crt'),
  );
  openssl('req', ...newKey, '-subj', '/CN=localhost', '-keyout', at('key'), '-out', at('csr'));
  writeFileSync(at('ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  const signed = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('ext')];
  openssl('x509', '-req', '-in', at('csr'), ...signed, '-days', '2', '-out', at('cert'));
  return {
    caFile: at('ca.crt'),
    leaf: { key: readFileSync(at('key'), 'utf8'), cert: readFileSync(at('cert'), 'utf8') },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface GhOptions {
  /** Host and port, as `localhost:8443`. */
  readonly host: string;
  readonly token: string;
  readonly caFile: string;
  /** For its HOME and its settings. */
  readonly folder: string;
}

export type Gh = (args: readonly string[], input?: string) => Promise<{ code: number | null; said: string }>;

/** GitHub's client as it comes, with no settings of its own, for one Enterprise Server. */
export function openGh({ host, token, caFile, folder }: GhOptions): Gh {
  const home = join(folder, 'gh');
  mkdirSync(home);
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    GH_CONFIG_DIR: home,
    GH_HOST: host,
    // GH_TOKEN is for github.com alone.
    GH_ENTERPRISE_TOKEN: token,
    // Takes the place of the system's authorities (Go's crypto/x509).
    SSL_CERT_FILE: caFile,
    GH_NO_UPDATE_NOTIFIER: '1',
    GH_PROMPT_DISABLED: '1',
    NO_COLOR: '1',
  };
  return (args, input = '') => {
    const child = spawn('gh', args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    const said: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
    child.stdin.end(input);
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, said: Buffer.concat(said).toString() }));
    });
  };
}
