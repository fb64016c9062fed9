import { addDays, formatForPeople } from '../domain/calendar.ts';
import { AppError } from '../domain/error.ts';
import { livingVersions } from './open-ends.ts';
import type { Reminded } from './reminder.ts';
import { isObserved } from './steps.ts';

/** Before expiry nobody can put a reminder off into the last days. */
const LAST_DAYS = 3;
/** After it, never for longer than this at a time. */
const LONGEST_AFTER_DAYS = 7;
/** The pace of what asks whether an old token is revoked. */
const LONGEST_OLD_TOKEN_DAYS = 30;

/**
 * Until when reminders are quiet when a person asks for `until`: no longer than to three days before expiry; after that,
 * seven days at a time. Never for what is revoked or leaked. Where no date is known, an old token that waits to be revoked can be
 * put off for 30 days at a time.
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
      replaceHint(credential),
    );
  }
  const known = version?.expiry.kind === 'known' ? version.expiry.at : undefined;
  if (!known && !isOldTokenPutOff(credential, now)) {
    throw nothing(`"${name}" has no expiry date, so that no reminder waits that could be put off`);
  }
  if (until <= now) throw nothing('--until must lie in the future', 'write a day after today');
  const latest = latestOf(known, now);
  if (known && latest <= now) {
    throw nothing(
      `"${name}" expires at ${formatForPeople(known)}: within its last ${LAST_DAYS} days its reminders cannot be put off`,
      replaceHint(credential),
    );
  }
  return until < latest ? until : latest;
}

function latestOf(expiresAt: Date | undefined, now: Date): Date {
  if (!expiresAt) return addDays(now, LONGEST_OLD_TOKEN_DAYS);
  return expiresAt > now ? addDays(expiresAt, -LAST_DAYS) : addDays(now, LONGEST_AFTER_DAYS);
}

function isOldTokenPutOff(credential: Reminded, now: Date): boolean {
  const living = livingVersions(credential, now);
  return living.length > 0 && living.every(({ standing }) => standing === 'good');
}

function replaceHint({ declaration }: Reminded): string {
  const { name, destinations } = declaration;
  if (destinations.length > 0) return `replace it: reseal rotate ${name}`;
  return isObserved(declaration)
    ? 'put a new one into its file'
    : `replace it, then: reseal record ${name} --expires YYYY-MM-DD`;
}

function nothing(message: string, ...hints: readonly string[]): AppError {
  return new AppError('invalid_input', message, { hints });
}
