import type { Declaration } from '../domain/credential.ts';
import { AppError } from '../domain/error.ts';
import { ownTokenOf } from '../domain/own-token.ts';
import type { Kind } from '../kinds/kind.ts';
import type { StatedExpiry } from '../rotate/expiry.ts';
import type { Standing } from './alarm.ts';

/** What was said on the command line that a rotation can contradict. */
export interface Wanted {
  readonly stated: StatedExpiry | undefined;
  readonly stdin: boolean;
  readonly onlyMissing: boolean;
  readonly standing: Standing | undefined;
  readonly passwordFile: string | undefined;
}

/**
 * Whether what was asked for can be done with this credential.
 *
 * @param onTerminal whether standard input is one
 * @throws AppError invalid_input saying what to do instead
 */
export function ensureRotatable(
  declaration: Declaration,
  kind: Kind,
  wanted: Wanted,
  onTerminal: boolean,
): void {
  const refusal =
    contradiction(wanted) ??
    ownToken(declaration) ??
    nothingToDo(declaration, kind, wanted) ??
    passwordProblem(kind, wanted) ??
    noFile(declaration, kind, wanted, onTerminal) ??
    noEnd(kind, wanted) ??
    noDate(declaration, kind, wanted);
  if (refusal) throw refusal;
}

function contradiction({ onlyMissing, stated, standing }: Wanted): AppError | undefined {
  if (!onlyMissing || (!stated && !standing)) return undefined;
  return new AppError(
    'invalid_input',
    `--only-missing stores the token that is recorded already: ${stated ? 'its expiry is known' : 'one that is revoked or leaked must not be stored again'}`,
    { hints: [stated ? 'leave --expires, --lifetime and --never out' : 'rotate without --only-missing'] },
  );
}

function ownToken({ name }: Declaration): AppError | undefined {
  if (!ownTokenOf(name)) return undefined;
  return new AppError(
    'invalid_input',
    `"${name}" is reseal's own token: it is read from its file, and stored nowhere else`,
    {
      hints: [
        'make a new one at https://github.com/settings/personal-access-tokens and write it into that file (github in the configuration)',
      ],
    },
  );
}

/** Without a destination, a rotation is of use only where the credential or its issuer says when it ends. */
function nothingToDo(
  { name, destinations }: Declaration,
  { expiry }: Kind,
  { onlyMissing }: Wanted,
): AppError | undefined {
  if (destinations.length > 0) return undefined;
  if (onlyMissing) {
    return new AppError(
      'invalid_input',
      `"${name}" declares no destination, so that nothing can be missing`,
      { hints: [`for a new one: reseal rotate ${name}`] },
    );
  }
  if (expiry.known !== 'entered') return undefined;
  return new AppError(
    'invalid_input',
    `"${name}" declares no destination, so there is nowhere to store a token`,
    {
      hints: [`record its new date instead: reseal record ${name} --expires 2027-06-01`],
    },
  );
}

function passwordProblem({ reader, title }: Kind, { passwordFile, stdin }: Wanted): AppError | undefined {
  if (passwordFile === undefined) return undefined;
  if (!reader) {
    return new AppError('invalid_input', `--password-file: a ${title} has no password of its own`, {
      hints: ['leave it out'],
    });
  }
  if (stdin) return undefined;
  return new AppError('invalid_input', '--password-file goes with --stdin: the form asks for the password', {
    hints: ['add --stdin, or leave it out'],
  });
}

/** A terminal takes a line, and changes or cuts what is more than that. */
function noFile(
  { name }: Declaration,
  { shape, title, reader }: Kind,
  { stdin }: Wanted,
  onTerminal: boolean,
): AppError | undefined {
  if (!stdin || !onTerminal || (shape !== 'text' && shape !== 'file')) return undefined;
  return new AppError('invalid_input', `a ${title} is more than a line, and a terminal takes no more`, {
    hints: [
      `give the file itself: reseal rotate ${name} --stdin < FILE`,
      ...(reader ? ['where a password opens it, name the file that holds it: --password-file FILE'] : []),
    ],
  });
}

/** What ends by a rule of its issuer must not be recorded as what never does: nobody would be reminded. */
function noEnd({ lifetimes, title, issuer }: Kind, { stated }: Wanted): AppError | undefined {
  if (stated?.kind !== 'never' || lifetimes.never) return undefined;
  return new AppError('invalid_input', `--never: ${issuer} gives no ${title} without an end`, {
    hints: [
      'say when it ends: --expires 2027-06-01 or --lifetime 90d; or leave it out where it says so itself',
    ],
  });
}

function noDate(
  { lifetime }: Declaration,
  { expiry, lifetimes }: Kind,
  { stdin, stated, onlyMissing }: Wanted,
): AppError | undefined {
  const ways = lifetimes.never ? '--lifetime 365d or --never' : 'or --lifetime 90d';
  if (!stdin || stated || onlyMissing || lifetime || expiry.known !== 'entered') return undefined;
  return new AppError('invalid_input', 'nothing says when the new token expires', {
    hints: [`add --expires 2027-06-01${lifetimes.never ? ',' : ''} ${ways} as it was chosen at the issuer`],
  });
}
