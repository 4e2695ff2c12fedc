"""From events to a tree. Bounded in depth, size and text whatever the file holds: aliases count as often as used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ftplan.config.characters import MAX_BYTES, clean_text, refused_character
from ftplan.config.redact import looks_secret
from ftplan.config.scalars import plain_value
from ftplan.config.source import Event, events
from ftplan.config.tree import Mark, Path, Tree
from ftplan.errors import ConfigError, Problem

MAX_DEPTH = 32
MAX_NODES = 50_000
MAX_TEXT = MAX_BYTES
MAX_KEY = 256
MAX_PROBLEMS = 200


@dataclass(frozen=True, slots=True)
class Node:
    """A composed value. An alias shares its node; `size`, `height` and `text` count it as if it were copied."""

    mark: Mark
    value: Any  # a single value, list[Node], or dict[str, Entry]
    size: int = 1
    height: int = 1
    text: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    mark: Mark
    node: Node


def parse_tree(text: str, file: str) -> tuple[Tree | None, list[Problem]]:
    """The one document in `text`. None where it cannot be understood at all, or is empty; problems say why."""
    text, problems = clean_text(text, file)
    empty = Tree(file, text.split("\n"), None)
    if problems:
        return None, problems
    composer = _Composer(events(text, file), empty)
    try:
        root = composer.document()
    except ConfigError as error:
        return None, [*composer.problems, *error.problems]
    if root is None:
        return None, composer.problems
    values: dict[Path, Mark] = {}
    keys: dict[Path, Mark] = {}
    value = _flatten(root, (), values, keys)
    return Tree(file, empty.lines, value, values, keys), composer.problems


def _flatten(node: Node, path: Path, values: dict[Path, Mark], keys: dict[Path, Mark]) -> Any:
    values[path] = node.mark
    if isinstance(node.value, dict):
        mapping = {}
        for key, entry in node.value.items():
            below = (*path, key)
            keys[below] = entry.mark
            mapping[key] = _flatten(entry.node, below, values, keys)
        return mapping
    if isinstance(node.value, list):
        return [_flatten(item, (*path, index), values, keys) for index, item in enumerate(node.value)]
    return node.value


class _Composer:
    def __init__(self, stream: Iterator[Event], empty: Tree) -> None:
        self.problems: list[Problem] = []
        self._stream = stream
        self._empty = empty
        self._anchors: dict[str, Node | None] = {}  # None while the anchored node is still open
        self._merged = 0

    def document(self) -> Node | None:
        """The root of the only document, None where the file holds none."""
        root: Node | None = None
        for event in self._stream:
            if event.kind == "document" and root is None:
                root = self._node(next(self._stream), 1)
            else:
                detail = "A configuration is one document; another begins here."
                raise self._stop(event.start, "Several documents", detail, "Remove the `---`.")
        return root

    def _node(self, event: Event, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self._stop(event.start, "Nested too deeply", f"Values may be nested {MAX_DEPTH} deep at most.")
        if event.kind == "alias":
            return self._alias(event, depth)
        if event.tag is not None:
            detail = "Tags (`!name`) are not used here: they could ask for code to be run."
            self._report(event.start, "YAML tag", detail, "Remove the tag; to make a number text, put it in quotes.")
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        if event.kind == "scalar":
            node = self._scalar(event)
        elif event.kind == "mapping":
            node = self._mapping(event, depth)
        else:
            items = list(self._items(depth))
            node = self._bounded(Node(event.start, items, *_totals(items)))
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Event, depth: int) -> Node:
        name = event.anchor or ""
        node = self._anchors.get(name)
        if node is None:
            open_still = name in self._anchors
            detail = f"The alias *{name} stands inside what it names." if open_still else f"No anchor &{name} before."
            raise self._stop(event.start, "Recursive alias" if open_still else "Unknown alias", detail)
        if depth + node.height - 1 > MAX_DEPTH:
            raise self._stop(event.start, "Nested too deeply", f"Values may be nested {MAX_DEPTH} deep at most.")
        return Node(event.start, node.value, node.size, node.height, node.text)

    def _scalar(self, event: Event) -> Node:
        value: Any = event.value
        if event.plain and event.tag is None:
            try:
                value = plain_value(event.value)
            except ValueError as error:
                self._report(event.start, "Number not allowed", f"{str(error).capitalize()}.")
                value = 0
        if bad := refused_character(event.value):
            self._report(event.start, "Character not allowed", f"The value holds the character {bad}.")
        return Node(event.start, value, text=len(event.value))

    def _items(self, depth: int) -> Iterator[Node]:
        size = 0
        while (event := next(self._stream)).kind != "end":
            node = self._node(event, depth + 1)
            size += node.size
            if size > MAX_NODES:
                raise self._too_large(node.mark)
            yield node

    def _mapping(self, start: Event, depth: int) -> Node:
        entries: dict[str, Entry] = {}
        merges: list[tuple[Mark, Node]] = []
        size = 0
        while (event := next(self._stream)).kind != "end":
            key = self._key(event, depth)
            node = self._node(next(self._stream), depth + 1)
            size += node.size
            if size > MAX_NODES:
                raise self._too_large(node.mark)
            if key == "<<" and event.plain:
                merges.append((event.start, node))
            elif key is not None and key in entries:
                self._repeated(key, event.start, entries[key].mark)
            elif key is not None:
                entries[key] = Entry(event.start, node)
        for mark, node in merges:
            self._merge(entries, mark, node)
        return self._bounded(Node(start.start, entries, *_totals([entry.node for entry in entries.values()])))

    def _key(self, event: Event, depth: int) -> str | None:
        """The key's text, None (reported) where it is no text."""
        if event.kind != "scalar":
            self._node(event, depth + 1)
            self._report(event.start, "Key is not text", "A key is a single word.")
            return None
        if event.tag is not None or not isinstance(self._scalar(event).value, str):
            self._report(event.start, "Key is not text", "A key is text.", "Put the key in quotes.")
            return None
        if event.anchor is not None:
            self._anchors[event.anchor] = self._scalar(event)
        if len(event.value) > MAX_KEY or "\n" in event.value:
            self._report(event.start, "Invalid name", f"A key is one line of at most {MAX_KEY} characters.")
            return None
        return event.value

    def _merge(self, entries: dict[str, Entry], mark: Mark, node: Node) -> None:
        """Take over the entries of the mappings behind `<<`; what is written out wins, then what comes first."""
        for source in node.value if isinstance(node.value, list) else [node]:
            if not isinstance(source.value, dict):
                self._report(mark, "Invalid merge", "Behind `<<` stands the alias of a mapping, or a list of them.")
                return
            # Looking at an entry is work even where it is not taken.
            self._merged += len(source.value)
            if self._merged > MAX_NODES:
                raise self._too_large(mark)
            for key, entry in source.value.items():
                entries.setdefault(key, entry)

    def _repeated(self, key: str, mark: Mark, first: Mark) -> None:
        shown = "This key" if looks_secret(key) else f"`{key}`"
        detail = f"{shown} was already given in line {first[0]}, column {first[1]}; YAML would drop one in silence."
        self._report(mark, "Repeated key", detail, "Keep one of them.")

    def _bounded(self, node: Node) -> Node:
        if node.size > MAX_NODES or node.text > MAX_TEXT:
            raise self._too_large(node.mark)
        return node

    def _too_large(self, mark: Mark) -> ConfigError:
        detail = f"With every alias written out, a file may hold {MAX_NODES} values and {MAX_TEXT // 1024} KiB of text."
        return self._stop(mark, "Too many values", detail)

    def _report(self, mark: Mark, summary: str, detail: str, advice: str = "") -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(summary, detail, self._empty.place_at(mark), advice=advice))

    def _stop(self, mark: Mark, summary: str, detail: str, advice: str = "") -> ConfigError:
        return ConfigError(Problem(summary, detail, self._empty.place_at(mark), advice=advice))


def _totals(nodes: list[Node]) -> tuple[int, int, int]:
    """size, height and text of a collection of `nodes`."""
    return (
        1 + sum(node.size for node in nodes),
        1 + max((node.height for node in nodes), default=0),
        sum(node.text for node in nodes),
    )
