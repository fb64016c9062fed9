import type { HelpConfiguration } from 'commander';
import { widthOfTerminal } from './columns.ts';
import { EXIT_CODES, NOTES } from './globals.ts';
import { wrap } from './kind-text.ts';

/** Below this, what a word does stands under it: beside it would be left a column of one word a line. */
const NARROW = 64;

/** How `--help` is laid out. */
export const HELP: HelpConfiguration = {
  showGlobalOptions: true,
  minWidthToWrap: 20,
  formatItem(term, termWidth, description, help) {
    const width = help.helpWidth ?? 80;
    if (width < NARROW) return `  ${term}\n${wrap(description, width, '      ')}`;
    const indent = ' '.repeat(termWidth + 4);
    return wrap(description, width, indent, `  ${term.padEnd(termWidth)}  `);
  },
};

/** What stands below the list of commands. */
export function helpNotes(): string {
  const width = widthOfTerminal(process.stdout.isTTY ? process.stdout.columns : undefined);
  const codes = EXIT_CODES.map(([code, meaning]) => wrap(meaning, width, '     ', `  ${code.padEnd(2)} `));
  const notes = NOTES.map(([title, text]) => wrap(text, width, '  ', `${title}: `));
  return ['', 'Exit codes:', ...codes, '', ...notes].join('\n');
}
