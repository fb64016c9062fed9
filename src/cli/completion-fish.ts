import type { CompletedCommand, CompletedOption, CompletedWords, Taken } from './completion-words.ts';

/** For fish 3.1 and later. `complete` takes a line for each thing that may follow (fishshell.com/docs/current/cmds/complete.html). */
export function fishScript({ commands, globals, valueFlags }: CompletedWords): string {
  return `# Completion of reseal for fish, printed by: reseal completion fish

# The command that is typed, and how many of its arguments stand before the cursor, such as rotate:0.
function __reseal_place
    set -l words (commandline -opc)
    set -l command ''
    set -l place 0
    set -l is_value 0
    for word in $words[2..-1]
        if test $is_value = 1
            set is_value 0
            continue
        end
        switch $word
            case ${valueFlags.join(' ')}
                set is_value 1
            case '-*'
            case '*'
                if test -z "$command"
                    set command $word
                else
                    set place (math $place + 1)
                end
        end
    end
    echo "$command:$place"
end

function __reseal_at
    test (__reseal_place) = $argv[1]
end

function __reseal_in
    string match -q -- "$argv[1]:*" (__reseal_place)
end

# Names are asked for in the same installation.
function __reseal_ask
    set -l words (commandline -opc)
    set -l given
    set -l option ''
    for word in $words[2..-1]
        if test -n "$option"
            set given $given $option (string replace -r '^~/' "$HOME/" -- $word)
            set option ''
            continue
        end
        switch $word
            case '--config=*' '--data-dir=*'
                set given $given $word
            case --config --data-dir
                set option $word
        end
    end
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    $program $given completion $argv[1] 2>/dev/null </dev/null
end

complete -c reseal -f
${globals.map((option) => `complete -c reseal ${optionWords(option)}`).join('\n')}
complete -c reseal -n '__reseal_at :0' -a help -d 'what a command does, and its options'
complete -c reseal -n '__reseal_at help:0' -a ${quoted(commands.map(({ name }) => name).join(' '))}
${commands.flatMap(linesOf).join('\n')}
`;
}

function linesOf({ name, summary, options, arguments: places }: CompletedCommand): readonly string[] {
  return [
    `complete -c reseal -n '__reseal_at :0' -a ${name} -d ${quoted(summary)}`,
    ...options.map((option) => `complete -c reseal -n '__reseal_in ${name}' ${optionWords(option)}`),
    ...places.flatMap(({ taken }, index) =>
      taken.as === 'text' ? [] : [`complete -c reseal -n '__reseal_at ${name}:${index}' ${offer(taken)}`],
    ),
  ];
}

function optionWords({ flag, description, value }: CompletedOption): string {
  const words = `-l ${flag.slice(2)} -d ${quoted(description)}`;
  if (!value) return words;
  // -x: a value must follow, and no file is offered in its place.
  return value.taken.as === 'text' ? `${words} -x` : `${words} -r ${offer(value.taken)}`;
}

function offer(taken: Taken): string {
  switch (taken.as) {
    case 'words':
      return `-f -a ${quoted(taken.words.join(' '))}`;
    case 'file':
      return '-F';
    case 'folder':
      return "-f -a '(__fish_complete_directories)'";
    case 'list':
      return `-f -a '(__reseal_ask ${taken.list})'`;
    case 'text':
      return '-f';
  }
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
