import { AppError } from '../domain/error.ts';
import type { Carried } from './reminder.ts';
import type { MailContext, Section } from './section.ts';
import { itemWithoutDate } from './section.ts';
import { RECIPIENTS } from './urgency.ts';
import { listed, minuteOf, plain, quoted } from './words.ts';

const MOST_NAMES = 20;
const MOST_ADDRESSES = 10;

/** To one who was told of credentials and is told no more. @throws where the history says nothing of it */
export function aboutRecipients(reminder: Carried, context: MailContext): Section {
  const former = context.former?.(reminder.version);
  if (!former) throw new AppError('not_found', 'nothing is known of a change of recipients');
  const { at, actor, credentials, count, toldNow } = former;
  const [first = 'a credential'] = credentials;
  const headline = `you are no longer told about ${count === 1 ? quoted(first, 60) : `${count} credentials`}`;
  const command = `${plain(context.command)} history configuration`;
  return {
    tone: 'soon',
    label: 'No longer told',
    urgency: RECIPIENTS,
    headline,
    where: `since ${minuteOf(at)}`,
    bar: undefined,
    verbatim: [],
    facts: [
      { label: 'About', text: shortened(credentials, count, MOST_NAMES) },
      { label: 'Until now', text: quoted(reminder.recipient, 254) },
      {
        label: 'From now',
        text:
          toldNow.length > 0 ? shortened(toldNow, toldNow.length, MOST_ADDRESSES) : 'nobody that is known',
      },
      { label: 'Loaded', text: `by ${quoted(actor, 200)}` },
    ],
    steps: [
      { text: 'If you know of this change, there is nothing to do.' },
      {
        text: 'If not, somebody may be keeping a warning from you. What was changed in the configuration, and when:',
        command,
      },
    ],
    notes: [{ text: 'This is said once, to the address that reminders went to until now.' }],
    item: itemWithoutDate(reminder, headline, command),
  };
}

function shortened(words: readonly string[], count: number, most: number): string {
  const shown = words.slice(0, most).map((word) => quoted(word, 254));
  return count > shown.length ? `${shown.join(', ')} and ${count - shown.length} more` : listed(shown);
}
