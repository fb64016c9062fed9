import type { Content } from './content.ts';
import { describeReminders } from './content.ts';
import { renderHtml } from './mail-html.ts';
import { renderText } from './mail-text.ts';
import { arrange } from './page.ts';
import type { Carried, DraftItem, Reminded } from './reminder.ts';
import type { MailContext } from './section.ts';
import { subjectLine } from './section.ts';

export type { MailContext } from './section.ts';

/** One message in words, in plain values and as an iCalendar object. */
export interface Composed {
  /** One line, at most 200 UTF-16 units. */
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly calendar: string | undefined;
  /** One of each reminder, most urgent first. */
  readonly items: readonly DraftItem[];
}

/**
 * The words of one message: most urgent first, in text and HTML alike. Pure.
 *
 * @throws when a reminder speaks of something that is not there
 */
export function composeMessage(
  reminders: readonly Carried[],
  credentials: ReadonlyMap<string, Reminded>,
  context: MailContext,
  now: Date,
): Composed {
  const content = describeReminders(reminders, credentials, context, now);
  const subject = subjectOf(content);
  const page = arrange(content, subject, context);
  return {
    subject,
    text: renderText(page),
    html: renderHtml(page),
    calendar: calendarOf(reminders, credentials, context, now),
    items: [...content.sections, ...content.standing].map(({ item }) => item),
  };
}

function bySoonest(one: Reminded, other: Reminded): number {
  const end = ({ current }: Reminded) =>
    current?.expiry.kind === 'known' ? current.expiry.at.getTime() : Number.POSITIVE_INFINITY;
  return end(one) - end(other);
}

function subjectOf({ sections, standing }: Content): string {
  const [first, ...others] = sections;
  if (first && others.length === 0)
    return subjectLine(first.where ? `${first.headline} · ${first.where}` : first.headline);
  if (first) return subjectLine(`${first.headline}, and ${others.length} more`);
  const [line] = standing;
  if (line && standing.length === 1) return subjectLine(`${line.headline}: the month's list`);
  const certain = standing.some(({ dated }) => dated) ? 'a certain' : 'an';
  return `${standing.length} credentials without ${certain} expiry date: the month's list`;
}

/** Calendar programs choke on thousands of entries that come at once; `reseal calendar` has them all. */
const MOST_ENTRIES = 100;

/** With the dates ahead that the message speaks of, each credential once: the soonest, where there are very many. */
function calendarOf(
  reminders: readonly Carried[],
  credentials: ReadonlyMap<string, Reminded>,
  { calendar }: MailContext,
  now: Date,
): string | undefined {
  const names = reminders
    .filter(({ topic }) => topic === 'expiry' || topic === 'rotated')
    .map(({ credential }) => credential);
  const dated = [...new Set(names)]
    .map((name) => credentials.get(name))
    .filter((credential) => credential !== undefined)
    .filter(({ current }) => current?.expiry.kind === 'known' && current.expiry.at > now);
  return dated.length > 0 ? calendar?.(dated.sort(bySoonest).slice(0, MOST_ENTRIES)) : undefined;
}
