import { AppError } from '../domain/error.ts';
import { Secret } from '../domain/secret.ts';
import { MAX_SECRET_BYTES, trimAscii } from '../kinds/format.ts';

const CTRL_C = 0x03;
const CTRL_D = 0x04;
const BACKSPACE = 0x7f;

/**
 * Reads a token from standard input: everything up to its end from a pipe, one line without echo from a terminal.
 *
 * @returns undefined when the person pressed Ctrl-C
 * @throws AppError invalid_input when it is larger than GitHub stores
 */
export async function readToken(
  input: NodeJS.ReadStream,
  prompt: (text: string) => void,
): Promise<Secret | undefined> {
  const bytes = input.isTTY ? await readLine(input, prompt) : await readAll(input);
  if (!bytes) return undefined;
  const trimmed = trimAscii(bytes);
  const own = Buffer.allocUnsafeSlow(trimmed.length);
  own.set(trimmed);
  bytes.fill(0);
  return new Secret(own);
}

async function readAll(input: NodeJS.ReadStream): Promise<Buffer> {
  const bytes = Buffer.alloc(MAX_SECRET_BYTES);
  let length = 0;
  for await (const chunk of input as AsyncIterable<Buffer>) {
    if (length + chunk.length > bytes.length) {
      bytes.fill(0);
      throw new AppError(
        'invalid_input',
        'what came on standard input is larger than GitHub stores as a secret (48 KB)',
        {
          hints: ['send the token alone'],
        },
      );
    }
    bytes.set(chunk, length);
    length += chunk.length;
    chunk.fill(0);
  }
  return bytes.subarray(0, length);
}

function readLine(input: NodeJS.ReadStream, prompt: (text: string) => void): Promise<Buffer | undefined> {
  prompt('paste the token and press Enter (it is not shown): ');
  const bytes = Buffer.alloc(MAX_SECRET_BYTES);
  let length = 0;
  input.setRawMode(true);
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
  const done = (line: Buffer | undefined) => {
    input.off('data', onData);
    input.setRawMode(false);
    input.pause();
    prompt('\n');
    resolve(line);
  };
  const onData = (chunk: Buffer) => {
    for (const byte of chunk) {
      if (byte === CTRL_C) return done(undefined);
      if (byte === 0x0d || byte === 0x0a || byte === CTRL_D) return done(bytes.subarray(0, length));
      if (byte === BACKSPACE) length = Math.max(0, length - 1);
      else if (length < bytes.length) bytes[length++] = byte;
    }
    chunk.fill(0);
    return undefined;
  };
  input.on('data', onData);
  input.resume();
  return promise;
}
