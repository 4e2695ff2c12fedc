"""Which dataset paths are addresses at a storage service, and how these are spelled.

An address names what is read and nothing else: no credentials, no host, no options. All that comes from the environment
of whoever runs the command, since a configuration can come from a stranger's pull request.
"""

from __future__ import annotations

import re

FORMS = {
    "s3": "s3://BUCKET/KEY",
    "gs": "gs://BUCKET/KEY",
    "az": "az://CONTAINER/BLOB",
    "hf": "hf://datasets/OWNER/NAME/PATH",
}
"""The schemes that work, and what stands behind each."""

_NAME = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._-]*")
_REVISED_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(@[A-Za-z0-9._%-]+)?")


def listed_schemes() -> str:
    """The schemes that work, in words."""
    *others, last = (f"{scheme}://" for scheme in FORMS)
    return f"{', '.join(others)} or {last}"


def scheme_of(path: str) -> str | None:
    """The scheme of an address at a service; None for every other path, whatever it looks like."""
    scheme, separator, _ = path.partition("://")
    return scheme if separator and scheme in FORMS else None


def is_remote(path: str) -> bool:
    """Whether `path` is an address at a service, well spelled or not."""
    return scheme_of(path) is not None


def remote_fault(path: str) -> str:
    """Why the address `path` may not be used (ends a sentence that begins with the path), empty where it may."""
    scheme = scheme_of(path)
    if scheme is None:
        return f"is no address at a service that is known; these begin with {listed_schemes()}"
    rest = path.partition("://")[2]
    parts = rest.split("/")
    if any(ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) < 0xE000 for c in rest) or "\\" in rest:
        return "holds a backslash or a character that no name should hold"
    if any(c in rest for c in "*?["):
        return "is a pattern; an address names one object"
    if "#" in rest or "::" in rest:
        return "holds `#` or `::`, behind which options stand"
    if scheme != "hf" and any(c in parts[0] for c in "@:"):
        return "holds a user, a host or a password, which belong in the environment"
    if any(part in ("", ".", "..") for part in parts) or not _is_complete(scheme, parts):
        return f"is not of the form {FORMS[scheme]}"
    return ""


def _is_complete(scheme: str, parts: list[str]) -> bool:
    if scheme != "hf":
        return len(parts) >= 2 and _NAME.fullmatch(parts[0]) is not None
    if len(parts) < 4 or parts[0] != "datasets":
        return False
    return _NAME.fullmatch(parts[1]) is not None and _REVISED_NAME.fullmatch(parts[2]) is not None
