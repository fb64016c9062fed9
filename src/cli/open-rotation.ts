import type { App } from '../app.ts';
import type { Ready, Rotation } from '../rotate/rotate.ts';
import type { RotationResult } from '../rotate/rotation.ts';
import type { Stop } from '../rotate/stop.ts';
import type { Context } from './command.ts';

/** A rotation whose destinations have been looked at: what is left is to get the token. */
export interface OpenRotation {
  readonly context: Context;
  readonly app: App;
  readonly rotation: Rotation & { readonly stop: Stop };
  readonly before: Ready;
  /** Said on the command line: store it although its issuer cannot be asked. */
  readonly unchecked: boolean;
  /** Holds what opens the credential, for standard input; undefined: it is not locked, or the form asks. */
  readonly passwordFile: string | undefined;
}

/** How a rotation ended, and by which signal if by one. */
export interface Ended {
  readonly result: RotationResult;
  readonly signal?: NodeJS.Signals | undefined;
}

/** A signal that came too late, or found the rotation at its end, is not what ended it. */
export function endedWith(result: RotationResult, signal: NodeJS.Signals | undefined): Ended {
  return result.outcome === 'abandoned' ? { result, signal } : { result };
}
