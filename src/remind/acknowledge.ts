import { addDays, formatForPeople } from '../domain/calendar.ts';
import { AppError } from '../domain/error.ts';
import type { Reminded } from './reminder.ts';

/** Before expiry nobody can put a reminder off into the last days. */
const LAST_DAYS = 3;
/** After it, never for longer than this at a time. */
const LONGEST_AFTER_DAYS = 7;

/**
 * Until when reminders are quiet when a person asks for `until`: no longer than to three days before expiry; after that,
 * seven days at a time. Never for what is revoked or leaked.
 *
 * @returns the date that holds, which may be earlier than the one asked for
 * @throws AppError invalid_input where there is nothing to put off
 */
export function acknowledgeUntil(credential: Reminded, until: Date, now: Date): Date {
  const { current: version, declaration, retiredAt } = credential;
  const { name } = declaration;
  if (retiredAt) throw nothing(`"${name}" is retired: no reminders come`);
  if (version && version.standing !== 'good') {
    throw nothing(
      `"${name}" is ${version.standing}: its reminders cannot be put off`,
      `replace it: reseal rotate ${name}`,
    );
  }
  if (version?.expiry.kind !== 'known') {
    throw nothing(`"${name}" has no expiry date, so that no reminder waits`);
  }
  if (until <= now) throw nothing('--until must lie in the future', 'write a day after today');
  const { at: expiresAt } = version.expiry;
  const latest = expiresAt > now ? addDays(expiresAt, -LAST_DAYS) : addDays(now, LONGEST_AFTER_DAYS);
  if (latest <= now) {
    throw nothing(
      `"${name}" expires at ${formatForPeople(expiresAt)}: within its last ${LAST_DAYS} days its reminders cannot be put off`,
      `replace it: reseal rotate ${name}`,
    );
  }
  return until < latest ? until : latest;
}

function nothing(message: string, ...hints: readonly string[]): AppError {
  return new AppError('invalid_input', message, { hints });
}
