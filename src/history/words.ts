/**
 * Text from outside on one line of a terminal: characters that move the cursor, change colours, or turn or hide what stands beside
 * them (Unicode Cc, Cf, Zl, Zp) are shown by their number.
 */
export function visible(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`);
}

export function countDays(count: number): string {
  return `${count} ${count === 1 ? 'day' : 'days'}`;
}

/** `2027-01-02`, or the text itself where it is none. */
export function dayOf(instant: string): string {
  return /^\d{4}-\d\d-\d\dT/.test(instant) ? instant.slice(0, 10) : instant;
}

/** `2027-01-02 09:30` */
export function minuteOf(instant: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(instant) ? instant.slice(0, 16).replace('T', ' ') : instant;
}

/** `a, b and c` */
export function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length > 1 ? `${words.slice(0, -1).join(', ')} and ${last}` : last;
}
