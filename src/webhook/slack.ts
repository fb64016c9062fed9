import { formatForPeople } from '../domain/calendar.ts';
import { formatDestination } from '../domain/credential.ts';
import type { Draft, DraftItem } from '../remind/reminder.ts';

// Slack's incoming webhooks (docs.slack.dev, "Sending messages using incoming webhooks", "Formatting message text", "Section
// block"): `text` is what notifications show, and all that Mattermost and Discord's /slack show; `blocks` are what Slack shows.
// Limits: 50 blocks, 3,000 characters in the text of each, 255 in its id. Discord refuses a message of more than 2,000.
const MAX_BLOCKS = 50;
const MAX_TEXT = 2_000;
const MAX_BLOCK_ID = 255;

// Parts are cut before they are put together, so that no mark-up and no command loses its end: a block comes to less than
// 200 + 100 + 800 + 300 + 4 · 350, and an item of `text` to less than 1,500.
const HEADLINE = 200;
const COMMAND = 800;
const LINK = 300;
const PLACE = 350;
const PLACES = 3;
const WORDS = 1_500;

/** The body of format `slack`. The first block's id carries the message's own, since a receiver may refuse unknown fields. */
export function asSlack({ subject, text, items }: Draft, id: string): object {
  const title = `*${cut(subject, HEADLINE)}*`;
  const shown = items.length < MAX_BLOCKS ? items : items.slice(0, MAX_BLOCKS - 2);
  const rest = items.length - shown.length;
  const details = items.length > 0 ? shown.map((item) => full(item, items.length === 1)) : [cut(text, WORDS)];
  return {
    text: items.length > 0 ? digest(title, items) : `${title}\n${cut(text, WORDS)}`,
    blocks: [
      { ...section(title), block_id: id.slice(0, MAX_BLOCK_ID) },
      // A block without text is refused.
      ...details.filter((detail) => detail !== '').map(section),
      ...(rest > 0 ? [section(more(rest))] : []),
    ],
  };
}

function section(text: string): { readonly type: 'section'; readonly text: object } {
  return { type: 'section', text: { type: 'mrkdwn', text } };
}

/** As many items as there is room for, most urgent first; what is left out is counted. */
function digest(title: string, items: readonly DraftItem[]): string {
  const room = MAX_TEXT - more(items.length).length - 1;
  let text = title;
  for (const [index, item] of items.entries()) {
    const longer = `${text}\n${brief(item, items.length === 1)}`;
    if (longer.length > room) return `${text}\n${more(items.length - index)}`;
    text = longer;
  }
  return text;
}

function more(count: number): string {
  return `… and ${count} more`;
}

/** @param alone whether the title above says its headline already */
function brief({ headline, expiresAt, command, link }: DraftItem, alone: boolean): string {
  const page = link === undefined ? undefined : whole(link, LINK);
  const typed = command === undefined ? undefined : whole(command, COMMAND);
  const facts = [
    ...(expiresAt ? [`Expires: ${formatForPeople(expiresAt)}`] : []),
    ...(page === undefined ? [] : [page]),
    ...(typed === undefined ? [] : [`\`\`\`${typed}\`\`\``]),
  ];
  return (alone && facts.length > 0 ? facts : [cut(headline, HEADLINE), ...facts]).join('\n');
}

function full(item: DraftItem, alone: boolean): string {
  const { destinations } = item;
  const places = destinations.slice(0, PLACES).map((one) => `• ${cut(formatDestination(one), PLACE)}`);
  const rest = destinations.length - places.length;
  return [brief(item, alone), ...places, ...(rest > 0 ? [more(rest)] : [])].join('\n');
}

/** Slack asks for these three and no others. A name must call nobody together either: Mattermost and Discord read `@here`. */
function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replace(/(?<!\w)@(?=(?:all|channel|everyone|here)\b)/gi, '@\u200b')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/** Escaped, and cut to `limit` characters between two of its own. */
function cut(text: string, limit: number): string {
  const escaped = escapeText(text);
  if (escaped.length <= limit) return escaped;
  let kept = '';
  for (const [unit] of escaped.matchAll(/&(?:amp|lt|gt);|./gsu)) {
    if (kept.length + unit.length >= limit) break;
    kept += unit;
  }
  return `${kept}…`;
}

/** Escaped, or left out: half a command or half a link is worse than none. */
function whole(text: string, limit: number): string | undefined {
  const escaped = escapeText(text);
  return escaped.length <= limit ? escaped : undefined;
}
