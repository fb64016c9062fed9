import { formatForPeople } from '../domain/calendar.ts';

/** `expires in 6 days`, by the floored whole number of days left that is shown everywhere. */
export function expiresIn(left: number): string {
  if (left === 0) return 'expires within 24 hours';
  if (left > 0) return `expires in ${countDays(left)}`;
  // Floored, the first day after expiry counts as -1: one whole day has passed from -2 on.
  return left === -1 ? 'has expired' : `expired ${countDays(-left - 1)} ago`;
}

/** `6 days left`, by the same number. */
export function timeLeft(left: number): string {
  if (left === 0) return 'less than 24 hours left';
  if (left > 0) return `${countDays(left)} left`;
  return left === -1 ? 'less than 24 hours ago' : `${countDays(-left - 1)} ago`;
}

export function countDays(count: number): string {
  return `${count} ${count === 1 ? 'day' : 'days'}`;
}

/** An instant for people, to the minute. */
export function minuteOf(instant: Date): string {
  return formatForPeople(new Date(Math.floor(instant.getTime() / 60_000) * 60_000));
}

/**
 * Text that came from outside, on one line: no control characters, none that turn or hide what stands beside them
 * (Unicode Cf: marks of direction, joiners, soft hyphens), no halves of characters.
 */
export function plain(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\p{Cf}/gu, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The same for text that people read and do not type: an address in it is defanged, since mail programs make links of them. */
export function quoted(text: string, most = 500): string {
  return cut(plain(text).replaceAll('://', '[:]//'), most);
}

/** Beyond it, a character with all its marks is no writing. */
const LONGEST_CHARACTER = 100;

/** At most `most` UTF-16 units, cut between characters as people see them. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  let kept = '';
  for (const { segment } of new Intl.Segmenter('en').segment(text.slice(0, most + LONGEST_CHARACTER))) {
    if (kept.length + segment.length >= most) break;
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}

/** A name as a shell takes it. Names of a configuration need no quotes; nothing else may become a command, or a link. */
export function argument(name: string): string {
  const word = plain(name).replaceAll('://', '[:]//');
  return /^[\w.@+:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** `a, b and c` */
export function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length > 1 ? `${words.slice(0, -1).join(', ')} and ${last}` : last;
}
