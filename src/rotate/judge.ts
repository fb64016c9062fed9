import { addDays, formatForPeople } from '../domain/calendar.ts';
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
 * What is a mistake as a rule is asked about once for each value. Where there is one try alone, it is a warning, which the caller says.
 *
 * @param questions each a clause
 */
export function judgeQuestions(
  questions: readonly string[],
  fingerprint: string,
  {
    questioned,
    oneTry,
  }: { readonly questioned: Set<number | string>; readonly oneTry?: boolean | undefined },
): Refusal | undefined {
  const asked = questions.map((one) => ({ one, key: `${fingerprint} ${one}` }));
  const fresh = oneTry ? [] : asked.filter(({ key }) => !questioned.has(key));
  if (fresh.length === 0) return undefined;
  for (const { key } of fresh) questioned.add(key);
  return refuse(fresh.map(({ one }) => `${one}: if that is meant, send the same once more`));
}

/** Clocks differ by so much without anything being wrong. */
const SKEW_MS = 5 * 60_000;

/** A warning where it counts from a later time on. */
export function notYetValid(begins: Date | undefined, now: Date): readonly string[] {
  if (!begins || begins.getTime() <= now.getTime() + SKEW_MS) return [];
  return [
    `it begins at ${formatForPeople(begins)}, and a release before that fails with it: look whether it is the right one, and whether the clock of this machine is right`,
  ];
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
