const IMF_FIXDATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * The one form of a date that servers may send (RFC 9110 §5.6.7). `Date.parse` alone reads `2` as 2001.
 *
 * @returns undefined for anything else
 */
export function parseHttpDate(text: unknown): Date | undefined {
  if (typeof text !== 'string' || !IMF_FIXDATE.test(text)) return undefined;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) || at.toUTCString() !== text ? undefined : at;
}
