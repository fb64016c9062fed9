import type { Secret } from '../domain/secret.ts';
import { submit } from '../rotate/rotate.ts';
import { makeCard } from './card.ts';
import type { Ended, OpenRotation } from './open-rotation.ts';
import { readToken } from './read-token.ts';
import { showCard } from './rotation-talk.ts';
import { onStopSignal } from './stop-signals.ts';

/** The same without a browser. One token, one try. */
export async function rotateByStdin(open: OpenRotation): Promise<Ended> {
  const { out } = open.context;
  const stopped = new AbortController();
  let storing = false;
  const stop = onStopSignal(
    () => storing,
    () => stopped.abort(),
    (text) => out.talk(text),
  );
  try {
    showCard(out, makeCard(open));
    const token = await readOrFail(open, stopped.signal);
    if (!token) return abandon(open, stop.signal() ?? 'SIGINT');
    storing = true;
    return await store(open, token);
  } finally {
    stop.off();
  }
}

async function readOrFail({ rotation }: OpenRotation, stopped: AbortSignal): Promise<Secret | undefined> {
  try {
    return await readToken(process.stdin, (text) => process.stderr.write(text), stopped);
  } catch (error) {
    rotation.log.move(rotation.id, 'rejected', rotation.now(), 'standard input held no token');
    throw error;
  }
}

function abandon({ rotation }: OpenRotation, signal: NodeJS.Signals): Ended {
  rotation.log.move(rotation.id, 'abandoned', rotation.now(), 'stopped by a person');
  return { result: { outcome: 'abandoned' }, signal };
}

async function store({ rotation, before, unchecked }: OpenRotation, token: Secret): Promise<Ended> {
  const outcome = await submit(
    rotation,
    before,
    { token, expiration: { kind: 'stated' }, unchecked },
    () => undefined,
  );
  if (outcome.kind === 'finished') return { result: outcome.result };
  rotation.log.move(rotation.id, 'rejected', rotation.now(), 'the token was refused');
  const next = outcome.mayStoreUnchecked
    ? ['try again later, or store it all the same with --unchecked']
    : [];
  return { result: { outcome: 'rejected', reasons: outcome.reasons, next } };
}
