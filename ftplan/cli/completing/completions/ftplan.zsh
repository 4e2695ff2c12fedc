#compdef ftplan
# Completion of ftplan for zsh. In ~/.zshrc, behind compinit: source <(ftplan completion zsh)
#
# The ftplan on PATH is asked, however the one that is typed was named: TAB runs nothing that a folder brought along.
_ftplan() {
  local -a answer values shown spaced spaced_shown
  local line value remark kind typed=${(Q)PREFIX} prefix=

  answer=("${(@f)$(command ftplan __complete zsh "${(@Q)words[2,CURRENT-1]}" "$typed" 2>/dev/null </dev/null)}")
  kind=${answer[1]:-words}
  # What stands before the last `=` is on the line already.
  if [[ $typed == *=* ]] && compset -P '*='; then prefix=${typed%${typed##*=}}; fi
  case $kind in
    files) _files ;;
    folders) _files -/ ;;
    words)
      for line in "${(@)answer[2,-1]}"; do
        value=${${line%%$'\t'*}#$prefix} remark=${line#*$'\t'}
        if [[ $value == *= ]]; then
          values+=("$value") shown+=("$value${remark:+  -- $remark}")
        else
          spaced+=("$value") spaced_shown+=("$value${remark:+  -- $remark}")
        fi
      done
      (( $#values )) && compadd -l -S '' -d shown -a values
      (( $#spaced )) && compadd -l -d spaced_shown -a spaced
      ;;
  esac
}

if [[ ${zsh_eval_context[-1]} == loadautofunc ]]; then
  _ftplan "$@"
else
  compdef _ftplan ftplan
fi
