import type { CommandSpec } from './command.ts';
import { GLOBAL_OPTIONS } from './globals.ts';

/** For which shells a script is made. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** What the program is asked for while somebody types: `reseal completion names`. */
export const LISTS = ['names', 'pipelines', 'kinds', 'rules'] as const;
export type List = (typeof LISTS)[number];

/** What stands at a place: one of some words, a file, something of a list, or what only the user knows. */
export type Taken =
  | { readonly as: 'words'; readonly words: readonly string[] }
  | { readonly as: 'file' | 'folder' | 'text' }
  | { readonly as: 'list'; readonly list: List };

export interface CompletedOption {
  /** Such as `--config`. */
  readonly flag: string;
  readonly description: string;
  /** Undefined: it takes no value. */
  readonly value: { readonly name: string; readonly taken: Taken } | undefined;
}

export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletedOption[];
  readonly arguments: readonly { readonly name: string; readonly taken: Taken }[];
}

const TAKEN: Readonly<Record<string, Taken>> = {
  file: { as: 'file' },
  dir: { as: 'folder' },
  folder: { as: 'folder' },
  name: { as: 'list', list: 'names' },
  pipeline: { as: 'list', list: 'pipelines' },
  kind: { as: 'list', list: 'kinds' },
  rule: { as: 'list', list: 'rules' },
  shell: { as: 'words', words: SHELLS },
};

/** Where the word in brackets does not say it. */
const SPECIAL: Readonly<Record<string, Taken>> = {
  'kinds name': { as: 'list', list: 'kinds' },
  'outbox verb': { as: 'words', words: ['retry'] },
  '--rule id': { as: 'list', list: 'rules' },
  '--organisation name': { as: 'text' },
};

/** @param of the command or the option, @param name of the value, such as `file` or `check|show|schema` */
function takenBy(of: string, name: string): Taken {
  const special = SPECIAL[`${of} ${name}`];
  if (special) return special;
  return name.includes('|') ? { as: 'words', words: name.split('|') } : (TAKEN[name] ?? { as: 'text' });
}

/** @param flags as commander reads them, such as `--config <file>` */
function completedOption({ flags, description }: { flags: string; description: string }): CompletedOption {
  const [, flag = '', name] = /(--[\w-]+)(?: [<[](.+?)[\]>])?$/.exec(flags) ?? [];
  return { flag, description, value: name === undefined ? undefined : { name, taken: takenBy(flag, name) } };
}

function completedCommand({ usage, summary, options }: CommandSpec): CompletedCommand {
  const [name = '', ...places] = usage.split(' ');
  return {
    name,
    // What follows is for `--help`: a list has a line for each.
    summary: summary.split(/[;:]/, 1)[0] ?? '',
    options: (options ?? []).map(completedOption),
    arguments: places
      .map((place) => place.replace(/^[<[]|(\.\.\.)?[\]>]$/g, ''))
      .map((place) => ({ name: place, taken: takenBy(name, place) })),
  };
}

/** Everything that a script is made from. */
export interface CompletedWords {
  readonly globals: readonly CompletedOption[];
  readonly commands: readonly CompletedCommand[];
  /** The options that take what follows them, in whatever command. */
  readonly valueFlags: readonly string[];
}

export function completedWords(table: readonly CommandSpec[]): CompletedWords {
  const help = { flags: '--help', description: 'what it does, and its options' };
  const globals = [...GLOBAL_OPTIONS, help].map(completedOption);
  const commands = table.map(completedCommand);
  const all = [...globals, ...commands.flatMap(({ options }) => options)];
  const valueFlags = [...new Set(all.filter(({ value }) => value).map(({ flag }) => flag))];
  return { globals, commands, valueFlags };
}
