/** Why a setting could not be read. Whatever the reason, its rules answer `unknown`, never `pass`. */
export type Obstacle =
  /** The token may not read it; the reason names the permission. */
  | 'permission'
  /** No token is configured that could read it. */
  | 'no-token'
  /** The plan of the repository does not have it. */
  | 'plan'
  /** Nothing has been published yet that would show it. */
  | 'not-published'
  /** Written or published so recently that not every reader shows it yet. */
  | 'settling'
  /** No answer, a limit, or an answer that was none. */
  | 'unreachable';

/** A setting as it was read, or why it could not be. */
export type Fact<T> = Known<T> | Unavailable;

export interface Known<T> {
  readonly known: true;
  readonly value: T;
}

export interface Unavailable {
  readonly known: false;
  readonly obstacle: Obstacle;
  /** For people, in one line, such as `the token may not read it: GitHub asks for the permission actions:read`. */
  readonly reason: string;
}

export function known<T>(value: T): Known<T> {
  return { known: true, value };
}

export function unavailable(obstacle: Obstacle, reason: string): Unavailable {
  return { known: false, obstacle, reason };
}
