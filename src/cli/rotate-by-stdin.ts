import { submit } from '../rotate/rotate.ts';
import { makeCard } from './card.ts';
import type { Ended, OpenRotation } from './open-rotation.ts';
import { readToken } from './read-token.ts';
import { showCard } from './rotation-talk.ts';

/** The same without a browser. One token, one try. */
export async function rotateByStdin(open: OpenRotation): Promise<Ended> {
  const { context, rotation, before, unchecked } = open;
  showCard(context.out, makeCard(open));
  const token = await readToken(process.stdin, (text) => process.stderr.write(text));
  if (!token) {
    rotation.log.move(rotation.id, 'abandoned', rotation.now(), 'stopped by a person');
    return { result: { outcome: 'abandoned' }, signal: 'SIGINT' };
  }
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
