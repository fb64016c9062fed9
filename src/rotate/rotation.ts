import type { Lifetime } from '../domain/calendar.ts';
import type { Destination, NewVersion } from '../domain/credential.ts';
import type { Expiry } from '../domain/expiry.ts';
import type { Secret } from '../domain/secret.ts';
import type { ExpiryKnowledge, Reading, Said, Shape } from '../kinds/kind.ts';

/**
 * One attempt to replace a credential's token. `intended` is durable before anything is sent to GitHub; `stored` means
 * that GitHub said yes; `verified` that its `updated_at` moved. `unconfirmed`: a write may have landed, and only a
 * person can say whether it was ours.
 */
export type RotationState =
  | 'opened'
  | 'submitted'
  | 'checked'
  | 'intended'
  | 'stored'
  | 'verified'
  | 'recorded'
  | 'rejected'
  | 'abandoned'
  | 'failed'
  | 'unconfirmed';

/** The moves that the journal allows; all others are bugs. */
export const MOVES: Readonly<Record<RotationState, readonly RotationState[]>> = {
  opened: ['submitted', 'rejected', 'abandoned', 'failed'],
  // To itself: where a refusal could not be written down, the next submission begins from here.
  submitted: ['checked', 'opened', 'submitted', 'abandoned', 'failed', 'rejected'],
  // Recorded at once: where it is to be stored nowhere.
  checked: ['intended', 'recorded', 'opened', 'abandoned', 'failed'],
  intended: ['stored', 'failed', 'unconfirmed', 'recorded'],
  stored: ['verified', 'unconfirmed', 'recorded'],
  verified: ['recorded'],
  unconfirmed: ['recorded', 'failed', 'abandoned'],
  recorded: [],
  rejected: [],
  abandoned: [],
  failed: [],
};

/**
 * What a person chose as Expiration at the issuer. `stated`: said on the command line already. `found`: nobody is asked, since the
 * credential itself or its issuer says it.
 */
export type ChosenExpiration =
  | { readonly kind: 'days'; readonly days: number }
  | { readonly kind: 'date'; readonly date: string }
  | { readonly kind: 'never' }
  | { readonly kind: 'stated' }
  | { readonly kind: 'found' };

export interface Submission {
  readonly token: Secret;
  /** What opens it, where it is locked by a password of its own; wiped with the token. */
  readonly password?: Secret | undefined;
  readonly expiration: ChosenExpiration;
  /** The deliberate second step after an inconclusive check. */
  readonly unchecked: boolean;
}

export type StepName = 'precheck' | 'form' | 'submitted' | 'checked' | 'intended' | 'stored' | 'verified';

/** One line of progress, as `rotate --json` prints it. Never holds anything of the token. */
export interface StepReport {
  readonly step: StepName;
  readonly credential: string;
  readonly destination?: string;
  readonly outcome: string;
  readonly detail?: string;
  readonly address?: string;
  /** Of several destinations: how many are through with this step. */
  readonly progress?: { readonly done: number; readonly total: number };
}

export type ResultOutcome = 'recorded' | 'partial' | 'rejected' | 'failed' | 'unconfirmed' | 'abandoned';

export interface RotationResult {
  readonly outcome: ResultOutcome;
  readonly version?: number;
  readonly expiry?: Expiry;
  readonly reasons?: readonly string[];
  /** What the person should do next, if anything. */
  readonly next?: readonly string[];
  /** What the credential and its issuer said of it, for a person who compares. */
  readonly says?: readonly Said[];
  /** What should be looked at although it was taken. */
  readonly warnings?: readonly string[];
  /** It is to be stored nowhere: its date is recorded, and that is all. */
  readonly destinationless?: true;
}

/** What recognises a token without keeping it: two that are alike are of the same token. */
export interface Fingerprints {
  of(token: Secret): string;
  /** Whether it was made with the key that is here, so that a token can be held against it. */
  isComparable(fingerprint: string | undefined): boolean;
  /** `unknown`: they were made with different keys, or there is none. */
  compare(a: string | undefined, b: string | undefined): 'same' | 'different' | 'unknown';
}

/** The version whose missing destinations a rotation stores, with what is known of it. */
export interface Completion {
  readonly version: number;
  readonly known: NewVersion;
}

