import { addDays } from '../domain/calendar.ts';
import type { NewVersion } from '../domain/credential.ts';
import { AppError } from '../domain/error.ts';
import type { Kind, Reading } from '../kinds/kind.ts';
import type { Completion, Fingerprints, IssuerAnswer, SubmitOutcome } from './rotation.ts';

export type Refusal = Extract<SubmitOutcome, { kind: 'refused' }>;

/** Further ahead than this, the year is mistyped. */
export const FURTHEST_DAYS = 3653;

export function refuse(reasons: readonly string[], field?: Refusal['field']): Refusal {
  return { kind: 'refused', reasons, mayStoreUnchecked: false, ...(field ? { field } : {}) };
}

/** Reasons in the bytes alone. Asked before the issuer is, so that a foreign token is not sent there. */
export function judgeFormat(kind: Kind, token: Uint8Array): Refusal | undefined {
  const reasons = kind.checkFormat(token);
  return reasons.length > 0 ? refuse(reasons) : undefined;
}

/** Reasons in what the credential says about itself. */
export function judgeReading(reading: Reading | undefined): Refusal | undefined {
  return reading && reading.problems.length > 0 ? refuse(reading.problems, reading.about) : undefined;
}

/**
 * Whether the token may be this one, by its fingerprint: a new version is another token, and what completes a version is the
 * same. Where nothing can be compared, a new version is taken for what it is said to be.
 */
export function judgeSameness(
  fingerprint: string,
  compare: Fingerprints['compare'],
  {
    current,
    completes,
    kind,
  }: {
    readonly current: { readonly version: number; readonly fingerprint: string | undefined } | undefined;
    readonly completes: Completion | undefined;
    readonly kind: Kind;
  },
): Refusal | undefined {
  if (completes) {
    if (compare(fingerprint, completes.known.fingerprint) === 'same') return undefined;
    return refuse([
      `this is not the token of version ${completes.version}, which the other destinations hold: paste that one, or rotate without --only-missing to store a new one everywhere`,
    ]);
  }
  if (!current || compare(fingerprint, current.fingerprint) !== 'same') return undefined;
  return refuse([
    `this is the token that is stored already, as version ${current.version}: make a new one at ${kind.issuer} and paste that (to store this one where it is missing: --only-missing)`,
  ]);
}

/**
 * What the issuer's answer makes of it, or why it is not taken. An answer that settles nothing is taken only as a deliberate second
 * step.
 *
 * @param answer undefined: this kind has no live check
 */
export function judgeAnswer(
  answer: IssuerAnswer | undefined,
  { unchecked }: { readonly unchecked: boolean },
): NewVersion['checked'] | Refusal {
  if (answer?.verdict === 'refused') return refuse([answer.reason]);
  if (answer?.verdict === 'inconclusive' && !unchecked) {
    const reason = `the token could not be checked: ${answer.reason}`;
    return { kind: 'refused', reasons: [reason], mayStoreUnchecked: true };
  }
  return answer === undefined ? 'not-asked' : answer.verdict === 'live' ? 'live' : 'unchecked';
}

/** @throws AppError invalid_input when the stated date is no future date within ten years */
export function ensureFuture(at: Date, now: Date): void {
  if (at <= now) throw new AppError('invalid_input', '--expires does not lie in the future');
  if (at > addDays(now, FURTHEST_DAYS)) {
    throw new AppError('invalid_input', '--expires is more than ten years away', {
      hints: ['check the year'],
    });
  }
}
