/** A secret of an environment, as GitHub lists it. */
export interface SeenName {
  readonly name: string;
  readonly updatedAt: Date;
}

const MOST = 5;
/** What half of all secrets have in their names. */
const COMMON = new Set(['TOKEN', 'SECRET', 'KEY', 'API', 'AUTH', 'PASSWORD', 'ACCESS']);
const PREFIX = 5;

/**
 * Secrets of the environment that may be the lost one under another name, likeliest first: they share a word of it or how it
 * begins. What was written since it was last seen counts for more, and there a common word is enough.
 *
 * @param since when it was last seen
 */
export function similarNames(
  secret: string,
  names: readonly SeenName[],
  since: Date | undefined,
): readonly string[] {
  const rated = names
    .filter(({ name }) => name.toUpperCase() !== secret.toUpperCase())
    .map(({ name, updatedAt }) => {
      const alike = likeness(secret.toUpperCase(), name.toUpperCase());
      return { name, alike: since && updatedAt > since && alike > 0 ? alike + 2 : alike };
    });
  return rated
    .filter(({ alike }) => alike > 1)
    .sort((a, b) => b.alike - a.alike || (a.name < b.name ? -1 : 1))
    .slice(0, MOST)
    .map(({ name }) => name);
}

function likeness(one: string, other: string): number {
  const wanted = new Set(one.split('_').filter((word) => word.length > 2));
  const shared = new Set(other.split('_').filter((word) => wanted.has(word)));
  const words = [...shared].reduce((sum, word) => sum + (COMMON.has(word) ? 1 : 2), 0);
  const begins = plain(one).slice(0, PREFIX) === plain(other).slice(0, PREFIX);
  return words + (begins ? 2 : 0);
}

function plain(name: string): string {
  return name.replaceAll('_', '');
}