/** What became of one submission: the form stays open after `refused`, and is done after `finished`. */
export type SubmitOutcome =
  | {
      readonly kind: 'refused';
      readonly reasons: readonly string[];
      readonly mayStoreUnchecked: boolean;
      /** What the reasons are about; absent: the token. */
      readonly field?: 'password' | 'expiration';
    }
  | { readonly kind: 'finished'; readonly result: RotationResult };

/** What the page and the terminal show before anything is pasted: the runbook card of one credential. */
export interface RotationCard {
  readonly credential: string;
  readonly purpose: string;
  readonly kindTitle: string;
  readonly issuer: string;
  /** Host and address of the issuer where it is not the public one; shown with emphasis. */
  readonly issuerHost: string;
  readonly issuerPage: string | undefined;
  readonly steps: readonly string[];
  readonly nameAtIssuer: string | undefined;
  readonly scopes: readonly string[];
  readonly declaredLifetime: Lifetime | undefined;
  readonly destinations: readonly {
    readonly destination: Destination;
    /** Host of the API that receives it, such as `api.github.com`. */
    readonly host: string;
    /** GitHub's time of the last change, or undefined: the secret will be created. */
    readonly updatedAt: Date | undefined;
  }[];
  /** Hosts other than the public ones, to be named before anything is pasted. */
  readonly unusualHosts: readonly string[];
  /** The same six characters stand in the terminal and on the page, so that a foreign page is noticed. */
  readonly code: string;
  readonly presets: readonly number[];
  readonly customDate: boolean;
  readonly never: boolean;
  /** The expiry stated on the command line; then the page does not ask. */
  readonly statedExpiry: string | undefined;
  /** Who knows the expiry: the page asks only where a person has to say it. */
  readonly expiry: ExpiryKnowledge;
  /** How the value comes: a line to paste, or a file to choose. */
  readonly shape: Shape;
  /** It may be locked by a password of its own (PKCS#12). */
  readonly password: boolean;
  /** How it is stored where that is not as it is, in a sentence. */
  readonly encoding?: string | undefined;
  /** What the live check proves; undefined: this kind is not checked live. */
  readonly proves: string | undefined;
  /** The token that is replaced must not be relied on any more: what to do about it, in order. */
  readonly alarm?:
    | {
        readonly standing: 'revoked' | 'leaked';
        readonly steps: readonly { readonly text: string; readonly link?: string | undefined }[];
      }
    | undefined;
  /** The same token goes where it is missing still; `already`: where it is. */
  readonly onlyMissing?: { readonly version: number; readonly already: readonly Destination[] } | undefined;
}

/** Where the journal of rotations is kept. Every change is durable when the call returns. */
export interface RotationLog {
  open(rotation: OpenedRotation): void;
  move(id: string, to: RotationState, at: Date, detail?: string): void;
  /** Writes the intent of one PUT, and moves the rotation to `intended`. Throws when it cannot be kept. */
  intend(id: string, intent: DestinationIntent, chosen: NewVersion): void;
  settleDestination(id: string, destination: Destination, change: DestinationChange): void;
  /** Records the new version, or that more places have the one that this rotation completes. @returns its number */
  record(id: string, version: NewVersion, at: Date): number;
  /** Notes that somebody else has changed a destination: what it holds is not ours. */
  disown(credential: string, destination: Destination, at: Date): void;
  /** Every rotation that has not ended: open, interrupted or unconfirmed. */
  unfinished(): readonly JournalEntry[];
  unsettled(credential: string): readonly JournalEntry[];
  /** Writes there since then of which nobody has seen that they landed: one of them may have, late. Newest first. */
  lateAttempts(
    credential: string,
    destination: Destination,
    since: Date | undefined,
  ): readonly { readonly rotation: string; readonly intendedAt: Date }[];
}

export interface OpenedRotation {
  readonly id: string;
  readonly credential: string;
  readonly openedAt: Date;
  readonly pid: number;
  readonly host: string;
  /** Version whose missing destinations are to be stored; undefined: it makes a new one. */
  readonly completes?: number | undefined;
}

export interface DestinationIntent {
  readonly destination: Destination;
  readonly keyId: string;
  /** GitHub's `updated_at` before the write; undefined: the secret did not exist. */
  readonly baselineUpdatedAt: Date | undefined;
  /** By GitHub's clock. */
  readonly intendedAt: Date;
  readonly localAt: Date;
}

export interface DestinationChange {
  readonly state: 'stored' | 'verified' | 'failed' | 'unconfirmed';
  readonly at: Date;
  readonly remoteUpdatedAt?: Date;
  readonly requestId?: string;
  readonly detail?: string;
}

