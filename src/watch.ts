import type { App } from './app.ts';
import { sameDestination } from './domain/credential.ts';
import { describeError, isAppError } from './domain/error.ts';
import { openSealStore } from './outside.ts';
import type { Sight } from './register/drift.ts';
import { judgeDrift } from './register/drift.ts';
import type { Watched } from './register/register.ts';
import type { Report } from './remind/sweep.ts';
import { openPace, paced } from './rotate/pace.ts';
import type { SecretStore } from './rotate/rotation.ts';

/** So many looks a round, so that reading never crowds out sending. */
const A_ROUND = 20;

/**
 * Looks at the destinations whose time has come: daily, and a minute after each success. Somebody else's change is noted, and
 * told by the plan that follows; nothing is overwritten.
 *
 * @returns whether more are waiting
 */
export async function watchDestinations(app: App, report: Report): Promise<boolean> {
  const { register, world, config } = app;
  if (!config.github.sealTokenFile) return false;
  const due = register.toLookAt(world.now(), A_ROUND);
  if (due.length === 0) return false;
  let store: SecretStore | undefined;
  let reason = '';
  try {
    store = paced(await openSealStore(config, world), openPace(world.now, world.sleep));
  } catch (error) {
    if (!isAppError(error)) throw error;
    reason = error.message;
  }
  for (const one of due) {
    if (!isWanted(app, one)) {
      register.unwatch(one.credential, one.destination);
      continue;
    }
    const sight: Sight = store ? await look(store, one) : { kind: 'unread', reason, retryAfterMs: undefined };
    const now = world.now();
    const late = app.rotations.lateAttempts(one.credential, one.destination, one.storedAt);
    const verdict = judgeDrift(one, sight, late, now);
    register.noteLook(one.credential, one.destination, verdict, now);
    if (verdict.state !== undefined && verdict.state !== one.state)
      report({ event: `destination.${verdict.state}`, detail: one.credential });
    else if (sight.kind !== 'read') report({ event: 'destination.unread', detail: sight.reason });
    if (sight.kind === 'unread' && sight.retryAfterMs !== undefined) return false;
  }
  return due.length === A_ROUND;
}

function isWanted({ register }: App, { credential, destination }: Watched): boolean {
  const stored = register.find(credential);
  if (!stored || stored.retiredAt) return false;
  return stored.declaration.destinations.some((declared) => sameDestination(declared, destination));
}

async function look(store: SecretStore, { destination }: Watched): Promise<Sight> {
  try {
    const { updatedAt } = await store.read(destination);
    const names = updatedAt ? [] : await store.names(destination);
    return { kind: 'read', updatedAt, names };
  } catch (error) {
    if (!isAppError(error)) throw error;
    const reason = describeError(error);
    const passing = isAppError(error, 'unavailable') || isAppError(error, 'limited');
    return passing
      ? { kind: 'unread', reason, retryAfterMs: error.retryAfterMs }
      : { kind: 'refused', reason };
  }
}
