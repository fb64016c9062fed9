import type { CompletedOption, CompletedWords, Taken } from './completion-words.ts';

/** Also for bash 3.2, which macOS has. Nothing that is typed is ever evaluated. */
export function bashScript({ commands, globals, valueFlags }: CompletedWords): string {
  const options = [...globals, ...commands.flatMap((command) => command.options)];
  const places = commands.flatMap(({ name, arguments: taken }) =>
    taken.map((one, place) => ({ at: `${name}:${place}`, taken: one.taken })),
  );
  return `# Completion of reseal for bash, printed by: reseal completion bash

_reseal_offer() {
  local line
  while IFS= read -r line; do
    [[ $line == "$cur"* ]] && COMPREPLY+=("$line")
  done
}

_reseal_words() { _reseal_offer < <(printf '%s\\n' "$@"); }

_reseal_files() {
  compopt -o filenames 2>/dev/null
  _reseal_offer < <(compgen "$1" -- "$cur")
}

_reseal_ask() { _reseal_offer < <("$program" "\${given[@]}" completion "$1" 2>/dev/null </dev/null); }

# A word as the shell would hand it on, save what would have to be run for that.
_reseal_plain() {
  plain=\${1//[\\"\\'\\\\]/}
  [[ $plain == '~/'* ]] && plain=$HOME/\${plain#'~/'}
}

_reseal() {
  local cur=\${COMP_WORDS[COMP_CWORD]} program plain word option= command= at
  local -i place=0
  local -a given
  _reseal_plain "$1"
  program=$plain
  # bash 3.2 takes an empty array for an unset one where that is an error.
  given=(--quiet)
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    # bash makes three words of --config=FILE.
    [[ $word == = && -n $option ]] && continue
    if [[ -n $option ]]; then
      _reseal_plain "$word"
      [[ $option == --config || $option == --data-dir ]] && given+=("$option" "$plain")
      option=
      continue
    fi
    case $word in
      ${valueFlags.join(' | ')}) option=$word ;;
      --config=* | --data-dir=*) _reseal_plain "$word"; given+=("$plain") ;;
      -*) ;;
      *) if [[ -z $command ]]; then command=$word; else place+=1; fi ;;
    esac
  done
  [[ $cur == = ]] && cur=
  case $option in
    '') ;;
${cases(valuesOf(options))}
    *) return ;;
  esac
  if [[ $cur == -* ]]; then
    case $command in
${commands
  .filter((command) => command.options.length > 0)
  .map((command) => `      ${command.name}) _reseal_words ${flagsOf(command.options)} ;;`)
  .join('\n')}
    esac
    _reseal_words ${flagsOf(globals)}
    return
  fi
  case $command:$place in
    :0) _reseal_words ${commands.map(({ name }) => name).join(' ')} help ;;
    help:0) _reseal_words ${commands.map(({ name }) => name).join(' ')} ;;
${cases(places, '')}
  esac
}

complete -F _reseal reseal
`;
}

function flagsOf(options: readonly CompletedOption[]): string {
  return options.map(({ flag }) => flag).join(' ');
}

function valuesOf(options: readonly CompletedOption[]): readonly { at: string; taken: Taken }[] {
  const found = new Map(options.flatMap(({ flag, value }) => (value ? [[flag, value.taken] as const] : [])));
  return [...found].map(([at, taken]) => ({ at, taken }));
}

function cases(all: readonly { at: string; taken: Taken }[], end = '; return'): string {
  return all
    .filter(({ taken }) => taken.as !== 'text')
    .map(({ at, taken }) => `    ${at}) ${offer(taken)}${end} ;;`)
    .join('\n');
}

function offer(taken: Taken): string {
  switch (taken.as) {
    case 'words':
      return `_reseal_words ${taken.words.join(' ')}`;
    case 'file':
      return '_reseal_files -f';
    case 'folder':
      return '_reseal_files -d';
    case 'list':
      return `_reseal_ask ${taken.list}`;
    case 'text':
      return ':';
  }
}