export interface JournalEntry {
  readonly id: string;
  readonly credential: string;
  /** Version whose missing destinations it stores; undefined: it makes a new one. */
  readonly completes: number | undefined;
  readonly state: RotationState;
  readonly openedAt: Date;
  readonly updatedAt: Date;
  readonly pid: number;
  readonly host: string;
  readonly detail: string | undefined;
  /** The version that it is to become; known from the first intent on. */
  readonly chosen: NewVersion | undefined;
  readonly destinations: readonly JournalDestination[];
}

export interface JournalDestination {
  readonly destination: Destination;
  readonly state: 'intended' | 'stored' | 'verified' | 'failed' | 'unconfirmed';
  readonly baselineUpdatedAt: Date | undefined;
  readonly intendedAt: Date;
  readonly remoteUpdatedAt: Date | undefined;
}

/** What a credential says about itself. Asked only for what has the right form. */
export interface Reader {
  /**
   * Never throws for a value: what is wrong with it is among the problems.
   *
   * @param password what opens it; undefined: none was given
   */
  read(token: Secret, password: Secret | undefined): Promise<Reading>;
}

/** A service that can say whether a token is alive. */
export interface Issuer {
  /** Never throws for an answer or a failed call: what could not be learned is `inconclusive`. */
  check(token: Secret): Promise<IssuerAnswer>;
}

export type IssuerAnswer =
  | {
      readonly verdict: 'live';
      /** When it ends, where the issuer says so; its source is `observed`. */
      readonly expiry?: Expiry | undefined;
      /** What else the issuer said of it: whose it is, what it may do. Never a part of it. */
      readonly says?: readonly Said[];
      /** What should be looked at although it works, such as a scope that nothing needs. */
      readonly warnings?: readonly string[];
    }
  | { readonly verdict: 'refused'; readonly reason: string }
  | { readonly verdict: 'inconclusive'; readonly reason: string };

/** Where tokens are put. All times are GitHub's own. */
export interface SecretStore {
  /** Whether the destination can be written to, as far as reading tells. @throws AppError saying what to do */
  precheck(destination: Destination): Promise<ReadyDestination>;
  /** @throws AppError */
  read(destination: Destination): Promise<DestinationView>;
  /** Every secret of the destination's environment, by name. @throws AppError */
  names(destination: Destination): Promise<readonly { readonly name: string; readonly updatedAt: Date }[]>;
  /** Fetches the environment's key. @throws AppError */
  publicKey(destination: Destination): Promise<PublicKey>;
  seal(token: Secret, key: string): Promise<string>;
  /** Opens a connection for what comes next. Asks nothing, and never throws. */
  connect(): Promise<void>;
  /** Never throws for an answer or a failed call. */
  put(
    destination: Destination,
    sealed: { readonly value: string; readonly keyId: string },
  ): Promise<PutAnswer>;
}

/** Of one environment: key and id come from one answer. */
export interface PublicKey {
  readonly keyId: string;
  readonly key: string;
  readonly serverTime: Date | undefined;
}

/** A destination that can be written to: its key is fetched before anybody is asked for a token. */
export interface ReadyDestination extends DestinationView {
  readonly key: PublicKey;
}

export interface DestinationView {
  /** Undefined: the environment is there, and the secret is not. */
  readonly updatedAt: Date | undefined;
  /** Undefined: the answer carried no time. */
  readonly serverTime: Date | undefined;
}

export type PutAnswer =
  | {
      readonly kind: 'stored';
      readonly created: boolean;
      readonly serverTime: Date | undefined;
      readonly requestId: string | undefined;
    }
  | { readonly kind: 'stale-key'; readonly reason: string }
  /** A limit: not stored, and not to be asked again before `waitMs` have passed. */
  | { readonly kind: 'limited'; readonly reason: string; readonly waitMs: number }
  /** `everywhere`: the token itself is not accepted, so that no other destination is to be tried. */
  | {
      readonly kind: 'refused';
      readonly reason: string;
      readonly hints: readonly string[];
      readonly everywhere?: boolean;
    }
  /** It may have landed, or may land still. */
  | { readonly kind: 'unclear'; readonly reason: string }
  /** No connection came about, so that it surely has not landed. */
  | { readonly kind: 'not-sent'; readonly reason: string };
