/** The lower one of two in the middle. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor((numbers.length - 1) / 2)] ?? Number.NaN;
}

/** One turn; answers what it took, in a unit of its own. */
export type Take = () => number | Promise<number>;

/**
 * Every round has each of them once, each time beginning with another, so that whatever else the machine does meets all of them.
 *
 * @returns what each took, by its name, a number a round
 */
export async function inTurns<Name extends string>(
  takes: Readonly<Record<Name, Take>>,
  rounds: number,
): Promise<Readonly<Record<Name, readonly number[]>>> {
  const entries = Object.entries(takes) as [Name, Take][];
  const taken = Object.fromEntries(entries.map(([name]) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < rounds; round++)
    for (const index of entries.keys()) {
      const [name, take] = entries[(index + round) % entries.length] ?? [];
      if (name !== undefined && take) taken[name].push(await take());
    }
  return taken;
}

/** Medians, and as ratio the median of the rounds' own. */
export function compare(
  reseal: readonly number[],
  beside: readonly number[],
): { readonly reseal: number; readonly beside: number; readonly ratio: number } {
  const ratio = median(reseal.map((one, round) => one / (beside[round] ?? Number.NaN)));
  return { reseal: median(reseal), beside: median(beside), ratio };
}
