import type { App } from './app.ts';
import { sameDestination } from './domain/credential.ts';
import { describeError, isAppError } from './domain/error.ts';
import { openSealStore } from './outside.ts';
import type { LateAttempt, Sight } from './register/drift.ts';
import { judgeDrift } from './register/drift.ts';
import type { Watched } from './register/register.ts';
import type { Report } from './remind/sweep.ts';
import { openPace, paced } from './rotate/pace.ts';
import type { JournalEntry, SecretStore } from './rotate/rotation.ts';

/** So many looks a round, so that reading never crowds out sending. */
const A_ROUND = 20;
/** So many looks without an answer, one after the other, are not one destination's fault. */
const MOST_UNREAD = 3;
const HOUR_MS = 3_600_000;
/** A rotation that is writing has ended by then, or is judged by recovery. */
const WRITING_MS = 61_000;

export interface Watch {
  /**
   * Looks at the destinations whose time has come. Somebody else's change is noted, and told by the plan that follows; nothing
   * is overwritten. @returns whether more are waiting
   */
  look(app: App): Promise<boolean>;
}

/** Why nobody is asked before then. */
interface Blocked {
  readonly sight: Exclude<Sight, { kind: 'read' }>;
  readonly from: Date;
  readonly until: Date;
}

/** Destinations are looked at daily, and a minute after each success of ours. */
export function openWatch(report: Report): Watch {
  let blocked: Blocked | undefined;
  let toldOfNoToken = false;

  const lookAtAll = async (app: App, due: readonly Watched[]): Promise<boolean> => {
    const now = app.world.now();
    // A clock that was put back must not keep anybody from looking.
    if (blocked && (now >= blocked.until || now < blocked.from)) blocked = undefined;
    const store = blocked ?? (await openStore(app));
    if ('kind' in store) {
      blocked = block(store, now);
      report({ event: 'destination.unread', detail: store.reason });
    }
    let unread = 0;
    for (const one of due) {
      if (!isWanted(app, one)) app.register.unwatch(one.credential, one.destination);
      else if (blocked) noteUnasked(app, one, blocked.sight, report);
      else if ('read' in store) {
        const sight = await lookAt(app, store, one, report);
        unread = sight?.kind === 'unread' ? unread + 1 : 0;
        if (sight && sight.kind !== 'read' && concernsAll(sight, unread))
          blocked = block(sight, app.world.now());
      }
    }
    return due.length === A_ROUND && blocked?.sight.kind !== 'unread';
  };

  return {
    look: async (app) => {
      const due = app.register.toLookAt(app.world.now(), A_ROUND);
      if (due.length === 0) return false;
      if (app.config.github.sealTokenFile) {
        toldOfNoToken = false;
        return lookAtAll(app, due);
      }
      if (!toldOfNoToken)
        report({
          event: 'destination.not-configured',
          detail: 'github.seal.token-file is not set, so nobody looks whether somebody else changes a secret',
        });
      toldOfNoToken = true;
      return false;
    },
  };
}

/** `everywhere`: it is the token that is refused, so that asking again would only have its user locked out. */
type Failure = Exclude<Sight, { kind: 'read' }> & { readonly everywhere: boolean };

function concernsAll(sight: Failure, unread: number): boolean {
  return sight.everywhere || unread >= MOST_UNREAD;
}

function block(sight: Blocked['sight'], now: Date): Blocked {
  const waitMs = sight.kind === 'unread' ? (sight.retryAfterMs ?? 0) : 0;
  return { sight, from: now, until: new Date(now.getTime() + Math.max(HOUR_MS, waitMs)) };
}

async function openStore({ config, world }: App): Promise<SecretStore | Failure> {
  try {
    return paced(await openSealStore(config, world), openPace(world.now, world.sleep));
  } catch (error) {
    return failureOf(error);
  }
}

/** Of the configuration, or of what has left it and is still reminded of. */
function isWanted({ register }: App, { credential, destination }: Watched): boolean {
  const stored = register.find(credential);
  if (!stored || stored.retiredAt) return false;
  return stored.declaration.destinations.some((declared) => sameDestination(declared, destination));
}

