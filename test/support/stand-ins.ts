import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '../../src/domain/secret.ts';
import type { ClientOptions, GitHubClient } from '../../src/github/client.ts';
import { openClient } from '../../src/github/client.ts';
import type { GitHubOptions, GitHubSandbox } from '../../src/sandbox/github.ts';
import { startGitHub } from '../../src/sandbox/github.ts';
import { DESTINATION, NOW } from './builders.ts';

export const { repo: REPO, environment: ENVIRONMENT, secret: SECRET } = DESTINATION;

/** GitHub's own path of that secret. */
/** Whether a request only opens a connection: it carries no token, and nobody reads the answer. */
export function opensConnection(input: Parameters<typeof fetch>[0]): boolean {
  return new URL(input instanceof Request ? input.url : input).pathname === '/rate_limit';
}

export const SECRET_PATH = /\/environments\/release\/secrets\/CARGO_REGISTRY_TOKEN$/;
export const KEY_PATH = /\/secrets\/public-key$/;
export const REPO_PATH = /^\/repos\/example\/widgets$/;
/** The sealer's token, of no issuer's form. */
export const SEALER = 'sealer-token-7fQ2mXw9LdB4kTz8RvN3';
export const TOKEN_FILE = '/run/secrets/github-seal';
/** A crates.io token by its form. */
export const TOKEN = 'cioAbCdEfGhIjKlMnOpQrStUvWxYz012345';

export function secretOf(text: string): Secret {
  return new Secret(new TextEncoder().encode(text));
}

/** A clock that moves only when something waits. */
export interface TestClock {
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<void>;
  /** What was waited for, in order. */
  readonly slept: number[];
  /** Called with the new time after each wait. */
  onSleep: (now: Date) => void;
  set(at: Date): void;
}

export function testClock(start: Date = NOW): TestClock {
  let at = start.getTime();
  const slept: number[] = [];
  const clock: TestClock = {
    now: () => new Date(at),
    sleep: async (ms) => {
      slept.push(ms);
      at += ms;
      clock.onSleep(new Date(at));
    },
    slept,
    onSleep: () => undefined,
    set: (to) => {
      at = to.getTime();
    },
  };
  return clock;
}

/** GitHub with one repository, one environment and the sealer's narrow token. */
export async function startTestGitHub(
  now: () => Date = () => NOW,
  options: GitHubOptions = {},
): Promise<GitHubSandbox> {
  const github = await startGitHub({ now, ...options });
  github.addRepository({ fullName: REPO, private: true });
  github.addEnvironment(REPO, ENVIRONMENT);
  github.addToken(SEALER, { permissions: { environments: 'write' } });
  return github;
}

export function clientOf(
  github: { readonly apiUrl: string },
  options: Partial<ClientOptions> = {},
): GitHubClient {
  return openClient({
    apiUrl: github.apiUrl,
    token: SEALER,
    tokenFile: TOKEN_FILE,
    fetch: globalThis.fetch,
    version: '0.1.0',
    ...options,
  });
}

/** An address whose name has a part that is longer than DNS allows, so that no name server is even asked. */
export const UNRESOLVABLE = `http://${'g'.repeat(64)}.invalid`;

/** A port of this machine on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Takes connections, reads what comes, and says nothing, ever: as a peer that is gone without a word. */
export async function startHalfOpen(): Promise<{
  readonly port: number;
  readonly taken: () => number;
  readonly close: () => Promise<void>;
}> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    taken: () => sockets.size,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** A certificate for 127.0.0.1 and localhost that nobody trusts. */
export function selfSigned(): { readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'reseal-tls-'));
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  const make = ['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  execFileSync('openssl', [...make, '-days', '2', '-keyout', key, '-out', cert, ...subject], {
    stdio: 'ignore',
  });
  const pair = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  rmSync(folder, { recursive: true });
  return pair;
}

/** Everything of the requests that went over the wire. */
export function wireOf(
  requests: readonly {
    readonly method: string;
    readonly path: string;
    readonly query: URLSearchParams;
    readonly rawHeaders: readonly string[];
    readonly body: Buffer;
  }[],
): Buffer {
  return Buffer.concat(
    requests.flatMap(({ method, path, query, rawHeaders, body }) => [
      Buffer.from([method, path, String(query), ...rawHeaders, ''].join('\n')),
      body,
    ]),
  );
}
