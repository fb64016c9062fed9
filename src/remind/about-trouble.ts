import { AppError } from '../domain/error.ts';
import { findKind } from '../kinds/catalogue.ts';
import { commonNotes, lateNotes, nextNote } from './notes.ts';
import { oldTokenNotes } from './open-end-notes.ts';
import type { Carried, Reminded } from './reminder.ts';
import type { Fact, MailContext, Section } from './section.ts';
import { commandOf, itemOf, itemWithoutDate, nameOf, whatFact, whereFacts, whereOf } from './section.ts';
import { CONFIGURATION, UNCONFIRMED } from './urgency.ts';
import { minuteOf, plain, quoted } from './words.ts';

/** A rotation that was interrupted while it stored the token. @throws where none is unconfirmed */
export function aboutUnconfirmed(
  reminder: Carried,
  credential: Reminded,
  context: MailContext,
  now: Date,
): Section {
  const { declaration, current, unconfirmedSince } = credential;
  if (!unconfirmedSince)
    throw new AppError('not_found', `no rotation of "${declaration.name}" is unconfirmed`);
  const headline = `${nameOf(declaration)}: it is not certain that the new token was stored`;
  const kind = findKind(declaration.kind);
  const command = (verb: string, rest?: string) => commandOf(context, verb, declaration, rest);
  const settle = command('confirm', '--stored --expires YYYY-MM-DD');
  const link = kind?.pages?.renew;
  return {
    tone: 'urgent',
    label: 'Unconfirmed',
    urgency: UNCONFIRMED,
    headline,
    where: whereOf(declaration),
    bar: undefined,
    verbatim: [],
    facts: [
      { label: 'Rotation', text: `begun at ${minuteOf(unconfirmedSince)}` },
      ...lastChanges(credential),
      whatFact(declaration),
      ...whereFacts(credential, context),
    ],
    steps: [
      {
        text: `Compare: when was the new token made at ${kind?.issuer ?? 'its issuer'}, and when did GitHub last change the secret?`,
        link,
      },
      { text: 'If the new token was stored, say so with its expiry:', command: settle },
      { text: 'If it was not, say that:', command: command('confirm', '--not-stored') },
      { text: 'In doubt store a new one, which settles it either way:', command: command('rotate') },
    ],
    notes: [
      {
        text: current
          ? `Until then the reminders go by version ${current.version}, the one before.`
          : 'Until then no date is known, so that no reminder of an expiry can come.',
      },
      ...lateNotes(reminder, credential, context),
      ...oldTokenNotes(credential, context, now),
      ...commonNotes(credential, context, now),
      ...nextNote(credential, context, now),
    ],
    item: itemOf(reminder, credential, now, { headline, command: settle, link }),
  };
}

/** What the page of the settings is to be compared with. */
function lastChanges({ destinations }: Reminded): readonly Fact[] {
  return destinations
    .filter(({ remoteUpdatedAt }) => remoteUpdatedAt !== undefined)
    .map(({ destination, remoteUpdatedAt }) => ({
      label: 'Known',
      text: `${quoted(destination.secret, 200)} in ${quoted(destination.repo, 200)} was last changed at ${remoteUpdatedAt ? minuteOf(remoteUpdatedAt) : ''}, as far as reseal knows: a later change may be this one`,
    }));
}

/** @throws where nothing is wrong with it */
export function aboutConfiguration(reminder: Carried, context: MailContext): Section {
  const trouble = context.configurationTrouble;
  if (!trouble) throw new AppError('not_found', 'nothing is known to be wrong with the configuration');
  const headline = 'reseal cannot use its configuration';
  const command = `${plain(context.command)} config check`;
  const lines = trouble.detail.split(/\r\n|[\r\n]/).map((line) => quoted(line, 300));
  return {
    tone: 'urgent',
    label: 'Configuration',
    urgency: CONFIGURATION,
    headline,
    where: `since ${minuteOf(trouble.since)}`,
    bar: undefined,
    verbatim: lines.filter((line) => line !== '').slice(0, MOST_LINES),
    facts: [
      { label: 'Since', text: minuteOf(trouble.since) },
      { label: 'In force', text: 'the last configuration that was good: reminders go on by it' },
    ],
    steps: [{ text: 'Correct the file; this says whether it is good:', command }],
    notes: [{ text: 'What was changed in the file since then is not in force yet.' }],
    item: itemWithoutDate(reminder, headline, command),
  };
}

const MOST_LINES = 20;
