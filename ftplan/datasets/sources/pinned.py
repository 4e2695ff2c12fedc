"""Datasets held against the digest that they are pinned to, and addresses of storage services opened by it.

What is at an address is fetched where whoever runs the command allows it, and never where it is here already: what has
the digest is the same, wherever it comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

from ftplan.core.remote_path import remote_fault
from ftplan.datasets.keeping.cache import Cache
from ftplan.datasets.keeping.recognition import sha256_of
from ftplan.datasets.reading.walking import Refused
from ftplan.datasets.rows.faults import PATH_CHARACTERS, shown
from ftplan.datasets.sources.shelter import Shelter
from ftplan.errors import Place

Permission = Literal["given", "not given", "offline"]


class Unpinned(Refused):
    """What is stored has another digest than the configuration says."""

    def __init__(self, path: str, pinned: str, found: str) -> None:
        detail = f"{shown(path, PATH_CHARACTERS)} has the SHA-256 {found}, and is pinned to {pinned}."
        advice = "Where the new content is meant, write its digest; otherwise bring back what it was."
        super().__init__("A dataset is not what it is pinned to", detail, advice)


@dataclass(frozen=True, slots=True)
class Pin:
    """The SHA-256 that the bytes of a file have to have, as they are stored, in lower case. `place` is where it was
    written."""

    sha256: str
    place: Place | None = None

    def hold(self, file: BinaryIO, path: str, cache: Cache) -> None:
        """Returns where an open file has the digest, and stands at its beginning. Raises Refused and OSError."""
        found = sha256_of(file, cache)
        file.seek(0)
        if found != self.sha256:
            raise Unpinned(path, self.sha256, found)


@dataclass(frozen=True, slots=True)
class Supply:
    """Where what is at an address comes from: `shelter`, or the network where the permission is given."""

    shelter: Shelter
    permission: Permission = "not given"
    environment: Mapping[str, str] = field(default_factory=dict)

    def stored(self, path: str, pin: Pin) -> BinaryIO:
        """The bytes at an address, as they are stored there. Raises Refused, DatasetError and OSError."""
        _must_be_address(path)
        kept = self.shelter.find(pin.sha256)
        if kept is not None:
            return kept
        self._must_be_allowed(path)
        kept = self.shelter.find(self.fetched(path, pin.sha256))
        if kept is None:
            detail = f"{shown(path, PATH_CHARACTERS)} was fetched, and taken away before it could be read."
            raise Refused("A dataset cannot be opened", detail, "Run the command again.")
        return kept

    def fetched(self, path: str, wanted: str | None = None) -> str:
        """Fetches what is at an address, whatever was allowed, and keeps it; its hash, which must be the one `wanted`.
        Raises Refused, DatasetError and OSError."""
        from ftplan.datasets.sources.remote import MAX_BYTES, fetch

        _must_be_address(path)
        with self.shelter.draft() as draft:
            fetch(path, draft, min(MAX_BYTES, self.shelter.most_bytes))
            with open(draft, "rb") as file:
                found = sha256_of(file, Cache(None))
            if wanted not in (None, found):
                raise Unpinned(path, wanted or "", found)
            self.shelter.keep(draft, found)
        return found

    def _must_be_allowed(self, path: str) -> None:
        from ftplan.datasets.sources.remote import told_source

        source = told_source(path, self.environment)
        detail = f"{shown(path, PATH_CHARACTERS)} is not in the cache, and would be fetched from {source}"
        if self.permission == "offline":
            advice = "Run the command once without -offline and with -allow-remote."
            raise Refused("A remote dataset is not here", f"{detail}, but -offline fetches nothing.", advice)
        if self.permission == "not given":
            advice = "Where you trust this configuration, allow it with -allow-remote or FTPLAN_ALLOW_REMOTE=1."
            raise Refused(
                "A remote dataset is not fetched",
                f"{detail} with the credentials of this environment, which nobody allowed.",
                advice,
            )


@dataclass(frozen=True, slots=True)
class Remote:
    """The one file at an address, as files of a project are opened."""

    supply: Supply
    pin: Pin

    def file(self, path: str) -> tuple[BinaryIO, bool]:
        return self.supply.stored(path, self.pin), False


def _must_be_address(path: str) -> None:
    fault = remote_fault(path)
    if fault:
        raise Refused("A dataset path is unusable", f"{shown(path, PATH_CHARACTERS)} {fault}.")
