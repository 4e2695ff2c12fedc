"""The ids of models in use, in the forms that other tools take: environment files, Kubernetes, GitHub's outputs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ftplan.errors import FtplanError, Problem

PREFIX = "FTPLAN_MODEL_"
CONFIG_MAP = "ftplan-models"
# What every reader of such files takes as it stands; no provider's id has anything else.
_PLAIN = re.compile(r"[A-Za-z0-9_.:/@+,=-]+")
# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*")


def dotenv(outputs: Mapping[str, str | None]) -> str:
    """NAME=id lines, for `source`, for Docker's --env-file and for dotenv libraries. What has no id yet is left out.
    Raises `FtplanError` where two names come to one, or an id holds what one of these reads otherwise."""
    named = _variables(outputs)
    return "".join(f"{name}={_plain(id)}\n" for name, id in named.items())


def config_map(outputs: Mapping[str, str | None], name: str = CONFIG_MAP) -> str:
    """A Kubernetes ConfigMap of that name, as YAML. Raises `FtplanError` for a name that Kubernetes refuses."""
    if len(name) > 253 or not _SUBDOMAIN.fullmatch(name):
        detail = f"{name[:80]!r} is no name of a Kubernetes object: lower case letters, digits, hyphens and dots."
        raise FtplanError(Problem("Invalid -name", detail))
    data = [f'  {key}: "{_plain(id)}"\n' for key, id in sorted(outputs.items()) if id is not None]
    head = f'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: "{name}"\n'
    return head + ("data:\n" + "".join(data) if data else "data: {}\n")


def github_output(outputs: Mapping[str, str | None]) -> str:
    """name=id lines, to be appended to the file that GITHUB_OUTPUT names. What has no id yet is empty."""
    return "".join(f"{name}={_plain(id) if id is not None else ''}\n" for name, id in sorted(outputs.items()))


def _variables(outputs: Mapping[str, str | None]) -> dict[str, str]:
    """Ids by the names of environment variables."""
    named: dict[str, str] = {}
    whose: dict[str, str] = {}
    for name, id in sorted(outputs.items()):
        variable = PREFIX + re.sub(r"[^A-Z0-9_]", "_", name.upper())
        if variable in whose:
            detail = f"{whose[variable]} and {name} would both be {variable}."
            raise FtplanError(Problem("Two names come to one", detail, advice="Rename one, or print it by itself."))
        whose[variable] = name
        if id is not None:
            named[variable] = id
    return named


def _plain(id: str) -> str:
    if not _PLAIN.fullmatch(id):
        detail = f"The id {id[:80]!r} holds what shells or YAML would read otherwise."
        raise FtplanError(Problem("An odd id", detail, advice="Take it from -json."))
    return id
