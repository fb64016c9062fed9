import { AppError } from '../../domain/error.ts';
import type { CommandSpec, Context, Run } from '../command.ts';
import type { CompletedWords, List, Shell } from '../completion-words.ts';
import { completedWords, LISTS, SHELLS } from '../completion-words.ts';

const SCRIPTS: Readonly<Record<Shell, (words: CompletedWords) => Promise<string>>> = {
  bash: async (words) => (await import('../completion-bash.ts')).bashScript(words),
  zsh: async (words) => (await import('../completion-zsh.ts')).zshScript(words),
  fish: async (words) => (await import('../completion-fish.ts')).fishScript(words),
};

/** Where each shell looks by itself: bash-completion, zshcompsys(1), fish's own page on completions. */
const INSTALL = `bash  reseal completion bash > ~/.local/share/bash-completion/completions/reseal
      (with the package bash-completion; without it: source that file in ~/.bashrc)
zsh   reseal completion zsh > ~/.zfunc/_reseal
      (with, in ~/.zshrc: fpath+=(~/.zfunc); autoload -Uz compinit; compinit)
fish  reseal completion fish > ~/.config/fish/completions/reseal.fish`;

/**
 * Prints the script that completes words in a shell. `names`, `pipelines`, `kinds` and `rules` are what the scripts ask for: a line
 * each, nothing where nothing is initialised, never a word on stderr.
 */
export function completionOf(commands: readonly CommandSpec[]): Run {
  return async (context, given) => {
    const { out } = context;
    const [asked] = given.arguments;
    if (asked === undefined) {
      out.result(
        'prints the script that completes what you type; make its folder first, open a new shell then\n',
      );
      out.result(INSTALL);
    } else if (isOne(SHELLS, asked)) {
      out.result((await SCRIPTS[asked](completedWords(commands))).trimEnd());
    } else if (isOne(LISTS, asked)) await printList(asked, context);
    else {
      throw new AppError('invalid_input', 'there is no completion for that shell', {
        hints: [`there is one for ${SHELLS.join(', ')}`, 'how to install it: reseal completion'],
      });
    }
    return 0;
  };
}

async function printList(list: List, context: Context): Promise<void> {
  const { listFor } = await import('../completion-lists.ts');
  const words = await listFor(list, context);
  if (words.length > 0) context.out.result(words.join('\n'));
}

function isOne<T extends string>(all: readonly T[], word: string): word is T {
  return all.some((one) => one === word);
}
