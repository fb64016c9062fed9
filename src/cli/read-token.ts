import { fstatSync } from 'node:fs';
import { AppError, describeError } from '../domain/error.ts';
import { Secret } from '../domain/secret.ts';
import { MAX_SECRET_BYTES, trimAscii } from '../kinds/format.ts';
import type { Shape } from '../kinds/kind.ts';
import { withoutLineEnd } from '../kinds/line-end.ts';
import { TypedLine, tooLarge } from './typed-line.ts';

/** Where a person looks while the token is typed. */
export interface Screen {
  readonly prompt: (text: string) => void;
  /** Sends a control sequence to the terminal; does nothing where there is none that is understood. */
  readonly control: (sequence: string) => void;
}

/**
 * Reads a token from standard input: everything up to its end from a pipe, one line without echo from a terminal.
 *
 * @param shape what of it belongs to the token: of a line what stands between the blanks, of a file every byte
 * @returns undefined when the person pressed Ctrl-C, the terminal was closed, or `stopped` says so
 * @throws AppError invalid_input when it is larger than GitHub stores, cannot be read, is a directory, or was not one line of text from a terminal
 */
export async function readToken(
  input: NodeJS.ReadStream,
  screen: Screen,
  stopped: AbortSignal,
  shape: Shape = 'line',
): Promise<Secret | undefined> {
  ensureNoDirectory(input);
  const bytes = input.isTTY ? await readLine(input, screen, stopped) : await readAll(input, stopped);
  if (!bytes) return undefined;
  try {
    const token = tokenOf(bytes, shape);
    if (token.length > MAX_SECRET_BYTES) throw tooLarge();
    return ownSecret(token);
  } finally {
    bytes.fill(0);
  }
}

/** Of a directory, Node makes a stream that ends at once. */
function ensureNoDirectory({ fd }: NodeJS.ReadStream & { readonly fd?: unknown }): void {
  if (typeof fd !== 'number' || !fstatSync(fd).isDirectory()) return;
  throw new AppError('invalid_input', 'standard input is a directory, not a file', {
    hints: ['name the file in it: --stdin < FILE'],
  });
}

function tokenOf(bytes: Uint8Array, shape: Shape): Uint8Array {
  if (shape === 'line') return trimAscii(bytes);
  return shape === 'any' ? withoutLineEnd(bytes) : bytes;
}

/** A copy of its own. */
export function ownSecret(bytes: Uint8Array): Secret {
  const own = ownBytes(bytes.length);
  own.set(bytes);
  return new Secret(own);
}

async function readAll(input: NodeJS.ReadStream, stopped: AbortSignal): Promise<Buffer | undefined> {
  const piped = new Piped();
  const stop = () => input.destroy();
  stopped.addEventListener('abort', stop);
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) piped.add(chunk);
    return stopped.aborted ? undefined : piped.take();
  } catch (error) {
    if (stopped.aborted) return undefined;
    if (error instanceof AppError) throw error;
    throw unreadable(error);
  } finally {
    piped.wipe();
    stopped.removeEventListener('abort', stop);
  }
}

/** Nothing more for so long, and a paste is through that no terminal marks. */
const SILENCE_MS = 200;
/** The same within a paste that is marked: its end is sure to come, unless the terminal is broken. */
const PASTE_SILENCE_MS = 3_000;
/** Asks the terminal to mark what is pasted (xterm, "Bracketed Paste Mode"). */
const MARK_PASTES = '\x1b[?2004h';
const MARK_NO_PASTES = '\x1b[?2004l';

