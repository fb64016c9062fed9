import { addLifetime, formatDay, parseInstant } from '../domain/calendar.ts';
import { AppError } from '../domain/error.ts';
import type { ChosenExpiration, RotationCard } from '../rotate/rotation.ts';
import { nounOf } from './words.ts';

/** What was sent as the answer to "which expiration did you choose". */
export interface RawChoice {
  readonly expiration: string | undefined;
  readonly expiresOn: string | undefined;
  /** It is to be stored without the check. */
  readonly unchecked: boolean;
}

export type Choice =
  | { readonly kind: 'chosen'; readonly expiration: ChosenExpiration }
  | { readonly kind: 'problem'; readonly field: 'expiration' | 'expires-on'; readonly reason: string }
  /** Nothing that the page could have sent. */
  | { readonly kind: 'foreign' };

export interface Option {
  readonly value: string;
  readonly label: string;
}

const FURTHEST = '10y';

/**
 * Whether a person is asked although the credential itself or its issuer should say it. `unchecked`: it may be stored without the
 * check, so that its issuer is not asked after all; `undated`: neither has said it.
 */
export type AskedAnyway = 'no' | 'unchecked' | 'undated';

/**
 * The answers that the page offers, in its order. None where nobody is asked: the command line has said it already, or the
 * credential says it itself, or its issuer does when it is checked.
 */
export function offeredOptions(card: RotationCard, anyway: AskedAnyway = 'no'): readonly Option[] {
  const { known } = card.expiry;
  if (card.statedExpiry !== undefined) return [];
  if (known === 'read' && anyway !== 'undated') return [];
  if (known === 'observed' && anyway === 'no') return [];
  const options = card.presets.map((days) => ({
    value: `${days}d`,
    label: days === 1 ? '1 day' : `${days} days`,
  }));
  // An issuer of which nothing is known still gives its tokens some date.
  if (card.customDate || (options.length === 0 && !card.never))
    options.push({ value: 'date', label: 'Another date' });
  if (card.never) options.push({ value: 'never', label: 'No expiration' });
  if (known === 'read-or-entered') return [asItSays(card), ...options];
  return options;
}

function asItSays(card: RotationCard): Option {
  return { value: 'found', label: `As the ${nounOf(card)} itself says` };
}

export function readChoice(
  raw: RawChoice,
  card: RotationCard,
  now: Date,
  anyway: AskedAnyway = 'no',
): Choice {
  const options = offeredOptions(card, anyway);
  const isOffered = options.some((option) => option.value === raw.expiration);
  if (options.length === 0) {
    const silent = raw.expiration === undefined && raw.expiresOn === undefined;
    if (!silent) return { kind: 'foreign' };
    return chosen({ kind: card.statedExpiry === undefined ? 'found' : 'stated' });
  }
  if (raw.expiration !== undefined && !isOffered) return { kind: 'foreign' };
  if (raw.expiration !== undefined) return readAnswer(raw.expiration, raw, now);
  // It is checked after all, and its issuer says it then.
  if (card.expiry.known === 'observed' && anyway === 'unchecked' && !raw.unchecked)
    return chosen({ kind: 'found' });
  return problem('expiration', missing(card));
}

function missing({ expiry, issuer }: RotationCard): string {
  return expiry.known === 'observed'
    ? `Say which Expiration you chose at ${issuer}: ${issuer} has not said it.`
    : `Say which Expiration you chose at ${issuer}: nothing is assumed.`;
}

function readAnswer(expiration: string, { expiresOn }: RawChoice, now: Date): Choice {
  if (expiration === 'date') return readDate(expiresOn ?? '', now);
  if (expiresOn) {
    return problem(
      'expires-on',
      'A date is filled in beside another answer: choose "Another date", or empty it.',
    );
  }
  if (expiration === 'never' || expiration === 'found') return chosen({ kind: expiration });
  return chosen({ kind: 'days', days: Number(expiration.slice(0, -1)) });
}

function readDate(text: string, now: Date): Choice {
  if (text === '') return problem('expires-on', 'Enter the date on which it expires.');
  const at = dayFrom(text);
  if (!at) return problem('expires-on', 'The expiration date is not a date: write it as 2027-06-01.');
  if (at <= now)
    return problem('expires-on', `The expiration date is in the past: today is ${formatDay(now)} in UTC.`);
  if (at > addLifetime(now, FURTHEST)) {
    return problem('expires-on', 'The expiration date is more than ten years away: look at the year again.');
  }
  return chosen({ kind: 'date', date: text });
}

function dayFrom(text: string): Date | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  try {
    return parseInstant(text);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

function chosen(expiration: ChosenExpiration): Choice {
  return { kind: 'chosen', expiration };
}

function problem(field: 'expiration' | 'expires-on', reason: string): Choice {
  return { kind: 'problem', field, reason };
}
