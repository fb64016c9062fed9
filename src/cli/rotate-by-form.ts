import { AppError, isAppError } from '../domain/error.ts';
import type { FormEnd, OpenForm } from '../form/form.ts';
import { openForm } from '../form/form.ts';
import { MAX_SECRET_BYTES } from '../kinds/format.ts';
import { submit } from '../rotate/rotate.ts';
import type { RotationResult, SubmitOutcome } from '../rotate/rotation.ts';
import { makeCard } from './card.ts';
import type { Ended, OpenRotation } from './open-rotation.ts';
import { showAddress, showCard } from './rotation-talk.ts';
import { onStopSignal } from './stop-signals.ts';

/** Tokens are short; only kinds without a known format may be as large as GitHub stores. */
const TOKEN_BYTES = 1_024;

interface Ports {
  readonly port: number | undefined;
  readonly publicPort: number | undefined;
}

/** Opens the form, prints its address once it listens, and waits for its end or a signal. */
export async function rotateByForm(open: OpenRotation, ports: Ports): Promise<Ended> {
  const { context, app, rotation, before, unchecked } = open;
  const { out, world } = context;
  const card = makeCard(open);
  const { form: settings } = app.config;
  const publicPort = ports.publicPort ?? (ports.port === undefined ? settings.publicPort : undefined);
  let storing = false;
  const form = await openOrFail(open, () =>
    openForm({
      bind: settings.bind,
      port: ports.port ?? settings.port,
      publicPort: publicPort === 0 ? undefined : publicPort,
      card,
      randomBytes: world.randomBytes,
      now: world.now,
      maxTokenBytes: rotation.kind.check === undefined ? MAX_SECRET_BYTES : TOKEN_BYTES,
      warn: (text) => out.talk(`warning: ${text}`),
      submit: async (submission, progress): Promise<SubmitOutcome> => {
        storing = true;
        try {
          return await submit(
            rotation,
            before,
            { ...submission, unchecked: submission.unchecked || unchecked },
            progress,
          );
        } finally {
          storing = false;
        }
      },
    }),
  );
  const stop = onStopSignal(
    () => storing,
    () => void form.cancel(),
    (text) => out.talk(text),
  );
  try {
    showCard(out, card);
    showAddress(out, card, { address: form.address, publicPort: publicPort || form.port });
    return conclude(open, await form.ended, stop.signal());
  } finally {
    stop.off();
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
  if (end.kind === 'finished') return { result: end.result };
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
