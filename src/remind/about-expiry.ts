import type { Version } from '../domain/credential.ts';
import { effectiveLifetimeDays } from '../domain/credential.ts';
import { AppError } from '../domain/error.ts';
import { daysLeft, describeSource } from '../domain/expiry.ts';
import { acknowledgeNote, commonNotes, gapNotes, lateNotes, nextNote } from './notes.ts';
import { doubtNotes, openEndNotes } from './open-end-notes.ts';
import { changedPlaces } from './open-ends.ts';
import type { Carried, Reminded } from './reminder.ts';
import type { Fact, MailContext, Section } from './section.ts';
import { itemOf, nameOf, whatFact, whereFacts, whereOf } from './section.ts';
import { pressingRules } from './shortened.ts';
import { afterwards, namedFirst, replaceSteps } from './steps.ts';
import { countDays, expiresIn, minuteOf, timeLeft } from './words.ts';

/** As in `status`. */
const CRITICAL_DAYS = 3;

/** @throws where no date is known, so that nothing could be said of it */
export function aboutExpiry(
  reminder: Carried,
  credential: Reminded,
  version: Version,
  context: MailContext,
  now: Date,
): Section {
  const { declaration } = credential;
  const left = daysLeft(version.expiry, now);
  if (left === undefined) throw new AppError('not_found', `no expiry of "${declaration.name}" is known`);
  const headline = `${nameOf(declaration)} ${expiresIn(left)}`;
  const steps = replaceSteps(credential, context);
  return {
    tone: left <= CRITICAL_DAYS ? 'urgent' : 'soon',
    label: left < 0 ? 'Expired' : left <= CRITICAL_DAYS ? 'Critical' : 'Due',
    urgency: left,
    headline,
    where: whereOf(declaration),
    bar: barOf(left, version),
    verbatim: [],
    facts: [
      expiryFact(version, now, isDoubted(credential, now)),
      whatFact(declaration),
      ...whereFacts(credential, context),
      ...unchecked(version),
    ],
    // What has surely expired needs no revoking.
    steps: [...steps, ...(left < 0 && isCertain(version) ? [] : afterwards(declaration))],
    notes: [
      ...doubtNotes(credential, context),
      ...lateNotes(reminder, credential, context),
      ...openEndNotes(credential, context, now),
      ...commonNotes(credential, context, now),
      ...gapNotes(credential),
      ...nextNote(credential, context, now),
      ...acknowledgeNote(credential, context, now),
    ],
    item: itemOf(reminder, credential, now, { headline, ...namedFirst(steps) }),
  };
}

function barOf(left: number, version: Version): Section['bar'] {
  const lifetime = effectiveLifetimeDays(version);
  if (lifetime <= 0 || version.expiry.kind !== 'known') return undefined;
  const part = Math.min(1, Math.max(0, left / lifetime));
  const counted = left >= 1 && left <= lifetime ? `${left} of ${countDays(lifetime)} left` : timeLeft(left);
  return { part, caption: left < 0 ? 'no time left' : counted, end: minuteOf(version.expiry.at) };
}

/** Whether the date that is recorded may not hold: somebody else has changed what it is of, or a rule ends it earlier. */
export function isDoubted(credential: Reminded, now: Date): boolean {
  return changedPlaces(credential).length > 0 || pressingRules(credential, now).length > 0;
}

/** @param doubted that date may not hold */
export function expiryFact({ expiry }: Version, now: Date, doubted: boolean): Fact {
  const left = daysLeft(expiry, now);
  const label = left !== undefined && left < 0 ? 'Expired' : 'Expires';
  const doubt = doubted ? '; it may no longer hold' : '';
  if (expiry.kind === 'unknown' || left === undefined)
    return {
      label,
      text: expiry.kind === 'never' ? `never (${describeSource(expiry.source)}${doubt})` : 'not known',
    };
  const at = expiry.kind === 'known' ? minuteOf(expiry.at) : '';
  return { label, text: `${at}: ${timeLeft(left)} (${describeSource(expiry.source)}${doubt})` };
}

function isCertain({ expiry }: Version): boolean {
  return expiry.source === 'entered' || expiry.source === 'read' || expiry.source === 'observed';
}

export function unchecked({ checked }: Version): readonly Fact[] {
  if (checked !== 'unchecked') return [];
  const text = 'its issuer could not be asked when it was stored: watch the next release';
  return [{ label: 'Unchecked', text }];
}
