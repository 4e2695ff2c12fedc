"""Measurements kept between runs, so that an unchanged file is hashed and not counted again.

One small JSON file for each measurement, named by the hash of the dataset's bytes and of what was asked. It holds
hashes and counts, never text of a dataset. A cache that cannot be used is as good as none: nothing here raises, and
what is damaged, somebody else's or of another version is not found.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ftplan.core.facts import DatasetFacts, Encoding, TokenFacts
from ftplan.core.spec import MethodKind

RULES_VERSION = 1
"""Raised whenever a rule or a count of this room changes, so that older measurements are not found any more."""

FOLDER_VARIABLE = "FTPLAN_CACHE_DIR"
MAX_ENTRY_BYTES = 64 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Kept:
    """A measurement without problems. `too_long` counts the rows over each limit that was asked about."""

    facts: DatasetFacts
    too_long: Mapping[Encoding, int]


@dataclass(frozen=True, slots=True)
class Cache:
    """Measurements in `folder`, by the rules of one version; with None it finds nothing and keeps nothing."""

    folder: Path | None
    rules: int = RULES_VERSION

    @staticmethod
    def of_user(environment: Mapping[str, str]) -> Cache:
        """The cache in the user's cache folder. FTPLAN_CACHE_DIR names another one; empty, it turns caching off."""
        own = environment.get(FOLDER_VARIABLE)
        if own is not None:
            return Cache(Path(own) / "datasets" if own else None)
        # The XDG specification: a path that is not absolute is to be ignored.
        root = environment.get("XDG_CACHE_HOME", "")
        home = environment.get("HOME", "")
        if not os.path.isabs(root):
            root = os.path.join(home, ".cache") if os.path.isabs(home) else ""
        return Cache(Path(root) / "ftplan" / "datasets" if root else None)

    def key_of(self, encodings: Collection[Encoding], expect: MethodKind | None, limits: Mapping[Encoding, int]) -> str:
        """What was asked, as 16 hexadecimal digits: the same dataset gives another answer to another question."""
        asked = [self.rules, sorted(set(encodings)), expect, sorted(limits.items())]
        return _check(asked)[:16]

    def found(self, sha256: str, key: str) -> Kept | None:
        """What was kept for a dataset and a question; None where there is nothing to be trusted."""
        if self.folder is None:
            return None
        try:
            document = json.loads(_own_bytes(self._path(self.folder, sha256, key)))
            body = document["measured"]
            if document["check"] != _check(body) or body["facts"]["sha256"] != sha256:
                return None
            return _kept(body)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None

    def keep(self, sha256: str, key: str, facts: DatasetFacts, too_long: Mapping[Encoding, int]) -> None:
        """Keep a measurement that had no problems."""
        if self.folder is None:
            return
        body = {"facts": asdict(facts), "too_long": dict(too_long)}
        text = json.dumps({"check": _check(body), "measured": body}, sort_keys=True)
        with contextlib.suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if _is_own(self.folder.stat()):
                _write(self._path(self.folder, sha256, key), text.encode("ascii"))

    @staticmethod
    def _path(folder: Path, sha256: str, key: str) -> Path:
        return folder / f"{sha256}-{key}.json"


def _is_own(status: os.stat_result) -> bool:
    """Whether only this user could have written it: a measurement decides what is paid for."""
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _own_bytes(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    # `open` of the descriptor would leave it open where it belongs to a folder.
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or not _is_own(status) or not _is_own(path.parent.stat()):
            raise PermissionError(path)
        return os.read(descriptor, MAX_ENTRY_BYTES)
    finally:
        os.close(descriptor)


def _write(path: Path, data: bytes) -> None:
    # mkstemp creates the file 0600; a reader sees the old entry or the new one, never half of one.
    descriptor, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
        os.replace(name, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _check(body: object) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _kept(body: Mapping[str, Any]) -> Kept:
    fields = dict(body["facts"])
    tokens = {encoding: TokenFacts(**counted) for encoding, counted in fields.pop("tokens").items()}
    facts = DatasetFacts(**fields, tokens=tokens)
    if not _SHA256.fullmatch(facts.content_sha256):
        raise ValueError("no sha256")
    return Kept(facts, dict(body["too_long"]))
