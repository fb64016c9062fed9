import { formatDestination } from '../domain/credential.ts';
import { AppError } from '../domain/error.ts';
import { dayNumber } from './lead.ts';
import { commonNotes, nextNote } from './notes.ts';
import { openEndNotes } from './open-end-notes.ts';
import type { ForeignPlace } from './open-ends.ts';
import { foreignPlaces } from './open-ends.ts';
import type { Carried, Reminded } from './reminder.ts';
import type { Fact, MailContext, Note, Section, Step } from './section.ts';
import { commandOf, itemOf, nameOf, whatFact, whereFacts, whereOf } from './section.ts';
import { namedFirst } from './steps.ts';
import { CHANGED } from './urgency.ts';
import { minuteOf, quoted } from './words.ts';

/** Somebody else has changed or removed a secret. @throws where nothing of that day is so any more */
export function aboutChanged(
  reminder: Carried,
  credential: Reminded,
  context: MailContext,
  now: Date,
): Section {
  const { declaration } = credential;
  const places = foreignPlaces(credential);
  if (!places.some(({ changedAt }) => -dayNumber(changedAt) === reminder.leadDays))
    throw new AppError('not_found', `no secret of "${declaration.name}" is another's since that day`);
  const headline = headlineOf(credential, places);
  const steps = stepsOf(credential, places, context);
  const where = whereFacts(credential, context).filter(({ label }) => label !== 'Lives in');
  return {
    tone: 'urgent',
    label: places.every(({ state }) => state === 'missing') ? 'Missing' : 'Changed',
    urgency: CHANGED,
    headline,
    where: whereOf(declaration),
    bar: undefined,
    verbatim: [],
    facts: [...places.flatMap((place) => placeFacts(place, context)), whatFact(declaration), ...where],
    steps,
    notes: [
      ...knownNotes(credential, places, context),
      ...openEndNotes(credential, context, now),
      ...commonNotes(credential, context, now),
      ...nextNote(credential, context, now),
    ],
    item: itemOf(reminder, credential, now, { headline, ...namedFirst(steps) }),
  };
}

function headlineOf({ declaration }: Reminded, places: readonly ForeignPlace[]): string {
  const name = nameOf(declaration);
  const [first, ...others] = places;
  if (!first || others.length > 0) {
    const gone = places.every(({ state }) => state === 'missing');
    return `${name}: ${places.length} of its secrets were ${gone ? 'removed' : 'changed or removed'}, and not by reseal`;
  }
  const secret = quoted(first.destination.secret, 60);
  return first.state === 'missing'
    ? `${name}: the secret ${secret} is gone`
    : `${name}: the secret ${secret} was changed, and not by reseal`;
}

/** GitHub shows only the time of the last write; ours is kept, and the other's is in the history. */
function placeFacts(
  { destination, state, remoteUpdatedAt, changedAt }: ForeignPlace,
  context: MailContext,
): readonly Fact[] {
  const gone = state === 'missing';
  const before = remoteUpdatedAt ? `; the last write before was at ${minuteOf(remoteUpdatedAt)}` : '';
  return [
    {
      label: gone ? 'Missing' : 'Changed',
      text: quoted(formatDestination(destination)),
      link: context.settingsPage(destination),
    },
    { label: 'Seen', text: `${gone ? 'not there' : 'first'} at ${minuteOf(changedAt)}${before}` },
  ];
}

function stepsOf(
  { declaration, current }: Reminded,
  places: readonly ForeignPlace[],
  context: MailContext,
): readonly Step[] {
  const command = (verb: string, rest?: string) => commandOf(context, verb, declaration, rest);
  const changed = places.some(({ state }) => state === 'changed-elsewhere');
  const missing = places.some(({ state }) => state === 'missing');
  return [
    {
      text: `Find out who ${changed ? 'changed' : 'removed'} it, and why: ask those who may change the settings, or look into GitHub's audit log.`,
    },
    ...(changed
      ? [
          {
            text: 'If you know the token that is there now, say until when it lives:',
            command: command('confirm', '--stored --expires YYYY-MM-DD'),
          },
        ]
      : []),
    ...(missing && current
      ? [
          {
            text: 'Where it is gone and still wanted, put the same token there again, if you have it:',
            command: command('rotate', '--only-missing'),
          },
        ]
      : []),
    { text: 'Else make a new token, and store that everywhere:', command: command('rotate') },
  ];
}

function knownNotes(
  { declaration, current }: Reminded,
  places: readonly ForeignPlace[],
  context: MailContext,
): readonly Note[] {
  const changed = places.some(({ state }) => state === 'changed-elsewhere');
  const date =
    current?.expiry.kind === 'known' && current.standing === 'good' ? current.expiry.at : undefined;
  return [
    {
      text: 'GitHub does not tell by whom a secret was changed, nor to what. reseal overwrites nothing. When it was written, and whether it may be a late write of a rotation that was given up, is in the history:',
      command: commandOf(context, 'history', declaration),
    },
    ...(changed
      ? [
          {
            text: date
              ? `Its expiry counts as unknown until you confirm one. The reminders by ${minuteOf(date)}, the date that was known, go on all the same.`
              : 'Its expiry counts as unknown until you confirm one.',
          },
        ]
      : []),
  ];
}
