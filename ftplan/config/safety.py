"""What must not be written in a configuration: secrets, paths that leave its folder, addresses that carry more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from ftplan.config.redact import looks_secret, names_secret
from ftplan.config.tree import Path, Tree, dotted, leaves
from ftplan.core.remote_path import is_remote, listed_schemes, remote_fault
from ftplan.errors import Problem

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ADDRESS = "is an address or names a drive; a file in this folder is wanted"
# Free text and names of the user's own, where a key called `token` may be about tokens.
_FREE_SECTIONS = (("variables",), ("datasets",))


def safety_problems(tree: Tree, allow_outside: bool) -> list[Problem]:
    return [*secret_problems(tree), *_urls(tree), *_paths(tree, allow_outside)]


def is_path(reference: str) -> bool:
    """True where a dataset is given by its path, or by a pattern, and not by a name from `datasets`."""
    return (
        "/" in reference or "\\" in reference or is_pattern(reference) or reference.endswith((".jsonl", ".gz", ".zst"))
    )


def is_pattern(path: str) -> bool:
    """True where a character of `path` stands for others."""
    return any(c in path for c in "*?[")


def path_fault(text: str, allow_outside: bool) -> str:
    """Why `text` may not be used as a path (ends a sentence that begins with the path), empty where it may.

    Only the spelling is looked at. Links and what lies there are looked at when the file is opened.
    """
    parts = text.split("/")
    if "\0" in text or "\n" in text:
        return "holds a character that no file name should hold"
    if "\\" in text:
        return "holds a backslash; folders are separated by /"
    if _SCHEME.match(text):
        return _ADDRESS
    if text.startswith("~"):
        return "begins with ~, which is not expanded here"
    if allow_outside:
        return ""
    if text.startswith("/"):
        return "is absolute"
    if ".." in parts:
        return "holds `..`"
    if any(part.casefold() == ".git" for part in parts):
        return "leads into .git"
    if "" in parts:
        return "names a folder" if text.endswith("/") else "holds an empty name between two /"
    return ""


def secret_problems(tree: Tree) -> Iterator[Problem]:
    """Every value that looks like a key or a password, or stands under the name of one."""
    for path, value in leaves(tree.value):
        key = next((part for part in reversed(path) if isinstance(part, str)), "")
        named = looks_secret(key) or _is_for_secret(path, key)
        if not (named or (isinstance(value, str) and looks_secret(value))) or value in (None, ""):
            continue
        yield Problem(
            "Secret in the configuration",
            f"{dotted(path)} holds what looks like a key or a password. A file is copied, committed and logged.",
            tree.key_place(path),
            advice="Remove it, withdraw the key, and give the new one in the environment: `api_key_env` names "
            "the variable that holds it.",
        )


def _is_for_secret(path: Path, key: str) -> bool:
    # Pairs of the user's own: of a model, and of a dataset that a model gives by its path.
    free = path[:1] in _FREE_SECTIONS or path[2:3] == ("metadata",) or path[3:4] == ("labels",)
    return not free and names_secret(key)


def _urls(tree: Tree) -> Iterator[Problem]:
    for name in tree.mapping("providers"):
        path: Path = ("providers", name, "base_url")
        url = tree.text(*path)
        if url is None:
            continue
        fault = _url_fault(url)
        if fault:
            advice = "Write it like https://host/path/v1/."
            yield Problem("Invalid address", f"{dotted(path)} {fault}.", tree.place(path), advice=advice)


def _url_fault(url: str) -> str:
    if any(character.isspace() for character in url):
        return "holds white space"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "is no URL"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "is no http or https URL"
    if "@" in parts.netloc:
        return "holds a user name or a password, which belongs in the environment"
    if parts.query or parts.fragment:
        return "holds a query or a fragment; paths are put behind it"
    return ""


def _paths(tree: Tree, allow_outside: bool) -> Iterator[Problem]:
    for path, text in _written_paths(tree):
        if path in tree.unresolved or not isinstance(text, str):
            continue
        fault = _dataset_fault(text, allow_outside) if _is_dataset(path) else path_fault(text, allow_outside)
        if fault:
            outside = fault in ("is absolute", "holds `..`")
            advice = "Paths are relative to this file" + (
                " and stay in its folder; -allow-outside lifts that." if outside else "."
            )
            detail = f"{dotted(path)}: the path {fault}."
            yield Problem("Path not allowed", detail, tree.place(path), advice=advice)


def _is_dataset(path: Path) -> bool:
    return path[0] == "datasets" or path[2:3] in (("dataset",), ("validation",))


def _dataset_fault(text: str, allow_outside: bool) -> str:
    """As `path_fault`, for what may be an address at a storage service as well."""
    if is_remote(text):
        return remote_fault(text)
    fault = path_fault(text, allow_outside)
    return fault + (f", or what begins with {listed_schemes()}" if fault == _ADDRESS else "")


def _written_paths(tree: Tree) -> Iterator[tuple[Path, Any]]:
    for name in tree.mapping("datasets"):
        yield ("datasets", name, "path"), tree.get("datasets", name, "path")
    for name in tree.mapping("models"):
        yield ("models", name, "tokenizer"), tree.get("models", name, "tokenizer")
        for key in ("dataset", "validation"):
            reference = tree.get("models", name, key)
            if isinstance(reference, dict):
                yield ("models", name, key, "path"), reference.get("path")
            elif isinstance(reference, str) and reference not in tree.mapping("datasets") and is_path(reference):
                yield ("models", name, key), reference
    for name in tree.mapping("evals"):
        reference = tree.get("evals", name, "dataset")
        if isinstance(reference, str) and reference not in tree.mapping("datasets") and is_path(reference):
            yield ("evals", name, "dataset"), reference
    if tree.get("state", "backend") in (None, "local", "http"):  # what is beside a state over HTTP stands here, too
        yield ("state", "path"), tree.get("state", "path")
