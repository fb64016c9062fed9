/** One reminder, as an entry about a mail names it. */
export interface Told {
  readonly credential: string;
  readonly version: number;
  readonly topic: string;
  readonly leadDays: number;
}

/** So many names stand in one entry: a mail about more has several. */
export const MOST_NAMED = 500;

/** `crates-io 2 expiry 30`: an item of `reminders` in the detail of an entry. */
export function formatTold({ credential, version, topic, leadDays }: Told): string {
  return `${credential} ${version} ${topic} ${leadDays}`;
}

/** @returns undefined where it is none */
export function parseTold(text: string): Told | undefined {
  const found = /^(.+) (\d+) (\S+) (-?\d+)$/s.exec(text);
  if (!found) return undefined;
  const [, credential = '', version, topic = '', leadDays] = found;
  return { credential, version: Number(version), topic, leadDays: Number(leadDays) };
}

/** What is found in the text of a detail that names a credential, be it alone or at the head of an item. */
export function namedIn(name: string): readonly string[] {
  const text = JSON.stringify(name).slice(0, -1);
  return [`${text}"`, `${text} `];
}

export function chunks<T>(all: readonly T[], most: number): readonly (readonly T[])[] {
  const parts: T[][] = [];
  for (let from = 0; from < all.length; from += most) parts.push(all.slice(from, from + most));
  return parts;
}
