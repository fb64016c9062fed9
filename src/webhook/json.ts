import { formatInstant } from '../domain/calendar.ts';
import type { Draft, DraftItem } from '../remind/reminder.ts';

/**
 * The body of format `json`, for programs. Fields may be added, none renamed: `schemaVersion` 1, `id` (the same for a
 * repeat, so that it can be told), `subject` and `text` in words, `items` as values, most urgent first. Instants are RFC 3339
 * in UTC, `daysLeft` is floored and negative after expiry, and what is not known is null.
 */
export function asJson({ subject, text, items }: Draft, id: string): object {
  return { schemaVersion: 1, id, subject, text, items: items.map(itemAsJson) };
}

function itemAsJson(item: DraftItem): object {
  return {
    credential: item.credential,
    topic: item.topic,
    version: item.version,
    headline: item.headline,
    expiresAt: item.expiresAt ? formatInstant(item.expiresAt) : null,
    daysLeft: item.daysLeft ?? null,
    destinations: item.destinations.map(({ repo, environment, secret }) => ({ repo, environment, secret })),
    command: item.command ?? null,
    link: item.link ?? null,
  };
}
