"""The command `completion`, and the hidden one that the scripts it prints call back."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from ftplan.cli.talking.streams import written

CALLED_BACK = "__complete"
SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> int:
    """Print the completion of SHELL, to be sourced: what TAB offers is asked of the ftplan on PATH.

    \b
    bash:  source <(ftplan completion bash)          # in ~/.bashrc
    zsh:   source <(ftplan completion zsh)           # in ~/.zshrc, behind compinit
    fish:  ftplan completion fish > ~/.config/fish/completions/ftplan.fish
    """
    written(script(shell), end="")
    return 0


def script(shell: str) -> str:
    """The completion of a shell."""
    return (Path(__file__).with_name("completions") / f"ftplan.{shell}").read_text(encoding="utf-8")


def call_back(words: Sequence[str]) -> int:
    """Says what can be typed next: `words` are a shell's name and the words of the line, the last being typed. Whatever
    goes wrong, nothing is said of it: it would stand in the middle of somebody's command line."""
    try:
        from ftplan.cli.completing.offers import answer

        shell, *line = words
        sys.stdout.write(answer(shell, line))
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt):
        return 1
    return 0
