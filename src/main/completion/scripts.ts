/*
 * The scripts ask `ipman __complete` for each word. It answers in the format of cobra, which kubectl
 * uses as well: a line for each candidate, with a tab before its description, and a last line with
 * a directive: `:0` for files, `:16` for folders, `:4` for neither.
 */

/** Names are never words of `compgen -W`, which expands its words and runs commands in them. */
export const bashScript = `_ipman() {
  local line word files=
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
    :0) files=-f ;;
    :16) files=-d ;;
    :*) ;;
    ?*)
      printf -v word %q "\${line%%$'\\t'*}"
      COMPREPLY+=("$word")
      ;;
    esac
  done <<<"$(ipman __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)"
  if [[ -n $files ]]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r word; do
      [[ -z $word ]] || COMPREPLY+=("$word")
    done <<<"$(compgen "$files" -- "\${COMP_WORDS[COMP_CWORD]}")"
  fi
}
complete -F _ipman ipman
`;

export const zshScript = `#compdef ipman
_ipman() {
  local line word directive
  local -a offered
  while IFS= read -r line; do
    case $line in
    :*) directive=$line ;;
    ?*)
      word=\${\${line%%$'\\t'*}//:/\\\\:}
      if [[ $line == *$'\\t'* ]]; then word+=":\${line#*$'\\t'}"; fi
      offered+=("$word")
      ;;
    esac
  done <<<"$(ipman __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"
  if (( $#offered )); then _describe ipman offered; fi
  case $directive in
  :0) _files ;;
  :16) _files -/ ;;
  esac
}
if [ "$funcstack[1]" = "_ipman" ]; then _ipman "$@"; else compdef _ipman ipman; fi
`;

export const fishScript = `function __ipman_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l answer (ipman __complete -- $words[2..-1] 2>/dev/null)
    set -l directive
    for line in $answer
        switch $line
            case ':*'
                set directive $line
            case '?*'
                echo $line
        end
    end
    switch "$directive"
        case :0
            __fish_complete_path (commandline -ct)
        case :16
            __fish_complete_directories (commandline -ct)
    end
end
complete -c ipman -f -a '(__ipman_complete)'
`;
