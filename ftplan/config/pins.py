"""Datasets that are pinned to a digest: an address at a storage service always, a file of the project where its owner
wants it, several files never."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from ftplan.config.halves import declarations, name_at
from ftplan.config.safety import is_pattern
from ftplan.config.tree import Path, Tree, dotted
from ftplan.config.wording import quoted
from ftplan.core.remote_path import is_remote, remote_fault
from ftplan.errors import Problem


def pin_problems(tree: Tree) -> Iterator[Problem]:
    """An address without a digest, a digest for several files, one path with two digests."""
    first: dict[str, Path] = {}
    for path in declarations(tree):
        text = name_at(tree, path)
        if text is None or (path[0] != "datasets" and text in tree.mapping("datasets")):
            continue
        pin = _pin(tree, path)
        if is_remote(text) and pin is None and not remote_fault(text):
            yield _unpinned(tree, path, text)
        if pin is not None and is_pattern(text) and not is_remote(text):
            detail = f"{dotted(path)} means several files, and a digest is that of one."
            place = tree.place((*path, "sha256"))
            yield Problem("Several files cannot be pinned", detail, place, "Remove `sha256`, or name one file.")
        before = first.setdefault(text, path) if path[0] != "datasets" else path
        if _pin(tree, before) != pin:
            detail = f"{dotted(path)} and {dotted(before)} give {quoted(text)}, and pin it differently."
            advice = "Declare it once under `datasets`, and name it where it is used."
            yield Problem("One dataset, pinned in two ways", detail, tree.place(path), advice)


def _pin(tree: Tree, path: Path) -> object:
    pin = tree.get(*path, "sha256") if isinstance(tree.get(*path), dict) else None
    return pin.lower() if isinstance(pin, str) else pin


def _unpinned(tree: Tree, path: Path, text: str) -> Problem:
    where = f"{dotted(path)}: {quoted(text)} is fetched from elsewhere, and nothing says what has to come."
    write = "write" if isinstance(tree.get(*path), dict) else "declare it as {path: ..., sha256: ...} with"
    return Problem(
        "Remote dataset without a digest",
        where,
        tree.place((*path, "path") if isinstance(tree.get(*path), dict) else path),
        advice=f"Print the digest of what is there now, look whether it is what you mean, and {write} it:",
        command=f"ftplan dataset pin {shlex.quote(text)}",
    )
