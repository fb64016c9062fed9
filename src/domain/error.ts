/**
 * What can go wrong in a way a person can act on. Anything else is a bug and ends the program with status 70.
 *
 * - `invalid_config`, `invalid_input`: what was written is wrong; nothing was touched
 * - `not_initialised`: there is no database here yet
 * - `conflict`: somebody else is at it (a second daemon, an open form)
 * - `busy`: the database was locked for too long
 * - `not_found`, `unauthorized`, `forbidden`, `limited`, `moved`, `refused`: a service said no
 * - `unavailable`: a service could not be reached, or what answered was not its answer
 * - `unsettled`: something may have happened and only a person can say what
 * - `storage`: the database or a file could not be used
 */
export type ErrorCode =
  | 'invalid_config'
  | 'invalid_input'
  | 'not_initialised'
  | 'conflict'
  | 'busy'
  | 'not_found'
  | 'unauthorized'
  | 'forbidden'
  | 'limited'
  | 'moved'
  | 'refused'
  | 'unavailable'
  | 'unsettled'
  | 'storage';

/** An expected failure: what was wrong, and as `hints` what the reader can do next. Never holds the text of a secret. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly hints: readonly string[];
  /** Of `limited`: how long the service asks to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { hints?: readonly string[]; cause?: unknown; retryAfterMs?: number | undefined } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.hints = options.hints ?? [];
    this.retryAfterMs = options.retryAfterMs;
  }
}

export function isAppError(error: unknown, code?: ErrorCode): error is AppError {
  return error instanceof AppError && (code === undefined || error.code === code);
}

/** One line for a person. A foreign error is named by its class and code only: its text may hold what must not be shown. */
export function describeError(error: unknown): string {
  if (error instanceof AppError) return error.message;
  if (error instanceof Error) {
    const code = (error as { code?: unknown }).code;
    return typeof code === 'string' ? `${error.name} (${code})` : error.name;
  }
  return 'unknown error';
}
