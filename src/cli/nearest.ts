/** The one of `names` that was most likely meant: it is a part of it, or the other way round, or few letters are wrong. */
export function nearest(typed: string, names: readonly string[]): string | undefined {
  const wanted = typed.toLowerCase().replaceAll(/[_ .]/g, '-');
  if (wanted.length < 2 || wanted.length > 60) return undefined;
  const within = names.filter((name) => name.includes(wanted) || wanted.includes(name));
  const [near] = (within.length > 0 ? within : names)
    .map((name) => ({ name, distance: distance(wanted, name) }))
    .filter((one) => within.length > 0 || one.distance <= Math.ceil(one.name.length / 3))
    .sort((a, b) => a.distance - b.distance);
  return near?.name;
}

/** Letters to insert, delete or replace (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (letter === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
