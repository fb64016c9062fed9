import type { Lifetime } from '../domain/calendar.ts';
import {
  addDays,
  addLifetime,
  daysBetween,
  formatDay,
  parseInstant,
  startOfDay,
} from '../domain/calendar.ts';
import type { Declaration, NewVersion, Version } from '../domain/credential.ts';
import { AppError } from '../domain/error.ts';
import type { Expiry } from '../domain/expiry.ts';
import type { Kind } from '../kinds/kind.ts';
import type {
  ChosenExpiration,
  Completion,
  Fingerprints,
  IssuerAnswer,
  Submission,
  SubmitOutcome,
} from './rotation.ts';

/** What was said on the command line of the new token's expiry. */
export type StatedExpiry =
  | { readonly kind: 'expires'; readonly at: Date }
  | { readonly kind: 'lifetime'; readonly lifetime: Lifetime };

/** What may be stored: the version that the token is to become. */
export type Verdict = { readonly kind: 'accepted'; readonly version: NewVersion } | Refusal;
type Refusal = Extract<SubmitOutcome, { kind: 'refused' }>;

/** Reasons in the bytes alone. Asked before the issuer is, so that a foreign token is not sent there. */
export function judgeFormat(kind: Kind, token: Uint8Array): Refusal | undefined {
  const reasons = kind.checkFormat(token);
  return reasons.length > 0 ? { kind: 'refused', reasons, mayStoreUnchecked: false } : undefined;
}

const FURTHEST_DAYS = 3653;

/**
 * Whether the chosen expiry can be right: ahead, within ten years, and no earlier than that of the token which is replaced, unless
 * it was asked about already or said on the command line. Asked before the issuer is.
 *
 * @param questioned the expiries that were asked about; this one is added when it is
 */
export function judgeExpiry(
  chosen: Expiry | undefined,
  current: Version | undefined,
  {
    stated,
    now,
    questioned,
  }: { readonly stated: boolean; readonly now: Date; readonly questioned: Set<number> },
): Refusal | undefined {
  if (chosen?.kind !== 'known') return undefined;
  const day = formatDay(chosen.at);
  const refuse = (reason: string): Refusal => ({
    kind: 'refused',
    reasons: [reason],
    mayStoreUnchecked: false,
  });
  if (chosen.at <= now) return refuse(`the expiration ${day} has passed already: look at the date again`);
  if (chosen.at > addDays(now, FURTHEST_DAYS))
    return refuse(`the expiration ${day} is more than ten years away: look at the year again`);
  const before =
    current?.standing === 'good' && current.expiry.kind === 'known' ? current.expiry.at : undefined;
  if (stated || !before || chosen.at >= before || questioned.has(chosen.at.getTime())) return undefined;
  questioned.add(chosen.at.getTime());
  return refuse(
    `the new token would expire on ${day}, before the one that it replaces (${formatDay(before)}): if that is right, send the same once more`,
  );
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
  const refuse = (reason: string): Refusal => ({
    kind: 'refused',
    reasons: [reason],
    mayStoreUnchecked: false,
  });
  if (completes) {
    if (compare(fingerprint, completes.known.fingerprint) === 'same') return undefined;
    return refuse(
      `this is not the token of version ${completes.version}, which the other destinations hold: paste that one, or rotate without --only-missing to store a new one everywhere`,
    );
  }
  if (!current || compare(fingerprint, current.fingerprint) !== 'same') return undefined;
  return refuse(
    `this is the token that is stored already, as version ${current.version}: make a new one at ${kind.issuer} and paste that (to store this one where it is missing: --only-missing)`,
  );
}

/**
 * Accepts, or says why not. An answer that settles nothing is accepted only as a deliberate second step.
 *
 * @param answer undefined: this kind has no live check
 */
export function judgeAnswer(
  answer: IssuerAnswer | undefined,
  submission: Pick<Submission, 'unchecked' | 'expiration'>,
  context: {
    readonly stated: StatedExpiry | undefined;
    readonly declaration: Declaration;
    readonly now: Date;
    readonly completes?: Completion | undefined;
  },
): Verdict {
  if (answer?.verdict === 'refused')
    return { kind: 'refused', reasons: [answer.reason], mayStoreUnchecked: false };
  if (answer?.verdict === 'inconclusive' && !submission.unchecked) {
    const reason = `the token could not be checked: ${answer.reason}`;
    return { kind: 'refused', reasons: [reason], mayStoreUnchecked: true };
  }
  const checked = answer === undefined ? 'not-asked' : answer.verdict === 'live' ? 'live' : 'unchecked';
  if (context.completes) return { kind: 'accepted', version: { ...context.completes.known, checked } };
  const chosen = resolveExpiry(submission.expiration, context);
  if (!chosen) {
    const reasons = ['nothing says when it expires: choose the Expiration that was set at the issuer'];
    return { kind: 'refused', reasons, mayStoreUnchecked: false };
  }
  return { kind: 'accepted', version: { ...chosen, checked } };
}

/**
 * The expiry of the new version. A choice of so many days ends at the first instant of its last day in UTC: the issuer
 * counts from the minute of creation, which is a little earlier than now.
 */
export function resolveExpiry(
  choice: ChosenExpiration,
  context: {
    readonly stated: StatedExpiry | undefined;
    readonly declaration: Declaration;
    readonly now: Date;
  },
): Omit<NewVersion, 'checked'> | undefined {
  const { stated, declaration, now } = context;
  switch (choice.kind) {
    case 'never':
      return { expiry: { kind: 'never', source: 'entered' }, lifetimeDays: undefined, createdAt: now };
    case 'days':
      return known(startOfDay(addDays(now, choice.days)), 'entered', choice.days, now);
    case 'date':
      return until(parseInstant(choice.date), now);
    case 'stated':
      if (stated?.kind === 'expires') return until(stated.at, now);
      if (stated) return known(startOfDay(addLifetime(now, stated.lifetime)), 'entered', undefined, now);
      if (!declaration.lifetime) return undefined;
      return known(startOfDay(addLifetime(now, declaration.lifetime)), 'computed', undefined, now);
  }
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

function until(at: Date, now: Date): Omit<NewVersion, 'checked'> {
  return known(at, 'entered', daysBetween(now, at), now);
}

function known(
  at: Date,
  source: Expiry['source'],
  lifetimeDays: number | undefined,
  now: Date,
): Omit<NewVersion, 'checked'> {
  return {
    expiry: { kind: 'known', at, source },
    lifetimeDays: lifetimeDays ?? daysBetween(startOfDay(now), at),
    createdAt: now,
  };
}
