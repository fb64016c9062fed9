import { AppError, describeError } from '../domain/error.ts';
import { Secret } from '../domain/secret.ts';
import { MAX_SECRET_BYTES, trimAscii } from '../kinds/format.ts';

const CTRL_C = 0x03;
const CTRL_D = 0x04;
const CTRL_H = 0x08;
const CTRL_U = 0x15;
const BACKSPACE = 0x7f;
const LINE_ENDS = [0x0a, 0x0d, CTRL_D];

/**
 * Reads a token from standard input: everything up to its end from a pipe, one line without echo from a terminal.
 *
 * @returns undefined when the person pressed Ctrl-C, the terminal was closed, or `stopped` says so
 * @throws AppError invalid_input when it is larger than GitHub stores, or cannot be read
 */
export async function readToken(
  input: NodeJS.ReadStream,
  prompt: (text: string) => void,
  stopped: AbortSignal,
): Promise<Secret | undefined> {
  const bytes = input.isTTY ? await readLine(input, prompt, stopped) : await readAll(input, stopped);
  if (!bytes) return undefined;
  const trimmed = trimAscii(bytes);
  const own = ownBytes(trimmed.length);
  own.set(trimmed);
  bytes.fill(0);
  return new Secret(own);
}

async function readAll(input: NodeJS.ReadStream, stopped: AbortSignal): Promise<Buffer | undefined> {
  const typed = new Typed();
  const stop = () => input.destroy();
  stopped.addEventListener('abort', stop);
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) typed.add(chunk);
    return typed.take();
  } catch (error) {
    typed.wipe();
    if (stopped.aborted) return undefined;
    if (error instanceof AppError) throw error;
    throw unreadable(error);
  } finally {
    stopped.removeEventListener('abort', stop);
  }
}

function readLine(
  input: NodeJS.ReadStream,
  prompt: (text: string) => void,
  stopped: AbortSignal,
): Promise<Buffer | undefined> {
  const typed = new Typed();
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>();
  const onData = (chunk: Buffer) => {
    const end = chunk.findIndex((byte) => byte === CTRL_C || LINE_ENDS.includes(byte));
    const cancelled = chunk[end] === CTRL_C;
    try {
      typed.type(end < 0 ? chunk : chunk.subarray(0, end));
      if (end >= 0) resolve(cancelled ? undefined : typed.take());
    } catch (error) {
      reject(error);
    } finally {
      // What was pasted behind the line, too.
      chunk.fill(0);
    }
  };
  const onStop = () => resolve(undefined);
  // A terminal that went away ends, or fails with EIO.
  input.on('data', onData).on('end', onStop).on('error', onStop);
  stopped.addEventListener('abort', onStop);
  input.setRawMode(true);
  // Only now: what is pasted at the sight of it must not be shown.
  prompt('paste the token and press Enter (it is not shown): ');
  input.resume();
  return promise.finally(() => {
    typed.wipe();
    input.off('data', onData).off('end', onStop);
    stopped.removeEventListener('abort', onStop);
    if (!input.destroyed) input.setRawMode(false);
    input.pause();
    prompt('\n');
  });
}

/** V8 keeps small arrays within its own heap, and moves them without wiping what it leaves behind. */
const LEAST_BYTES = 128;

function ownBytes(length: number): Buffer {
  return Buffer.allocUnsafeSlow(Math.max(LEAST_BYTES, length)).subarray(0, length);
}

/** What has come so far, in one buffer of its own. */
class Typed {
  readonly #bytes = Buffer.alloc(MAX_SECRET_BYTES);
  #length = 0;

  /** Appends, and overwrites `chunk`. */
  add(chunk: Buffer): void {
    if (this.#length + chunk.length > this.#bytes.length) {
      chunk.fill(0);
      throw tooLarge();
    }
    this.#bytes.set(chunk, this.#length);
    this.#length += chunk.length;
    chunk.fill(0);
  }

  /** Appends as a terminal would: some keys take back. */
  type(chunk: Buffer): void {
    for (const byte of chunk) {
      if (byte === BACKSPACE || byte === CTRL_H) this.#length = Math.max(0, this.#length - 1);
      else if (byte === CTRL_U) this.#length = 0;
      else if (this.#length === this.#bytes.length) throw tooLarge();
      else this.#bytes[this.#length++] = byte;
    }
  }

  /** A copy, which the caller wipes; this one is wiped here. */
  take(): Buffer {
    const taken = ownBytes(this.#length);
    this.#bytes.copy(taken, 0, 0, this.#length);
    this.wipe();
    return taken;
  }

  wipe(): void {
    this.#bytes.fill(0);
  }
}

function tooLarge(): AppError {
  return new AppError(
    'invalid_input',
    'what came on standard input is larger than GitHub stores as a secret (48 KB)',
    { hints: ['send the token alone'] },
  );
}

function unreadable(error: unknown): AppError {
  return new AppError('invalid_input', `standard input cannot be read: ${describeError(error)}`, {
    hints: ['pipe the token in, or run it on a terminal'],
    cause: error,
  });
}
