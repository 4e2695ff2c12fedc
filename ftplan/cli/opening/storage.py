"""Where the state of a project is, and what it says: all that a program needs which uses a model by its name.

What measures, trains and asks is not imported here: this runs when an application starts.
"""

from __future__ import annotations

import os
from pathlib import Path

from ftplan.backends.local import LocalBackend
from ftplan.config import find_config, load_project
from ftplan.core.keeping.codec import decode_state
from ftplan.core.plan import Service
from ftplan.core.records import State
from ftplan.core.spec import Project
from ftplan.core.stores import StateStore
from ftplan.errors import ConfigError, Problem, StateError
from ftplan.providers.connection import service_url, shown_url


def stored(folder: Path) -> tuple[State, dict[str, Service]]:
    """The state of the project in `folder`, and its services. Raises `ConfigError` and `StateError`."""
    path = find_config(folder)
    if isinstance(path, Problem):
        raise ConfigError(path)
    loaded = load_project(path, environ=os.environ)
    if loaded.project is None:
        raise ConfigError(loaded.problems)
    state, _ = load_state(backend_of(loaded.project, offline=False), loaded.project)
    return state, services_of(loaded.project)


def load_state(backend: StateStore, project: Project) -> tuple[State, str | None]:
    """The state and its tag; a new one, not stored yet, where there is none. Raises `StateError` for one that cannot be
    used."""
    blob = backend.load()
    if blob is None:
        return new_state(project), None
    state = decode_state(blob.data, backend.where())
    if project.named and state.project != project.name:
        detail = (
            f"{backend.where()} belongs to project {state.project!r}, and the configuration names {project.name!r}."
        )
        advice = "Name the project as it was, or give this one a state of its own (state: {path: ...})."
        raise StateError(Problem("State of another project", detail, advice=advice))
    return state, blob.tag


def new_state(project: Project) -> State:
    """A state that holds nothing and was never stored; its lineage is made when it first is."""
    return State(project=project.name, lineage="", workspace=project.workspace)


def services_of(project: Project) -> dict[str, Service]:
    """The services that its providers are at."""
    return {
        name: Service(spec.type, shown_url(service_url(spec, os.environ))) for name, spec in project.providers.items()
    }


def backend_of(project: Project, *, offline: bool) -> StateStore:
    """Where the state of `project` is kept; `offline` it is the file that stands here, or nothing. Raises
    `ConfigError`."""
    settings = project.state.settings
    local = Path(project.root) / str(settings.get("path", "ftplan.state.json"))
    if project.state.backend == "local" or offline:
        return LocalBackend(local)
    if project.state.backend == "http":
        from ftplan.backends.http import HttpBackend
        from ftplan.backends.http_place import http_place

        return HttpBackend(http_place(settings, os.environ, project.state.places), local)
    raise ConfigError(
        Problem(
            "State backend not available",
            f"This version keeps state in local files and over HTTP; {project.state.backend!r} is not built in yet.",
            project.state.places.get("backend"),
            advice="Write `state: {backend: local}` or `state: {backend: http}`, or leave `state` out.",
        )
    )
