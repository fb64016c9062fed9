import { AppError } from '../domain/error.ts';
import type { Carried } from './reminder.ts';
import type { MailContext, Section } from './section.ts';
import { itemWithoutDate } from './section.ts';
import { HISTORY } from './urgency.ts';
import { minuteOf, plain, quoted } from './words.ts';

/** The chain of the history is broken. @throws where it is not, or is not any more */
export function aboutHistory(reminder: Carried, context: MailContext): Section {
  const trouble = context.historyTrouble;
  if (!trouble) throw new AppError('not_found', 'the history holds together, as far as is known');
  const headline = 'the history of reseal does not hold together';
  const command = `${plain(context.command)} history --check`;
  return {
    tone: 'urgent',
    label: 'History',
    urgency: HISTORY,
    headline,
    where: `seen at ${minuteOf(trouble.since)}`,
    bar: undefined,
    verbatim: [],
    facts: [
      { label: 'Found', text: quoted(trouble.detail) },
      { label: 'Seen', text: minuteOf(trouble.since) },
      {
        label: 'Meaning',
        text: 'a disk has failed, or somebody has changed the database by another way than reseal. What it says of expiries and recipients may have been changed with it',
      },
    ],
    steps: [
      { text: 'Look at the place:', command },
      {
        text: 'Compare with the last backup, and with the entry that stands at the end of earlier mails:',
        command: `${command} --head NUMBER:HASH`,
      },
      { text: 'Find out who can write the database. If in doubt, put the backup in its place.' },
    ],
    notes: [{ text: 'Reminders go on by what the database says now.' }],
    item: itemWithoutDate(reminder, headline, command),
  };
}
