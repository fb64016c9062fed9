import type { Destination } from '../domain/credential.ts';

/** A secret of an environment as GitHub lists it: its name and its times, never its value. */
export interface FoundSecret {
  readonly destination: Destination;
  readonly createdAt: Date;
  /** When it was last written. */
  readonly updatedAt: Date;
}

/** What GitHub shows of some repositories. */
export interface Discovery {
  readonly found: readonly FoundSecret[];
  /** Every environment, those without a secret too. */
  readonly environments: readonly FoundEnvironment[];
  /** What could not be read: of it nothing is known, which is not the same as that there is nothing. */
  readonly unread: readonly Unread[];
}

interface FoundEnvironment {
  /** `owner/name` */
  readonly repo: string;
  readonly environment: string;
}

export interface Unread {
  /** `owner/name`, or `owner/name › environment`. */
  readonly where: string;
  /** In words, with the next step where there is one. */
  readonly reason: string;
}

/** The repositories of a person or an organisation that the token is shown. */
export interface Listing {
  /** `owner/name`, by name. */
  readonly repos: readonly string[];
  /** Archived or disabled: nothing is released from them, and no secret can be stored there. */
  readonly leftOut: readonly string[];
}

/** Finds environments and their secrets. Reads only. */
export interface Discoverer {
  /** @throws AppError where the list cannot be read to its end */
  listRepositories(owner: string): Promise<Listing>;
  /** Never throws for what GitHub says: see `unread`. */
  discover(repos: readonly string[]): Promise<Discovery>;
}
