import { addLifetime, formatDay, parseInstant } from '../domain/calendar.ts';
import { AppError } from '../domain/error.ts';
import type { ChosenExpiration, RotationCard } from '../rotate/rotation.ts';

/** What was sent as the answer to "which expiration did you choose". */
export interface RawChoice {
  readonly expiration: string | undefined;
  readonly expiresOn: string | undefined;
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

/** The answers that the page offers, in its order. None where the command line has said it already. */
export function offeredOptions(card: RotationCard): readonly Option[] {
  if (card.statedExpiry !== undefined) return [];
  const options = card.presets.map((days) => ({
    value: `${days}d`,
    label: days === 1 ? '1 day' : `${days} days`,
  }));
  // An issuer of which nothing is known still gives its tokens some date.
  if (card.customDate || (options.length === 0 && !card.never))
    options.push({ value: 'date', label: 'Another date' });
  if (card.never) options.push({ value: 'never', label: 'No expiration' });
  return options;
}

export function readChoice(raw: RawChoice, card: RotationCard, now: Date): Choice {
  const options = offeredOptions(card);
  if (options.length === 0) {
    const silent = raw.expiration === undefined && raw.expiresOn === undefined;
    return silent ? { kind: 'chosen', expiration: { kind: 'stated' } } : { kind: 'foreign' };
  }
  if (raw.expiration === undefined) {
    return problem('expiration', `Say which Expiration you chose at ${card.issuer}: nothing is assumed.`);
  }
  if (!options.some((option) => option.value === raw.expiration)) return { kind: 'foreign' };
  if (raw.expiration === 'date') return readDate(raw.expiresOn ?? '', now);
  if (raw.expiresOn) {
    return problem(
      'expires-on',
      'A date is filled in beside another answer: choose "Another date", or empty it.',
    );
  }
  if (raw.expiration === 'never') return { kind: 'chosen', expiration: { kind: 'never' } };
  return { kind: 'chosen', expiration: { kind: 'days', days: Number(raw.expiration.slice(0, -1)) } };
}

function readDate(text: string, now: Date): Choice {
  if (text === '') return problem('expires-on', 'Enter the date on which the token expires.');
  const at = dayFrom(text);
  if (!at) return problem('expires-on', 'The expiration date is not a date: write it as 2027-06-01.');
  if (at <= now)
    return problem('expires-on', `The expiration date is in the past: today is ${formatDay(now)} in UTC.`);
  if (at > addLifetime(now, FURTHEST)) {
    return problem('expires-on', 'The expiration date is more than ten years away: look at the year again.');
  }
  return { kind: 'chosen', expiration: { kind: 'date', date: text } };
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

function problem(field: 'expiration' | 'expires-on', reason: string): Choice {
  return { kind: 'problem', field, reason };
}
