import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Declaration, Destination, NewVersion } from '../../src/domain/credential.ts';
import type { Secret } from '../../src/domain/secret.ts';
import { openFingerprints } from '../../src/fingerprints.ts';
import { openSecretStore } from '../../src/github/environment-secrets.ts';
import { cratesIoToken } from '../../src/kinds/crates-io-token.ts';
import { openCratesIo } from '../../src/registries/crates-io.ts';
import { openPace, paced } from '../../src/rotate/pace.ts';
import type { Recovery } from '../../src/rotate/recover.ts';
import type { Ready, Rotation } from '../../src/rotate/rotate.ts';
import { precheck, submit } from '../../src/rotate/rotate.ts';
import type {
  JournalEntry,
  RotationResult,
  SecretStore,
  StepReport,
  Submission,
  SubmitOutcome,
} from '../../src/rotate/rotation.ts';
import type { CratesIoSandbox } from '../../src/sandbox/crates-io.ts';
import { startCratesIo } from '../../src/sandbox/crates-io.ts';
import type { GitHubSandbox } from '../../src/sandbox/github.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { aDeclaration, DESTINATION, NOW } from './builders.ts';
import type { Stores } from './database.ts';
import { makeFolder, openStores, openTestDatabase, rowsOf } from './database.ts';
import type { TestClock } from './stand-ins.ts';
import { clientOf, opensConnection, secretOf, startTestGitHub, TOKEN, testClock } from './stand-ins.ts';

export interface SceneOptions {
  readonly declaration?: Partial<Declaration>;
  readonly rotation?: Partial<Rotation>;
  /** When the secret was written before; undefined: it is not there yet. */
  readonly storedAt?: Date | undefined;
  /** Deadline of the first PUT alone, so that a busy machine does not cut other calls short. */
  readonly firstPutMs?: number;
  /** Puts by another way than the rest. */
  readonly put?: SecretStore['put'];
}

/** One rotation on real sockets and a real database, with a clock that moves only when something waits. */
export interface Scene {
  readonly clock: TestClock;
  readonly github: GitHubSandbox;
  readonly cratesIo: CratesIoSandbox;
  readonly stores: Stores;
  readonly rotation: Rotation;
  readonly steps: StepReport[];
  /** For each PUT, as it left: how many intents the database file held by then. */
  readonly intentsAtPut: number[];
  /** What is done just before a request leaves, by its method. */
  beforeRequest: (method: string) => void;
  /** What GitHub shows before anybody is asked. */
  begin(): Promise<Ready>;
  submit(submission?: Partial<Submission>): Promise<SubmitOutcome>;
  /** The same, when it must come to an end. */
  finish(submission?: Partial<Submission>): Promise<RotationResult>;
  /** The secret as GitHub holds it. */
  stored(destination?: Destination): string | undefined;
  state(id?: string): unknown;
  destinationStates(id?: string): readonly unknown[];
  events(): readonly string[];
}

export const BASELINE = new Date('2025-11-30T16:04:12Z');
export const ID = 'rotation-1';

export async function openScene(options: SceneOptions = {}): Promise<Scene> {
  const clock = testClock(NOW);
  const github = await startTestGitHub(clock.now);
  const cratesIo = await startCratesIo({ now: clock.now });
  onTestFinished(() => github.close());
  onTestFinished(() => cratesIo.close());
  cratesIo.addToken(TOKEN, { scopes: ['publish-update'] });
  const declaration = aDeclaration(options.declaration);
  for (const place of declaration.destinations) prepare(github, place, options);
  const folder = makeFolder();
  const path = join(folder, 'reseal.db');
  const stores = openStores([declaration], openTestDatabase(path));
  const witness = openDatabase(path, 'use', clock.now);
  onTestFinished(() => witness.close());
  const steps: StepReport[] = [];
  const intentsAtPut: number[] = [];
  const watched: typeof fetch = (input, init) => {
    const method = init?.method ?? 'GET';
    if (!opensConnection(input)) scene.beforeRequest(method);
    if (method !== 'PUT') return fetch(input, init);
    intentsAtPut.push(countIntents(witness));
    const patience = intentsAtPut.length === 1 ? options.firstPutMs : undefined;
    return fetch(input, patience === undefined ? init : hurried(init, patience));
  };
  const store = openSecretStore(clientOf(github, { fetch: watched }));
  const pace = openPace(clock.now, clock.sleep);
  const rotation: Rotation = {
    id: ID,
    credential: declaration.name,
    declaration,
    destinations: declaration.destinations,
    kind: cratesIoToken,
    current: undefined,
    completes: undefined,
    stated: undefined,
    questioned: new Set(),
    fingerprints: openFingerprints({ dataDir: folder }, { randomBytes }),
    pace,
    log: stores.rotations,
    store: paced({ ...store, put: options.put ?? store.put }, pace),
    reader: undefined,
    issuer: openCratesIo({ url: cratesIo.url, contact: undefined, version: '0.1.0', fetch }),
    now: clock.now,
    sleep: clock.sleep,
    report: (step) => void steps.push(step),
    ...options.rotation,
  };
  let before: Ready | undefined;
  const scene: Scene = {
    clock,
    github,
    cratesIo,
    stores,
    rotation,
    steps,
    intentsAtPut,
    beforeRequest: () => undefined,
    begin: async () => {
      openRow(stores, rotation.id, rotation.credential);
      before = await precheck(rotation);
      return before;
    },
    submit: async (submission = {}) => {
      const views = before ?? (await scene.begin());
      return submit(rotation, views, { ...aSubmission(), ...submission }, () => undefined);
    },
    finish: async (submission) => {
      const outcome = await scene.submit(submission);
      if (outcome.kind === 'finished') return outcome.result;
      throw new Error(`refused: ${outcome.reasons.join()}`);
    },
    stored: (place = DESTINATION) => {
      const found = github.secret(place.repo, place.environment, place.secret);
      return found && Buffer.from(found.opened).toString();
    },
    state: (id = ID) => rowsOf(stores.db, 'rotation').find((row) => row['id'] === id)?.['state'],
    destinationStates: (id = ID) =>
      rowsOf(stores.db, 'rotation_destination')
        .filter((row) => row['rotation'] === id)
        .map((row) => row['state']),
    events: () => stores.history.list().map(({ type }) => type),
  };
  return scene;
}

