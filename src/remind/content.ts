import type { Version } from '../domain/credential.ts';
import { AppError } from '../domain/error.ts';
import { aboutAlarm } from './about-alarm.ts';
import { aboutChanged } from './about-changed.ts';
import { aboutExpiry } from './about-expiry.ts';
import { aboutFindings } from './about-findings.ts';
import { aboutHistory } from './about-history.ts';
import { aboutOldToken } from './about-old-token.ts';
import { aboutRecipients } from './about-recipients.ts';
import { aboutRotation } from './about-rotation.ts';
import { aboutConfiguration, aboutUnconfirmed } from './about-trouble.ts';
import type { Carried, Reminded } from './reminder.ts';
import type { MailContext, Section } from './section.ts';
import type { StandingLine } from './standing.ts';
import { standingLine } from './standing.ts';

/** What a mail says, most urgent first. */
export interface Content {
  readonly sections: readonly Section[];
  /** What has no date, or one that may not hold, a line each. */
  readonly standing: readonly StandingLine[];
}

/** @throws when a reminder speaks of something that is not there: it is then left out and told */
export function describeReminders(
  reminders: readonly Carried[],
  credentials: ReadonlyMap<string, Reminded>,
  context: MailContext,
  now: Date,
): Content {
  const find = (name: string): Reminded => {
    const found = credentials.get(name);
    if (!found) throw new AppError('not_found', `nothing is known of "${name}"`);
    return found;
  };
  return {
    sections: reminders
      .filter(({ topic }) => topic !== 'standing')
      .map((reminder) => describeReminder(reminder, () => find(reminder.credential), context, now))
      .sort((a, b) => a.urgency - b.urgency),
    standing: reminders
      .filter(({ topic }) => topic === 'standing')
      .map((reminder) => standingLine(reminder, find(reminder.credential), context, now)),
  };
}

function describeReminder(reminder: Carried, find: () => Reminded, context: MailContext, now: Date): Section {
  switch (reminder.topic) {
    case 'configuration':
      return aboutConfiguration(reminder, context);
    case 'findings':
      return aboutFindings(reminder, context);
    case 'recipients':
      return aboutRecipients(reminder, context);
    case 'history':
      return aboutHistory(reminder, context);
    case 'unconfirmed':
      return aboutUnconfirmed(reminder, find(), context, now);
    case 'changed':
      return aboutChanged(reminder, find(), context, now);
    case 'old-token':
      return aboutOldToken(reminder, find(), context, now);
    case 'rotated':
      return aboutRotation(reminder, find(), versionOf(reminder, find()), context, now);
    case 'revoked':
    case 'leaked':
      return aboutAlarm(reminder, find(), versionOf(reminder, find()), context, now);
    default:
      return aboutExpiry(reminder, find(), versionOf(reminder, find()), context, now);
  }
}

/** The version that the reminder is about. Of one that was replaced meanwhile nothing true could be said. */
function versionOf({ credential, version }: Carried, { current }: Reminded): Version {
  if (current?.version === version) return current;
  throw new AppError('not_found', `version ${version} of "${credential}" is not the current one`);
}
