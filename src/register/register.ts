import type {
  Declaration,
  Destination,
  DestinationState,
  NewVersion,
  Version,
} from '../domain/credential.ts';

/** A credential as the database knows it. */
export interface StoredCredential {
  readonly declaration: Declaration;
  /** False once it has left the configuration: its reminders go on until it is retired. */
  readonly declared: boolean;
  readonly firstSeenAt: Date;
  readonly acknowledgedUntil: Date | undefined;
  readonly retiredAt: Date | undefined;
  /** The latest version, if any was recorded. */
  readonly current: Version | undefined;
  readonly destinations: readonly StoredDestination[];
}

export interface StoredDestination {
  readonly destination: Destination;
  readonly version: number | undefined;
  readonly state: DestinationState;
  readonly storedAt: Date | undefined;
  /** GitHub's time of our last own write. */
  readonly remoteUpdatedAt: Date | undefined;
}

export type RegisterChange =
  | { readonly kind: 'add'; readonly declaration: Declaration }
  | { readonly kind: 'change'; readonly declaration: Declaration; readonly changed: readonly string[] }
  | { readonly kind: 'vanish'; readonly name: string }
  | { readonly kind: 'return'; readonly declaration: Declaration };

export interface Register {
  list(): readonly StoredCredential[];
  find(name: string): StoredCredential | undefined;
  /** All changes in one transaction, each with its entry in the history. */
  apply(changes: readonly RegisterChange[], at: Date): void;
  /** Records the next version of a credential. @returns its number */
  addVersion(credential: string, version: NewVersion, at: Date): number;
  /** Quiet until then. */
  acknowledge(credential: string, until: Date, at: Date): void;
  /** No more reminders, until a version is recorded again. */
  retire(credential: string, at: Date): void;
  /** Keeps what GitHub shows of a destination that reseal has never stored to: what later changes are told from. */
  noteRemote(credential: string, destination: Destination, remote: RemoteSecret, at: Date): void;
}

/** A secret as GitHub shows it. */
export interface RemoteSecret {
  /** Undefined: there is none of that name. */
  readonly updatedAt: Date | undefined;
  /** From the recorded creation, by more than a day. */
  readonly differs: boolean;
}

/** What the configuration changes in the register: read, decide, apply. A credential that vanished is kept. */
export function planRegister(
  declared: readonly Declaration[],
  stored: readonly StoredCredential[],
): readonly RegisterChange[] {
  const known = new Map(stored.map((credential) => [credential.declaration.name, credential]));
  const changes: RegisterChange[] = [];
  for (const declaration of declared) {
    const before = known.get(declaration.name);
    known.delete(declaration.name);
    if (!before) changes.push({ kind: 'add', declaration });
    else if (!before.declared) changes.push({ kind: 'return', declaration });
    else {
      const changed = differences(before.declaration, declaration);
      if (changed.length > 0) changes.push({ kind: 'change', declaration, changed });
    }
  }
  for (const [name, credential] of known) {
    if (credential.declared) changes.push({ kind: 'vanish', name });
  }
  return changes;
}

function differences(before: Declaration, after: Declaration): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof Declaration>;
  return [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name])).sort();
}
