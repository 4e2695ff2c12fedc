# Completion of ftplan for fish: ftplan completion fish > ~/.config/fish/completions/ftplan.fish
#
# The ftplan on PATH is asked, however the one that is typed was named: TAB runs nothing that a folder brought along.
function __ftplan_asked
    set -l words (commandline -opc)
    set -e words[1]
    set -l typed (commandline -ct)
    set -g __ftplan_answer (command ftplan __complete fish $words "$typed" 2>/dev/null </dev/null)
    # Without an answer nothing is offered, files least of all.
    set -q __ftplan_answer[1]; or set -g __ftplan_answer words
    test $__ftplan_answer[1] != files
end

function __ftplan_offered
    if test $__ftplan_answer[1] = folders
        set -l typed (commandline -ct)
        set -l prefix (string match -r -- '^-[^=]*=' "$typed")
        for folder in (__fish_complete_directories (string replace -- "$prefix" '' "$typed") '')
            printf '%s%s\n' "$prefix" $folder
        end
    else
        printf '%s\n' $__ftplan_answer[2..-1]
    end
end

complete -c ftplan -e
complete -c ftplan -n __ftplan_asked -f -a '(__ftplan_offered)'
