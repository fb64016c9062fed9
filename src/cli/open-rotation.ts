import type { App } from '../app.ts';
import type { Destination } from '../domain/credential.ts';
import type { Rotation } from '../rotate/rotate.ts';
import type { DestinationView, RotationResult } from '../rotate/rotation.ts';
import type { Context } from './command.ts';

/** A rotation whose destinations have been looked at: what is left is to get the token. */
export interface OpenRotation {
  readonly context: Context;
  readonly app: App;
  readonly rotation: Rotation;
  readonly before: ReadonlyMap<Destination, DestinationView>;
  /** Said on the command line: store it although its issuer cannot be asked. */
  readonly unchecked: boolean;
}

/** How a rotation ended, and by which signal if by one. */
export interface Ended {
  readonly result: RotationResult;
  readonly signal?: NodeJS.Signals | undefined;
}
