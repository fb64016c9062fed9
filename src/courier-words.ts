import type { Config } from './config/config.ts';
import type { Destination } from './domain/credential.ts';
import type { ErrorCode } from './domain/error.ts';
import { AppError } from './domain/error.ts';
import type { Draft } from './remind/reminder.ts';

// What the daemon and its courier say to each other, over Node's channel between processes.

/** Where the courier asks before the first byte of a message leaves, and reads the answer before it does anything else. */
export const OPENING_FD = 4;

export type Request =
  | { readonly what: 'clock'; readonly apiUrl: string }
  | {
      readonly what: 'token-expiry';
      readonly apiUrl: string;
      readonly token: string;
      readonly tokenFile: string;
    }
  | { readonly what: 'open-store'; readonly config: Config }
  | {
      readonly what: 'precheck' | 'read' | 'names' | 'publicKey';
      readonly config: Config;
      readonly destination: Destination;
    }
  | { readonly what: 'render'; readonly config: Config; readonly name: string; readonly draft: Draft }
  | {
      readonly what: 'send';
      readonly config: Config;
      readonly name: string;
      readonly recipient: string;
      readonly payload: Uint8Array;
    }
  | { readonly what: 'close'; readonly name: string }
  | { readonly what: 'rest' };

export type Answered =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly failure: Failure };

/** An error on its way. Of one that is not ours, class and code only: its text may hold what must not be shown. */
export type Failure =
  | {
      readonly kind: 'expected';
      readonly code: ErrorCode;
      readonly message: string;
      readonly hints: readonly string[];
      readonly retryAfterMs: number | undefined;
    }
  | { readonly kind: 'bug'; readonly name: string; readonly code: string | undefined };

export function encode(error: unknown): Failure {
  if (error instanceof AppError) {
    const { code, message, hints, retryAfterMs } = error;
    return { kind: 'expected', code, message, hints, retryAfterMs };
  }
  const { name, code } =
    error instanceof Error ? (error as NodeJS.ErrnoException) : { name: 'Error', code: undefined };
  return { kind: 'bug', name, code: typeof code === 'string' ? code : undefined };
}

export function decode(failure: Failure): Error {
  if (failure.kind === 'expected') {
    const { code, message, hints, retryAfterMs } = failure;
    return new AppError(code, message, { hints, retryAfterMs });
  }
  const { name, code } = failure;
  return Object.assign(
    new Error('in the process that asks others'),
    { name },
    code === undefined ? {} : { code },
  );
}
