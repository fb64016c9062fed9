import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { openStores as wire } from '../../src/app.ts';
import type { Destination } from '../../src/domain/credential.ts';
import { openFingerprints } from '../../src/fingerprints.ts';
import { openSecretStore } from '../../src/github/environment-secrets.ts';
import { generic } from '../../src/kinds/generic.ts';
import { planRegister } from '../../src/register/register.ts';
import { openPace, paced } from '../../src/rotate/pace.ts';
import type { Rotation } from '../../src/rotate/rotate.ts';
import { precheck, submit } from '../../src/rotate/rotate.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { aDeclaration, aPolicy, DESTINATION } from './builders.ts';
import { clientOf, secretOf, startTestGitHub, TOKEN, testClock } from './stand-ins.ts';

interface Run {
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<void>;
  readonly latencyMs: number;
  readonly destinations: readonly Destination[];
  /** Called when the issuer has answered, and when it is recorded. */
  readonly checked: () => void;
  readonly ended: () => void;
}

interface Requests {
  /** How many followed the issuer's answer. */
  readonly trips: number;
  /** All of them, by the stand-in's own log. */
  readonly log: readonly { readonly at: number; readonly writes: boolean }[];
}

/** One rotation over real sockets and a database on disk. */
async function rotate({ now, sleep, latencyMs, destinations, checked, ended }: Run): Promise<Requests> {
  const folder = mkdtempSync(join(tmpdir(), 'reseal-speed-'));
  const github = await startTestGitHub(now);
  const db = openDatabase(join(folder, 'reseal.db'), 'create', now);
  try {
    for (const { repo, environment, secret: name } of destinations) {
      if (environment !== DESTINATION.environment) github.addEnvironment(repo, environment);
      github.addSecret({
        repository: repo,
        environment,
        name,
        value: 'the old one',
        at: new Date(now().getTime() - 60_000),
      });
    }
    const stores = wire(db, {
      installId: 'an-installation',
      actor: 'ada@host',
      policy: aPolicy(),
      maxRepeats: 2,
    });
    const declaration = aDeclaration({ destinations, kind: 'generic' });
    stores.register.apply(planRegister([declaration], []), now());
    let trips = 0;
    let counting = false;
    const slow: typeof fetch = async (input, init) => {
      if (counting) trips++;
      if (latencyMs > 0) await wait(latencyMs);
      return fetch(input, init);
    };
    const pace = openPace(now, sleep);
    const rotation: Rotation = {
      id: 'rotation-1',
      credential: declaration.name,
      declaration,
      destinations,
      kind: generic,
      current: undefined,
      completes: undefined,
      stated: undefined,
      log: stores.rotations,
      store: paced(openSecretStore(clientOf(github, { fetch: slow })), pace),
      pace,
      reader: undefined,
      issuer: {
        check: async () => {
          counting = true;
          checked();
          return { verdict: 'live' };
        },
      },
      fingerprints: openFingerprints({ dataDir: folder }, { randomBytes }),
      questioned: new Set(),
      now,
      sleep,
      report: () => undefined,
    };
    stores.rotations.open({
      id: rotation.id,
      credential: declaration.name,
      openedAt: now(),
      pid: 1,
      host: 'host',
    });
    const before = await precheck(rotation);
    const token = secretOf(TOKEN);
    const submission = { token, expiration: { kind: 'days', days: 365 }, unchecked: false } as const;
    const outcome = await submit(rotation, before, submission, () => undefined);
    ended();
    if (outcome.kind !== 'finished' || outcome.result.outcome !== 'recorded')
      throw new Error(JSON.stringify(outcome));
    const log = github.requests.map(({ method, at }) => ({ at: at.getTime(), writes: method === 'PUT' }));
    return { trips, log };
  } finally {
    db.close();
    await github.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** From the issuer's answer to the recorded version, beyond the round trips themselves. */
export async function measureRotation(latencyMs: number): Promise<{ trips: number; beyondMs: number }> {
  let [began, ended] = [0, 0];
  const { trips } = await rotate({
    now: () => new Date(),
    sleep: (ms) => wait(ms),
    latencyMs,
    destinations: [DESTINATION],
    checked: () => {
      began = performance.now();
    },
    ended: () => {
      ended = performance.now();
    },
  });
  return { trips, beyondMs: ended - began - trips * latencyMs };
}

export interface MeasuredSpread {
  /** By a clock that only waiting moves. */
  readonly seconds: number;
  /** The least that a second between two writes allows. */
  readonly floorSeconds: number;
  /** The most in any stretch of that length; points as GitHub counts them: a read 1, a write 5. */
  readonly busiest: {
    readonly pointsAMinute: number;
    readonly writesASecond: number;
    readonly writesAMinute: number;
    readonly writesAnHour: number;
  };
}

export async function measureSpread(count: number): Promise<MeasuredSpread> {
  const clock = testClock();
  let [began, over] = [0, 0];
  const destinations = Array.from({ length: count }, (_, index) => ({
    ...DESTINATION,
    environment: `release-${index}`,
  }));
  const { log } = await rotate({
    now: clock.now,
    sleep: clock.sleep,
    latencyMs: 0,
    destinations,
    checked: () => {
      began = clock.now().getTime();
    },
    ended: () => {
      over = clock.now().getTime();
    },
  });
  const most = (windowMs: number, read: number, write: number) =>
    Math.max(
      ...log.map(({ at: from }) =>
        log
          .filter(({ at }) => at >= from && at < from + windowMs)
          .reduce((sum, { writes }) => sum + (writes ? write : read), 0),
      ),
    );
  return {
    seconds: (over - began) / 1000,
    floorSeconds: count - 1,
    busiest: {
      pointsAMinute: most(60_000, 1, 5),
      writesASecond: most(1_000, 0, 1),
      writesAMinute: most(60_000, 0, 1),
      writesAnHour: most(3_600_000, 0, 1),
    },
  };
}
