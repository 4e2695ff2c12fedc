"""What went wrong at a storage service, in words of ours: what its library says may hold a key or a signed address."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from typing import Any

from ftplan.datasets.rows.faults import PATH_CHARACTERS, shown
from ftplan.errors import Problem

_CHAIN = 8
_MISSING = {"NoSuchKey", "NoSuchBucket", "EntryNotFoundError", "RepositoryNotFoundError", "RevisionNotFoundError"}
_DENIED = {
    "ClientAuthenticationError",
    "CredentialRetrievalError",
    "CredentialUnavailableError",
    "DefaultCredentialsError",
    "GatedRepoError",
    "NoCredentialsError",
    "PartialCredentialsError",
    "ProfileNotFound",
    "RefreshError",
}
_LOCAL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EMFILE}


def translated(error: BaseException, path: str, service: str, credentials: str) -> Problem:
    """The problem that an error of a library is, which fetched `path` from `service`."""
    chain = list(_chain(error))
    names = {type(one).__name__ for one in chain}
    statuses = {status for one in chain for status in _statuses(one)}
    local = next((one.errno for one in chain if isinstance(one, OSError) and one.errno in _LOCAL), None)
    if local is not None:
        return Problem("A remote dataset cannot be kept", f"{shown(path, PATH_CHARACTERS)}: {os.strerror(local)}.")
    if names & _DENIED or statuses & {401, 403} or any(map(_is_denial, chain)):
        detail = f"{service} did not let this environment read {shown(path, PATH_CHARACTERS)}."
        return Problem("A remote dataset may not be read", detail, advice=f"Credentials come from {credentials}.")
    if names & _MISSING or 404 in statuses or any(isinstance(one, FileNotFoundError) for one in chain):
        detail = f"{service} has no {shown(path, PATH_CHARACTERS)}, or does not show it to this environment."
        return Problem("A remote dataset is missing", detail, advice="Is it spelled as it is stored there?")
    told = f"HTTP status {min(statuses)}" if statuses else type(chain[-1]).__name__
    detail = f"{shown(path, PATH_CHARACTERS)} could not be read from {service}: {told}."
    return Problem("A remote dataset cannot be fetched", detail, advice="Run the command again once it can be reached.")


def _is_denial(error: BaseException) -> bool:
    # gcsfs has no type of its own for HTTP status 403.
    return isinstance(error, PermissionError) or (isinstance(error, OSError) and str(error).startswith("Forbidden"))


def _chain(error: BaseException) -> Iterator[BaseException]:
    at: BaseException | None = error
    for _ in range(_CHAIN):
        if at is None:
            return
        yield at
        at = at.__cause__ or at.__context__


def _statuses(error: Any) -> Iterator[int]:
    """The HTTP statuses of failures that an error of any of the libraries carries."""
    response = getattr(error, "response", None)
    said = response.get("ResponseMetadata", {}) if isinstance(response, dict) else {}
    found = [getattr(error, name, None) for name in ("status", "status_code", "code")]
    for status in (*found, getattr(response, "status_code", None), said.get("HTTPStatusCode")):
        if isinstance(status, int) and 400 <= status < 600:
            yield int(status)