/** What has been pasted is read to its end, also after a refusal or Ctrl-C: the shell would run what is left of it. */
async function readLine(
  input: NodeJS.ReadStream,
  { prompt, control }: Screen,
  stopped: AbortSignal,
): Promise<Buffer | undefined> {
  const line = new TypedLine();
  const { promise: through, resolve } = Promise.withResolvers<void>();
  let silence: NodeJS.Timeout | undefined;
  const awaitSilence = () => {
    clearTimeout(silence);
    silence = setTimeout(resolve, line.pasting ? PASTE_SILENCE_MS : SILENCE_MS);
  };
  const onData = (chunk: Buffer) => {
    line.feed(chunk);
    if (line.isOver) resolve();
    else if (line.end !== undefined) awaitSilence();
  };
  let most: NodeJS.Timeout | undefined;
  const onStop = () => {
    line.cancel();
    awaitSilence();
    // Keys that keep coming must not hold the end off.
    most ??= setTimeout(resolve, PASTE_SILENCE_MS);
  };
  // A terminal that went away ends, or fails with EIO.
  const onGone = () => {
    line.cancel();
    resolve();
  };
  const unmark = () => control(MARK_NO_PASTES);
  input.on('end', onGone).on('error', onGone);
  stopped.addEventListener('abort', onStop);
  process.once('exit', unmark);
  input.setRawMode(true);
  if (await discardAhead(input)) prompt('what was typed before this was thrown away\n');
  input.on('data', onData);
  control(MARK_PASTES);
  // Only now: what is pasted at the sight of it must not be shown.
  prompt('paste the token and press Enter (it is not shown): ');
  input.resume();
  try {
    await through;
    if (line.end instanceof AppError) throw line.end;
    return line.end === 'line' ? copyOf(line.text()) : undefined;
  } finally {
    line.wipe();
    clearTimeout(silence);
    clearTimeout(most);
    input.off('data', onData).off('end', onGone);
    stopped.removeEventListener('abort', onStop);
    process.off('exit', unmark);
    unmark();
    if (!input.destroyed) input.setRawMode(false);
    input.pause();
    prompt('\n');
  }
}

/** So long it takes the terminal to hand over what it holds. */
const AHEAD_MS = 50;

/**
 * What was typed before anybody was asked stood on the screen, and the terminal cut it off at 4,095 bytes (termios(3), "Canonical and
 * noncanonical mode"): it is no token. @returns whether there was anything
 */
async function discardAhead(input: NodeJS.ReadStream): Promise<boolean> {
  let any = false;
  const onData = (chunk: Buffer) => {
    any = true;
    chunk.fill(0);
  };
  input.on('data', onData);
  input.resume();
  await new Promise((resolve) => setTimeout(resolve, AHEAD_MS));
  input.off('data', onData);
  return any;
}

/** V8 keeps small arrays within its own heap, and moves them without wiping what it leaves behind. */
const LEAST_BYTES = 128;

function ownBytes(length: number): Buffer {
  return Buffer.allocUnsafeSlow(Math.max(LEAST_BYTES, length)).subarray(0, length);
}

function copyOf(bytes: Buffer): Buffer {
  const copy = ownBytes(bytes.length);
  bytes.copy(copy);
  return copy;
}

/** What has come so far through a pipe, in one buffer of its own. */
class Piped {
  // With room for the line end behind a line, which is no part of it.
  readonly #bytes = Buffer.alloc(MAX_SECRET_BYTES + 2);
  #length = 0;

  /** Appends, and overwrites `chunk`. */
  add(chunk: Buffer): void {
    const fits = this.#length + chunk.length <= this.#bytes.length;
    if (fits) {
      this.#bytes.set(chunk, this.#length);
      this.#length += chunk.length;
    }
    chunk.fill(0);
    if (!fits) throw tooLarge();
  }

  /** A copy, which the caller wipes. */
  take(): Buffer {
    return copyOf(this.#bytes.subarray(0, this.#length));
  }

  wipe(): void {
    this.#bytes.fill(0);
  }
}

function unreadable(error: unknown): AppError {
  return new AppError('invalid_input', `standard input cannot be read: ${describeError(error)}`, {
    hints: ['pipe the token in, or run it on a terminal'],
    cause: error,
  });
}
