import { AppError } from '../domain/error.ts';
import type { Secret } from '../domain/secret.ts';
import { findKind } from '../kinds/catalogue.ts';
import type { Recognised } from '../kinds/recognise.ts';
import { recogniseBytes } from '../kinds/recognise.ts';
import type { Context } from './command.ts';
import type { Screen } from './read-token.ts';
import { readToken } from './read-token.ts';

/**
 * Says which kind a value from standard input looks like. It is sent nowhere and kept nowhere, and nothing of it is printed.
 *
 * @returns 0 recognised, 1 not, 130 stopped by Ctrl-C
 * @throws AppError invalid_input when nothing can be read, or more than GitHub stores
 */
export async function recogniseInput({ out }: Context): Promise<number> {
  const value = await readValue();
  if (!value) return 130;
  try {
    if (value.length === 0) throw nothingCame();
    const found = recogniseBytes(value.reveal());
    if (out.json) out.resultJson({ schemaVersion: 1, recognised: found ? asJson(found) : null });
    else if (!found) out.result('not recognised: kind generic takes anything');
    else out.result(`it looks like ${found.what}: ${whatToDeclare(found.kind)}`);
    if (found && findKind(found.kind)) out.hint(`all that is known of it: reseal kinds ${found.kind}`);
    return found ? 0 : 1;
  } finally {
    value.wipe();
  }
}

const screen: Screen = {
  prompt: (text) => process.stderr.write(text.replace('the token', 'the value')),
  control: (sequence) => {
    if (process.env['TERM'] !== 'dumb' && process.stderr.isTTY) process.stderr.write(sequence);
  },
};
const FROM_FILE = 'give the file itself: reseal kinds --recognise < FILE';

async function readValue(): Promise<Secret | undefined> {
  try {
    return await readToken(process.stdin, screen, new AbortController().signal, 'any');
  } catch (error) {
    // Its hints are about a rotation.
    if (!(error instanceof AppError)) throw error;
    throw new AppError(error.code, error.message, { hints: [FROM_FILE], cause: error });
  }
}

/** `declare` is a kind for the configuration, or null where none is meant. */
function asJson({ kind, what }: Recognised): object {
  return { what, declare: findKind(kind) ? kind : null };
}

function nothingCame(): AppError {
  return new AppError('invalid_input', 'standard input held nothing', {
    hints: ['pipe the value in', FROM_FILE],
  });
}

/** Looks that are no kind of their own, as `Recognised` names them. */
const NO_KIND: Readonly<Record<string, string>> = {
  'crates-io-trusted': 'it lives for half an hour, so it is not stored and not declared',
  pem: 'app-store-connect-key, ssh-deploy-key and certificate take one, each from its own issuer',
  'public-key': 'it is no secret; what is stored and declared is its private half',
};

function whatToDeclare(kind: string): string {
  if (findKind(kind)) return `declare kind ${kind}`;
  return NO_KIND[kind] ?? 'there is no kind of its own for it: kind generic takes it';
}
