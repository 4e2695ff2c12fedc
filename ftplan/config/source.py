"""Files and YAML events (pyyaml's door). Nothing is constructed here: pyyaml only says what stands where."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ftplan.config.characters import MAX_BYTES
from ftplan.config.tree import Mark, excerpt
from ftplan.errors import ConfigError, Place, Problem

if TYPE_CHECKING:
    import yaml

EventKind = Literal["document", "scalar", "alias", "mapping", "sequence", "end"]


class Event(NamedTuple):
    """One thing the parser met. `end` closes a mapping or a sequence; `plain` means without quotes or block."""

    kind: EventKind
    start: Mark
    stop: Mark
    value: str = ""
    anchor: str | None = None
    tag: str | None = None
    plain: bool = False
    flow: bool = False
    block: bool = False


def read_source(path: Path) -> bytes | Problem:
    """The bytes of a configuration file, one more than allowed at most; a problem where it cannot be read."""
    place = Place(str(path))
    try:
        # A pipe or a device would block or never end.
        if not stat.S_ISREG(path.stat().st_mode):
            return Problem("Not a file", f"{path} is not a regular file.", place)
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "the name cannot be used"
        return Problem("File cannot be read", f"{path}: {reason}.", place)


def events(text: str, file: str) -> Iterator[Event]:
    """What stands where in `text`, in order and as far as asked. Raises ConfigError at a syntax error."""
    import yaml  # about 30 ms

    kinds: dict[type, EventKind] = {
        yaml.DocumentStartEvent: "document",
        yaml.ScalarEvent: "scalar",
        yaml.AliasEvent: "alias",
        yaml.MappingStartEvent: "mapping",
        yaml.SequenceStartEvent: "sequence",
        yaml.MappingEndEvent: "end",
        yaml.SequenceEndEvent: "end",
    }
    try:
        for event in yaml.parse(text, Loader=_loader()):
            kind = kinds.get(type(event))
            if kind is not None:
                yield _event(kind, event)
    except yaml.YAMLError as error:
        raise ConfigError(_syntax_problem(error, text, file)) from None


def dashes(text: str, file: str) -> list[Mark]:
    """Where the `-` of each item of a block sequence stands, in order."""
    import yaml  # about 30 ms

    try:
        tokens = yaml.scan(text, Loader=_loader())
        return [_mark(token.start_mark) for token in tokens if isinstance(token, yaml.BlockEntryToken)]
    except yaml.YAMLError as error:
        raise ConfigError(_syntax_problem(error, text, file)) from None


def _loader() -> Any:
    """The parser in C where pyyaml was built with it, about five times as fast."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _event(kind: EventKind, event: Any) -> Event:
    style = getattr(event, "style", None)
    return Event(
        kind,
        _mark(event.start_mark),
        _mark(event.end_mark),
        getattr(event, "value", ""),
        getattr(event, "anchor", None),
        getattr(event, "tag", None),
        # The parser in C says '' for what has no style, that in Python None.
        plain=kind == "scalar" and style in (None, ""),
        flow=bool(getattr(event, "flow_style", False)),
        block=style in ("|", ">"),
    )


def _mark(mark: Any) -> Mark:
    return mark.line + 1, mark.column + 1


def _syntax_problem(error: yaml.YAMLError, text: str, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line, column = _mark(mark) if mark else (1, 1)
    lines = text.split("\n")
    line = min(line, len(lines))
    parts = [getattr(error, "context", None), getattr(error, "problem", None)]
    told = ", ".join(str(part) for part in parts if part) or "this is no YAML"
    context = getattr(error, "context_mark", None)
    if context and context.line + 1 != line:
        told += f"; it began in line {context.line + 1}"
    whole = lines[line - 1]
    indent = whole[: len(whole) - len(whole.lstrip())]
    advice = "YAML is indented with spaces: replace the tab." if "\t" in indent else ""
    place = Place(file, line, column, excerpt(lines, line, column))
    return Problem("YAML syntax error", told[0].upper() + told[1:] + ".", place, advice=advice)