/** Nobody is asked now. What that makes of it is noted; where it makes nothing of it, it stays due, before all later ones. */
function noteUnasked(app: App, one: Watched, sight: Blocked['sight'], report: Report): void {
  const now = app.world.now();
  const look = judgeDrift(one, sight, [], now);
  if (look.state === undefined && sight.kind === 'unread') return;
  app.register.noteLook(one.credential, one.destination, look, now);
  reportChange(one, look.state, report);
}

/** @returns undefined while a rotation is at it: what is seen then is not to be judged */
async function lookAt(
  app: App,
  store: SecretStore,
  one: Watched,
  report: Report,
): Promise<Failure | Extract<Sight, { kind: 'read' }> | undefined> {
  const { register, world } = app;
  const { credential, destination } = one;
  const sight = isBeingWritten(app, one) ? undefined : await read(store, one);
  const now = world.now();
  if (!sight || isBeingWritten(app, one) || hasMoved(app, one)) {
    const nextLookAt = new Date(now.getTime() + WRITING_MS);
    register.noteLook(
      credential,
      destination,
      { state: undefined, read: false, nextLookAt, detail: {} },
      now,
    );
    return undefined;
  }
  const look = judgeDrift(one, sight, lateAttempts(app, one), now);
  register.noteLook(credential, destination, look, now);
  if (sight.kind !== 'read') report({ event: 'destination.unread', detail: sight.reason });
  reportChange(one, look.state, report);
  return sight;
}

function reportChange(one: Watched, state: Watched['state'] | undefined, report: Report): void {
  if (state !== undefined && state !== one.state)
    report({ event: `destination.${state}`, detail: one.credential });
}

function entriesOf({ rotations }: App, { credential, destination }: Watched): readonly JournalEntry[] {
  return rotations
    .unsettled(credential)
    .filter(({ destinations }) =>
      destinations.some((place) => sameDestination(place.destination, destination)),
    );
}

const WRITING: readonly JournalEntry['state'][] = ['intended', 'stored', 'verified'];

function isBeingWritten(app: App, one: Watched): boolean {
  return entriesOf(app, one).some(({ state }) => WRITING.includes(state));
}

/** A rotation has recorded something since the list was made: what it says of the place is newer. */
function hasMoved({ register }: App, one: Watched): boolean {
  const now = register
    .find(one.credential)
    ?.destinations.find(({ destination }) => sameDestination(destination, one.destination));
  return (
    !now ||
    now.version !== one.version ||
    now.state !== one.state ||
    now.remoteUpdatedAt?.getTime() !== one.remoteUpdatedAt?.getTime()
  );
}

/** All of them: one from before our last success may land after it, too. */
function lateAttempts(app: App, one: Watched): readonly LateAttempt[] {
  const open = entriesOf(app, one).map(({ id }) => id);
  return app.rotations
    .lateAttempts(one.credential, one.destination, undefined)
    .map((attempt) => ({ ...attempt, unconfirmed: open.includes(attempt.rotation) }));
}

async function read(
  store: SecretStore,
  { destination }: Watched,
): Promise<Failure | Extract<Sight, { kind: 'read' }>> {
  let updatedAt: Date | undefined;
  try {
    ({ updatedAt } = await store.read(destination));
  } catch (error) {
    return failureOf(error);
  }
  // That it is gone stands, whether or not the others can be listed.
  const names = updatedAt ? [] : await store.names(destination).catch(noneIfRefused);
  return { kind: 'read', updatedAt, names };
}

function noneIfRefused(error: unknown): readonly never[] {
  if (isAppError(error)) return [];
  throw error;
}

function failureOf(error: unknown): Failure {
  if (!isAppError(error)) throw error;
  const reason = describeError(error);
  switch (error.code) {
    case 'unauthorized':
      return { kind: 'refused', reason, everywhere: true };
    case 'forbidden':
    case 'not_found':
    case 'moved':
    case 'refused':
      return { kind: 'refused', reason, everywhere: false };
    default:
      return {
        kind: 'unread',
        reason,
        retryAfterMs: error.retryAfterMs,
        everywhere: error.code === 'limited',
      };
  }
}
