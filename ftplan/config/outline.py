"""The names that a configuration declares, as far as it can be read: for somebody who is still writing it.

Nothing is checked and nothing is complained about. The parser's events are read, nothing is built of them, and no more
than a moment is spent: what stands further down than that is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ftplan.config.load import FILE_NAMES
from ftplan.config.safety import path_fault
from ftplan.config.source import Event, events, read_source
from ftplan.core.spec import VALIDATION_SUFFIX
from ftplan.errors import ConfigError, Problem

MAX_EVENTS = 20_000
MAX_DEPTH = 32
STATE_FILE = "ftplan.state.json"
# The schema takes no other names, and no shell makes more of these than what they are.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_SECTION = re.compile(r"([a-z]+)\s*:")
_ENTRY = re.compile(r"( +)([A-Za-z_][A-Za-z0-9_-]*)\s*:")
_Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """What is declared, by name and in order. `state` is the path of the state, where that is a file in the folder."""

    models: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    state: str | None = STATE_FILE
    aliases: tuple[str, ...] = ()
    evals: tuple[str, ...] = ()


def outline(folder: Path) -> Outline:
    """What the configuration in `folder` declares; nothing where there is none. Raises nothing for what a user can
    write."""
    data = next((data for data in map(read_source, _files(folder)) if not isinstance(data, Problem)), b"")
    text = data.decode("utf-8", "replace")
    found = dict(_scalars(text))
    datasets = list(_names(found, "datasets"))
    datasets += [f"{name}{VALIDATION_SUFFIX}" for name in datasets if ("datasets", name, "split") in found]
    state = found.get(("state", "path")) or STATE_FILE
    is_local = found.get(("state", "backend"), "local") == "local" and not path_fault(state, allow_outside=False)
    return Outline(
        models=tuple(_names(found, "models")),
        datasets=tuple(datasets),
        aliases=tuple(_names(found, "aliases")),
        evals=tuple(_names(found, "evals")),
        variables=tuple(_names(found, "variables")),
        state=state if is_local else None,
    )


def _files(folder: Path) -> Iterator[Path]:
    return (folder / name for name in FILE_NAMES)


def _names(found: dict[_Path, str], section: str) -> Iterator[str]:
    named = dict.fromkeys(path[1] for path in found if len(path) > 1 and path[0] == section)
    return (name for name in named if _NAME.fullmatch(name))


def _scalars(text: str) -> Iterator[tuple[_Path, str]]:
    """Every key with its path, and what stands behind it where that is a single value. Where the parser gives up, its
    lines are looked at for what they seem to say."""
    try:
        yield from _walked(islice(events(text, ""), MAX_EVENTS))
    except (ConfigError, RecursionError):
        yield from ((path, "") for path in _by_indentation(text))


@dataclass(slots=True)
class _Collection:
    """What the walk stands in. A list has no keys; a `key` waits for its value."""

    is_mapping: bool
    key: str | None = None


def _walked(found: Iterable[Event]) -> Iterator[tuple[_Path, str]]:
    stack = [_Collection(False)]
    for event in found:
        top = stack[-1]
        if event.kind == "end":
            stack.pop()
            stack[-1].key = None
        elif top.is_mapping and top.key is None and event.kind in ("scalar", "alias"):
            top.key = event.value
            yield _path(stack), ""
        elif len(stack) > MAX_DEPTH:
            return
        elif event.kind in ("mapping", "sequence"):
            stack.append(_Collection(event.kind == "mapping"))
        else:
            if event.kind == "scalar" and top.is_mapping:
                yield _path(stack), event.value
            top.key = None


def _path(stack: list[_Collection]) -> _Path:
    return tuple(one.key or "" for one in stack[1:])


def _by_indentation(text: str) -> Iterator[_Path]:
    section, indent = "", ""
    for line in text.split("\n"):
        if begun := _SECTION.match(line):
            section, indent = begun[1], ""
        elif entry := _ENTRY.match(line):
            indent = indent or entry[1]
            if entry[1] == indent:
                yield section, entry[2]
