import { describe, expect, it } from 'vitest';
import type { Destination } from '../../src/domain/credential.ts';
import { AppError } from '../../src/domain/error.ts';
import { recoverRotations } from '../../src/rotate/recover.ts';
import type { RotationLog, SubmitOutcome } from '../../src/rotate/rotation.ts';
import { DESTINATION } from '../support/builders.ts';
import { rowsOf } from '../support/database.ts';
import type { Scene } from '../support/rotation.ts';
import { openScene, recoveryOf } from '../support/rotation.ts';
import { TOKEN } from '../support/stand-ins.ts';

const TWO: readonly Destination[] = [DESTINATION, { ...DESTINATION, environment: 'staging' }];

/** Which call fails: the n-th request to GitHub, or the n-th call of the journal, each of which is one transaction. */
type Where = { readonly what: 'request' | 'journal'; readonly n: number };

interface Tried {
  readonly scene: Scene;
  readonly calls: number;
  readonly outcome: SubmitOutcome | undefined;
}

async function rotate(destinations: readonly Destination[], where: Where): Promise<Tried> {
  let calls = 0;
  const fails = (what: Where['what']) => what === where.what && ++calls === where.n;
  const scene = await openScene({ declaration: { destinations } });
  const real = scene.rotation.log;
  const log = new Proxy(real, {
    get: (target, name: keyof RotationLog) => {
      const call = target[name] as (...given: unknown[]) => unknown;
      return (...given: unknown[]) => {
        if (fails('journal')) throw new AppError('storage', 'the database cannot be written: SQLITE_FULL');
        return call.apply(target, given);
      };
    },
  });
  Object.assign(scene.rotation, { log });
  scene.beforeRequest = () => {
    if (!fails('request')) return;
    const cause = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    throw new TypeError('fetch failed', { cause });
  };
  const outcome = await scene.submit().catch((error: unknown) => {
    // Where nothing can be done yet, it says so.
    expect(error).toBeInstanceOf(AppError);
    return undefined;
  });
  Object.assign(scene.rotation, { log: real });
  return { scene, calls, outcome };
}

function holds(scene: Scene, destinations: readonly Destination[]): number {
  return destinations.filter((place) => scene.stored(place) === TOKEN).length;
}

/** What holds whichever call has failed. */
async function expectTruth({ scene, outcome }: Tried, destinations: readonly Destination[]): Promise<void> {
  const stored = holds(scene, destinations);
  const told = outcome?.kind === 'finished' ? outcome.result.outcome : 'refused';
  if (stored > 0) expect(['recorded', 'partial', 'unconfirmed']).toContain(told);
  if (told === 'recorded') expect(stored).toBe(destinations.length);
  // I11: every PUT had an intent on disk before it left.
  for (const [index, intents] of scene.intentsAtPut.entries()) expect(intents).toBeGreaterThan(index);
  scene.beforeRequest = () => undefined;
  scene.clock.set(new Date(scene.clock.now().getTime() + 120_000));
  await recoverRotations(recoveryOf(scene));
  const versions = rowsOf(scene.stores.db, 'version').length;
  const rotated = scene.events().filter((type) => type === 'credential.rotated').length;
  const settled = ['recorded', 'abandoned', 'failed', 'unconfirmed', undefined];
  expect(settled).toContain(scene.state());
  // I13: as many entries as versions, and never two of one rotation.
  expect([rotated, versions <= 1]).toEqual([versions, true]);
  // I12: what is said to have failed is not stored; what is recorded is.
  if (scene.state() === 'failed' || scene.state() === 'abandoned') expect(holds(scene, destinations)).toBe(0);
  if (scene.state() === 'recorded') expect(holds(scene, destinations)).toBeGreaterThan(0);
}

describe.each([
  ['one destination', [DESTINATION]],
  ['two destinations', TWO],
] as const)('a rotation to %s', (_, destinations) => {
  it.each(['request', 'journal'] as const)(
    'I11, I12, I13, I14: when any one %s fails, tells the truth and comes to an end that needs no luck',
    async (what) => {
      const good = await rotate(destinations, { what, n: 0 });
      expect(good.outcome).toMatchObject({ kind: 'finished', result: { outcome: 'recorded' } });
      expect(good.calls).toBeGreaterThan(5);
      for (let n = 1; n <= good.calls; n++)
        await expectTruth(await rotate(destinations, { what, n }), destinations);
    },
  );
});
