import { AppError, isAppError } from '../domain/error.ts';
import type { FormEnd, OpenForm } from '../form/form.ts';
import { openForm } from '../form/form.ts';
import { MAX_SECRET_BYTES } from '../kinds/format.ts';
import { submit } from '../rotate/rotate.ts';
import type { RotationResult } from '../rotate/rotation.ts';
import { makeCard } from './card.ts';
import type { Ended, OpenRotation } from './open-rotation.ts';
import { endedWith } from './open-rotation.ts';
import type { Ports } from './ports.ts';
import { choosePorts } from './ports.ts';
import { showAddress, showCard } from './rotation-talk.ts';
import { onStopSignal } from './stop-signals.ts';

/** A token of one line is short, also a PyPI token with many caveats; everything else may be as large as GitHub stores. */
const LINE_BYTES = 4_096;

/** Opens the form, prints its address once it listens, and waits for its end or a signal. */
export async function rotateByForm(open: OpenRotation, asked: Ports): Promise<Ended> {
  const { context, app, rotation, before, unchecked } = open;
  const { out, world } = context;
  const card = makeCard(open);
  const { form: settings } = app.config;
  const { port, publicPort } = choosePorts(asked, settings);
  const form = await openOrFail(open, () =>
    openForm({
      bind: settings.bind,
      port,
      publicPort,
      card,
      randomBytes: world.randomBytes,
      now: world.now,
      maxTokenBytes: rotation.kind.shape === 'line' ? LINE_BYTES : MAX_SECRET_BYTES,
      warn: (text) => out.talk(`warning: ${text}`),
      submit: (submission, progress) =>
        submit(rotation, before, { ...submission, unchecked: submission.unchecked || unchecked }, progress),
    }),
  );
  const signals = onStopSignal(
    {
      stop: () => {
        rotation.stop.ask();
        void form.cancel();
      },
      isBegun: () => rotation.stop.isBegun,
      say: out.talk,
    },
    process,
    () => performance.now(),
  );
  try {
    showCard(out, card);
    showAddress(out, card, { address: form.address, publicPort: publicPort ?? form.port });
    await seenOrFail(open, form);
    return conclude(open, await form.ended, signals.signal());
  } finally {
    signals.off();
  }
}

/** An address that nobody can read is waited for in vain. */
async function seenOrFail({ context, rotation }: OpenRotation, form: OpenForm): Promise<void> {
  try {
    await context.out.flush();
  } catch (error) {
    await form.cancel();
    rotation.log.move(rotation.id, 'abandoned', rotation.now(), 'the address could not be printed');
    throw error;
  }
}

async function openOrFail(open: OpenRotation, listen: () => Promise<OpenForm>): Promise<OpenForm> {
  const { rotation } = open;
  try {
    return await listen();
  } catch (error) {
    rotation.log.move(rotation.id, 'failed', rotation.now(), 'the form could not be opened');
    throw isAppError(error, 'conflict') ? withHolder(error, open) : error;
  }
}

/** Of two forms on one port, the second says whose the first is. */
function withHolder(error: AppError, { app, rotation }: OpenRotation): AppError {
  const holder = app.rotations
    .unfinished()
    .find(({ id, credential }) => id !== rotation.id && app.isRotationOpen(credential));
  if (!holder) return error;
  const { credential, pid, host, openedAt } = holder;
  const since = openedAt.toISOString().slice(11, 16);
  return new AppError(
    'conflict',
    `${error.message}; the form of "${credential}" is open (process ${pid} on ${host}, since ${since} UTC)`,
    { hints: error.hints, cause: error },
  );
}

function conclude({ rotation }: OpenRotation, end: FormEnd, signal: NodeJS.Signals | undefined): Ended {
  if (end.kind === 'finished') return endedWith(end.result, signal);
  const reason =
    end.kind === 'cancelled'
      ? 'stopped by a person'
      : end.opened
        ? 'the time was over'
        : 'the form was never opened';
  rotation.log.move(rotation.id, 'abandoned', rotation.now(), reason);
  const result: RotationResult = { outcome: 'abandoned', reasons: [reason] };
  return { result, signal };
}
