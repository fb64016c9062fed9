import type { CompletedCommand, CompletedOption, CompletedWords, Taken } from './completion-words.ts';

/** Works from a folder of `fpath`, as `_reseal`, and through `source`. `_arguments` does the work (zshcompsys(1)). */
export function zshScript({ commands, globals }: CompletedWords): string {
  return `#compdef reseal
# Completion of reseal for zsh, printed by: reseal completion zsh

_reseal_commands() {
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join('\n')}
    'help:what a command does, and its options'
  )
  _describe -t commands command commands
}

# What _arguments hands on to compadd stands in front of the name of the list.
_reseal_ask() {
  local -a found
  found=(\${(f)"$("$program" $given completion $argv[-1] 2>/dev/null </dev/null)"})
  compadd "\${(@)argv[1,-2]}" -a found
}

_reseal() {
  local context state state_descr line at word
  local program=\${\${(Q)words[1]}/#\\~\\//$HOME/}
  local -a given globals
  typeset -A opt_args
  # Where names are asked for: the same installation.
  for ((at = 2; at < CURRENT; at++)); do
    word=\${(Q)words[at]}
    case $word in
      --config=* | --data-dir=*) given+=("$word") ;;
      --config | --data-dir)
        ((at + 1 < CURRENT)) && given+=("$word" "\${\${(Q)words[at+1]}/#\\~\\//$HOME/}") ;;
    esac
  done
  globals=(
${globals.map((option) => `    ${optionSpec(option)}`).join('\n')}
  )
  _arguments -C $globals '1: :_reseal_commands' '*:: :->command' && return
  [[ $state == command ]] || return
  case $words[1] in
${commands.map(branch).join('\n')}
    help) _arguments '1: :_reseal_commands' ;;
  esac
}

if [[ $funcstack[1] == _reseal ]]; then _reseal "$@"; else compdef _reseal reseal; fi
`;
}

function branch({ name, options, arguments: places }: CompletedCommand): string {
  const specs = [
    ...options.map(optionSpec),
    ...places.map((place, index) =>
      quoted(`${index + 1}:${place.name.replaceAll('|', ' ')}:${action(place.taken)}`),
    ),
  ];
  return `    ${name})\n${['      _arguments $globals', ...specs].join(' \\\n        ')} ;;`;
}

function optionSpec({ flag, description, value }: CompletedOption): string {
  const text = description.replace(/[[\]\\:]/g, '\\$&');
  return quoted(
    value
      ? `${flag}=[${text}]:${value.name.replace(/:/g, '\\:')}:${action(value.taken)}`
      : `${flag}[${text}]`,
  );
}

function action(taken: Taken): string {
  switch (taken.as) {
    case 'words':
      return `(${taken.words.join(' ')})`;
    case 'file':
      return '_files';
    case 'folder':
      return '_files -/';
    case 'list':
      return `_reseal_ask ${taken.list}`;
    case 'text':
      return ' ';
  }
}

/** One word for the shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
