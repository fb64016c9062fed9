import type { FormEnd, OpenForm } from '../form/form.ts';
import { openForm } from '../form/form.ts';
import { MAX_SECRET_BYTES } from '../kinds/format.ts';
import { submit } from '../rotate/rotate.ts';
import type { RotationResult, SubmitOutcome } from '../rotate/rotation.ts';
import { makeCard } from './card.ts';
import type { Ended, OpenRotation } from './open-rotation.ts';
import { showAddress, showCard } from './rotation-talk.ts';

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
      maxTokenBytes: rotation.kind.proves === undefined ? MAX_SECRET_BYTES : TOKEN_BYTES,
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
  showCard(out, card);
  showAddress(out, card, { address: form.address, publicPort: publicPort || form.port });
  const stop = stopOnSignal(
    form,
    () => storing,
    (text) => out.talk(text),
  );
  try {
    return conclude(open, await form.ended, stop.signal());
  } finally {
    stop.off();
  }
}

async function openOrFail({ rotation }: OpenRotation, listen: () => Promise<OpenForm>): Promise<OpenForm> {
  try {
    return await listen();
  } catch (error) {
    rotation.log.move(rotation.id, 'failed', rotation.now(), 'the form could not be opened');
    throw error;
  }
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

/** A signal closes the form; while the token is on its way, the first one only says so. */
function stopOnSignal(form: OpenForm, storing: () => boolean, say: (text: string) => void) {
  let received: NodeJS.Signals | undefined;
  const on = (signal: NodeJS.Signals) => {
    if (storing() && received === undefined) {
      received = signal;
      say('the token is being stored: waiting for the end of it (once more to stop at once)');
      return;
    }
    if (storing()) process.exit(signal === 'SIGTERM' ? 143 : 130);
    received = signal;
    void form.cancel();
  };
  process.on('SIGINT', on);
  process.on('SIGTERM', on);
  return {
    signal: () => received,
    off: () => {
      process.off('SIGINT', on);
      process.off('SIGTERM', on);
    },
  };
}
