import type { Content } from './content.ts';
import type { MailContext, Note, Section, Tone } from './section.ts';
import type { StandingLine } from './standing.ts';
import { standingTitle } from './standing.ts';
import { minuteOf, plain, quoted } from './words.ts';

/** A whole mail before it is rendered. */
export interface Page {
  readonly title: string;
  /** All of it at a glance, where there are several. */
  readonly overview: Overview | undefined;
  readonly sections: readonly Section[];
  /** Those beyond the most urgent ones, a line each. */
  readonly rest: readonly Pick<Section, 'headline' | 'tone'>[];
  readonly standing: readonly StandingLine[];
  /** How many there are beyond what a mail can hold, and how to see them; undefined: all of them are in it. */
  readonly beyond: Note | undefined;
  /** What is wrong with reseal itself. */
  readonly troubles: readonly Note[];
  readonly footer: Note;
  /** Where the history ended when the mail was written, in one quiet line; undefined: it has not begun. */
  readonly head: string | undefined;
}

interface Overview {
  readonly title: string;
  readonly lines: readonly { readonly headline: string; readonly tone: Tone }[];
}

const MOST_SECTIONS = 10;
/** A mail of thousands of lines is read by nobody, and taken by few servers. */
const MOST_LINES = 200;

export function arrange({ sections, standing }: Content, title: string, context: MailContext): Page {
  const shown = sections.slice(0, MOST_SECTIONS);
  return {
    title,
    overview: shown.length > 1 ? overviewOf(shown, sections.length, standing) : undefined,
    sections: shown,
    rest: sections.slice(MOST_SECTIONS, MOST_SECTIONS + MOST_LINES),
    standing: standing.slice(0, MOST_LINES),
    beyond: beyond(sections.length - MOST_SECTIONS - MOST_LINES, standing.length - MOST_LINES, context),
    troubles: [
      ...historyTrouble(sections, context),
      ...configurationTrouble(sections, context),
      ...undelivered(context),
    ],
    footer: {
      text: 'reseal keeps the dates of release credentials, never their values. It never asks for a token by mail, and no link here acts on anything. All dates at a glance:',
      command: `${plain(context.command)} status`,
    },
    head: context.head && `History: entry ${context.head}`,
  };
}

function beyond(sections: number, standing: number, context: MailContext): Note | undefined {
  const counts = [
    ...(sections > 0 ? [`${sections} less urgent ones`] : []),
    ...(standing > 0 ? [`${standing} more without a certain date`] : []),
  ];
  if (counts.length === 0) return undefined;
  return {
    text: `This mail is also about ${counts.join(' and ')}, which it cannot hold. They are all in:`,
    command: `${plain(context.command)} status`,
  };
}

function overviewOf(shown: readonly Section[], all: number, standing: readonly StandingLine[]): Overview {
  const more = [
    ...(all > shown.length ? [`and ${all - shown.length} more at the end`] : []),
    ...(standing.length > 0
      ? [`and ${standing.length} ${standingTitle(standing).toLowerCase()} at the end`]
      : []),
  ];
  return {
    title: `${all} reminders, most urgent first`,
    lines: [...shown, ...more.map((headline) => ({ headline, tone: 'quiet' as const }))],
  };
}

const MOST_UNDELIVERED = 5;

function undelivered(context: MailContext): readonly Note[] {
  const lost = context.undelivered;
  const lines = lost.slice(0, MOST_UNDELIVERED).map(({ recipient, error, credentials }) => {
    const about = credentials.length > 0 ? ` about ${quoted(credentials.join(', '), 200)}` : '';
    return `mail to ${quoted(recipient, 254)}${about} (${quoted(error, 200)})`;
  });
  if (lines.length === 0) return [];
  const more = lost.length > lines.length ? `; and ${lost.length - lines.length} more` : '';
  return [
    {
      text: `Could not be delivered: ${lines.join('; ')}${more}.`,
      command: `${plain(context.command)} outbox`,
    },
  ];
}

/** Said in every mail as long as it is so, save where a section says it. */
function historyTrouble(sections: readonly Section[], context: MailContext): readonly Note[] {
  const trouble = context.historyTrouble;
  if (!trouble || sections.some(({ item }) => item.topic === 'history')) return [];
  return [
    {
      text: `The history of reseal does not hold together: ${quoted(trouble.detail, 200)} (seen at ${minuteOf(trouble.since)}).`,
      command: `${plain(context.command)} history --check`,
    },
  ];
}

/** Said in every mail until it is mended, save where a section says it. */
function configurationTrouble(sections: readonly Section[], context: MailContext): readonly Note[] {
  const trouble = context.configurationTrouble;
  if (!trouble || sections.some(({ item }) => item.topic === 'configuration')) return [];
  return [
    {
      text: `reseal cannot use its configuration since ${minuteOf(trouble.since)}; the last good one is in force.`,
      command: `${plain(context.command)} config check`,
    },
  ];
}
