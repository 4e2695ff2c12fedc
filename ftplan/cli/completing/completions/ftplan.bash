# Completion of ftplan for bash. In ~/.bashrc: source <(ftplan completion bash)
#
# The ftplan on PATH is asked, however the one that is typed was named: TAB runs nothing that a folder brought along.
_ftplan() {
  local line=${COMP_LINE:0:COMP_POINT} words=() word count=0 index typed prefix kind answer=()

  # bash takes a line apart at `=` and `:`, too. What stands there without a blank between is one word.
  for ((index = 0; index <= COMP_CWORD; index++)); do
    word=${COMP_WORDS[index]}
    if [[ $index -eq 0 || $line == [[:blank:]]* ]]; then
      line=${line#"${line%%[![:blank:]]*}"}
      count=$((count + 1))
    fi
    [[ $index -lt COMP_CWORD ]] || word=$line
    words[count - 1]=${words[count - 1]-}$word
    line=${line#"$word"}
  done
  typed=${words[count - 1]}

  while IFS= read -r word; do
    answer+=("${word%%$'\t'*}")
  done < <(command ftplan __complete bash "${words[@]:1}" 2>/dev/null </dev/null)
  kind=${answer[0]-words}

  # What stands before the last of these characters is on the line already, and is not written once more.
  prefix=${typed%"${typed##*[=:]}"}
  [[ $COMP_WORDBREAKS == *=* ]] || prefix=
  COMPREPLY=()
  case $kind in
    files | folders)
      word=${typed#"$prefix"}
      [[ $kind == files ]] && compopt -o default 2>/dev/null && return
      compopt -o filenames 2>/dev/null
      while IFS= read -r word; do
        COMPREPLY+=("$word")
      done < <([[ $kind == files ]] && compgen -f -- "$word" || compgen -d -- "$word")
      ;;
    words)
      for word in "${answer[@]:1}"; do
        COMPREPLY+=("${word#"$prefix"}")
      done
      [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
      ;;
  esac
  return 0
}

complete -F _ftplan ftplan
