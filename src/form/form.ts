import { isIPv6 } from 'node:net';
import { AppError } from '../domain/error.ts';
import type { RotationCard, StepReport, Submission, SubmitOutcome } from '../rotate/rotation.ts';
import { Door } from './door.ts';
import { allowedHosts, fingerprint } from './guard.ts';
import type { FormEnd } from './life.ts';
import { Life } from './life.ts';
import { bodyLimits } from './limits.ts';
import { listen } from './server.ts';
import { Session } from './session.ts';

export interface FormOptions {
  /** The address to listen on: 127.0.0.1 unless in a container. */
  readonly bind: string;
  /** 0: any free one. */
  readonly port: number;
  /** The port under which the browser reaches the form, where that is another one; undefined: the bound port. */
  readonly publicPort: number | undefined;
  readonly card: RotationCard;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly now: () => Date;
  readonly submit: (submission: Submission, progress: (report: StepReport) => void) => Promise<SubmitOutcome>;
  /** One line for the terminal; each kind of warning comes once. */
  readonly warn: (text: string) => void;
  readonly maxTokenBytes?: number;
  readonly deadlines?: { readonly firstLoadMs: number; readonly totalMs: number };
}

export type { FormEnd } from './life.ts';

export interface OpenForm {
  readonly address: string;
  /** The port that is listened on. */
  readonly port: number;
  /** Resolves when the port is closed and the last answer has left; rejects with what `submit` threw, if it did. */
  readonly ended: Promise<FormEnd>;
  /** Ends it now, or where a token is on its way, after that: with its result, or as cancelled. */
  cancel(): Promise<void>;
}

const DEADLINES = { firstLoadMs: 10 * 60_000, totalMs: 30 * 60_000 };
const MAX_TOKEN_BYTES = 1_024;

/** @throws AppError conflict when the port is taken, invalid_input when the address cannot be listened on */
export async function openForm(options: FormOptions): Promise<OpenForm> {
  const host = hostFor(options);
  const listener = await listen(options.bind, options.port);
  const path = `/${Buffer.from(options.randomBytes(32)).toString('base64url')}`;
  const port = options.publicPort ?? listener.port;
  const life = new Life(listener, options.deadlines ?? DEADLINES);
  const maxTokenBytes = options.maxTokenBytes ?? MAX_TOKEN_BYTES;
  const session = new Session({
    ...options,
    maxTokenBytes,
    nonce: Buffer.from(options.randomBytes(32)).toString('base64url'),
    secondsLeft: () => life.secondsLeft(),
    ending: () => life.ending,
    busy: () => life.hold(),
    reopened: () => life.release(),
    finished: (result) => life.end({ kind: 'finished', result }),
    broken: (error) => life.fail(error),
  });
  const gate = {
    hosts: allowedHosts(port, host),
    path: fingerprint(path),
    ...bodyLimits(options.card, maxTokenBytes),
  };
  listener.serve(new Door(gate, listener, session, life, options.warn).answer);
  return {
    address: `http://${host}:${port}${path}`,
    port: listener.port,
    ended: life.ended,
    cancel: async () => {
      life.cancel();
      await life.ended.catch(() => undefined);
    },
  };
}

/**
 * What stands in the address: the very address that is listened on, since another program may have the same port on any other.
 * Only of all addresses, or where it is published, it is 127.0.0.1. Literal, since `localhost` may be another's on the other
 * protocol.
 *
 * @throws AppError invalid_input for an address that only other machines could reach
 */
function hostFor({ bind, port, publicPort }: Pick<FormOptions, 'bind' | 'port' | 'publicPort'>): string {
  const { hostname } = new URL(`http://${isIPv6(bind) ? `[${bind}]` : bind}`);
  const isPublished = publicPort !== undefined && publicPort !== port;
  if (hostname === '[::1]') return hostname;
  if (/^127\.\d+\.\d+\.\d+$/.test(hostname) && !isPublished) return hostname;
  if (hostname === '0.0.0.0' || hostname === '[::]' || publicPort !== undefined) return '127.0.0.1';
  throw new AppError(
    'invalid_input',
    `form.bind is ${bind}, which a browser on this machine cannot be sent to safely`,
    {
      hints: [
        'set form.bind to 127.0.0.1; where the form is published, as by a container, also set form.public-port',
      ],
    },
  );
}
