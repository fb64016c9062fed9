import type { Secret } from '../domain/secret.ts';
import type { Rotation } from '../rotate/rotate.ts';
import { submit } from '../rotate/rotate.ts';
import type { ChosenExpiration, SubmitOutcome } from '../rotate/rotation.ts';
import { makeCard } from './card.ts';
import type { Ended, OpenRotation } from './open-rotation.ts';
import { endedWith } from './open-rotation.ts';
import { readPasswordFile } from './read-password.ts';
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
    const given = await readOrFail(open, stopped.signal);
    clearTimeout(deadline);
    if (given) return await store(open, given, signals.signal);
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

interface Given {
  readonly token: Secret;
  readonly password: Secret | undefined;
}

async function readOrFail(
  { context, rotation, passwordFile }: OpenRotation,
  stopped: AbortSignal,
): Promise<Given | undefined> {
  const { out } = context;
  let password: Secret | undefined;
  try {
    if (passwordFile !== undefined) {
      password = await readPasswordFile(passwordFile, stopped, (text) => out.talk(`warning: ${text}`));
      if (!password) return undefined;
    }
    const token = await readToken(process.stdin, openScreen(), stopped, rotation.kind.shape);
    if (token) return { token, password };
    password?.wipe();
    return undefined;
  } catch (error) {
    password?.wipe();
    rotation.log.move(rotation.id, 'rejected', rotation.now(), 'no token could be read');
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
  given: Given,
  signal: () => NodeJS.Signals | undefined,
): Promise<Ended> {
  const submission = { ...given, expiration: expirationOf(rotation), unchecked };
  const outcome = await submit(rotation, before, submission, () => undefined);
  if (outcome.kind === 'finished') return endedWith(outcome.result, signal());
  rotation.log.move(rotation.id, 'rejected', rotation.now(), 'the token was refused');
  return { result: { outcome: 'rejected', reasons: outcome.reasons, next: nextAfter(outcome) } };
}

/** Who says when it ends: the command line, else the credential or its issuer where they can, else its declared lifetime. */
function expirationOf({ stated, kind, declaration, completes }: Rotation): ChosenExpiration {
  const { known } = kind.expiry;
  const isFound = known === 'read' || known === 'observed';
  const mayBeFound = known === 'read-or-entered' && !declaration.lifetime;
  return { kind: !stated && !completes && (isFound || mayBeFound) ? 'found' : 'stated' };
}

function nextAfter({
  mayStoreUnchecked,
  field,
}: Extract<SubmitOutcome, { kind: 'refused' }>): readonly string[] {
  if (mayStoreUnchecked) return ['try again later, or store it all the same with --unchecked'];
  if (field === 'password') return ['name the file that holds its password: --password-file FILE'];
  return field === 'expiration' ? ['say when it ends: --expires 2027-06-01'] : [];
}
