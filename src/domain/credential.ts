import type { Lifetime } from './calendar.ts';
import { daysBetween } from './calendar.ts';
import type { Expiry } from './expiry.ts';
import { daysLeft, isAnyLeadTimeCrossed } from './expiry.ts';

/** Where a token must be put: one secret of one environment of one repository. */
export interface Destination {
  /** `owner/name` */
  readonly repo: string;
  readonly environment: string;
  readonly secret: string;
}

/** What the configuration says of a credential: metadata only. */
export interface Declaration {
  readonly name: string;
  readonly kind: string;
  /** Name of an entry of `owners`. */
  readonly owner: string;
  readonly purpose: string | undefined;
  readonly lifetime: Lifetime | undefined;
  readonly nameAtIssuer: string | undefined;
  readonly scopes: readonly string[];
  /** How it is stored: `base64` where the workflow decodes it; absent: as it is, save what is no text. */
  readonly encoding?: 'base64' | undefined;
  /** Declared as not yet made: listed, never counted as due. */
  readonly planned: boolean;
  readonly destinations: readonly Destination[];
}

/** One issue of a credential. Versions count 1, 2, 3… and each has its own expiry. */
export interface Version {
  readonly version: number;
  readonly createdAt: Date | undefined;
  readonly lifetimeDays: number | undefined;
  readonly expiry: Expiry;
  /** What became of it: `revoked` and `leaked` are said by a person. */
  readonly standing: 'good' | 'revoked' | 'leaked';
  /** Since when it is revoked or leaked. */
  readonly standingAt: Date | undefined;
  /** When somebody said, or saw, that it is revoked at its issuer. */
  readonly revokedAt: Date | undefined;
  /** Recognises its token; undefined: it was never pasted here. */
  readonly fingerprint: string | undefined;
  /** Whether its issuer was asked before it was stored. */
  readonly checked: 'live' | 'unchecked' | 'not-asked';
  readonly recordedAt: Date;
}

/** What is known of a version that is about to be recorded. */
export interface NewVersion {
  readonly expiry: Expiry;
  readonly lifetimeDays: number | undefined;
  readonly createdAt: Date | undefined;
  readonly checked: Version['checked'];
  /** Recognises its token; absent: it was not pasted here. */
  readonly fingerprint?: string | undefined;
}

/** A version that a rotation has replaced, whose token may live on at its issuer. */
export interface FormerVersion {
  readonly version: number;
  readonly expiry: Expiry;
  readonly standing: Version['standing'];
  /** When its successor was recorded. */
  readonly replacedAt: Date;
}

export type DestinationState =
  | 'verified'
  | 'unconfirmed'
  | 'missing'
  | 'changed-elsewhere'
  | 'never-stored'
  | 'unknown';

export type CredentialState =
  | 'planned'
  | 'ok'
  | 'due'
  | 'critical'
  | 'expired'
  | 'revoked'
  | 'unknown'
  | 'never';

const CRITICAL_DAYS = 3;

/** The lifetime that chooses the lead times: as declared or computed, else the days left when it was recorded. */
export function effectiveLifetimeDays(version: Version): number {
  if (version.lifetimeDays !== undefined) return version.lifetimeDays;
  if (version.expiry.kind !== 'known') return 0;
  return Math.max(0, daysBetween(version.createdAt ?? version.recordedAt, version.expiry.at));
}

/** What `status` says of a credential. A credential without a recorded version is `planned` or `unknown`, never fine. */
export function credentialState(planned: boolean, version: Version | undefined, now: Date): CredentialState {
  if (!version) return planned ? 'planned' : 'unknown';
  if (version.standing !== 'good') return 'revoked';
  if (version.expiry.kind !== 'known') return version.expiry.kind;
  if (version.expiry.at <= now) return 'expired';
  const left = daysLeft(version.expiry, now) ?? 0;
  if (left <= CRITICAL_DAYS) return 'critical';
  return isAnyLeadTimeCrossed(version.expiry.at, effectiveLifetimeDays(version), now) ? 'due' : 'ok';
}

/** Whether a state asks for a person, so that `status` ends with 1. */
export function needsPerson(state: CredentialState): boolean {
  return (
    state === 'due' ||
    state === 'critical' ||
    state === 'expired' ||
    state === 'revoked' ||
    state === 'unknown'
  );
}

export function formatDestination(destination: Destination): string {
  return `${destination.repo} › ${destination.environment} › ${destination.secret}`;
}

export function sameDestination(a: Destination, b: Destination): boolean {
  return (
    a.repo.toLowerCase() === b.repo.toLowerCase() &&
    a.environment.toLowerCase() === b.environment.toLowerCase() &&
    a.secret.toUpperCase() === b.secret.toUpperCase()
  );
}
