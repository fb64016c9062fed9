/** What a figure counts. `mails` is milliseconds a mail, shown with how many that is a second. */
export type Unit = 'ms' | 's' | 'µs' | 'MiB' | 'bytes' | 'mails' | 'points' | 'requests' | 'writes';

export interface Goal {
  readonly of: 'figure' | 'ratio';
  /** In the unit of its line; a ratio has none. */
  readonly atMost: number;
}

/** What is measured: known before anything is run, so that a table can be told to be stale. */
export interface Line {
  readonly what: string;
  readonly unit: Unit;
  /** The peer, or the floor, that it is measured beside. */
  readonly beside?: string;
  readonly goals?: readonly Goal[];
}

export type Figure =
  | {
      readonly reseal: number;
      readonly beside?: number | 'not installed';
      /** Of the rounds; without it, the one figure by the other. */
      readonly ratio?: number;
    }
  | {
      /** Why there is none. */
      readonly missing: string;
    };

export interface Options {
  /** How often each command has its turn, where a turn takes less than a second. */
  readonly rounds: number;
  /** Few rounds: to see that it runs. */
  readonly quick: boolean;
  /** Also what takes minutes. */
  readonly long: boolean;
  /** node-red's own program, where it is installed. */
  readonly nodeRed: string | undefined;
}

export interface Benchmark<Key extends string = string> {
  /** As it is asked for: `npm run bench -- NAME`. */
  readonly name: string;
  readonly lines: Readonly<Record<Key, Line>>;
  measure(options: Options): Promise<Readonly<Record<Key, Figure>>>;
}

/** Holds the figures to the lines: none is left out, none is without a name. */
export function benchmark<Key extends string>(one: Benchmark<Key>): Benchmark {
  return one;
}

export const atMost = (most: number): Goal => ({ of: 'figure', atMost: most });
export const timesAtMost = (most: number): Goal => ({ of: 'ratio', atMost: most });
