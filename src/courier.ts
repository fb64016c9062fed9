import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Config } from './config/config.ts';
import { COURIER } from './courier-name.ts';
import type { Answered, Failure, Request } from './courier-words.ts';
import { decode, encode, OPENING_FD } from './courier-words.ts';
import { AppError, describeError } from './domain/error.ts';
import type { TokenExpiry } from './github/token-expiry.ts';
import { MAIL, WEBHOOK } from './remind/policy.ts';
import type { Channel } from './remind/reminder.ts';
import type { SecretStore } from './rotate/rotation.ts';

/** What the daemon asks of others, done by a process of its own, so that nothing which that needs stays in memory. */
export interface Courier {
  /** @returns undefined where GitHub's clock cannot be read */
  readClock(apiUrl: string): Promise<Date | undefined>;
  /** @throws AppError as `readTokenExpiry` does */
  readTokenExpiry(
    apiUrl: string,
    token: string,
    tokenFile: string,
  ): Promise<TokenExpiry | { readonly kind: 'refused' }>;
  /** To look only. @throws AppError when there is no token to read */
  openStore(config: Config): Promise<SecretStore>;
  openChannels(config: Config): Promise<ReadonlyMap<string, Channel>>;
  /** Ends its process. The next call starts another. */
  rest(): void;
}

interface Waiting {
  readonly settle: (answered: Answered) => void;
  readonly onData: (() => void) | undefined;
}

interface Running {
  readonly child: ChildProcess;
  readonly waiting: Map<number, Waiting>;
}

/**
 * The process is this program again, and lives for a round at most. It is told what to do and never reads the database: what may go
 * out, and what has, is decided and written down here. When this process ends, however it ends, so does that one.
 *
 * @param program the file that this process was started with
 * @param version of this program: another one, put in its place since, is not asked
 */
export function openCourier(program: string, version: string): Courier {
  let running: Running | undefined;
  let last = 0;
  const ask = async <T>(request: Request, onData?: () => void): Promise<T> => {
    running ??= start([program, version], (ended) => {
      if (running === ended) running = undefined;
    });
    const { child, waiting } = running;
    const id = ++last;
    return new Promise<T>((resolve, reject) => {
      const settle = (answered: Answered) =>
        answered.ok ? resolve(answered.value as T) : reject(decode(answered.failure));
      waiting.set(id, { settle, onData });
      // What cannot be handed over is told by the end of the process, or by its never having begun.
      if (child.connected) child.send({ id, request }, () => undefined);
    });
  };
  const channel = (config: Config, name: string): Channel => ({
    name,
    render: (draft) => ask({ what: 'render', config, name, draft }),
    send: (recipient, payload, onData) => ask({ what: 'send', config, name, recipient, payload }, onData),
    close: () => {
      // One that has ended has nothing open.
      if (running) ask({ what: 'close', name }).catch(() => undefined);
    },
  });
  const openStore = async (config: Config): Promise<SecretStore> => {
    await ask({ what: 'open-store', config });
    return {
      precheck: (destination) => ask({ what: 'precheck', config, destination }),
      read: (destination) => ask({ what: 'read', config, destination }),
      names: (destination) => ask({ what: 'names', config, destination }),
      publicKey: (destination) => ask({ what: 'publicKey', config, destination }),
      connect: async () => undefined,
      seal: sealsNothing,
      put: sealsNothing,
    };
  };
  return {
    readClock: async (apiUrl) => {
      try {
        return await ask<Date | undefined>({ what: 'clock', apiUrl });
      } catch {
        return undefined;
      }
    },
    readTokenExpiry: (apiUrl, token, tokenFile) => ask({ what: 'token-expiry', apiUrl, token, tokenFile }),
    openStore,
    openChannels: async (config) => {
      // Nobody is asked yet: for what waits and cannot be tried now no process is started.
      const names = [...(config.mail ? [MAIL] : []), ...(config.webhooks.length > 0 ? [WEBHOOK] : [])];
      return new Map(names.map((name) => [name, channel(config, name)]));
    },
    rest: () => {
      if (running?.child.connected) running.child.send({ id: 0, request: { what: 'rest' } }, () => undefined);
      running?.child.unref();
      running = undefined;
    },
  };
}

function sealsNothing(): never {
  throw new Error('the daemon seals nothing');
}

function start(given: readonly [string, string], onEnd: (ended: Running) => void): Running {
  const child = begin(given);
  const running: Running = { child, waiting: new Map() };
  child.on('message', ({ id, answered }: { readonly id: number; readonly answered: Answered }) => {
    const one = running.waiting.get(id);
    running.waiting.delete(id);
    one?.settle(answered);
  });
  const ended = (reason: AppError) => {
    onEnd(running);
    for (const { settle } of running.waiting.values()) settle({ ok: false, failure: encode(reason) });
    running.waiting.clear();
  };
  child.on('error', (error) => ended(cannotStart(error)));
  child.on('close', (code, signal) => ended(hasEnded(signal ?? `exit ${code}`)));
  // Where the system has no descriptors left there is none.
  const openings = (child.stdio as ChildProcess['stdio'] | undefined)?.[OPENING_FD];
  if (openings) answerOpenings(openings as Readable & Writable, running);
  return running;
}

/** @throws AppError unavailable where the system starts no process */
function begin([program, version]: readonly [string, string]): ChildProcess {
  const { fork } = process.getBuiltinModule('node:child_process');
  try {
    return fork(program, [COURIER, version], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc', 'pipe'],
    });
  } catch (error) {
    throw cannotStart(error);
  }
}

function cannotStart(error: unknown): AppError {
  const what = `the process that asks others cannot be started (${describeError(error)})`;
  return new AppError('unavailable', what, {
    hints: ['see how many processes and how much memory it may have'],
  });
}

/** Each line is the number of a message whose data may begin now: it waits, and so does its server, until that is written down. */
function answerOpenings(pipe: Readable & Writable, { waiting }: Running): void {
  // It goes with its process.
  pipe.on('error', () => undefined);
  let begun = '';
  pipe.setEncoding('latin1').on('data', (part: string) => {
    begun += part;
    // It waits for its answer: never more than one line, and never less.
    if (!begun.endsWith('\n')) return;
    const id = Number(begun);
    begun = '';
    let failure: Failure | undefined;
    try {
      const onData = waiting.get(id)?.onData;
      if (!onData) throw new Error('nobody waits for this message');
      onData();
    } catch (error) {
      failure = encode(error);
    }
    pipe.write(`${JSON.stringify(failure ?? null)}\n`);
  });
}

/** @param how a signal, or how it ended */
function hasEnded(how: string): AppError {
  return new AppError('unavailable', `the process that was to ask ended before it had an answer (${how})`, {
    hints: ['where reseal was replaced while it ran, start its daemon anew'],
  });
}
