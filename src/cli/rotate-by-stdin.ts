import type { Secret } from '../domain/secret.ts';
import { submit } from '../rotate/rotate.ts';
import { makeCard } from './card.ts';
import type { Ended, OpenRotation } from './open-rotation.ts';
import { endedWith } from './open-rotation.ts';
import type { Screen } from './read-token.ts';
import { readToken } from './read-token.ts';
import { showCard } from './rotation-talk.ts';
import { onStopSignal } from './stop-signals.ts';

/** As long as the form: a terminal that somebody left must not keep others from rotating. */
const DEADLINE_MS = 30 * 60_000;

/** The same without a browser. One token, one try. */
export async function rotateByStdin(open: OpenRotation): Promise<Ended> {
  const { out } = open.context;
  const { stop } = open.rotation;
  const stopped = new AbortController();
  const deadline = setTimeout(() => stopped.abort(), DEADLINE_MS);
  const signals = onStopSignal(
    {
      stop: () => {
        stop.ask();
        stopped.abort();
      },
      isBegun: () => stop.isBegun,
      say: out.talk,
    },
    process,
    () => performance.now(),
  );
  try {
    showCard(out, makeCard(open));
    const token = await readOrFail(open, stopped.signal);
    clearTimeout(deadline);
    if (token) return await store(open, token, signals.signal);
    // Ctrl-C is no signal while the terminal is in raw mode.
    const isLate = stopped.signal.aborted && !signals.signal();
    return isLate
      ? abandon(open, 'the time was over')
      : abandon(open, 'stopped by a person', signals.signal() ?? 'SIGINT');
  } finally {
    clearTimeout(deadline);
    signals.off();
  }
}

async function readOrFail({ rotation }: OpenRotation, stopped: AbortSignal): Promise<Secret | undefined> {
  try {
    return await readToken(process.stdin, openScreen(), stopped);
  } catch (error) {
    rotation.log.move(rotation.id, 'rejected', rotation.now(), 'standard input held no token');
    throw error;
  }
}

/** The prompt goes to stderr, whatever that is; control sequences to a terminal alone. */
function openScreen(): Screen {
  const terminal = [process.stderr, process.stdout].find(({ isTTY }) => isTTY);
  return {
    prompt: (text) => process.stderr.write(text),
    control: (sequence) => {
      if (process.env['TERM'] !== 'dumb') terminal?.write(sequence);
    },
  };
}

function abandon({ rotation }: OpenRotation, reason: string, signal?: NodeJS.Signals): Ended {
  rotation.log.move(rotation.id, 'abandoned', rotation.now(), reason);
  return { result: { outcome: 'abandoned', reasons: [reason] }, signal };
}

async function store(
  { rotation, before, unchecked }: OpenRotation,
  token: Secret,
  signal: () => NodeJS.Signals | undefined,
): Promise<Ended> {
  const outcome = await submit(
    rotation,
    before,
    { token, expiration: { kind: 'stated' }, unchecked },
    () => undefined,
  );
  if (outcome.kind === 'finished') return endedWith(outcome.result, signal());
  rotation.log.move(rotation.id, 'rejected', rotation.now(), 'the token was refused');
  const next = outcome.mayStoreUnchecked
    ? ['try again later, or store it all the same with --unchecked']
    : [];
  return { result: { outcome: 'rejected', reasons: outcome.reasons, next } };
}