function prepare(github: GitHubSandbox, place: Destination, options: SceneOptions): void {
  const { repo: repository, environment, secret: name } = place;
  if (repository !== DESTINATION.repo) {
    github.addRepository({ fullName: repository, private: true });
    github.addEnvironment(repository, environment);
  } else if (environment !== DESTINATION.environment) github.addEnvironment(repository, environment);
  const at = 'storedAt' in options ? options.storedAt : BASELINE;
  if (at) github.addSecret({ repository, environment, name, at, value: 'the old one' });
}

function hurried(init: RequestInit | undefined, ms: number): RequestInit {
  const signals = [AbortSignal.timeout(ms), ...(init?.signal ? [init.signal] : [])];
  return { ...init, signal: AbortSignal.any(signals) };
}

function countIntents(db: ReturnType<typeof openDatabase>): number {
  return Number(db.connection.prepare('SELECT TOTAL(attempts) FROM rotation_destination').pluck().get());
}

export function aSubmission(token: Secret = secretOf(TOKEN)): Submission {
  return { token, expiration: { kind: 'days', days: 365 }, unchecked: false };
}

export function openRow({ rotations }: Stores, id: string, credential = aDeclaration().name): void {
  rotations.open({ id, credential, openedAt: NOW, pid: 4711, host: 'host' });
}

/** What recovers interrupted rotations of a scene, with what it reported. */
export function recoveryOf(
  scene: Scene,
  overrides: Partial<Recovery> = {},
): Recovery & { readonly told: string[] } {
  const told: string[] = [];
  return {
    log: scene.stores.rotations,
    store: () => scene.rotation.store,
    isOpen: () => false,
    now: scene.clock.now,
    report: ({ event }) => void told.push(event),
    told,
    ...overrides,
  };
}

export function entryOf(scene: Scene, id: string = ID): JournalEntry {
  const entry = scene.stores.rotations.unfinished().find((one) => one.id === id);
  if (!entry) throw new Error(`no unfinished rotation ${id}`);
  return entry;
}

/** From now on the database takes no write, as on a full disk. */
export function failWrites({ stores }: Scene): void {
  stores.db.connection.pragma('query_only = ON');
}

/** The disk is mended, and nothing breaks any more. */
export function mend(scene: Scene): void {
  scene.beforeRequest = () => undefined;
  scene.stores.db.connection.pragma('query_only = OFF');
}

export interface Left {
  readonly id?: string;
  readonly destinations?: readonly Destination[];
  /** By GitHub's clock; the scene's beginning when absent. */
  readonly intendedAt?: Date;
  readonly baseline?: Date | undefined;
}

/** What a killed process leaves behind: intents, and no word of what became of them. */
export function leaveIntent({ stores }: Scene, left: Left = {}): void {
  const { id = ID, destinations = [DESTINATION], intendedAt = NOW } = left;
  const { rotations } = stores;
  openRow(stores, id);
  rotations.move(id, 'submitted', intendedAt);
  rotations.move(id, 'checked', intendedAt);
  for (const destination of destinations) {
    const baselineUpdatedAt = 'baseline' in left ? left.baseline : BASELINE;
    const intent = { destination, keyId: '1', baselineUpdatedAt, intendedAt, localAt: intendedAt };
    rotations.intend(id, intent, CHOSEN);
  }
}

export const CHOSEN: NewVersion = {
  expiry: { kind: 'known', at: new Date('2027-11-23T00:00:00Z'), source: 'entered' },
  lifetimeDays: 365,
  createdAt: NOW,
  checked: 'live',
};
