import type { Places, World } from '../app.ts';
import type { Output } from './output.ts';

export interface Context {
  readonly world: World;
  readonly places: Places;
  readonly out: Output;
}

/** What the user typed after the command's name. */
export interface Given {
  readonly arguments: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
}

/** One command: its words for `--help`, and where its code is, loaded only when it runs. */
export interface CommandSpec {
  /** As commander reads it, such as `rotate <name>`. */
  readonly usage: string;
  readonly summary: string;
  /** The heading that it stands under in `--help`. */
  readonly group: string;
  readonly options?: readonly { readonly flags: string; readonly description: string }[];
  readonly example?: string;
  readonly load: () => Promise<{ readonly run: Run }>;
}

/** @returns the exit code */
export type Run = (context: Context, given: Given) => Promise<number>;

/** A command whose option takes text, or nothing. */
export function textOption(given: Given, name: string): string | undefined {
  const value = given.options[name];
  return typeof value === 'string' ? value : undefined;
}
