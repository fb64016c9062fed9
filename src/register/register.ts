import type {
  Declaration,
  Destination,
  DestinationState,
  FormerVersion,
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
  /** Replaced by a rotation, and not said to be revoked at the issuer: newest first. Whether their kind needs it is the kind's to say. */
  readonly former: readonly FormerVersion[];
  /** Since when a rotation of it is unconfirmed. */
  readonly unconfirmedSince: Date | undefined;
  readonly destinations: readonly StoredDestination[];
}

/** What the register knows of a credential's place in the configuration. */
export type KnownDeclaration = Pick<StoredCredential, 'declaration' | 'declared' | 'retiredAt'>;

export interface StoredDestination {
  readonly destination: Destination;
  readonly version: number | undefined;
  readonly state: DestinationState;
  readonly storedAt: Date | undefined;
  /** GitHub's time of our last own write; where there was none, of the write that was found at adoption. */
  readonly remoteUpdatedAt: Date | undefined;
  /** When it was last read to the end at GitHub. */
  readonly checkedAt: Date | undefined;
  /** When it was first seen missing or changed by somebody else, which is what its state says; undefined: it is not. */
  readonly changedAt: Date | undefined;
}

export type RegisterChange =
  | { readonly kind: 'add'; readonly declaration: Declaration }
  | { readonly kind: 'change'; readonly declaration: Declaration; readonly changed: readonly string[] }
  | { readonly kind: 'vanish'; readonly name: string }
  | { readonly kind: 'return'; readonly declaration: Declaration };

export interface Register {
  /** All of them, by name. Where there may be very many: `inBatches`. */
  list(): readonly StoredCredential[];
  /** All of them by name, some hundred at a time, without those that are named. */
  inBatches(except?: readonly string[]): Iterable<readonly StoredCredential[]>;
  /** Those of these names that there are, in any order. */
  some(names: readonly string[]): readonly StoredCredential[];
  find(name: string): StoredCredential | undefined;
  /** What is kept of the configuration, credential by credential. */
  declarations(): Iterable<KnownDeclaration>;
  /** All changes in one transaction, each with its entry in the history. */
  apply(changes: readonly RegisterChange[], at: Date): void;
  /** Records the next version of a credential. @returns its number */
  addVersion(credential: string, version: NewVersion, at: Date): number;
  /**
   * Records the next version as what these destinations hold, which somebody else wrote, and by GitHub's times of it. @returns its
   * number
   */
  adopt(
    credential: string,
    version: NewVersion,
    seen: readonly { readonly destination: Destination; readonly updatedAt: Date }[],
    at: Date,
  ): number;
  /** Quiet until then. */
  acknowledge(credential: string, until: Date, at: Date): void;
  /** No more reminders, until a version is recorded again. */
  retire(credential: string, at: Date): void;
  /**
   * A person said that the current version is revoked or leaked. Where none is recorded, one without a date is. A leak is never
   * taken back. @returns whether that is new
   */
  declare(credential: string, standing: 'revoked' | 'leaked', at: Date): boolean;
  /** Every former version is revoked at its issuer, as a person said. @returns their numbers */
  revokeFormer(credential: string, at: Date): readonly number[];
  /** Destinations whose next look has come, at most `limit`. */
  toLookAt(now: Date, limit: number): readonly Watched[];
  /** It is not to be looked at any more. */
  unwatch(credential: string, destination: Destination): void;
  /** The current version is accepted by its issuer after all. Of no effect where it is good, or leaked. */
  restore(credential: string, at: Date): void;
  /** What a look has shown, and when the next one is due. `changedAt` is kept from the first time. */
  noteLook(credential: string, destination: Destination, look: Look, at: Date): void;
  /** Keeps what GitHub shows of a destination that reseal has never stored to: what later changes are told from. */
  noteRemote(credential: string, destination: Destination, remote: RemoteSecret, at: Date): void;
}

/** A destination to be looked at, with what is known of it. */
export interface Watched extends StoredDestination {
  readonly credential: string;
}

/** What one look at a destination has shown. */
export interface Look {
  /** Undefined: it stays what it was. */
  readonly state: DestinationState | undefined;
  /** False: it could not be read. */
  readonly read: boolean;
  readonly nextLookAt: Date;
  /** For the history, where the state changes; metadata only. */
  readonly detail: Readonly<Record<string, string>>;
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
  stored: Iterable<Pick<KnownDeclaration, 'declaration' | 'declared'>>,
): readonly RegisterChange[] {
  const names = new Set(declared.map(({ name }) => name));
  const known = new Map<string, Pick<KnownDeclaration, 'declaration' | 'declared'>>();
  const vanished: RegisterChange[] = [];
  for (const credential of stored) {
    const { name } = credential.declaration;
    if (names.has(name)) known.set(name, credential);
    else if (credential.declared) vanished.push({ kind: 'vanish', name });
  }
  const changes: RegisterChange[] = [];
  for (const declaration of declared) {
    const before = known.get(declaration.name);
    if (!before) changes.push({ kind: 'add', declaration });
    else if (!before.declared) changes.push({ kind: 'return', declaration });
    else {
      const changed = differences(before.declaration, declaration);
      if (changed.length > 0) changes.push({ kind: 'change', declaration, changed });
    }
  }
  return [...changes, ...vanished];
}

function differences(before: Declaration, after: Declaration): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof Declaration>;
  return [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name])).sort();
}
