"""Objects of storage services, fetched whole into a file: the door of fsspec and its services' filesystems.

`ftplan[remote]` brings fsspec, s3fs, gcsfs and adlfs (BSD, kept by the Dask community) and huggingface_hub (Apache-2.0,
kept by Hugging Face). Credentials and endpoints are what these libraries find in the environment and in each service's
own places; nothing of ours names any. What they say when something fails can hold a signed address or a key, so only
what kind of failure it was is passed on.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ftplan.core.remote_path import scheme_of
from ftplan.datasets.rows.faults import PATH_CHARACTERS, shown
from ftplan.datasets.sources.remote_faults import translated
from ftplan.errors import DatasetError, Problem

# OpenAI takes 8 GB in an upload, and others less.
MAX_BYTES = 16 * 1024**3
FAREWELL_SECONDS = 1.0
_TALKATIVE = (
    "adlfs", "aiobotocore", "aiohttp", "asyncio", "azure", "botocore", "fsspec", "gcsfs", "google", "grpc", "hf_xet",
    "huggingface_hub", "msal", "s3fs", "urllib3",
)  # fmt: skip
_INSTALL = "pip install 'ftplan[remote]'"


@dataclass(frozen=True, slots=True)
class Service:
    """A storage service: what it is called, the variables that may name another endpoint, where its credentials come
    from, how its filesystem is made, and how it is told to read in one stream of small pieces."""

    name: str
    endpoints: tuple[str, ...]
    credentials: str
    made: Mapping[str, Any]
    reading: Mapping[str, Any]


_MADE = {"skip_instance_cache": True, "use_listings_cache": False}
SERVICES = {
    "s3": Service(
        "Amazon S3",
        ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
        "AWS_PROFILE, AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, or a role",
        {**_MADE, "max_concurrency": 1},
        {},
    ),
    "gs": Service(
        "Google Cloud Storage",
        ("STORAGE_EMULATOR_HOST",),
        "GOOGLE_APPLICATION_CREDENTIALS, or `gcloud auth application-default login`",
        {**_MADE, "access": "read_only"},
        {"concurrency": 1},
    ),
    "az": Service(
        "Azure Blob Storage",
        (),
        "AZURE_STORAGE_ACCOUNT_NAME with `az login` or a managed identity, or AZURE_STORAGE_CONNECTION_STRING",
        _MADE,
        {"max_concurrency": 1},
    ),
    "hf": Service(
        "the Hugging Face Hub",
        ("HF_ENDPOINT",),
        "HF_TOKEN, or `hf auth login`",
        {**_MADE, "expand_info": True},  # asks for the one file, and not for all of its folder
        {"block_size": 0},
    ),
}


def service_of(path: str) -> Service:
    """The service that an address is at."""
    return SERVICES[scheme_of(path) or ""]


def told_source(path: str, environment: Mapping[str, str]) -> str:
    """Where an address leads to, in words: the service, or the host that the environment names in its place."""
    service = service_of(path)
    for variable in service.endpoints:
        endpoint = environment.get(variable)
        if endpoint:
            return f"{_host(endpoint)} (named by {variable})"
    return service.name


def fetch(path: str, target: Path, most: int = MAX_BYTES) -> None:
    """Writes the object at the address `path` over the file `target`, of which it can be no more than `most` bytes.

    It is read in pieces; what broke off is taken up again by the library. Raises DatasetError. Whatever else is raised
    while it waits, as by Ctrl-C, ends the reading.
    """
    reading = _Reading(path, target, most)
    thread = threading.Thread(target=reading.run, daemon=True, name="ftplan-fetch")
    thread.start()
    try:
        # The libraries catch what is raised in their midst and try again: a signal must not be raised there.
        while not reading.ended.wait(0.2):
            pass
    except BaseException:
        reading.meter.given_up = True
        reading.ended.wait(FAREWELL_SECONDS)
        raise
    if reading.problem is not None:
        raise DatasetError(reading.problem)


class _Reading:
    """One object on its way into a file."""

    def __init__(self, path: str, target: Path, most: int) -> None:
        self._path, self._target, self._most = path, target, most
        self.meter = _Meter()
        self.problem: Problem | None = None
        self.ended = threading.Event()

    def run(self) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._read()
        except DatasetError as error:
            self.problem = error.problems[0]
        except Exception as error:
            excess = self.meter.is_full
            self.problem = self._broken("sends more than it said") if excess else translated(error, *self._named())
        finally:
            self.ended.set()

    def _read(self) -> None:
        service = service_of(self._path)
        store = self._store(service)
        about = store.info(self._path)
        size = about.get("size")
        if about.get("type") != "file":
            detail = f"{shown(self._path, PATH_CHARACTERS)} names a folder at {service.name}."
            raise DatasetError(Problem("A remote dataset is not one object", detail, advice="Name one object in it."))
        if size is not None and size > self._most:
            detail = f"{shown(self._path, PATH_CHARACTERS)} has {size:,} bytes; {self._most:,} are fetched at most."
            raise DatasetError(Problem("A remote dataset is too large", detail))
        self.meter.most = self._most if size is None else size
        store.get_file(self._path, str(self._target), callback=self.meter, **service.reading)
        done = self._target.stat().st_size
        if size is not None and done != size:
            raise DatasetError(self._broken(f"sent {done:,} of {size:,} bytes"))

    def _store(self, service: Service) -> Any:
        kind = _filesystem(self._path)
        try:
            return kind(**service.made)
        except Exception as error:
            detail = f"What this environment says of {service.name} is not enough, or wrong ({type(error).__name__})."
            advice = f"Credentials come from {service.credentials}."
            raise DatasetError(Problem("A remote dataset cannot be fetched", detail, advice=advice)) from None

    def _broken(self, what: str) -> Problem:
        detail = f"{shown(self._path, PATH_CHARACTERS)}: {service_of(self._path).name} {what}. Nothing of it was kept."
        return Problem("A remote dataset broke off", detail, advice="Run the command again.")

    def _named(self) -> tuple[str, str, str]:
        service = service_of(self._path)
        return self._path, service.name, service.credentials


class _Meter:
    """What the libraries tell how far they are, as fsspec's callbacks; ends a reading that brings too much or is not
    wanted any more."""

    def __init__(self) -> None:
        self.most = MAX_BYTES
        self.given_up = False
        self._done = 0

    @property
    def is_full(self) -> bool:
        return self._done > self.most

    def set_size(self, size: int | None) -> None:
        """Whatever is said: it was asked before."""

    def relative_update(self, inc: int = 1) -> None:
        self.absolute_update(self._done + inc)

    def absolute_update(self, value: int) -> None:
        self._done = value
        if self.given_up or self.is_full:
            raise _Enough


class _Enough(Exception):
    """No more of this object."""


def _filesystem(path: str) -> Any:
    """The class of the filesystem that `path` is in. Raises DatasetError where it is not installed."""
    try:
        # Costs 30 ms, and the service's own library 300 to 900.
        import fsspec

        kind = fsspec.get_filesystem_class(scheme_of(path) or "")
        if scheme_of(path) == "gs":
            # What is asked for has a second client, which looks by gRPC what kind of bucket it is before each reading.
            import gcsfs.core

            kind = gcsfs.core.GCSFileSystem
    except ImportError:
        service = service_of(path).name
        detail = f"{shown(path, PATH_CHARACTERS)} is at {service}, which takes packages that are not installed."
        advice = "Install them, or fetch the file and name it here:"
        raise DatasetError(
            Problem("A remote dataset cannot be fetched", detail, advice=advice, command=_INSTALL)
        ) from None
    for name in _TALKATIVE:
        # They write to stderr what they do not raise, and that can hold what they were asked with.
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return kind


def _host(endpoint: str) -> str:
    """Host and port of an endpoint, and nothing else that may stand in it."""
    try:
        parts = urlsplit(endpoint if "//" in endpoint else f"//{endpoint}")
        port = f":{parts.port}" if parts.port is not None else ""
        return f"{parts.hostname or 'another host'}{port}"
    except ValueError:
        return "another host"
