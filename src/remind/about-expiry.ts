import type { Version } from '../domain/credential.ts';
import { effectiveLifetimeDays } from '../domain/credential.ts';
import { AppError } from '../domain/error.ts';
import { daysLeft, describeSource } from '../domain/expiry.ts';
import { acknowledgeNote, commonNotes, gapNotes, lateNotes, nextNote } from './notes.ts';
import type { Carried, Reminded } from './reminder.ts';
import type { Fact, MailContext, Section } from './section.ts';
import { itemOf, nameOf, whatFact, whereFacts, whereOf } from './section.ts';
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
      expiryFact(version, now),
      whatFact(declaration),
      ...whereFacts(credential, context),
      ...unchecked(version),
    ],
    // What has surely expired needs no revoking.
    steps: [...steps, ...(left < 0 && isCertain(version) ? [] : afterwards(declaration))],
    notes: [
      ...lateNotes(reminder, credential, context),
      ...commonNotes(credential, context),
      ...gapNotes(credential),
      ...nextNote(credential, context, now),
      ...acknowledgeNote(credential, context, now),
    ],
    item: itemOf(reminder, credential, now, { headline, ...namedFirst(steps) }),
  };
}

/** The one notice after a rotation. */
export function aboutRotation(
  reminder: Carried,
  credential: Reminded,
  version: Version,
  context: MailContext,
  now: Date,
): Section {
  const { declaration, destinations } = credential;
  const when = version.expiry.kind === 'known' ? `, expires ${minuteOf(version.expiry.at)}` : '';
  const headline = `${nameOf(declaration)} was renewed: version ${version.version}${when}`;
  const steps = afterwards(declaration);
  const landed = destinations.some(({ state }) => state === 'verified');
  return {
    tone: 'good',
    label: 'Renewed',
    urgency: RENEWED,
    headline,
    where: whereOf(declaration),
    bar: undefined,
    verbatim: [],
    facts: [
      expiryFact(version, now),
      whatFact(declaration),
      ...whereFacts(credential, context),
      ...unchecked(version),
    ],
    steps,
    notes: [
      ...(landed ? [{ text: 'GitHub shows that a write landed, never which value.' }] : []),
      ...(version.version > 1 ? [{ text: 'Reminders for the version before are cancelled.' }] : []),
      ...commonNotes(credential, context),
      ...nextNote(credential, context, now),
    ],
    item: itemOf(reminder, credential, now, { headline, ...namedFirst(steps) }),
  };
}

/** Behind everything that asks for something. */
const RENEWED = 1_000_000;

function barOf(left: number, version: Version): Section['bar'] {
  const lifetime = effectiveLifetimeDays(version);
  if (lifetime <= 0 || version.expiry.kind !== 'known') return undefined;
  const part = Math.min(1, Math.max(0, left / lifetime));
  const counted = left >= 1 && left <= lifetime ? `${left} of ${countDays(lifetime)} left` : timeLeft(left);
  return { part, caption: left < 0 ? 'no time left' : counted, end: minuteOf(version.expiry.at) };
}

function expiryFact({ expiry }: Version, now: Date): Fact {
  const left = daysLeft(expiry, now);
  const label = left !== undefined && left < 0 ? 'Expired' : 'Expires';
  if (expiry.kind === 'unknown' || left === undefined)
    return {
      label,
      text: expiry.kind === 'never' ? `never (${describeSource(expiry.source)})` : 'not known',
    };
  const at = expiry.kind === 'known' ? minuteOf(expiry.at) : '';
  return { label, text: `${at}: ${timeLeft(left)} (${describeSource(expiry.source)})` };
}

function isCertain({ expiry }: Version): boolean {
  return expiry.source === 'entered' || expiry.source === 'read' || expiry.source === 'observed';
}

function unchecked({ checked }: Version): readonly Fact[] {
  if (checked !== 'unchecked') return [];
  const text = 'its issuer could not be asked when it was stored: watch the next release';
  return [{ label: 'Unchecked', text }];
}
