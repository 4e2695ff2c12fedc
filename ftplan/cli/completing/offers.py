"""What can be typed next, for the completion of shells: words with a remark each, or a kind of path.

The command line is walked as click would read it, with the commands' own options. Nothing is run, nothing is asked of
anybody, and nothing is complained about: whoever presses TAB is in the middle of something.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import click

from ftplan.cli.completing.values import Scene, argument_values, option_values
from ftplan.cli.talking.argv import is_switch

Kind = Literal["words", "files", "folders"]
Word = tuple[str, str]
TRUTHS = (("true", ""), ("false", ""))
# Those that belong to no command, and where they may stand.
ANYWHERE = (("chdir=", "Go to this folder first"), ("no-color", "No colours"), ("help", "Print the help"))
BEFORE_THE_COMMAND = (("version", "Print the version"),)


@dataclass(frozen=True, slots=True)
class Offer:
    """What can stand in the place of the word that is being typed. Paths are left to the shell."""

    kind: Kind = "words"
    words: tuple[Word, ...] = ()


@dataclass(slots=True)
class _Line:
    """How far the words before the one that is typed have led. `waiting` is an option that the next word is for."""

    command: click.Command
    names: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    folder: Path = field(default_factory=Path)
    waiting: click.Option | Literal["chdir"] | None = None
    plain: bool = False

    @property
    def scene(self) -> Scene:
        return Scene(" ".join(self.names), self.folder, tuple(self.given))


def answer(shell: str, words: Sequence[str]) -> str:
    """What a shell's script reads: the kind of offer, then one word a line, with a tab and a remark behind it. The last
    of `words`, which begin behind the command's name, is the one that is being typed."""
    *before, typed = [_unquoted(word) for word in words] if shell == "bash" else words
    offered = offer(before, typed)
    words_too = [f"{word}\t{remark}" for word, remark in offered.words]
    return "\n".join([offered.kind, *words_too]) + "\n"


def offer(before: Sequence[str], typed: str) -> Offer:
    """What `typed` can become behind the words `before` it."""
    from ftplan.cli.main import ftplan

    line = _Line(ftplan)
    for word in before:
        _read(line, word)
    if line.waiting is not None:
        return _begun(_values(line, line.waiting), typed)
    if not typed.startswith("-") or line.plain:
        return _begun(_plain(line), typed)
    name, equals, value = typed.partition("=")
    if not equals:
        return _begun(Offer(words=tuple(_options(line, "--" if typed.startswith("--") else "-"))), typed)
    option = _option(line.command, name)
    taken = _values(line, option) if option else Offer("folders" if name.lstrip("-") == "chdir" else "words")
    offered = _begun(taken, value)
    return Offer(offered.kind, tuple((f"{name}={word}", remark) for word, remark in offered.words))


def _read(line: _Line, word: str) -> None:
    """Goes on by one word that is complete."""
    name, equals, value = word.partition("=")
    option = None if line.plain or not word.startswith("-") else _option(line.command, name)
    if line.waiting is not None:
        if line.waiting == "chdir":
            line.folder = Path(word).expanduser()
        line.waiting = None
    elif word == "--":
        line.plain = True
    elif name.lstrip("-") == "chdir" and word.startswith("-") and not line.plain:
        line.folder, line.waiting = (Path(value).expanduser(), None) if equals else (line.folder, "chdir")
    elif option is not None:
        line.waiting = option if not equals and _takes_a_value(option) else None
    elif not word.startswith("-") or line.plain:
        _name(line, word)


def _name(line: _Line, word: str) -> None:
    """Goes on by a word that is no option: the name of a command, or what one is given."""
    if not isinstance(line.command, click.Group):
        line.given.append(word)
        return
    found = line.command.get_command(click.Context(line.command), word)
    line.command, line.plain = found or click.Command(word), line.plain or found is None
    line.names.append(word)


def _option(command: click.Command, name: str) -> click.Option | None:
    spelled = f"--{name.lstrip('-')}"
    options = (param for param in command.params if isinstance(param, click.Option))
    return next((option for option in options if spelled in option.opts), None)


def _takes_a_value(option: click.Option) -> bool:
    """Whether the next word is for it. A switch such as -refresh has its value behind `=` or none."""
    return not option.is_flag and not is_switch(option.opts[0])


def _values(line: _Line, option: click.Option | Literal["chdir"]) -> Offer:
    if option == "chdir":
        return Offer("folders")
    if option.is_flag or is_switch(option.opts[0]):
        return Offer(words=TRUTHS)
    return _typed_values(option) or Offer(words=tuple(option_values(line.scene, option.name or "")))


def _typed_values(param: click.Parameter) -> Offer | None:
    """What the type of an option or an argument tells by itself."""
    if isinstance(param.type, click.Choice):
        return Offer(words=tuple((str(choice), "") for choice in param.type.choices))
    return Offer("files") if is_path(param) else None


def is_path(param: click.Parameter) -> bool:
    """Whether an option or an argument is a file. Some are kept as they were written, and only their names tell."""
    return isinstance(param.type, click.Path) or param.metavar == "FILE" or param.name in ("path", "paths")


def _plain(line: _Line) -> Offer:
    """The commands there are, or what the command is given."""
    if isinstance(line.command, click.Group):
        return Offer(words=tuple(_commands(line.command)))
    arguments = [param for param in line.command.params if isinstance(param, click.Argument)]
    waiting = [*arguments[len(line.given) :], *(one for one in arguments[-1:] if one.nargs == -1)]
    if not waiting:
        return Offer()
    return _typed_values(waiting[0]) or Offer(words=tuple(argument_values(line.scene, waiting[0].name or "")))


def _commands(group: click.Group) -> Iterator[Word]:
    from ftplan.cli.main import COMMANDS, ftplan

    if group is ftplan:
        yield from ((name, entry.line) for name, entry in COMMANDS.items())
        return
    for name, command in group.commands.items():
        if not command.hidden:
            yield name, command.get_short_help_str(60)


def _options(line: _Line, dashes: str) -> Iterable[Word]:
    """Every option of the command in the spelling that was begun; one that takes a value with its `=`."""
    options = [param for param in line.command.params if isinstance(param, click.Option) and not param.hidden]
    yield from (
        (f"{dashes}{name.lstrip('-')}{'=' if _takes_a_value(option) else ''}", (option.help or "").partition("\n")[0])
        for option in options
        for name in option.opts
    )
    for name, remark in (*ANYWHERE, *(() if line.names else BEFORE_THE_COMMAND)):
        yield dashes + name, remark


def _begun(offered: Offer, typed: str) -> Offer:
    """Of an offer what begins as it was typed."""
    return Offer(offered.kind, tuple((word, remark) for word, remark in offered.words if word.startswith(typed)))


def _unquoted(word: str) -> str:
    """A word as bash hands it over, without the quotes it was typed in; nothing in it is expanded."""
    try:
        return "".join(shlex.split(word))
    except ValueError:
        return word
