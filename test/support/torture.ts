import { openSecretStore } from '../../src/github/environment-secrets.ts';
import { openCratesIo } from '../../src/registries/crates-io.ts';
import { paced } from '../../src/rotate/pace.ts';
import type { Fault, FaultKind } from '../../src/sandbox/http-faults.ts';
import type { DatabaseCall } from './failing-calls.ts';
import { sqliteError, watchCalls } from './failing-calls.ts';
import type { Scene } from './rotation.ts';
import { clientOf, opensConnection } from './stand-ins.ts';

/** How a request fails: before anything is sent, or at the service, before or after it has done what was asked. */
export const NETWORK_FAULTS = [
  'refused',
  'reset',
  'hang',
  'cut',
  'apply-then-reset',
  'apply-then-hang',
] as const;
export type NetworkFault = (typeof NETWORK_FAULTS)[number];

/** Which calls of a run fail: the n-th alone, or all from it on. 0: none. */
export interface Plan {
  readonly of: 'database' | 'network';
  readonly n: number;
  readonly lasts?: boolean;
  readonly how?: NetworkFault;
}

export interface Meter {
  /** Calls so far. */
  calls(): number;
  /** What the n-th one was. */
  hit(): string | undefined;
  /** Whatever was broken is mended. */
  mend(): void;
}

/** Patience with a service that does not answer. */
const HURRY_MS = 150;

/** Lets one call of a scene fail, or all from one on. */
export function torture(scene: Scene, plan: Plan, closedPort: number): Meter {
  let calls = 0;
  let hit: string | undefined;
  let mended = false;
  const isIt = (what: string): boolean => {
    calls += 1;
    if (mended || plan.n === 0 || calls < plan.n || (calls > plan.n && !plan.lasts)) return false;
    hit ??= what;
    return true;
  };
  if (plan.of === 'network') {
    const failing: typeof fetch = async (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      const method = init?.method ?? 'GET';
      if (!opensConnection(input)) scene.beforeRequest(method);
      if (!isIt(`${method} ${url.pathname}`)) return fetch(url, init);
      return fail(scene, plan.how ?? 'refused', url, init, closedPort);
    };
    hand(scene, failing);
    const mend = () => {
      mended = true;
    };
    return { calls: () => calls, hit: () => hit, mend };
  }
  const watch = watchCalls(scene.stores.db.connection, (call) => {
    if (isIt(call)) throw sqliteError(codeOf(call, calls));
  });
  return { calls: () => calls, hit: () => hit, mend: watch.end };
}

function codeOf(call: DatabaseCall, n: number): string {
  if (call === 'begin') return 'SQLITE_BUSY';
  if (call === 'committed') return 'SQLITE_IOERR_FSYNC';
  return n % 2 === 0 ? 'SQLITE_FULL' : 'SQLITE_IOERR_WRITE';
}

/** The same services, over this network. */
function hand(scene: Scene, failing: typeof fetch): void {
  const { rotation, github, cratesIo } = scene;
  Object.assign(rotation, {
    store: paced(openSecretStore(clientOf(github, { fetch: failing })), rotation.pace),
    issuer: openCratesIo({ url: cratesIo.url, contact: undefined, version: '0.1.0', fetch: failing }),
  });
}

function fail(
  { github, cratesIo }: Scene,
  how: NetworkFault,
  url: URL,
  init: RequestInit | undefined,
  closedPort: number,
): Promise<Response> {
  if (how === 'refused') {
    url.port = String(closedPort);
    return fetch(url, init);
  }
  const service = url.origin === github.url ? github : cratesIo;
  service.fault({ kind: how } satisfies FaultKind as Fault);
  if (how !== 'hang' && how !== 'apply-then-hang') return fetch(url, init);
  const signals = [AbortSignal.timeout(HURRY_MS), ...(init?.signal ? [init.signal] : [])];
  return fetch(url, { ...init, signal: AbortSignal.any(signals) });
}
