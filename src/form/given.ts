import type { Secret } from '../domain/secret.ts';
import type { RotationCard } from '../rotate/rotation.ts';
import type { Problem } from './fields.ts';
import type { Fields, SecretName } from './sent.ts';

/** The longest password that opens a file. */
export const MAX_PASSWORD_BYTES = 1_024;

/** The secret fields that the page of a card has. */
export function secretNames({ shape, password }: RotationCard): readonly SecretName[] {
  return [
    ...(shape === 'line' || shape === 'any' ? (['token'] as const) : []),
    ...(shape === 'line' ? [] : (['file'] as const)),
    ...(password ? (['password'] as const) : []),
  ];
}

/** What a person has handed over, by one field or the other. */
export interface Given {
  readonly token: Secret;
  readonly field: 'token' | 'file';
}

/** @returns why nothing can be taken, where no field or more than one is filled in, or it is too long */
export function readGiven({ token, file }: Fields, card: RotationCard, maxBytes: number): Given | Problem {
  if (file === undefined)
    return token ? givenLine(token, card, maxBytes) : problem('file', 'No file was chosen.');
  if (token && token.length > 0)
    return problem(
      'token',
      'Something was pasted and a file was chosen, and only one can be stored: give one of them.',
    );
  if (file.length === 0)
    return problem('file', 'The file holds nothing, or a line break alone. Choose another one.');
  if (file.length <= maxBytes) return { token: file, field: 'file' };
  return problem(
    'file',
    `The file is ${file.length} bytes long, and no more than ${maxBytes} can be stored: choose the one that holds nothing else.`,
  );
}

function givenLine(token: Secret, { shape }: RotationCard, maxBytes: number): Given | Problem {
  if (token.length === 0) {
    const neither = 'Nothing was pasted, and no file was chosen: give one of them.';
    return problem('token', shape === 'any' ? neither : 'The token field was empty.');
  }
  if (token.length <= maxBytes) return { token, field: 'token' };
  return problem('token', `What was pasted is longer than ${maxBytes} bytes: paste the token alone.`);
}

/** An empty field is no password; blanks in one may be meant. */
export function readPassword({ password }: Fields): Secret | Problem | undefined {
  if (!password || password.length === 0) return undefined;
  if (password.length <= MAX_PASSWORD_BYTES) return password;
  return problem('password', `The password is longer than ${MAX_PASSWORD_BYTES} bytes: enter it alone.`);
}

function problem(field: Problem['field'], reason: string): Problem {
  return { field, reason };
}
