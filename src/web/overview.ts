import type { CredentialStatus } from '../register/status.ts';
import type { Outcome, Severity } from '../verify/finding.ts';

/** Everything that a look at the installation shows, at one instant. Metadata only. */
export interface Overview {
  readonly now: Date;
  readonly version: string;
  /** What a person types in front of a command. */
  readonly command: string;
  /** Most urgent first. */
  readonly credentials: readonly OverviewCredential[];
  /** How many less urgent ones there are beyond them. */
  readonly omitted: number;
  /** What fails or cannot be seen, worst first. */
  readonly findings: readonly OverviewFinding[];
  /** Pipelines that are declared, and when each was last verified. */
  readonly pipelines: readonly { readonly name: string; readonly verifiedAt: Date | undefined }[];
  readonly mail: {
    readonly counts: Readonly<Record<'pending' | 'inFlight' | 'sent' | 'ambiguous' | 'dead', number>>;
    readonly waiting: readonly WaitingMail[];
    /** When the oldest that is owed and not delivered fell due. */
    readonly oldestDueAt: Date | undefined;
    /** Nobody can be mailed or called: nothing is configured. */
    readonly isConfigured: boolean;
  };
  /** What is wrong with the installation itself: the configuration, the clock, a channel that fails as a whole. */
  readonly troubles: readonly { readonly name: string; readonly detail: string; readonly since: Date }[];
  readonly beats: {
    readonly cycle: Date | undefined;
    readonly goodCycle: Date | undefined;
    readonly verify: Date | undefined;
  };
  /** The last entry of the history. */
  readonly head: { readonly seq: number; readonly hash: string } | undefined;
}

export interface OverviewCredential {
  readonly status: CredentialStatus;
  readonly kindTitle: string;
  readonly issuer: string;
  /** The issuer's page to renew it. */
  readonly page: string | undefined;
  /** What stops working when it dies. */
  readonly breaks: string;
  /** The reminders of its current version, widest first; empty where no date is known. */
  readonly leads: readonly { readonly days: number; readonly at: Date; readonly reached: boolean }[];
  /** What to type next, complete; undefined: nothing is to be done. */
  readonly next: string | undefined;
}

export interface OverviewFinding {
  readonly pipeline: string;
  readonly rule: string;
  readonly subject: string;
  readonly outcome: Outcome;
  readonly severity: Severity;
  readonly observed: string;
  readonly remedy: string;
  readonly firstSeenAt: Date;
}

export interface WaitingMail {
  readonly id: number;
  readonly state: string;
  readonly channel: string;
  readonly recipient: string;
  /** What it is about, in a few words. */
  readonly about: string;
  readonly lastError: string | undefined;
  readonly nextAttemptAt: Date | undefined;
}
